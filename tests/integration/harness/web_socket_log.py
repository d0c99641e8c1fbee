"""What asgi_websockets, the application of these tests, has noted of its connections."""

from __future__ import annotations

import itertools
import time
from typing import Any

from harness.server import Server

numbers = itertools.count()


def unique() -> str:
    """A target whose events are no other connection's."""
    return f"/echo?{next(numbers)}"


def noted(server: Server, target: str, count: int = 1) -> list[Any]:
    """What the application noted for connections with this target, once that is so many things."""
    end = time.monotonic() + 20
    while True:
        found = [event for path, query, event in server.get("/log").json() if f"{path}?{query}".rstrip("?") == target]
        if len(found) >= count:
            return found
        assert time.monotonic() < end, f"{found} for {target}"
        time.sleep(0.02)


def disconnect(code: int, reason: str = "") -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": code, "reason": reason}
