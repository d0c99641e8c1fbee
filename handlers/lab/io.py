"""Waits that let the lock go."""

from __future__ import annotations

import asyncio
import http.client
import os
import tempfile
import time

from handlers.lab.database import run_query
from handlers.lab.registry import Environ, Failed, Slots, endpoint, number, on_loop
from handlers.lab.upstream import SECONDS_TO_ANSWER, SLOWEST_MS, upstream_address

FILES = Slots(32, "files")


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
        connection.request("GET", f"/?ms={ms}", headers={"Connection": "close"})
        answer = connection.getresponse()
        return f"the upstream answered {answer.status} with {len(answer.read(1 << 20))} bytes\n".encode()
    except (OSError, http.client.HTTPException) as problem:
        raise Failed(f"the upstream does not answer: {problem}") from None
    finally:
        connection.close()


@on_loop("/io/upstream")
async def upstream_on_loop(environ: Environ) -> bytes:
    """The same with the loop's own sockets."""
    ms = number(environ, "ms", 50, 0, SLOWEST_MS)
    host, port = await asyncio.to_thread(upstream_address)
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET /?ms={ms} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
                )
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.read(1 << 20)
            finally:
                writer.close()
    except (OSError, EOFError, asyncio.LimitOverrunError) as problem:  # a timeout is an OSError
        raise Failed(f"the upstream does not answer: {problem!r}") from None
    status = head[len("HTTP/1.1 ") :][:3].decode("latin-1")
    return f"the upstream answered {status} with {len(body)} bytes\n".encode()


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
