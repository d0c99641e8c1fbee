"""Back-pressure and disconnects on an event loop."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.client import Client, Truncated
from harness.prometheus import Scrape
from harness.server import Server

BLOCK = bytes(range(256)) * 256
MIB = 1 << 20
BLOCKS = 1024  # 64 MiB
names = (f"request-{i}" for i in itertools.count())


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_flow:app", "--loop", loop) as running:
        yield running


def state(server: Server, name: str) -> Any:
    return server.get(f"/state?{name}").json()


def eventually(server: Server, name: str, wanted: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + 20
    while not wanted(found := state(server, name)):
        assert time.monotonic() < end, f"still {found!r}"
        time.sleep(0.02)
    return found


def begin(client: Client, target: str) -> None:
    client.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())


def settled(server: Server, name: str) -> Any:
    """What the application has noted when it has not got on for a while."""
    last, since = state(server, name), time.monotonic()
    while time.monotonic() < since + 0.5:
        if (now := state(server, name)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.02)
    return last


# --- Back-pressure


def test_a_slow_client_suspends_send(loop: str) -> None:
    """The application stands still, the memory does not grow, others are served; and in the end all has arrived."""
    with Server("asgi_flow:app", "--loop", loop) as server, server.client(timeout=60) as slow:
        state(server, "x")
        before = server.resident_bytes()
        begin(slow, f"/stream?slow,{BLOCKS}")
        eventually(server, "slow", lambda found: found not in (None, 0))
        sent = settled(server, "slow")
        assert sent < BLOCKS // 2
        assert server.resident_bytes("VmHWM") - before < 16 * MIB
        assert state(server, "slow") == sent
        answer = slow.response()
        assert answer.body == BLOCK * BLOCKS
        eventually(server, "slow", lambda found: found == "done")


def test_one_large_part_suspends_send_as_well(server: Server) -> None:
    name = next(names)
    with server.client(timeout=60) as slow:
        begin(slow, f"/one-large?{name},512")
        eventually(server, name, lambda found: found == "sending")
        assert settled(server, name) == "sending"
        assert slow.response().body == BLOCK * 512
        eventually(server, name, lambda found: found == "done")


def test_many_slow_clients(loop: str) -> None:
    with Server("asgi_flow:app", "--loop", loop) as server:
        state(server, "x")
        before = server.resident_bytes()
        clients = [server.client(timeout=60) for _ in range(20)]
        for i, client in enumerate(clients):
            begin(client, f"/stream?slow-{i},256")
        for i in range(20):
            eventually(server, f"slow-{i}", lambda found: found not in (None, 0))
        assert server.resident_bytes("VmHWM") - before < 20 * MIB
        for client in clients:
            assert client.response().body == BLOCK * 256
            client.close()


def test_a_send_that_is_given_up_does_not_end_as_a_whole_response(server: Server) -> None:
    name = next(names)
    with server.client() as client:
        begin(client, f"/cancelled-send?{name}")
        eventually(server, name, lambda found: found == "timeout")
        assert client.head().status == 200
        with pytest.raises((Truncated, ConnectionError)):
            while client.chunk():
                pass
    assert state(server, name) == "timeout"


# --- Disconnects


@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_handler_that_waits_is_told_that_the_client_has_left(server: Server, way: str) -> None:
    name = next(names)
    client = server.client()
    begin(client, f"/wait?{name}")
    eventually(server, name, lambda found: found == "waiting")
    getattr(client, way)()
    found = eventually(server, name, lambda found: found != "waiting")
    assert found["messages"] == ["http.request", "http.disconnect", "http.disconnect"]
    # Since 2.4 of the specification; before, it was nothing at all.
    assert found["error"] is not None and found["error"][1] is True


@pytest.mark.parametrize("way", ["close", "reset"])
def test_send_after_a_disconnect_is_an_oserror(server: Server, way: str) -> None:
    name = next(names)
    client = server.client()
    begin(client, f"/until-error?{name}")
    client.exactly(100_000)
    getattr(client, way)()
    found = eventually(server, name, lambda found: found != "sending")
    assert found[1] is True, found


def test_a_suspended_send_is_woken_by_the_disconnect(server: Server) -> None:
    """The application stands in send() when the client leaves, and has to leave it."""
    name = next(names)
    client = server.client()
    begin(client, f"/until-error?{name}")
    eventually(server, name, lambda found: found == "sending")
    time.sleep(0.5)
    client.reset()
    assert eventually(server, name, lambda found: found != "sending")[1] is True


@pytest.mark.parametrize("way", ["close", "reset"])
def test_server_sent_events_end_with_their_client(server: Server, way: str) -> None:
    name = next(names)
    client = server.client()
    begin(client, f"/events?{name}")
    assert client.head().status == 200
    assert client.chunk().startswith(b"tick")
    getattr(client, way)()
    found = eventually(server, name, lambda found: found != "ticking")
    assert found[0] == "disconnected" or found[1] not in ("produced", "CancelledError"), found


def test_disconnects_are_no_errors_in_the_log(loop: str) -> None:
    """Clients leave all the time; whoever does not catch the OSError of send() has done nothing wrong."""
    with Server("asgi_flow:app", "--loop", loop) as server:
        for i in range(3):
            client = server.client()
            begin(client, f"/until-error?leaving-{i}")
            client.exactly(1000)
            client.reset()
            eventually(server, f"leaving-{i}", lambda found: found not in (None, "sending"))
        assert server.get("/state?x").status == 200
        assert "Traceback" not in server.log
        assert "[error]" not in server.log


def test_requests_of_those_who_left_are_over(server: Server) -> None:
    """Nothing is in flight for ever because somebody left."""
    for i in range(20):
        client = server.client()
        begin(client, f"/wait?left-{i}" if i % 2 else f"/until-error?left-{i}")
        eventually(server, f"left-{i}", lambda found: found is not None)
        client.reset()
    end = time.monotonic() + 20
    while (active := Scrape(server.metrics()).total("http_server_active_requests")) > 0:
        assert time.monotonic() < end, f"{active} requests are still in flight"
        time.sleep(0.05)
    assert server.get("/state?x").status == 200
