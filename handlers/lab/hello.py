"""The server's own cost."""

from __future__ import annotations

from handlers.lab.registry import Environ, endpoint


@endpoint("/hello", "", "does nothing: what is left is the server", "every phase is in microseconds")
def hello(environ: Environ) -> bytes:
    """Do nothing: what is left is the server."""
    return b"Hello, World!"


@endpoint(
    "/echo", "", "gives the request's body back", "the body is complete before Python is asked", method="POST"
)
def echo(environ: Environ) -> bytes:
    """Give the request's body back."""
    return environ["wsgi.input"].read(-1)
