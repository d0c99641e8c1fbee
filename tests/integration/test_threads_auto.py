"""The server chooses how many interpreter threads it needs: more for requests that wait, none for those that compute."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from harness.client import Client
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Process, Server, direct

PATIENCE = 30.0


def threads(server: Server) -> dict:
    """What /status.json says of the interpreter threads."""
    with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
        return json.load(answer)["threads"]


def decisions(server: Server, reason: str) -> float:
    return Scrape(server.metrics()).total("baton_thread_decisions_total", reason=reason)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@contextmanager
def in_flight(server: Server, target: str, count: int) -> Iterator[list[Client]]:
    """So many requests under way at once; their answers are the caller's to read."""
    clients = [server.client(60) for _ in range(count)]
    try:
        for client in clients:
            client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield clients
    finally:
        for client in clients:
            client.close()


@measured
def test_it_grows_while_requests_wait_off_the_gil() -> None:
    """A hundred requests that sleep for half a second each are 50 s of work for one thread."""
    with Server("work:app") as server:
        first = threads(server)
        assert first["automatic"] and first["reason"] == "started" and first["size"] == first["min"] == 2
        with in_flight(server, "/sleep?s=0.5", 100) as clients:
            begun = time.monotonic()
            assert {client.response().status for client in clients} == {200}
            took = time.monotonic() - begun
        after = threads(server)
        assert 20 <= after["size"] <= after["max"]
        assert took < 12.5  # four at a time
        assert decisions(server, "within_reach") + decisions(server, "queue") >= 3


def test_an_arrival_is_served_while_all_threads_wait() -> None:
    with Server("work:app") as server, in_flight(server, "/wait", 10) as waiting:
        server.wait_until_active(10)
        assert server.get("/sleep?s=0").status == 200
        wait_for(lambda: threads(server)["off_gil"] == 10, "ten threads wait, and there is one for others")
        assert server.get("/release").status == 200
        assert {client.response().status for client in waiting} == {200}


def test_the_bounds_are_kept() -> None:
    with Server("work:app", "--threads", "3:5") as server:
        assert threads(server)["size"] == 3
        with in_flight(server, "/sleep?s=1", 8) as clients:
            wait_for(lambda: threads(server)["reason"] == "at_maximum", "the maximum is reached")
            seen = threads(server)
            assert (seen["size"], seen["min"], seen["max"], seen["decision"]) == (5, 3, 5, "hold")
            assert "5 threads" in seen["text"]
            assert {client.response().status for client in clients} == {200}
        assert threads(server)["size"] <= 5


@measured
def test_computing_requests_do_not_pile_up_threads() -> None:
    """The GIL is full: some may overtake in its line, the others wait in the queue, where they cost nothing."""
    with Server("work:app", "--server-timing") as server, in_flight(server, "/compute?s=0.05", 60) as clients:
        most = 0
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.wait(0.05):
                most = max(most, threads(server)["size"])

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert {client.response().status for client in clients} == {200}
        done.set()
        watcher.join()
        assert 2 < most <= 40, "sixty threads in line help nobody"
        assert decisions(server, "overtake") >= 1


@measured
def test_it_shrinks_when_threads_are_idle() -> None:
    with Server("work:app") as server:
        with in_flight(server, "/sleep?s=0.3", 30) as clients:
            assert {client.response().status for client in clients} == {200}
        size = threads(server)["size"]
        assert size > 10
        wait_for(lambda: threads(server)["size"] < size, "threads that are idle go", 60)
        seen = threads(server)
        assert seen["reason"] == "idle" and seen["decision"] == "shrink" and seen["at"] > 1e9
        assert server.get("/").status == 200
        # What went is not counted as idle, nor as anything else.
        wait_for(lambda: threads(server)["idle"] == threads(server)["size"], "everybody is idle again")


@pytest.mark.parametrize("value", ["7", "7:7"])
def test_a_fixed_number_stays(value: str) -> None:
    with Server("work:app", "--threads", value) as server:
        with in_flight(server, "/sleep?s=0.1", 30) as clients:
            assert {client.response().status for client in clients} == {200}
        seen = threads(server)
        assert (seen["size"], seen["automatic"], seen["reason"]) == (7, False, "fixed")
        scrape = Scrape(server.metrics())
        assert scrape.total("baton_interpreter_threads") == 7
        assert scrape.total("baton_interpreter_threads_limit", bound="min") == 7
        assert scrape.total("baton_interpreter_threads_limit", bound="max") == 7
        assert scrape.total("baton_thread_decisions_total") == 1


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.15])
def test_a_drain_while_it_grows_loses_nothing(moment: float) -> None:
    # None may be over before all are there.
    with Server("work:app") as server, in_flight(server, "/sleep?s=0.8", 60) as clients:
        server.wait_until_active(60)
        time.sleep(moment)
        server.signal(signal.SIGTERM)
        assert {client.response().status for client in clients} == {200}
        assert server.wait() == 0
        assert "still in the application" not in server.log


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5:3", "smaller number first"),
        ("4:", "MIN:MAX such as 4:64"),
        (":8", "MIN:MAX such as 4:64"),
        ("0", "from 1 to 4096"),
    ],
)
def test_bounds_that_mean_nothing_are_refused(value: str, text: str) -> None:
    process = Process("serve", "--threads", value, "work:app")
    assert process.wait() == 2
    assert f'"{value}"' in process.stderr and text in process.stderr
