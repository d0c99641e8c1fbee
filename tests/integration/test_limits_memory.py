"""Large bodies pass through; they are not kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator

import pytest
from harness.client import Client
from harness.server import Server

BLOCK = bytes(range(256)) * 256
BLOCKS = 1024  # 64 MiB
SIZE = BLOCKS * len(BLOCK)
MORE = 24 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("memory:app", "--threads", "2") as running:
        running.get("/?10")
        yield running


@pytest.fixture(scope="module")
def digest() -> str:
    return hashlib.sha256(BLOCK * BLOCKS).hexdigest()


@pytest.mark.parametrize("way", ["/", "/sized"])
def test_a_large_download(server: Server, way: str, digest: str) -> None:
    before = server.resident_bytes()
    received, total = hashlib.sha256(), 0
    with server.client() as client:
        client.send(f"GET {way}?{BLOCKS} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head = client.head()
        if head.get("Content-Length"):
            assert head.get("Content-Length") == str(SIZE)
            parts = iter(lambda: client.exactly(min(1 << 16, SIZE - total)) if total < SIZE else b"", b"")
        else:
            parts = iter(client.chunk, b"")
        for part in parts:
            received.update(part)
            total += len(part)
    assert (total, received.hexdigest()) == (SIZE, digest)
    assert server.resident_bytes("VmHWM") - before < MORE


def send_sized(client: Client) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % SIZE)
    for _ in range(BLOCKS):
        client.send(BLOCK)


def send_chunked(client: Client) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(BLOCKS):
        client.send(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))
    client.send(b"0\r\n\r\n")


@pytest.mark.parametrize("send", [send_sized, send_chunked], ids=["sized", "chunked"])
def test_a_large_upload(server: Server, send, digest: str) -> None:
    before = server.resident_bytes()
    with server.client(timeout=60) as client:
        send(client)
        assert client.response().text == f"{SIZE} {digest}"
        assert client.post("/", b"x").text.startswith("1 ")
    assert server.resident_bytes("VmHWM") - before < MORE


def test_both_at_once(server: Server, digest: str) -> None:
    results: list[str] = []

    def upload() -> None:
        with server.client(timeout=60) as client:
            send_sized(client)
            results.append(client.response().text)

    thread = threading.Thread(target=upload)
    thread.start()
    assert hashlib.sha256(server.get(f"/sized?{BLOCKS}").body).hexdigest() == digest
    thread.join(60)
    assert results == [f"{SIZE} {digest}"]
