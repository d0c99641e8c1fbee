"""Bodies whose end is in doubt: the door for request smuggling, so every doubt is a refusal (RFC 9112 section 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app") as running:
        yield running


def refused(server: Server, fields: bytes, body: bytes, status: int) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n" + body + SMUGGLED)
        answer = client.response()
        assert answer.status == status, f"{answer.head!r}"
        assert answer.get("Connection") == "close"
        assert client.closed()
    assert server.get("/").status == 200


LENGTHS = {
    "two-that-differ": b"Content-Length: 3\r\nContent-Length: 4\r\n",
    "a-list-that-differs": b"Content-Length: 3, 4\r\n",
    "negative": b"Content-Length: -1\r\n",
    "signed": b"Content-Length: +3\r\n",
    "hexadecimal": b"Content-Length: 0x3\r\n",
    "fraction": b"Content-Length: 3.0\r\n",
    "empty": b"Content-Length: \r\n",
    "word": b"Content-Length: three\r\n",
    "space-inside": b"Content-Length: 3 3\r\n",
    "overflow": b"Content-Length: 18446744073709551619\r\n",
}


@pytest.mark.parametrize("fields", LENGTHS.values(), ids=LENGTHS.keys())
def test_bad_lengths(server: Server, fields: bytes) -> None:
    refused(server, fields, b"abc", 400)


def test_two_equal_lengths_are_refused_too(server: Server) -> None:
    """RFC 9112 section 6.3 would allow either; a refusal cannot be misunderstood by anybody."""
    refused(server, b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc", 400)


@pytest.mark.parametrize("order", ["length-first", "coding-first"])
def test_a_length_and_a_coding(server: Server, order: str) -> None:
    both = [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"]
    fields = both if order == "length-first" else both[::-1]
    refused(server, b"".join(fields), b"0\r\n\r\n", 400)


CODINGS = {
    "gzip": (b"gzip", 501),
    "identity": (b"identity", 501),
    "gzip-chunked": (b"gzip, chunked", 501),
    "unknown": (b"xchunked", 501),
}


@pytest.mark.parametrize(("coding", "status"), CODINGS.values(), ids=CODINGS.keys())
def test_other_codings(server: Server, coding: bytes, status: int) -> None:
    refused(server, b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n", status)


HIDDEN = {
    "chunked-twice": b"Transfer-Encoding: chunked, chunked\r\n",
    "two-fields": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "chunked-not-last": b"Transfer-Encoding: chunked, gzip\r\n",
    "quoted": b'Transfer-Encoding: "chunked"\r\n',
    "vertical-tab": b"Transfer-Encoding: \x0bchunked\r\n",
    "space-before-colon": b"Transfer-Encoding : chunked\r\n",
    "empty": b"Transfer-Encoding:\r\n",
}


@pytest.mark.parametrize("fields", HIDDEN.values(), ids=HIDDEN.keys())
def test_disguised_codings(server: Server, fields: bytes) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n0\r\n\r\n" + SMUGGLED)
        assert client.response().status in (400, 501)
        assert client.closed()


def test_a_coding_in_http_1_0_is_refused(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED)
        assert client.response().status in (400, 501)
        assert client.closed()


CHUNKS = {
    "not-a-number": b"x\r\nabc\r\n0\r\n\r\n",
    "prefixed": b"0x3\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "signed": b"+3\r\nabc\r\n0\r\n\r\n",
    "space-before": b" 3\r\nabc\r\n0\r\n\r\n",
    "empty-line": b"\r\nabc\r\n0\r\n\r\n",
    "overflow": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "bare-lf": b"3\nabc\n0\n\n",
    "bare-lf-in-extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "data-too-long": b"3\r\nabcd\r\n0\r\n\r\n",
    "no-crlf-after-data": b"3\r\nabc0\r\n\r\n",
    "bad-trailer": b"3\r\nabc\r\n0\r\nno colon\r\n\r\n",
}


@pytest.mark.parametrize("body", CHUNKS.values(), ids=CHUNKS.keys())
def test_bad_chunks(server: Server, body: bytes) -> None:
    refused(server, b"Transfer-Encoding: chunked\r\n", body, 400)


@pytest.mark.parametrize("size", [10, 1_000_000], ids=["small", "streamed"])
@pytest.mark.parametrize("framing", ["sized", "chunked"])
def test_a_body_that_breaks_off_reaches_nobody_as_whole(server: Server, framing: str, size: int) -> None:
    """A client that goes away in the middle of its body gets no 200, whatever the application made of it."""
    with server.client() as client:
        if framing == "sized":
            client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size + b"x" * (size // 2))
        else:
            client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size)
            client.send(b"x" * (size // 2))
        client.socket.shutdown(1)
        try:
            assert client.response().status >= 400
        except (Truncated, ConnectionResetError):
            pass
    assert server.get("/").status == 200
