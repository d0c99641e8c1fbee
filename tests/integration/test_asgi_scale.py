"""Bodies of 1 GiB pass through an event loop with at most 16 MiB more memory; many clients at once lose nothing."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import Client
from harness.server import Server

BLOCK = bytes(range(256)) * 1024
BLOCKS = 4096
SIZE = BLOCKS * len(BLOCK)
MORE = 16 << 20


@pytest.fixture
def server(loop: str) -> Iterator[Server]:
    """A fresh one for each: the highest mark of its memory is looked at."""
    with Server("asgi_memory:app", "--loop", loop, "--max-body-bytes", "2G") as running, running.client() as client:
        client.get("/?10")
        client.post("/", BLOCK * 8)
        yield running


@pytest.fixture(scope="module")
def check() -> int:
    found = 0
    for _ in range(BLOCKS):
        found = zlib.crc32(BLOCK, found)
    return found


def test_the_size() -> None:
    assert SIZE == 1 << 30


def download(client: Client, target: str) -> tuple[int, int]:
    client.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    head = client.head()
    assert head.status == 200
    total, found = 0, 0
    length = head.get("Content-Length")
    while True:
        if length is not None:
            part = client.exactly(min(1 << 20, int(length) - total))
        else:
            part = client.chunk()
        if not part:
            return total, found
        total += len(part)
        found = zlib.crc32(part, found)


@pytest.mark.parametrize("way", ["/", "/sized"])
def test_a_response_of_a_gibibyte(server: Server, way: str, check: int) -> None:
    before = server.resident_bytes("VmHWM")
    with server.client(timeout=120) as client:
        assert download(client, f"{way}?{BLOCKS}") == (SIZE, check)
    assert server.resident_bytes("VmHWM") - before <= MORE


def upload(client: Client, chunked: bool) -> None:
    if chunked:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)
        for _ in range(BLOCKS):
            client.send(chunk)
        client.send(b"0\r\n\r\n")
    else:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(BLOCKS):
            client.send(BLOCK)


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_an_upload_of_a_gibibyte(server: Server, chunked: bool, check: int) -> None:
    before = server.resident_bytes("VmHWM")
    with server.client(timeout=120) as client:
        upload(client, chunked)
        assert client.response().json() == [SIZE, check]
    assert server.resident_bytes("VmHWM") - before <= MORE


def test_both_at_once(server: Server, check: int) -> None:
    before = server.resident_bytes("VmHWM")
    results: list[list[int]] = []

    def up() -> None:
        with server.client(timeout=120) as client:
            upload(client, False)
            results.append(client.response().json())

    thread = threading.Thread(target=up)
    thread.start()
    with server.client(timeout=120) as client:
        assert download(client, f"/sized?{BLOCKS}") == (SIZE, check)
    thread.join(120)
    assert results == [[SIZE, check]]
    assert server.resident_bytes("VmHWM") - before <= MORE


def test_many_clients_at_once(server: Server) -> None:
    """Five hundred connections with a request each in flight, and then all answered."""
    clients = [server.client(timeout=60) for _ in range(500)]
    try:
        for client in clients:
            client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n" + BLOCK[:500])
        server.wait_until_active(500)
        for client in clients:
            client.send(BLOCK[500:1000])
        expected = [1000, zlib.crc32(BLOCK[:1000])]
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda client: client.response().json() == expected, clients))
    finally:
        for client in clients:
            client.close()
