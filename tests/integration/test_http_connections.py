"""Connections: kept, pipelined, closed (RFC 9112 section 9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app") as running:
        yield running


def test_a_connection_serves_many_requests(server: Server) -> None:
    with server.client() as client:
        for i in range(50):
            body = b"x" * i
            assert client.post(f"/{i}", body).body == body
        assert client.get("/last", "Connection: close").status == 200
        assert client.closed()


def test_http_1_1_stays_open_without_being_asked(server: Server) -> None:
    with server.client() as client:
        assert (client.get("/").get("Connection") or "keep-alive").lower() == "keep-alive"
        assert client.silent(0.2)


def test_connection_close_is_answered_and_done(server: Server) -> None:
    with server.client() as client:
        assert client.get("/", "Connection: close").get("Connection") == "close"
        assert client.closed()


def test_close_is_found_among_other_options(server: Server) -> None:
    with server.client() as client:
        client.get("/", "Connection: x-other, Close")
        assert client.closed()


def test_http_1_0_closes(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = client.response()
        assert answer.status == 200
        assert answer.get("Transfer-Encoding") is None
        assert client.closed()


def test_http_1_0_keeps_alive_when_asked(server: Server) -> None:
    with server.client() as client:
        for _ in range(2):
            client.send(b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
            answer = client.response()
            assert (answer.body, (answer.get("Connection") or "").lower()) == (b"hi", "keep-alive")


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    with server.client() as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(100)))
        assert [client.response().get("X-Path") for _ in range(100)] == [f"/{i}" for i in range(100)]


def test_pipelined_bodies_are_told_apart(server: Server) -> None:
    with server.client() as client:
        sized = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /"
        chunked = b"POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n"
        client.send((sized + chunked) * 20)
        for _ in range(20):
            assert client.response().body == b"GET /"
            assert client.response().body == b"GET"


def test_nothing_after_a_close_is_answered(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response().get("X-Path") == "/1"
        assert client.closed()


def test_a_head_may_come_byte_by_byte(server: Server) -> None:
    with server.client() as client:
        client.send_slowly(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
        assert client.response().body == b"abc"


def test_empty_lines_before_a_request_are_skipped(server: Server) -> None:
    with server.client() as client:
        client.send(b"\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response().status == 200


def test_a_half_closed_connection_still_gets_its_answer(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
        client.socket.shutdown(1)
        assert client.response().body == b"abc"


def test_a_connection_without_a_request_does_no_harm(server: Server) -> None:
    for _ in range(20):
        server.client().reset()
        server.client().close()
    assert server.get("/").status == 200
