"""The countdown on an event loop: while it computes, the loop stands still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

Message = dict[str, Any]
MOST = 100_000_000


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Count down from ?n= in the coroutine itself."""
    assert scope["type"] == "http"
    text = parse_qs(scope["query_string"].decode("latin-1")).get("n", ["100000"])[-1]
    good = text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= MOST
    status, body = 400, f"n must be a whole number from 0 to {MOST}\n"
    if good:
        n = left = int(text)
        while left:
            left -= 1
        status, body = 200, f"counted down from {n}\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
