"""The end of a server that runs an event loop: in-flight requests, handlers that never return, signals."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from harness.client import Truncated
from harness.server import Process, Server

HOST = b" HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_finished(loop: str, number: int) -> None:
    server = Server("asgi_flow:app", "--loop", loop)
    clients = [server.client() for _ in range(10)]
    for i, client in enumerate(clients):
        client.send(b"GET /sleep?end-%d,2" % i + HOST)
    server.wait_until_active(10)
    server.signal(number)
    for client in clients:
        answer = client.response()
        assert (answer.status, answer.json(), answer.get("Connection")) == (200, "slept", "close")
        assert client.closed()
        client.close()
    assert server.wait() == 0


def test_a_streamed_response_in_flight_is_finished(loop: str) -> None:
    server = Server("asgi_responses:app", "--loop", loop)
    with server.client() as client:
        client.send(b"GET /slowly" + HOST)
        assert client.head().status == 200 and client.chunk() == b"0"
        server.signal(signal.SIGTERM)
        assert b"".join(iter(client.chunk, b"")) == b"123"
    assert server.wait() == 0


def test_what_follows_a_response_is_finished_too(loop: str) -> None:
    """A background task is part of its request."""
    server = Server("asgi_books:app", "--loop", loop)
    with server.client() as client:
        assert client.get("/background?s=0.5").status == 200
        server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert "Traceback" not in server.log


def test_the_end_under_load_loses_nothing(loop: str) -> None:
    """Whoever got an answer got a whole and right one; the others were closed before anything was sent."""
    server = Server("asgi_responses:app", "--loop", loop)
    stop = threading.Event()
    wrong: list[str] = []
    served = [0] * 4

    def load(number: int) -> None:
        while not stop.is_set():
            try:
                with server.client(timeout=10) as client:
                    while not stop.is_set():
                        client.send(b"GET /chunks" + HOST)
                        try:
                            answer = client.response()
                        except Truncated as error:
                            if "had b''" not in str(error):
                                wrong.append(f"truncated: {error}")
                            return
                        if answer.status not in (200, 503) or (answer.status == 200 and len(answer.body) != 42):
                            wrong.append(f"{answer.status}: {answer.body!r}")
                        served[number] += 1
                        if answer.get("Connection") == "close":
                            break
            except OSError:
                return

    threads = [threading.Thread(target=load, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 20
    while min(served) < 50 and time.monotonic() < end:
        time.sleep(0.01)
    server.signal(signal.SIGTERM)
    status = server.wait()
    stop.set()
    for thread in threads:
        thread.join(20)
    assert (status, wrong) == (0, [])
    assert min(served) >= 50


@pytest.mark.parametrize("target", [b"/sleep?x,600", b"/wait?x", b"/stream?x,100000"])
def test_a_request_that_never_returns_does_not_block_the_end(loop: str, target: bytes) -> None:
    server = Server("asgi_flow:app", "--loop", loop, "--drain-timeout", "1s")
    with server.client() as client:
        client.send(b"GET " + target + HOST)
        server.wait_until_active(1)
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait(15) in (0, 1)
        assert 0.9 <= time.monotonic() - begun < 12


def test_a_callback_that_never_returns_does_not_block_the_end(loop: str) -> None:
    server = Server("asgi_books:app", "--loop", loop, "--drain-timeout", "1s")
    with server.client() as client:
        client.send(b"GET /compute?s=600" + HOST)
        server.wait_until_active(1)
        server.signal(signal.SIGTERM)
        assert server.wait(20) in (0, 1)


def test_a_second_signal_ends_at_once(loop: str) -> None:
    server = Server("asgi_flow:app", "--loop", loop)
    with server.client() as client:
        client.send(b"GET /sleep?x,600" + HOST)
        server.wait_until_active(1)
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.popen.poll() is None, "ended although a request was in flight"
        server.signal(signal.SIGTERM)
        assert server.wait(10) in (0, 1)
        assert time.monotonic() - begun < 10


def test_ending_again_and_again(loop: str) -> None:
    for i in range(6):
        server = Server("asgi_responses:app", "--loop", loop)
        if i % 2:
            assert server.get("/chunks").status == 200
        server.stop()


def test_check_says_what_the_application_is() -> None:
    process = Process("check", "asgi_scope:app")
    assert process.wait() == 0, process.log
    assert "asgi" in process.log.lower() and "wsgi" not in process.log.lower()


@pytest.mark.parametrize("application", ["asgi_scope:app", "asgi_errors:instance", "asgi_lifespan:app"])
def test_the_interface_is_found_out(application: str) -> None:
    with Server(application) as server:
        assert server.get("/" if "errors" not in application else "/fine").status == 200
