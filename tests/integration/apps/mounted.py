"""Applications of both interfaces that say who they are and what they see of the path."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any


def _line(*words: object) -> bytes:
    return json.dumps(words).encode()


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [_line("wsgi", environ["SCRIPT_NAME"], environ["PATH_INFO"])]


def other_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [_line("other", environ["SCRIPT_NAME"], environ["PATH_INFO"])]


async def asgi(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": _line("asgi", scope["root_path"], scope["path"])})


def make() -> Callable[..., Any]:
    return other_wsgi


async def broken_start(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def old(scope: dict[str, Any]) -> Callable[..., Awaitable[None]]:
    async def run(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
        """Nothing: this is ASGI 2."""

    return run
