"""Request bodies on an event loop: of every size and framing, read, read late, not read, given up half-way."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.client import Truncated
from harness.server import Server

MIB = 1 << 20
BIG = random.Random(3).randbytes(20 * MIB)


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_bodies:app", "--loop", loop) as running:
        yield running


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What the application says as soon as it is what is waited for."""
    end = time.monotonic() + 20
    while not wanted(found := ask()):
        assert time.monotonic() < end, f"still {found!r}"
        time.sleep(0.02)
    return found


def test_no_body_is_one_empty_message(server: Server) -> None:
    found = server.get("/digest").json()
    assert (found["total"], found["messages"]) == (0, 1)


@pytest.mark.parametrize("size", [0, 1, 1000, 65536, 300_000, 20 * MIB])
def test_a_body_with_a_length(server: Server, size: int) -> None:
    body = BIG[:size]
    with server.client() as client:
        for _ in range(2):
            found = client.post("/digest", body).json()
            assert (found["total"], found["digest"]) == (size, digest(body))
            assert found["empty"] == 0, "messages without bytes are a waste of the application's time"


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(body), size):
        part = body[at : at + size]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


@pytest.mark.parametrize(("size", "chunk"), [(0, 1), (10, 1), (5000, 7), (300_000, 1000), (20 * MIB, 100_000)])
def test_a_chunked_body(server: Server, size: int, chunk: int) -> None:
    body = BIG[:size]
    with server.client() as client:
        for _ in range(2):
            client.send(b"POST /digest HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunked(body, chunk)))
            found = client.response().json()
            assert (found["total"], found["digest"]) == (size, digest(body))


def test_a_large_body_comes_in_parts(server: Server) -> None:
    with server.client() as client:
        found = client.post("/digest", BIG).json()
    assert found["messages"] > 10 and found["largest"] <= 2 * MIB


def test_a_body_byte_by_byte(server: Server) -> None:
    with server.client() as client:
        client.send_slowly(b"POST /digest HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n" + BIG[:30])
        assert client.response().json()["digest"] == digest(BIG[:30])


def test_the_first_part_is_there_before_the_last_is_sent(server: Server) -> None:
    """A dialogue: the application answers while the client is still sending."""
    with server.client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i, word in enumerate((b"one", b"two", b"three")):
            client.send(b"%x\r\n%s\r\n" % (len(word), word))
            if i == 0:  # a server may keep the head back until there is a body
                head = client.head()
                assert head.status == 200
            assert client.chunk() == word
        client.send(b"0\r\n\r\n")
        assert client.chunk() == b""
        # Who answers before the body is over may say that this was the last request, and then has to mean it.
        if head.get("Connection") == "close":
            assert client.closed()
        else:
            assert client.get("/digest").status == 200


def test_both_ways_at_once(server: Server) -> None:
    with server.client(timeout=60) as client:
        head = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(BIG)
        sending = threading.Thread(target=client.send, args=(head + BIG,))
        sending.start()
        answer = client.response()
        sending.join(30)
    assert digest(answer.body) == digest(BIG)


def test_many_uploads_at_once(server: Server) -> None:
    results: list[bool] = []

    def upload(i: int) -> None:
        body = BIG[i * 1000 : i * 1000 + 2 * MIB]
        with server.client(timeout=60) as client:
            results.append(client.post("/digest", body).json()["digest"] == digest(body))

    threads = [threading.Thread(target=upload, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [True] * 12


def test_the_head_may_be_answered_before_the_body_is_read(server: Server) -> None:
    with server.client() as client:
        assert client.post("/head-first", BIG[: 3 * MIB]).body == b"head first, %d" % (3 * MIB)


# --- Applications that do not read


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_small_body_that_is_never_read_is_skipped(server: Server, size: int) -> None:
    with server.client() as client:
        assert client.post("/never", b"x" * size).json() == "not read"
        try:
            assert client.get("/digest").json()["total"] == 0
        except (Truncated, ConnectionError):
            pass  # closing is in order as well


def test_a_large_body_that_is_never_read(server: Server) -> None:
    """The answer comes although the client has much to say still; nothing of the body becomes a request."""
    with server.client() as client:
        client.send(b"POST /never HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(BIG))
        client.send(b"GET /digest HTTP/1.1\r\nHost: smuggled\r\n\r\n" * 100)
        answer = client.response()
        assert answer.json() == "not read"
        assert answer.get("Connection") == "close" or client.silent(0.2)
    assert server.get("/digest").status == 200


@pytest.mark.parametrize("size", [1000, 20 * MIB])
def test_a_body_that_is_read_in_part(server: Server, size: int) -> None:
    with server.client() as client:
        client.send(b"POST /a-little HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        client.send(b"x" * 1000)
        length, more = client.response().json()
        assert 0 < length <= 1000 and more == (size > 1000)
    assert server.get("/digest").status == 200


def test_a_body_that_nobody_reads_yet_stays_where_it_is(loop: str) -> None:
    """Back-pressure: the client's own send() stops, and the server's memory does not grow."""
    size = 64 * MIB
    with Server("asgi_bodies:app", "--loop", loop) as fresh, fresh.client(timeout=60) as client:
        before = fresh.resident_bytes()
        client.send(b"POST /late HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        eventually(lambda: fresh.get("/state").json().get("late"), lambda found: found == "waiting")
        client.socket.settimeout(1)
        sent, block = 0, BIG[:65536]
        with pytest.raises(TimeoutError):
            while sent < size:
                sent += client.socket.send(block[sent % 65536 :])
        assert sent < size // 2
        assert fresh.resident_bytes("VmHWM") - before < 16 * MIB
        assert fresh.get("/open").status == 200
        client.socket.settimeout(60)
        while sent < size:
            sent += client.socket.send(block[sent % 65536 :])
        assert client.response().json()["digest"] == digest(block * (size // 65536))


# --- 100-continue

EXPECTING = b"POST %s HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"


def test_a_client_that_waits_to_be_asked_is_asked_when_the_application_asks(server: Server) -> None:
    with server.client() as client:
        client.send(EXPECTING % b"/digest")
        assert client.head().status == 100
        client.send(b"hello")
        assert client.response().json()["digest"] == digest(b"hello")


def test_a_client_that_waits_to_be_asked_is_not_asked_by_an_application_that_does_not_read(server: Server) -> None:
    with server.client() as client:
        client.send(EXPECTING % b"/never")
        answer = client.response()
        assert (answer.json(), answer.interim) == ("not read", [])
    assert server.get("/digest").status == 200


# --- After the end, and before it


def test_after_the_body_there_is_silence_and_after_the_response_a_disconnect(server: Server) -> None:
    with server.client() as client:
        assert client.post("/after-the-end", b"body").json() is None
        found = eventually(lambda: client.get("/state").json().get("after"), bool)
    assert found == [{"type": "http.disconnect"}] * 3


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_client_that_leaves_in_the_middle_of_its_body(server: Server, framing: bytes, way: str) -> None:
    client = server.client()
    client.send(b"POST /disconnected HTTP/1.1\r\nHost: h\r\n" + framing + b"\r\n\r\n5\r\nhello\r\n")
    eventually(lambda: server.get("/state").json().get("disconnected"), lambda found: found == "waiting")
    getattr(client, way)()
    found = eventually(lambda: server.get("/state").json()["disconnected"], lambda found: found != "waiting")
    assert found[0]["disconnected"] is True and found[0]["total"] in (0, 5, 10)
    assert found[1] == {"type": "http.disconnect"}


def test_a_half_closed_client_gets_its_answer(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST /digest HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.response().json()["digest"] == digest(b"hello")


def test_a_receive_that_is_given_up_loses_nothing(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST /timid HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n")
        for part in (b"one,", b"two,", b"last"):
            time.sleep(0.1)
            client.send(part)
        found = client.response().json()
    assert found["body"] == "one,two,last" and found["given_up"] >= 1


def test_a_broken_chunk_is_no_end_of_the_body(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST /digest HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
        try:
            assert client.response().status == 400
        except (Truncated, ConnectionError):
            pass
    assert server.get("/digest").status == 200
