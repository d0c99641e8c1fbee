"""The lab as an ASGI application. What computes does it on the loop, and keeps everybody waiting: that is what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from io import BytesIO
from typing import Any

from handlers.lab.registry import ASYNC, ENDPOINTS, BadRequest, Busy, Endpoint, Environ, Html, Memory, Problem

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A loop has no thread to park: what it collects of bodies at the same time is memory.
LONGEST_BODY = 16 * 1024 * 1024
BODIES = Memory(16 * LONGEST_BODY, "the bodies of requests")


class Gone(Exception):
    """The client left before the request was complete."""


@asynccontextmanager
async def body_of(receive: Receive) -> AsyncIterator[bytes]:
    """Collect the request's body; it counts among all that are collected until the caller is done with it."""
    parts: list[bytes] = []
    length, more = 0, True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            if length + len(part) > LONGEST_BODY:
                raise BadRequest(f"a body may have up to {LONGEST_BODY} bytes here")
            BODIES.take(len(part))
            length += len(part)
            parts.append(part)
            more = message.get("more_body", False)
        body = b"".join(parts)
        parts.clear()  # or it would be there twice
        yield body
    finally:
        BODIES.give_back(length)


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


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """Give each message of a WebSocket back, at /echo; elsewhere there is none."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    await receive()
    await send({"type": "websocket.accept" if path == "/echo" else "websocket.close"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def asgi(scope: Message, receive: Receive, send: Send) -> None:
    """Find the endpoint, answer in plain text."""
    if scope["type"] == "websocket":
        return await echo(scope, receive, send)
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
            if allowed == "POST":
                async with body_of(receive) as given:
                    body = await call(found, environ_of(scope, given))
            else:
                body = await call(found, environ_of(scope, b""))
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
