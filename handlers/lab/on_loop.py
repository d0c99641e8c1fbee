"""The lab as an ASGI application. What computes does it on the loop, and keeps everybody waiting: that is what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from handlers.lab.registry import ASYNC, ENDPOINTS, BadRequest, Busy, Endpoint, Environ, Html, Problem

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A loop has no thread to park: what it collects of bodies at the same time is memory.
LONGEST_BODY = 16 * 1024 * 1024


class Gone(Exception):
    """The client left before the request was complete."""


async def read(receive: Receive) -> bytes:
    """Collect the request's body."""
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > LONGEST_BODY:
            raise BadRequest(f"a body may have up to {LONGEST_BODY} bytes here")
        if not message.get("more_body"):
            return b"".join(parts)


def environ_of(scope: Message, body: bytes) -> Environ:
    """What the endpoints read of a WSGI environ."""
    fields = {
        name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"accept")
    }
    environ = {
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "baton.loop": True,
        "SCRIPT_NAME": scope.get("root_path", ""),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "HTTP_ACCEPT": fields.get(b"accept", ""),
    }
    if b"host" in fields:
        environ["HTTP_HOST"] = fields[b"host"]
    return environ


async def call(found: Endpoint, environ: Environ) -> bytes:
    """In the way that this endpoint has on a loop."""
    if twin := ASYNC.get(found.path):
        return await twin(environ)
    if found.on_loop == "thread":
        return await asyncio.to_thread(found.call, environ)
    return found.call(environ)


async def asgi(scope: Message, receive: Receive, send: Send) -> None:
    """Find the endpoint, answer in plain text."""
    if scope["type"] != "http":
        raise NotImplementedError(f"the lab speaks HTTP, not {scope['type']}")
    status, headers, kind = HTTPStatus.OK, [], b"text/plain; charset=utf-8"
    path, method = scope["path"].removeprefix(scope.get("root_path", "")) or "/", scope["method"]
    found = ENDPOINTS.get(path)
    if found is None:
        status, body = HTTPStatus.NOT_FOUND, b"there is no such endpoint; / lists them\n"
    elif method != (allowed := found.method) and not (method == "HEAD" and allowed == "GET"):
        headers.append((b"allow", b"GET, HEAD" if allowed == "GET" else allowed.encode()))
        status, body = HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {allowed}\n".encode()
    else:
        try:
            body = await call(found, environ_of(scope, await read(receive) if allowed == "POST" else b""))
            if type(body) is Html:
                kind = b"text/html; charset=utf-8"
        except Problem as problem:
            status, body = problem.status, f"{problem}\n".encode()
            if isinstance(problem, Busy):
                headers.append((b"retry-after", b"1"))
        except Gone:
            return
    headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
