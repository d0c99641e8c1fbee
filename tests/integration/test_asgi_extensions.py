"""Extensions of the HTTP specification: files by path with ranges, early hints, trailers."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.certificates import make, options, trust
from harness.client import Client, Response, Truncated
from harness.server import Server

SMALL = b"hello file\n"
BIG = random.Random(1).randbytes(1 << 20) * 24  # far more than any socket buffer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    (made / "small").write_bytes(SMALL)
    (made / "big").write_bytes(BIG)
    (made / "empty").write_bytes(b"")
    (made / "caf\u00e9 \u20ac").write_bytes(b"unicode")
    (made / "folder").mkdir()
    return made


@pytest.fixture(scope="module")
def server(loop: str, folder: Path) -> Iterator[Server]:
    with Server("asgi_responses:app", "--loop", loop, env={"TEST_FILES": str(folder)}) as running:
        yield running


# --- http.response.pathsend


@pytest.mark.parametrize("length", ["", "&length=%d"])
@pytest.mark.parametrize(("name", "content"), [("small", SMALL), ("empty", b""), ("caf%C3%A9%20%E2%82%AC", b"unicode")])
def test_a_file(server: Server, name: str, content: bytes, length: str) -> None:
    with server.client() as client:
        for _ in range(2):
            answer = client.get(f"/pathsend?name={name}{length % len(content) if length else ''}")
            assert (answer.status, answer.body, answer.get("X-Sent")) == (200, content, "by path")
            assert answer.get("Content-Length") == str(len(content))


def test_a_big_file_arrives_unchanged(server: Server) -> None:
    before = server.resident_bytes()
    answer = server.get("/pathsend?name=big")
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(BIG).digest()
    assert server.resident_bytes("VmHWM") - before < 16 << 20


def test_head_sends_no_file(server: Server) -> None:
    with server.client() as client:
        answer = client.request("HEAD", "/pathsend?name=small")
        assert (answer.status, answer.get("Content-Length")) == (200, str(len(SMALL)))
        assert client.get("/pathsend?name=small").body == SMALL


RANGES = {
    "bytes=0-4": (0, 5),
    "bytes=6-9": (6, 10),
    "bytes=6-": (6, 11),
    "bytes=-5": (6, 11),
    "bytes=4-4": (4, 5),
    "bytes=0-": (0, 11),
    "bytes=5-1000": (5, 11),
    "bytes=10-10": (10, 11),
}


@pytest.mark.parametrize("length", ["", "&length=11"])
@pytest.mark.parametrize("asked", RANGES)
def test_a_range(server: Server, asked: str, length: str) -> None:
    begin, end = RANGES[asked]
    with server.client() as client:
        for _ in range(2):
            answer = client.get(f"/pathsend?name=small{length}", f"Range: {asked}")
            assert (answer.status, answer.body) == (206, SMALL[begin:end])
            assert answer.get("Content-Range") == f"bytes {begin}-{end - 1}/11"
            assert answer.get("Content-Length") == str(end - begin)
            assert answer.get("X-Sent") == "by path"


@pytest.mark.parametrize("asked", ["bytes=11-", "bytes=11-12", "bytes=1000-2000", "bytes=-0"])
def test_a_range_beyond_the_end(server: Server, asked: str) -> None:
    with server.client() as client:
        answer = client.get("/pathsend?name=small&length=11", f"Range: {asked}")
        assert (answer.status, answer.get("Content-Range")) == (416, "bytes */11")
        assert SMALL not in answer.body
        assert client.get("/pathsend?name=small").body == SMALL


def test_a_range_of_more_than_there_is(server: Server) -> None:
    """RFC 9110 section 14.1.2: then it is all of it; with 206, or as if no range had been asked for."""
    answer = server.get("/pathsend?name=small", "Range: bytes=-100")
    assert answer.status in (200, 206) and answer.body == SMALL
    assert answer.get("Content-Range") == ("bytes 0-10/11" if answer.status == 206 else None)


@pytest.mark.parametrize("asked", ["bytes=", "bytes=5-2", "bytes=a-b", "lines=0-4", "0-4", "bytes=--4", "bytes 0-4", "bytes=0-4x"])
def test_what_is_no_range_is_ignored(server: Server, asked: str) -> None:
    """RFC 9110 section 14.2."""
    answer = server.get("/pathsend?name=small", f"Range: {asked}")
    assert (answer.status, answer.body, answer.get("Content-Range")) == (200, SMALL, None)


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=0-4, -3", "bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-"])
def test_many_ranges_may_be_ignored_or_answered_in_parts(server: Server, asked: str) -> None:
    answer = server.get("/pathsend?name=small", f"Range: {asked}")
    if answer.status == 200:
        assert answer.body == SMALL
    else:
        assert answer.status == 206 and (answer.get("Content-Type") or "").startswith("multipart/byteranges")


@pytest.mark.parametrize("numbers", ["99999999999999999999999-", "0-99999999999999999999999", "-99999999999999999999999"])
def test_numbers_beyond_all_bounds(server: Server, numbers: str) -> None:
    answer = server.get("/pathsend?name=small", f"Range: bytes={numbers}")
    assert answer.status in (200, 206, 416)
    if answer.status != 416:
        assert answer.body == SMALL
    assert server.get("/pathsend?name=small").body == SMALL


def test_a_range_of_a_big_file(server: Server) -> None:
    begin, end = 5_000_001, 17_000_000
    answer = server.get("/pathsend?name=big", f"Range: bytes={begin}-{end - 1}")
    assert answer.status == 206
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(BIG[begin:end]).digest()


def test_a_range_is_for_get_and_200_only(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/pathsend?name=small", b"", "Range: bytes=0-4")
        assert (answer.status, answer.body) == (200, SMALL)
        answer = client.get("/pathsend?name=small&status=404", "Range: bytes=0-4")
        assert (answer.status, answer.body) == (404, SMALL)


@pytest.mark.parametrize(("given", "status"), [('"v1"', 206), ('"v2"', 200), ('W/"v1"', 200)])
def test_if_range(server: Server, given: str, status: int) -> None:
    """RFC 9110 section 13.1.5: a part of another version than the client has would spoil its copy."""
    answer = server.get('/pathsend?name=small&etag="v1"', "Range: bytes=0-4", f"If-Range: {given}")
    assert (answer.status, answer.body) == (status, SMALL[:5] if status == 206 else SMALL)


@pytest.mark.parametrize("name", ["missing", "folder"])
def test_a_file_that_cannot_be_sent(server: Server, name: str) -> None:
    """A 500 or a closed connection, and a line in the log; never an empty 200."""
    identity = f"cannot-send-{name}"
    with server.client() as client:
        try:
            assert client.get(f"/pathsend?name={name}", f"X-Request-ID: {identity}").status == 500
        except (Truncated, ConnectionError):
            pass
    server.wait_for(identity, 10)
    assert server.get("/pathsend?name=small").body == SMALL


@pytest.mark.parametrize("length", [5, 12])
def test_a_length_that_is_not_the_files(server: Server, length: int) -> None:
    """Whichever of the two the server believes, the response is framed by what is sent."""
    with server.client() as client:
        try:
            answer = client.get(f"/pathsend?name=small&length={length}")
            assert answer.status == 500 or answer.body == SMALL or (length == 5 and answer.body == SMALL[:5])
            assert client.get("/sized").body == b"a body"
        except (Truncated, ConnectionError):
            pass
    assert server.get("/pathsend?name=small").body == SMALL


def test_descriptors_do_not_pile_up(server: Server) -> None:
    descriptors = Path(f"/proc/{server.pid}/fd")
    with server.client() as client:
        client.get("/pathsend?name=small")
        before = len(list(descriptors.iterdir()))
        for i in range(50):
            client.get("/pathsend?name=small", *(["Range: bytes=1-2"] if i % 2 else []))
            client.request("HEAD", "/pathsend?name=small")
        assert len(list(descriptors.iterdir())) <= before + 2


def test_a_client_that_goes_away_in_the_middle_of_a_file(server: Server) -> None:
    for _ in range(5):
        client = server.client()
        client.send(b"GET /pathsend?name=big HTTP/1.1\r\nHost: h\r\n\r\n")
        client.exactly(1000)
        client.reset()
    assert server.get("/pathsend?name=small").body == SMALL


def test_files_over_tls(loop: str, folder: Path, tmp_path: Path) -> None:
    given = options(make(tmp_path), "--loop", loop)
    with Server("asgi_responses:app", *given, env={"TEST_FILES": str(folder)}) as running:
        with Client(running.address, tls=trust(tmp_path)) as client:
            assert client.get("/pathsend?name=big").body == BIG
            assert client.get("/pathsend?name=big", "Range: bytes=10000000-").body == BIG[10_000_000:]


# --- http.response.early_hint


def links(answer: Response) -> list[list[str]]:
    assert all(one.status == 103 for one in answer.interim)
    return [one.all("Link") for one in answer.interim]


def test_early_hints_come_before_the_response(server: Server) -> None:
    with server.client() as client:
        for _ in range(2):
            answer = client.get("/hints")
            assert (answer.status, answer.body) == (200, b"hinted")
            assert [link for each in links(answer) for link in each] == [
                "</style.css>; rel=preload; as=style",
                "</a.js>; rel=preload",
                "</b.js>; rel=preload",
            ]
            assert answer.get("Link") is None


def test_an_early_hint_does_not_wait_for_the_response(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /hints HTTP/1.1\r\nHost: h\r\n\r\n")
        first = client.head()
        assert (first.status, len(first.all("Link"))) == (103, 2)
        assert client.response().body == b"hinted"


def test_http_1_0_gets_no_hints(server: Server) -> None:
    """RFC 9110 section 15.2: there were no interim responses."""
    with server.client() as client:
        client.send(b"GET /hints HTTP/1.0\r\n\r\n")
        answer = client.response()
        assert (answer.body, answer.interim) == (b"hinted", [])


def test_a_hint_after_the_head_does_no_harm(server: Server) -> None:
    with server.client() as client:
        answer = client.get("/late-hint")
        assert answer.body in (b"begun and went on", b"begun and was told")
        assert answer.interim == []
        assert client.get("/sized").body == b"a body"


# --- http.response.trailers


def trailer_section(client: Client) -> tuple[bytes, list[str]]:
    """The chunked body, and the lines after it."""
    body = b""
    while (size := int(client._until(b"\r\n"), 16)) > 0:
        body += client.exactly(size)
        assert client.exactly(2) == b"\r\n"
    lines = []
    while (line := client._until(b"\r\n")) != b"\r\n":
        lines.append(line[:-2].decode().lower())
    return body, lines


def test_trailers(server: Server) -> None:
    with server.client() as client:
        for _ in range(2):
            client.send(b"GET /trailers HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n")
            head = client.head()
            assert (head.status, head.get("Transfer-Encoding"), head.get("Trailer")) == (200, "chunked", "x-sum, x-more")
            assert trailer_section(client) == (b"one two", ["x-sum: 7", "x-more: yes"])
        assert client.get("/sized").body == b"a body"


def test_trailers_are_not_for_those_who_do_not_take_them(server: Server) -> None:
    """RFC 9110 section 6.5.1 lets a server leave them out, and they never become a part of the body."""
    with server.client() as client:
        for _ in range(2):
            assert client.get("/trailers").body == b"one two"
        client.send(b"GET /trailers HTTP/1.0\r\n\r\n")
        assert client.response().body == b"one two"


def test_trailers_after_no_body_at_all(server: Server) -> None:
    with server.client() as client:
        assert client.request("HEAD", "/trailers", "TE: trailers").status == 200
        assert client.get("/empty-trailers", "TE: trailers").body == b"body"
        assert client.get("/sized").body == b"a body"
