"""Does this Python run with a GIL?"""

import sys


def app(environ, start_response):
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"with" if enabled else b"without"]
