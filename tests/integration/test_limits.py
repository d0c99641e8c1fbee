"""Limits: the queue holds what it is told to hold, connections are bounded, time-outs come."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from harness.client import Client, Truncated
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Server

HOST = b" HTTP/1.1\r\nHost: h\r\n\r\n"


@contextmanager
def busy(server: Server) -> Iterator[Client]:
    """Occupy the server's only interpreter thread until the end of the block, at the longest for two seconds."""
    with server.client() as client:
        client.send(b"GET /sleep?s=2" + HOST)
        end = time.monotonic() + 10
        while Scrape(server.metrics()).total("baton_interpreter_threads", state="idle"):
            assert time.monotonic() < end, "the interpreter thread stays idle"
            time.sleep(0.01)
        yield client


def rejected(server: Server, reason: str) -> float:
    return Scrape(server.metrics()).total("baton_requests_rejected_total", reason=reason)


def test_a_full_queue_refuses_at_once_and_keeps_what_it_holds() -> None:
    with Server("work:app", "--threads", "1", "--queue-limit", "4") as server, ExitStack() as stack:
        with busy(server) as first:
            clients = [stack.enter_context(server.client()) for _ in range(12)]
            for client in clients:
                client.send(b"GET /" + HOST)
            begun = time.monotonic()
            answers = [client.response() for client in clients]
            refused = [answer for answer in answers if answer.status == 503]
            assert first.response().status == 200
        assert len(refused) == 8 and [a.status for a in answers].count(200) == 4
        assert all(int(answer.get("Retry-After") or "-1") >= 0 for answer in refused)
        assert time.monotonic() - begun < 15
        assert rejected(server, "queue_full") == 8
        assert server.get("/").status == 200


def test_refusals_come_before_the_queue_has_moved() -> None:
    with Server("work:app", "--threads", "1", "--queue-limit", "1") as server, server.client() as queued:
        with busy(server) as first:
            queued.send(b"GET /" + HOST)
            while Scrape(server.metrics()).total("baton_queue_length") < 1:
                time.sleep(0.01)
            assert server.get("/").status == 503
            assert first.buffer == b"" and first.silent(0.01), "the refusal waited for the running request"
            assert first.response().status == 200
        assert queued.response().status == 200


def test_a_request_that_waits_too_long_in_the_queue_is_given_up() -> None:
    with Server("work:app", "--threads", "1", "--queue-timeout", "300ms") as server:
        with busy(server) as first, server.client() as client:
            begun = time.monotonic()
            answer = client.get("/")
            assert answer.status == 503
            assert answer.get("Retry-After") is not None
            assert time.monotonic() - begun >= 0.29
            assert first.response().status == 200
        assert rejected(server, "queue_timeout") == 1
        assert server.get("/").status == 200


def test_a_request_that_takes_too_long_is_a_504() -> None:
    with Server("work:app", "--threads", "2", "--request-timeout", "300ms") as server:
        with server.client() as client:
            begun = time.monotonic()
            assert client.get("/sleep?s=1").status == 504
            assert time.monotonic() - begun >= 0.29
            assert client.closed()
        assert server.get("/sleep?s=0.01").status == 200
        assert rejected(server, "request_timeout") == 1


@measured
def test_the_time_of_a_request_begins_with_its_head_and_ends_with_its_last_byte(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(1 << 30)
    with Server("files:app", "--request-timeout", "500ms", env={"TEST_FILES": str(tmp_path)}) as server:
        with server.client() as client:  # a slow reader of a file
            client.send(b"GET /?big" + HOST)
            begun = time.monotonic()
            with pytest.raises((Truncated, ConnectionError)):
                while client.exactly(100_000):
                    assert time.monotonic() - begun < 5
                    time.sleep(0.01)
        with server.client() as client:  # a slow writer of a body
            client.send(b"POST /?big HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
            begun = time.monotonic()
            with pytest.raises((Truncated, ConnectionError, TimeoutError)):
                client.socket.settimeout(0.05)
                while True:
                    assert time.monotonic() - begun < 5
                    client.send(b"x")
                    try:
                        assert client.response().status == 408
                    except TimeoutError:
                        continue
                    raise Truncated("refused")


def test_a_refused_head_request_has_no_body() -> None:
    with Server("work:app", "--request-timeout", "200ms") as server, server.client() as client:
        client.send(b"HEAD /sleep?s=1" + HOST)
        assert client.head().status == 504
        assert client.rest() == b""


def test_few_descriptors_leave_some_for_the_application() -> None:
    with Server("children:app", limits={resource.RLIMIT_NOFILE: (100, 200)}) as server, ExitStack() as stack:
        server.wait_for("at most 100 connections")
        for _ in range(150):
            stack.enter_context(server.client())
        assert server.get("/program").text == "-15 0"
        assert "Too many open files" not in server.log


def test_the_limit_of_descriptors_is_raised_as_far_as_it_goes() -> None:
    with Server("children:app", limits={resource.RLIMIT_NOFILE: (64, 2000)}) as server, ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(server.client())
        assert server.get("/program").text == "-15 0"
        assert "Too many open files" not in server.log


def test_connections_beyond_the_limit_are_refused() -> None:
    with Server("work:app", "--max-connections", "3", "--threads", "3") as server, ExitStack() as stack:
        held = [stack.enter_context(server.client()) for _ in range(3)]
        for client in held:
            client.send(b"GET /sleep?s=3" + HOST)
        server.wait_until_active(3)
        answer = server.get("/")
        assert answer.status == 503 and int(answer.get("Retry-After") or "-1") >= 0
        assert rejected(server, "too_many_connections") == 1
        assert [client.response().status for client in held] == [200] * 3


def test_an_idle_connection_makes_room_for_a_new_one() -> None:
    with Server("work:app", "--max-connections", "3") as server, ExitStack() as stack:
        for _ in range(10):
            client = stack.enter_context(server.client())
            assert client.get("/").status == 200
        end = time.monotonic() + 20
        while (live := Scrape(server.metrics()).total("baton_connections")) > 3:
            assert time.monotonic() < end, f"{live} connections are open"
            time.sleep(0.02)


def test_idle_connections_are_closed_after_the_keep_alive_time() -> None:
    with Server("work:app", "--keep-alive", "2s") as server:
        with server.client() as client:
            client.get("/")
            begun = time.monotonic()
            assert client.closed()
            assert time.monotonic() - begun >= 1.9
        with server.client() as client:  # each request begins the time anew
            for _ in range(6):
                assert client.get("/").status == 200
                time.sleep(0.4)


def test_a_busy_connection_is_not_idle() -> None:
    with Server("work:app", "--keep-alive", "200ms") as server:
        assert server.get("/sleep?s=0.8").status == 200


def test_a_client_that_does_not_read_is_given_up() -> None:
    with Server("iterating:app", "--send-timeout", "500ms") as server, server.client() as client:
        client.send(b"GET /endless?unread" + HOST)
        end = time.monotonic() + 20
        while "unread" not in server.get("/closed").text:
            assert time.monotonic() < end, "the application still waits for a client that does not read"
            time.sleep(0.05)


def test_the_queue_is_first_come_first_served() -> None:
    with Server("echo:app", "--threads", "1") as server, ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(30)]
        for client in clients:
            client.send(b"GET /" + HOST)
        assert all(client.response().status == 200 for client in clients)


@pytest.mark.parametrize("options", [(), ("--io-threads", "2")], ids=["one-io-thread", "two-io-threads"])
def test_many_connections_at_once(options: tuple[str, ...]) -> None:
    with Server("echo:app", *options) as server, ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(200)]
        for i, client in enumerate(clients):
            client.send(b"POST /%d HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n%03d" % (i, i))
        for i, client in enumerate(clients):
            assert client.response().body == b"%03d" % i
