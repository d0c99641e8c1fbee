"""The service that /io/upstream asks: one that BATON_LAB_UPSTREAM names, or a stand-in on loopback in this process."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from urllib.parse import urlsplit

from handlers.lab.registry import Failed

SLOWEST_MS = 10_000
SECONDS_TO_ANSWER = SLOWEST_MS / 1000 + 5
WAIT = re.compile(rb"GET /\?ms=([0-9]{1,5}) ")


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for as long as the client asks, then say so."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS_TO_ANSWER)
        asked = WAIT.match(head)
        await asyncio.sleep(min(int(asked[1]), SLOWEST_MS) / 1000 if asked else 0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwaited\n")
        await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # a client that went away, or spoke nonsense
    finally:
        writer.close()


class StandIn:
    """A server with one thread of its own, started by the first request that needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = threading.Event()
        self._address: tuple[str, int] | None = None

    def address(self) -> tuple[str, int]:
        """Where it listens."""
        with self._lock:
            if self._address is None:
                threading.Thread(target=self._run, name="lab-upstream", daemon=True).start()
                if not self._started.wait(10) or self._address is None:
                    raise Failed("the upstream on loopback did not start")
            return self._address

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        self._address = (host, port)
        self._started.set()
        await server.serve_forever()


_stand_in = StandIn()


def upstream_address() -> tuple[str, int]:
    """Host and port of the upstream; may wait for the stand-in to start."""
    named = os.environ.get("BATON_LAB_UPSTREAM")
    if not named:
        return _stand_in.address()
    url = urlsplit(named if "//" in named else f"//{named}")
    try:
        port = url.port or 80
    except ValueError:
        port = 0
    if not url.hostname or not port or url.scheme not in ("", "http"):
        raise Failed("BATON_LAB_UPSTREAM is not the address of an HTTP server, such as http://127.0.0.1:9000")
    return url.hostname, port
