"""Responses of ASGI applications: their framing, their fields, their lengths."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server

TENS = bytes(range(256)) * 40_000


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_responses:app", "--loop", loop) as running:
        yield running


CONTENT = {
    "/bare": b"",
    "/sized": b"a body",
    "/unsized": b"a body",
    "/chunks": b"part 0\npart 1\npart 2\npart 3\npart 4\nthe end",
    "/closed-by-nothing": b"a body",
    "/empty-parts": b"onetwo",
    "/many": b"".join(b"%06d\n" % i for i in range(20_000)),
    "/large": TENS,
    "/large-unsized": TENS,
    "/slowly": b"0123",
    "/head-alone": b"later",
    "/other-types": b"bytearray memoryview bytes",
    "/same-message": b"xxxx",
    "/hop-by-hop": b"a body",
}


@pytest.mark.parametrize("path", CONTENT)
def test_content(server: Server, path: str) -> None:
    with server.client() as client:
        for _ in range(2):  # the connection is in order afterwards
            answer = client.get(path)
            assert (answer.status, answer.body) == (200, CONTENT[path])


@pytest.mark.parametrize("path", CONTENT)
def test_content_in_http_1_0(server: Server, path: str) -> None:
    with server.client() as client:
        client.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = client.response()
        assert (answer.status, answer.body) == (200, CONTENT[path])
        assert answer.get("Transfer-Encoding") is None
        assert client.closed()


@pytest.mark.parametrize("path", CONTENT)
def test_head_has_no_body(server: Server, path: str) -> None:
    with server.client() as client:
        for _ in range(2):
            answer = client.request("HEAD", path)
            assert answer.status == 200
        if path in ("/sized", "/large"):
            assert answer.get("Content-Length") == str(len(CONTENT[path]))
        assert client.get("/sized").body == b"a body"


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    paths = ["/slowly", "/sized", "/chunks", "/bare", "/other-types", "/large", "/unsized"]
    with server.client() as client:
        client.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for path in paths))
        assert [client.response().body for _ in paths] == [CONTENT[path] for path in paths]


def test_framing(server: Server) -> None:
    assert server.get("/sized").get("Content-Length") == "6"
    assert server.get("/sized").get("Transfer-Encoding") is None
    slowly = server.get("/slowly")  # nobody knows its length before it is over
    assert (slowly.get("Transfer-Encoding"), slowly.get("Content-Length")) == ("chunked", None)


def test_parts_arrive_as_they_are_sent(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /slowly HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.head().status == 200
        assert [client.chunk() for _ in range(5)] == [b"0", b"1", b"2", b"3", b""]


def test_fields(server: Server) -> None:
    answer = server.get("/fields")
    assert answer.status == 299
    assert answer.get("X-Upper-Case") == "1" and answer.all("Set-Cookie") == ["a=1", "b=2"]
    assert (answer.get("X-Latin"), answer.get("X-Empty")) == ("caf\u00e9", "")
    assert answer.get("Date") and answer.get("X-Request-ID")


def test_the_applications_own_date_and_server_stay_alone(server: Server) -> None:
    answer = server.get("/own-date")
    assert (answer.get("Date"), answer.get("Server")) == ("Sun, 06 Nov 1994 08:49:37 GMT", "own/1")


def test_the_application_may_close(server: Server) -> None:
    with server.client() as client:
        assert client.get("/close").get("Connection") == "close"
        assert client.closed()


@pytest.mark.parametrize("status", [200, 201, 299, 404, 418, 500, 599])
def test_status(server: Server, status: int) -> None:
    answer = server.get(f"/status?{status}")
    assert (answer.status, answer.body) == (status, b"")
    if status in (200, 404):
        assert answer.reason == {200: "OK", 404: "Not Found"}[status]


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("path", ["/bodiless", "/status"])
def test_some_have_no_body(server: Server, path: str, status: int) -> None:
    with server.client() as client:
        for _ in range(2):
            answer = client.get(f"{path}?{status}")
            assert (answer.status, answer.get("Transfer-Encoding")) == (status, None)
        assert client.get("/sized").body == b"a body"


# --- Content-Length


@pytest.mark.parametrize("query", ["10,10", "10,5,5", "10,0,10", "5,5,0", "0,0", "0,0,0"])
def test_a_true_length(server: Server, query: str) -> None:
    declared = int(query.partition(",")[0])
    with server.client() as client:
        for _ in range(2):
            answer = client.get(f"/lengths?{query}")
            assert (answer.get("Content-Length"), len(answer.body)) == (str(declared), declared)


@pytest.mark.parametrize("query", ["5,10", "5,3,3", "5,5,5", "0,5", "0,0,5", "7,10,10"])
def test_bytes_beyond_the_length_are_not_sent(server: Server, query: str) -> None:
    """They would be the start of the next response on this connection."""
    declared = int(query.partition(",")[0])
    with server.client() as client:
        try:
            answer = client.get(f"/lengths?{query}", f"X-Request-ID: too-long-{query.replace(',', '-')}")
            if answer.status == 500:  # found out before the head went out
                assert b"1234" not in answer.body
            else:
                assert (answer.status, len(answer.body)) == (200, declared)
            assert client.get("/sized").body == b"a body"
        except (Truncated, ConnectionError):
            pass  # closing is in order as well
    server.wait_for(f"too-long-{query.replace(',', '-')}", 10)
    assert server.get("/sized").body == b"a body"


@pytest.mark.parametrize("query", ["11,10", "11,5,5", "1,0", "5,0,0"])
def test_a_body_that_is_too_short_is_seen_as_such(server: Server, query: str) -> None:
    with server.client() as client:
        try:
            assert client.get(f"/lengths?{query}", f"X-Request-ID: too-short-{query.replace(',', '-')}").status == 500
        except (Truncated, ConnectionError):
            pass
    server.wait_for(f"too-short-{query.replace(',', '-')}", 10)
    assert server.get("/sized").body == b"a body"


# --- After the response


def test_what_an_application_does_after_its_response_is_not_waited_for(server: Server) -> None:
    """Neither by this client nor by the next request on its connection."""
    with server.client() as client:
        before = int(client.get("/finished").body)
        assert client.get("/background").body == b"done"
        assert int(client.get("/finished").body) == before
        end = time.monotonic() + 20
        while int(client.get("/finished").body) == before:
            assert time.monotonic() < end, "it never ended"
            time.sleep(0.05)
