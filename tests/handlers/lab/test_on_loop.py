"""The lab on an event loop, without a server: bodies together have a bound, and an answer may come in pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handlers.lab import io, on_loop
from handlers.lab.registry import Memory

MIB = 1 << 20


async def post(*messages: dict[str, Any]) -> tuple[int | None, bytes]:
    """Status and body of an /echo with that body; no status where nothing was answered."""
    left, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return left.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "headers": [], "scheme": "http", "query_string": b""}
    await on_loop.asgi(scope, receive, send)
    return (sent[0]["status"], sent[1]["body"]) if sent else (None, b"")


def piece(length: int, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": bytes(length), "more_body": more}


def test_bodies_together_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_loop, "BODIES", Memory(4 * MIB, "bodies"))
    three = (piece(MIB, more=True), piece(MIB, more=True), piece(MIB))

    async def at_once() -> list[tuple[int | None, bytes]]:
        return await asyncio.gather(post(*three), post(*three))

    assert sorted(status for status, _ in asyncio.run(at_once())) == [200, 503]
    for _ in range(3):  # what was taken is given back, however it ended
        assert asyncio.run(post(*three)) == (200, bytes(3 * MIB))
        assert asyncio.run(post(piece(2 * MIB, more=True), {"type": "http.disconnect"})) == (None, b"")
        assert asyncio.run(post(piece(3 * MIB, more=True), piece(14 * MIB)))[0] == 400
        assert asyncio.run(post(piece(3 * MIB, more=True), piece(2 * MIB)))[0] == 503


@pytest.mark.parametrize("head", [b"Content-Length: 7\r\n", b""])
def test_an_upstream_may_answer_in_pieces(head: bytes) -> None:
    """With a length its end is known before the connection's."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in (b"HTTP/1.1 203 Fine\r\n" + head + b"\r\n", b"wai", b"ted\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        if head:
            await reader.read()  # until the other side ends it
        writer.close()

    async def ask() -> tuple[str, int]:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            return await asyncio.wait_for(io.ask(*server.sockets[0].getsockname(), 0), 20)

    assert asyncio.run(ask()) == ("203", 7)
