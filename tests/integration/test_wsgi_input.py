"""wsgi.input: every way to read it, for bodies that are there and bodies that still come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.server import Server

BODY = b"one\ntwo\r\n\nlast without an end"
LINES = ["one\n", "two\r\n", "\n", "last without an end"]


@pytest.fixture(scope="module", params=["app", "validated"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(f"inputs:{request.param}") as running:
        yield running


def by(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


WHOLE = BODY.decode()
EXPECTED = {
    "/read-all": [WHOLE],
    "/read-none": [],
    "/read-0": ["", WHOLE],
    "/read-3": by(WHOLE, 3),
    "/readline": LINES,
    "/readline-4": [part for line in LINES for part in by(line, 4)],
    "/readlines": LINES,
    "/iterate": LINES,
    "/mixed": ["one\n", "tw", "o\r\n", "\n", "last without an end"],
    "/past-the-end": [WHOLE, "", ""],
}


@pytest.mark.parametrize("framing", ["sized", "chunked"])
@pytest.mark.parametrize("way", EXPECTED)
def test_reading(server: Server, way: str, framing: str) -> None:
    with server.client() as client:
        if framing == "sized":
            answer = client.post(way, BODY)
        else:
            client.send(f"POST {way} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            client.send(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n")
            answer = client.response()
        assert answer.json() == EXPECTED[way]


@pytest.mark.parametrize("way", EXPECTED)
def test_reading_nothing(server: Server, way: str) -> None:
    assert "".join(server.get(way).json()) == ""


def test_a_hint_may_end_early_but_not_in_a_line(server: Server) -> None:
    with server.client() as client:
        got = client.post("/readlines-hint", BODY).json()
    assert got and got == LINES[: len(got)]


def test_read_without_a_size() -> None:
    with Server("inputs:unsized") as running, running.client() as client:
        assert client.post("/", BODY).body == BODY


@pytest.mark.parametrize("way", ["/readline", "/iterate", "/read-64k"])
def test_a_streamed_body_reads_the_same(server: Server, way: str) -> None:
    """Larger than what is buffered, so that reads wait for the network; with lines longer than any block."""
    body = b"".join(b"%07d\n" % i for i in range(60_000)) + b"z" * 200_000 + b"\nend"
    with server.client() as client:
        parts = client.post(way, body).json()
    assert "".join(parts).encode() == body
    if way != "/read-64k":
        assert parts == [line.decode() for line in body.splitlines(keepends=True)]
    else:
        assert all(len(part) <= 65536 for part in parts)
