"""Bodies block by block, and close(), which has to be called whatever happens (PEP 3333)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("iterating:app", "--threads", "8") as running:
        yield running


def closed(server: Server, name: str, seconds: float = 20.0) -> int:
    """How often that body was closed, once it was."""
    end = time.monotonic() + seconds
    while not (count := server.get("/closed").json().count(name)):
        assert time.monotonic() < end, f"{name} was not closed"
        time.sleep(0.02)
    return count


def test_each_block_is_sent_before_the_next_is_asked_for(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /gated HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.head().status == 200
        assert client.chunk() == b"first"
        assert client.buffer == b""
        server.get("/gate?a")
        assert client.chunk() == b"second"
        server.get("/gate?b")
        assert client.chunk() == b"third"
        assert client.chunk() == b""


def test_empty_blocks_do_not_end_the_body(server: Server) -> None:
    assert server.get("/empty-blocks").body == b"after an empty one"


def test_a_body_is_closed_once(server: Server) -> None:
    assert server.get("/normal?normal").body == b"onetwo"
    assert closed(server, "normal") == 1


def test_an_empty_body_is_closed_too(server: Server) -> None:
    answer = server.get("/empty?empty")
    assert (answer.status, answer.body) == (200, b"")
    assert closed(server, "empty") == 1


def test_a_body_that_head_does_not_want_is_closed(server: Server) -> None:
    with server.client() as client:
        client.request("HEAD", "/normal?head")
    assert closed(server, "head") == 1


def test_a_failure_before_the_first_block_is_a_500(server: Server) -> None:
    assert server.get("/raise-at-once?at-once").status == 500
    assert closed(server, "at-once") == 1


def test_a_failure_in_the_middle_breaks_off(server: Server) -> None:
    with server.client() as client, pytest.raises((Truncated, ConnectionResetError)):
        answer = client.get("/failing?middle")
        if answer.status == 500:  # nothing had been sent yet
            raise Truncated
    assert closed(server, "middle") == 1
    server.wait_for("broken in the middle of middle", 10)


def test_a_failure_of_close_is_logged(server: Server) -> None:
    server.get("/broken-close?broken")
    assert closed(server, "broken") == 1
    server.wait_for(r"close\(\) is broken", 10)


@pytest.mark.parametrize("way", ["endless", "trickle"])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_client_that_goes_away_ends_the_iteration(server: Server, way: str, end: str) -> None:
    name = f"{way}-{end}"
    client = server.client()
    client.send(f"GET /{way}?{name} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert client.head().status == 200
    assert client.chunk()
    client.close() if end == "close" else client.reset()
    assert closed(server, name) == 1


def test_a_slow_client_makes_the_application_wait_and_nobody_else(server: Server) -> None:
    """Back-pressure: an endless body that nobody reads must not fill memory, nor the other threads."""
    before = server.resident_bytes()
    clients = [server.client() for _ in range(3)]
    for i, client in enumerate(clients):
        client.send(f"GET /endless?lazy-{i} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    time.sleep(0.5)
    assert server.get("/tuple").body == b"atuple"
    assert server.resident_bytes() - before < 64 << 20
    for i, client in enumerate(clients):
        client.close()
        assert closed(server, f"lazy-{i}") == 1
