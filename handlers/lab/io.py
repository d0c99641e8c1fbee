"""Waits that let the lock go."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import tempfile
import time

from handlers.lab.database import run_query
from handlers.lab.registry import Environ, Failed, Slots, endpoint, number, on_loop
from handlers.lab.upstream import SECONDS_TO_ANSWER, SLOWEST_MS, upstream_address

FILES = Slots(32, "files")
# Each has a socket, and two when it asks the stand-in.
CALLS = Slots(256, "upstream calls")
LONGEST_ANSWER = 1 << 20
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]{1,15})\r\n", re.IGNORECASE)


@endpoint("/io/sleep", "?ms=200", "waits without the GIL, as for a database", "off-gil is all of it")
def sleep(environ: Environ) -> bytes:
    """Wait without the GIL, as for a database."""
    ms = number(environ, "ms", 10, 0, 10_000)
    time.sleep(ms / 1000)
    return f"slept {ms} ms\n".encode()


@on_loop("/io/sleep")
async def sleep_on_loop(environ: Environ) -> bytes:
    """Wait and let the loop go on."""
    ms = number(environ, "ms", 10, 0, 10_000)
    await asyncio.sleep(ms / 1000)
    return f"slept {ms} ms\n".encode()


@endpoint(
    "/io/upstream",
    "?ms=100",
    "an HTTP call to another server, through a socket (BATON_LAB_UPSTREAM names one; else a stand-in)",
    "off-gil is nearly all of it; gil-hold is what http.client costs",
)
def upstream(environ: Environ) -> bytes:
    """Ask, and wait for the answer in recv()."""
    ms = number(environ, "ms", 50, 0, SLOWEST_MS)
    host, port = upstream_address()
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS_TO_ANSWER)
    try:
        with CALLS.taken():
            connection.request("GET", f"/?ms={ms}", headers={"Connection": "close"})
            answer = connection.getresponse()
            length = len(answer.read(LONGEST_ANSWER))
        return f"the upstream answered {answer.status} with {length} bytes\n".encode()
    except (OSError, http.client.HTTPException) as problem:
        raise Failed(f"the upstream does not answer: {problem}") from None
    finally:
        connection.close()


async def ask(host: str, port: int, ms: int) -> tuple[str, int]:
    """Return the status and the length of the body."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET /?ms={ms} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        said = LENGTH.search(head)
        most = min(int(said[1]), LONGEST_ANSWER) if said else LONGEST_ANSWER
        length = 0
        # read() gives what has come so far.
        while length < most and (part := await reader.read(most - length)):
            length += len(part)
    finally:
        writer.close()
    return head[len("HTTP/1.1 ") :][:3].decode("latin-1"), length


@on_loop("/io/upstream")
async def upstream_on_loop(environ: Environ) -> bytes:
    """The same with the loop's own sockets."""
    ms = number(environ, "ms", 50, 0, SLOWEST_MS)
    host, port = await asyncio.to_thread(upstream_address)
    try:
        with CALLS.taken():
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                status, length = await ask(host, port, ms)
    except (OSError, EOFError, asyncio.LimitOverrunError) as problem:  # a timeout is an OSError
        raise Failed(f"the upstream does not answer: {problem!r}") from None
    return f"the upstream answered {status} with {length} bytes\n".encode()


@endpoint(
    "/io/file",
    "?kb=256",
    "writes a file, makes the disk have it (fsync), reads it again",
    "off-gil: open, write, fsync and read let go of the lock",
    on_loop="thread",
)
def file(environ: Environ) -> bytes:
    """Write, sync, read in the temporary directory; the file is gone afterwards."""
    kb = number(environ, "kb", 64, 1, 4096)
    blocks = [65536] * (kb // 64) + [kb % 64 * 1024]
    data = os.urandom(65536)
    with FILES.taken(), tempfile.TemporaryFile() as out:
        out.writelines(data[:length] for length in blocks)
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        got = sum(len(part) for part in iter(lambda: out.read(65536), b""))
    return f"wrote, synced and read {got} bytes\n".encode()


@endpoint(
    "/io/db",
    "?rows=200000",
    "a transaction and a query in SQLite, or in the PostgreSQL that BATON_LAB_POSTGRES names",
    "off-gil: SQLite computes and writes without the lock, PostgreSQL does it elsewhere",
    on_loop="thread",
)
def database(environ: Environ) -> bytes:
    """Write one row, then let the database count many."""
    rows = number(environ, "rows", 10_000, 1, 5_000_000)
    return run_query(rows).encode()
