"""The lab: one small endpoint for each way in which Python meets the GIL.

A WSGI application of the standard library only. Inputs are bounded; out of range is a 400 that names the range.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

INDEX = """\
Baton's lab. Each endpoint uses the GIL in a way of its own; the response header Server-Timing says how.

  curl {base}/hello
  curl -d 'any body' {base}/echo
  curl -i '{base}/io/sleep?ms=200'            sleeps without the GIL
  curl -i '{base}/cpu/countdown?n=1000000'    computes with the GIL
"""


class BadRequest(Exception):
    """What the client asked for cannot be; the text says why."""


def number(environ: WSGIEnvironment, name: str, default: int, least: int, most: int) -> int:
    """Return the query parameter `name`, which has to be a whole number within its range."""
    given = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get(name, [str(default)])
    text = given[-1]
    # isascii: int() would also take the digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most):
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def index(environ: WSGIEnvironment) -> bytes:
    """List the endpoints as lines for curl."""
    base = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '127.0.0.1:8000')}"
    return INDEX.format(base=base).encode("latin-1")


def hello(environ: WSGIEnvironment) -> bytes:
    """Do nothing: what is left is the server."""
    return b"Hello, World!"


def echo(environ: WSGIEnvironment) -> bytes:
    """Give the request's body back."""
    return environ["wsgi.input"].read(-1)


def sleep(environ: WSGIEnvironment) -> bytes:
    """Wait without the GIL, as for a database."""
    ms = number(environ, "ms", 10, 0, 10_000)
    time.sleep(ms / 1000)
    return f"slept {ms} ms\n".encode()


def countdown(environ: WSGIEnvironment) -> bytes:
    """Compute in pure Python, holding the GIL."""
    n = left = number(environ, "n", 100_000, 0, 100_000_000)
    while left:
        left -= 1
    return f"counted down from {n}\n".encode()


Endpoint = Callable[["WSGIEnvironment"], bytes]
ENDPOINTS: dict[str, tuple[str, Endpoint]] = {
    "/": ("GET", index),
    "/hello": ("GET", hello),
    "/echo": ("POST", echo),
    "/io/sleep": ("GET", sleep),
    "/cpu/countdown": ("GET", countdown),
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Find the endpoint, name the route, answer in plain text."""
    status, headers = HTTPStatus.OK, [("Content-Type", "text/plain; charset=utf-8")]
    path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
    allowed, endpoint = ENDPOINTS.get(path, ("", index))
    if not allowed:
        status, body = HTTPStatus.NOT_FOUND, b"there is no such endpoint; / lists them\n"
    elif method != allowed and not (method == "HEAD" and allowed == "GET"):
        environ["baton.route"] = path
        headers.append(("Allow", "GET, HEAD" if allowed == "GET" else allowed))
        status, body = HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allowed}\n".encode()
    else:
        environ["baton.route"] = path
        try:
            body = endpoint(environ)
        except BadRequest as problem:
            status, body = HTTPStatus.BAD_REQUEST, f"{problem}\n".encode()
    headers.append(("Content-Length", str(len(body))))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
