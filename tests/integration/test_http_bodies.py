"""Bodies: sized, chunked, none; and Expect: 100-continue (RFC 9112 sections 6 and 7, RFC 9110 section 10.1.1)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from harness.client import Client
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app") as running:
        yield running


def chunked(*chunks: bytes, trailer: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n" + trailer + b"\r\n"


def post_chunked(client: Client, coded: bytes) -> bytes:
    client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + coded)
    return client.response().body


@pytest.mark.parametrize(
    ("coded", "body"),
    [
        (chunked(b"one chunk"), b"one chunk"),
        (chunked(b"a", b"bc", b"def"), b"abcdef"),
        (b"0\r\n\r\n", b""),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
        (b"0003\r\nabc\r\n000\r\n\r\n", b"abc"),
        (b'3;ext=1;other="a b"\r\nabc\r\n0\r\n\r\n', b"abc"),
        (chunked(b"abc", trailer=b"X-Trailer: 1\r\n"), b"abc"),
    ],
    ids=["one", "many", "empty", "both-cases", "leading-zeros", "extensions", "trailer"],
)
def test_chunked_requests(server: Server, coded: bytes, body: bytes) -> None:
    with server.client() as client:
        assert post_chunked(client, coded) == body
        assert client.get("/next").get("X-Path") == "/next"


def test_chunks_may_come_byte_by_byte(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send_slowly(b"4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nT: 1\r\n\r\n")
        assert client.response().body == b"Wikipedia"


def test_the_coding_is_found_in_any_case(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: Chunked\r\n\r\n" + chunked(b"abc"))
        assert client.response().body == b"abc"


@pytest.mark.parametrize("size", [1, 65_536, 262_143, 262_144, 262_145, 3_000_000])
@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_a_body_arrives_unchanged_at_every_size(server: Server, size: int, framing: str) -> None:
    """Around the limit up to which a body is complete before Python sees it, and far above."""
    body = random.Random(size).randbytes(size)
    with server.client() as client:
        if framing == "sized":
            assert client.post("/", body).body == body
        else:
            parts = [body[i : i + 50_000] for i in range(0, size, 50_000)]
            assert post_chunked(client, chunked(*parts)) == body
        assert client.get("/next").status == 200


def test_an_application_that_ignores_the_body_leaves_the_connection_in_order(server: Server) -> None:
    with Server("starting:app") as ignoring, ignoring.client() as client:
        for body in (b"x" * 10, b"GET / HTTP/1.1\r\n\r\n" * 100):
            assert client.post("/list", body).body == b"onetwo"
        client.send(b"POST /list HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"a" * 100))
        assert client.response().body == b"onetwo"
        assert client.get("/list").body == b"onetwo"


def test_a_large_ignored_body_is_drained_or_the_connection_closed(server: Server) -> None:
    with Server("starting:app") as ignoring, ignoring.client() as client:
        answer = client.post("/list", b"x" * 2_000_000)
        assert answer.body == b"onetwo"
        if (answer.get("Connection") or "").lower() == "close":
            assert client.closed()
        else:
            assert client.get("/list").body == b"onetwo"


def test_expect_100_continue_is_answered_before_the_body_comes(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        interim = client.head()
        assert (interim.status, interim.fields) == (100, [])
        client.send(b"body")
        answer = client.response()
        assert (answer.status, answer.body, answer.interim) == (200, b"body", [])


def test_no_100_when_the_body_is_there_already_or_not_to_come(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n")
        assert client.response().status == 200
        client.send(b"POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody")
        answer = client.response()
        assert (answer.status, answer.body, answer.interim) == (200, b"body", [])


def test_another_expectation_is_refused(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: the-unexpected\r\n\r\nbody")
        assert client.response().status == 417


SLOWLY = b"".join(b"block %d\n" % i for i in range(5))


def test_a_response_of_unknown_length_is_chunked() -> None:
    with Server("iterating:app") as iterating, iterating.client() as client:
        answer = client.get("/slowly")
        assert (answer.get("Transfer-Encoding"), answer.get("Content-Length"), answer.body) == ("chunked", None, SLOWLY)
        assert client.get("/tuple").body == b"atuple"


def test_for_http_1_0_it_ends_with_the_connection() -> None:
    with Server("iterating:app") as iterating, iterating.client() as client:
        client.send(b"GET /slowly HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = client.response()
        assert (answer.get("Transfer-Encoding"), answer.get("Connection"), answer.body) == (None, "close", SLOWLY)


def test_many_small_blocks_are_one_body() -> None:
    with Server("iterating:app") as iterating, iterating.client() as client:
        for _ in range(3):
            assert client.get("/bytes-by-character").body == b"".join(b"%d" % i for i in range(1000))
