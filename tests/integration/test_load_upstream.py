"""baton-load upstream: the slow server that handlers wait on."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Iterator

import pytest
from harness.load import baton_load
from harness.server import REPOSITORY, Server
from harness.upstream import Upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream("--delay", "0ms", "--bytes", "100") as started:
        yield started


def get(connection: http.client.HTTPConnection, target: str) -> tuple[int, bytes, float]:
    """Status, body, and the seconds that it took."""
    before = time.monotonic()
    connection.request("GET", target)
    answer = connection.getresponse()
    return answer.status, answer.read(), time.monotonic() - before


def connection_to(upstream: Upstream) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=60)


def raw(upstream: Upstream, request: bytes) -> bytes:
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as client:
        client.sendall(request)
        received = b""
        while piece := client.recv(65536):
            received += piece
        return received


def test_one_connection_serves_many_requests(upstream: Upstream) -> None:
    connection = connection_to(upstream)
    connection.connect()
    sock = connection.sock
    for size in (0, 1, 100_000, 3_000_000):
        status, body, _ = get(connection, f"/any/path?bytes={size}")
        assert (status, len(body)) == (200, size)
        assert connection.sock is sock
    assert len(get(connection, "/")[1]) == 100
    connection.close()


def test_a_request_waits_as_long_as_it_asks_for(upstream: Upstream) -> None:
    connection = connection_to(upstream)
    assert get(connection, "/?delay=300ms")[2] >= 0.3
    assert get(connection, "/?ms=300")[2] >= 0.3
    assert get(connection, "/?delay=200ms&jitter=50ms")[2] >= 0.15


def test_a_stream_begins_before_it_is_over(upstream: Upstream) -> None:
    connection = connection_to(upstream)
    before = time.monotonic()
    connection.request("GET", "/?delay=1s&bytes=1000&stream=1")
    answer = connection.getresponse()
    first = answer.read(1)
    began = time.monotonic() - before
    rest = answer.read()
    assert len(first + rest) == 1000
    assert time.monotonic() - before >= 1
    assert began < time.monotonic() - before - 0.3


def test_many_wait_at_the_same_time(upstream: Upstream) -> None:
    """One after the other they would take 200 s."""
    before = time.monotonic()
    clients = [socket.create_connection(("127.0.0.1", upstream.port), timeout=60) for _ in range(200)]
    for client in clients:
        client.sendall(b"GET /?delay=1s HTTP/1.1\r\nHost: a\r\n\r\n")
    for client in clients:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        client.close()
    assert 1 <= time.monotonic() - before < 60


def test_a_head_and_a_body_of_the_client(upstream: Upstream) -> None:
    head = raw(upstream, b"HEAD /?bytes=50 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 50\r\n" in head and head.endswith(b"\r\n\r\n")
    post = raw(upstream, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    assert post.startswith(b"HTTP/1.1 200 ")
    old = raw(upstream, b"GET / HTTP/1.0\r\n\r\n")
    assert old.startswith(b"HTTP/1.0 200 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /?delay=61s HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /?bytes=1T HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /?unknown=1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: minus\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_bad_input_is_answered_400(upstream: Upstream, request_bytes: bytes) -> None:
    assert raw(upstream, request_bytes).startswith(b"HTTP/1.1 400 ")
    assert get(connection_to(upstream), "/")[0] == 200


def test_clients_that_leave_do_no_harm(upstream: Upstream) -> None:
    for request in (b"", b"GET / HT", b"GET /?delay=20ms&bytes=64M HTTP/1.1\r\nHost: a\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as client:
            client.sendall(request)
    assert get(connection_to(upstream), "/")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_whoever_waits(number: int) -> None:
    with Upstream() as started:
        waiting = socket.create_connection(("127.0.0.1", started.port), timeout=60)
        waiting.sendall(b"GET /?delay=60s HTTP/1.1\r\nHost: a\r\n\r\n")
        assert started.stop(number) == 0
        waiting.close()


def test_the_lab_waits_on_it(upstream: Upstream) -> None:
    """The lab's query is understood."""
    env = {"BATON_LAB_UPSTREAM": f"http://127.0.0.1:{upstream.port}"}
    with Server("handlers.lab:app", "--python-path", str(REPOSITORY), env=env) as server:
        answer = server.get("/io/upstream?ms=20")
        assert (answer.status, answer.body) == (200, b"the upstream answered 200 with 100 bytes\n")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--delay", "61s"], "--delay: "),
        (["--jitter", "x"], "--jitter: "),
        (["--bytes", "1T"], "--bytes: "),
        (["--port", "65536"], "--port: "),
        (["--bind", "localhost!"], "--bind: "),
        (["--distribution", "even"], "--distribution: "),
    ],
)
def test_unusable_options(options: list[str], says: str) -> None:
    done = baton_load("upstream", *options)
    assert done.status == 2
    assert says in done.line


def test_an_address_that_is_taken(upstream: Upstream) -> None:
    done = baton_load("upstream", "--port", str(upstream.port))
    assert done.status == 3
    assert "Address already in use" in done.line
