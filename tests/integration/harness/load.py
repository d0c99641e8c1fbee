"""baton-load as a process, and a target of the tests' own that answers in every way a server may."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.server import BINARY, usual_environment

LOAD = Path(os.environ.get("BATON_LOAD_BINARY", BINARY.with_name("baton-load")))
# Generous: a loaded machine may be slow, but a test must end.
LIMIT_SECONDS = 120.0


@dataclass
class Done:
    """How a baton-load ended, and what it said."""

    status: int
    out: str
    err: str
    report: dict[str, Any] | None = None

    @property
    def line(self) -> str:
        """The one line of a refusal."""
        lines = [line for line in self.err.splitlines() if line.startswith("baton-load: ")]
        assert len(lines) == 1, self.err
        return lines[0]

    def status_is(self, status: int) -> bool:
        """Also when this machine had no time for baton-load, which it tells of first: status 4, and why in its report."""
        assert self.report is not None, self.err
        return self.status == (4 if self.report["verdict"]["own"] else status)


def baton_load(*arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Done:
    """Runs it to its end."""
    ended = subprocess.run(
        [str(LOAD), *arguments], env={**usual_environment(), **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )  # fmt: skip
    return Done(ended.returncode, ended.stdout, ended.stderr)


def run(*arguments: str) -> Done:
    """`baton-load run` with its report."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        done = baton_load("run", "--json", str(file), *arguments)
        if file.exists():
            done.report = json.loads(file.read_text())
        return done


@dataclass
class Seen:
    """What has arrived at a target."""

    connections: int = 0
    paths: Counter[str] = field(default_factory=Counter)
    bodies: Counter[bytes] = field(default_factory=Counter)
    heads: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class Target:
    """A small HTTP/1.1 server on a thread of its own; the path says how it answers."""

    def __init__(self, *, unix: Path | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.seen = Seen()
        self._host = host
        self._unix = unix
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        """Without a path."""
        scheme = "https" if self._tls else "http"
        if self._unix is not None:
            return f"{scheme}+unix:{self._unix}:"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self.port}"

    def freeze(self, seconds: float) -> None:
        """Nothing is answered for so long."""
        self._loop.call_soon_threadsafe(time.sleep, seconds)

    def __enter__(self) -> Target:
        self._thread.start()
        assert self._ready.wait(LIMIT_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_SECONDS)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        if self._unix is not None:
            listening = asyncio.start_unix_server(self._connection, self._unix, ssl=self._tls, backlog=1024)
        else:
            listening = asyncio.start_server(self._connection, self._host, 0, ssl=self._tls, backlog=4096)
        server = self._loop.run_until_complete(listening)
        if self._unix is None:
            self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        target = urlsplit(head.split(" ")[1])
        body = await self._body(head, reader)
        self.seen.paths[target.path] += 1
        self.seen.times.append(time.monotonic())
        if body:
            self.seen.bodies[body] += 1
        if len(self.seen.heads) < 1000:
            self.seen.heads.append(head)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        return await answer(target.path, query, writer)

    @staticmethod
    async def _body(head: str, reader: asyncio.StreamReader) -> bytes:
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n"))}
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
            return body
        return await reader.readexactly(int(fields.get("content-length", 0)))


def plain(status: int, body: bytes = b"ok", extra: str = "") -> bytes:
    """A response with a length."""
    return f"HTTP/1.1 {status} X\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


# What goes out, and whether the connection stays.
ANSWERS: dict[str, tuple[bytes, bool]] = {
    "/interim": (b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Go\r\n\r\n" + plain(200), True),
    "/chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nT: 1\r\n\r\n", True),
    "/until-closed": (b"HTTP/1.1 200 OK\r\n\r\nall of it", False),
    "/closing": (plain(200, extra="Connection: close\r\n"), False),
    "/half": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all", False),
    "/half-head": (b"HTTP/1.1 200 OK\r\nContent-Le", False),
    "/nothing": (b"", False),
    "/garbage": (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", False),
    "/switching": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", False),
    "/unasked": (plain(200) + plain(200), True),
    "/endless-head": (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000, False),
    "/no-content": (b"HTTP/1.1 204 None\r\n\r\n", True),
}


async def answer(path: str, query: dict[str, str], writer: asyncio.StreamWriter) -> bool:
    """Sends what the path asks for; says whether the connection stays."""
    if path in ANSWERS:
        sent, stays = ANSWERS[path]
        writer.write(sent)
        await writer.drain()
        return stays
    await asyncio.sleep(float(query.get("ms", 0)) / 1000)
    if path == "/pieces":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
        for letter in b"pieces":
            await asyncio.sleep(float(query.get("gap", 1)) / 1000)
            writer.write(bytes([letter]))
        return True
    if path == "/bytes":
        writer.write(plain(200, b"x" * int(query["n"])))
        await writer.drain()
        return True
    writer.write(plain(int(query.get("status", 200))))
    await writer.drain()
    if path == "/then-closed":
        await asyncio.sleep(0.01)
        return False
    return True


@contextmanager
def talker(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which each connection is `talk`'s, on a thread of its own."""

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except OSError:
                pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until it is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
