"""Slow clients: they get 408 and lose the connection; they never hold an interpreter thread."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.client import Client
from harness.prometheus import Scrape
from harness.server import Server

HEADER_SECONDS, BODY_SECONDS = 0.8, 2.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    options = ("--header-timeout", f"{HEADER_SECONDS}s", "--body-timeout", f"{BODY_SECONDS}s", "--threads", "1")
    with Server("inputs:unsized", *options) as running:
        yield running


def drip(client: Client, seconds: float) -> None:
    """Send a byte now and then until the server has had enough."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            client.send(b"x")
            time.sleep(0.05)
    except OSError:
        pass


def timed_out(server: Server, client: Client, begun: float, least: float) -> None:
    assert client.response().status == 408
    assert time.monotonic() - begun >= least * 0.9
    assert client.closed()
    assert server.get("/").status == 200


def test_a_head_that_stops(server: Server) -> None:
    begun = time.monotonic()
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost:")
        timed_out(server, client, begun, HEADER_SECONDS)


def test_a_head_that_drips_on(server: Server) -> None:
    """Slowloris: each byte comes in time, the head as a whole does not."""
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nX: ")
        drip(client, HEADER_SECONDS * 2.5)
        try:
            assert client.response().status == 408
        except ConnectionResetError:
            pass  # the last byte met the closed socket
    assert server.get("/").status == 200


def test_a_body_that_stops(server: Server) -> None:
    begun = time.monotonic()
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        timed_out(server, client, begun, BODY_SECONDS)


def test_a_chunked_body_that_stops(server: Server) -> None:
    begun = time.monotonic()
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        timed_out(server, client, begun, BODY_SECONDS)


def test_a_streamed_body_that_stops_ends_the_read(server: Server) -> None:
    """The application is in the middle of read(): it gets an exception, and its thread is free again."""
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 500_000)
        assert client.response().status in (400, 408, 500)
    assert server.get("/").status == 200


def test_a_body_that_is_slow_but_steady_is_taken(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        client.send_slowly(b"0123456789", pause=BODY_SECONDS / 8)
        assert client.response().body == b"0123456789"


def test_slow_clients_do_not_hold_the_only_interpreter_thread(server: Server) -> None:
    slow = [server.client() for _ in range(8)]
    try:
        for i, client in enumerate(slow):
            head = b"GET / HTTP/1.1\r\nHo" if i % 2 else b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"
            client.send(head)
        assert server.get("/").status == 200
    finally:
        for client in slow:
            client.close()


def test_time_outs_are_counted(server: Server) -> None:
    scrape = Scrape(server.metrics())
    assert scrape.total("baton_requests_rejected_total", reason="header_timeout") >= 1
    assert scrape.total("baton_requests_rejected_total", reason="body_timeout") >= 1
