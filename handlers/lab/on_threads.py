"""The lab as a WSGI application: every request has a thread of the server for itself."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from handlers.lab.registry import ENDPOINTS, Busy, Html, Problem

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Find the endpoint, name the route, answer in plain text."""
    status, headers = HTTPStatus.OK, [("Content-Type", "text/plain; charset=utf-8")]
    path, method = environ.get("PATH_INFO", "/"), environ["REQUEST_METHOD"]
    found = ENDPOINTS.get(path)
    if found is None:
        status, body = HTTPStatus.NOT_FOUND, b"there is no such endpoint; / lists them\n"
    elif method != (allowed := found.method) and not (method == "HEAD" and allowed == "GET"):
        environ["baton.route"] = path
        headers.append(("Allow", "GET, HEAD" if allowed == "GET" else allowed))
        status, body = HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allowed}\n".encode()
    else:
        environ["baton.route"] = path
        try:
            body = found.call(environ)
            if type(body) is Html:
                headers[0] = ("Content-Type", "text/html; charset=utf-8")
        except Problem as problem:
            status, body = problem.status, f"{problem}\n".encode()
            if isinstance(problem, Busy):
                headers.append(("Retry-After", "1"))
    headers.append(("Content-Length", str(len(body))))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
