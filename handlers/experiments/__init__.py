"""What articles about the GIL claim, measured on this machine: `./dev lab`, or `python3 -m handlers.experiments`.

It lies beside the endpoints because both ship together: whoever has the one has the other. Standard library only.
"""
