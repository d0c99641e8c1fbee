"""The ledger tells the truth: what it says of a request is held against the application's own clocks.

Nothing here depends on the speed of the machine: the application's wall time lies inside the ledger's, which lies
inside the client's; CPU time under the GIL is a lower bound of the hold; sleeps are a lower bound of the time off it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Server
from harness.timing import in_python, phases

SLOP = 0.000_1  # the header is rounded, and the head is built between the two clock reads


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("work:app", "--server-timing", "--threads", "6") as running:
        running.get("/")
        yield running


@dataclass
class Account:
    """One request: the phases by the ledger, wall and CPU by the application, wall by the client."""

    parts: dict[str, float]
    wall: float
    cpu: float
    outside: float

    @property
    def hold(self) -> float:
        return self.parts["gil-hold"]

    @property
    def wait(self) -> float:
        return self.parts["gil-wait"]

    @property
    def lock(self) -> float:
        return self.parts["lock-wait"]

    @property
    def off(self) -> float:
        return self.parts["off-gil"]


def account(server: Server, target: str) -> Account:
    begun = time.perf_counter()
    answer = server.get(target)
    outside = time.perf_counter() - begun
    assert answer.status == 200
    took = answer.json()
    return Account(phases(answer), took["wall"], took["cpu"], outside)


def adds_up(one: Account) -> None:
    """The application's time, and nothing that the client has not seen."""
    assert in_python(one.parts) >= one.wall - SLOP, one
    assert in_python(one.parts) + one.parts["queue"] <= one.outside + SLOP, one


@measured
def test_computing_holds_the_gil(server: Server) -> None:
    one = account(server, "/compute?s=0.2")
    adds_up(one)
    assert one.hold >= one.cpu - SLOP
    assert one.hold >= 0.9 * one.wall
    assert one.off <= 0.05 * one.wall


@measured
def test_sleeping_is_off_the_gil(server: Server) -> None:
    one = account(server, "/sleep?s=0.2")
    adds_up(one)
    assert one.off >= 0.2
    assert one.hold <= one.wall - 0.2 + SLOP + 0.01


@measured
def test_native_work_is_off_the_gil(server: Server) -> None:
    """Inside the standard library, where no server has a hand: hashlib lets go by itself."""
    one = account(server, "/native?s=0.2")
    adds_up(one)
    assert one.off >= 0.8 * one.wall
    assert one.hold <= 0.2 * one.wall


@measured
def test_waiting_for_a_lock_is_told_apart(server: Server) -> None:
    one = account(server, "/lock?s=0.2")
    adds_up(one)
    assert one.lock >= 0.15
    assert one.lock >= 0.75 * one.wall
    assert one.off <= 0.2 * one.wall


Result = TypeVar("Result")


def at_once(ask: Callable[[Server, str], Result], server: Server, *targets: str) -> list[Result]:
    """The answers to requests that are made at the same time."""
    start = threading.Barrier(len(targets))

    def wait_and_ask(target: str) -> Result:
        start.wait(20)
        return ask(server, target)

    with ThreadPoolExecutor(len(targets)) as pool:
        return list(pool.map(wait_and_ask, targets, timeout=60))


def together(server: Server, *targets: str) -> list[Account]:
    return at_once(account, server, *targets)


@measured
def test_two_that_compute_wait_for_each_other(server: Server) -> None:
    begun = time.perf_counter()
    both = together(server, "/compute?s=0.3", "/compute?s=0.3")
    span = time.perf_counter() - begun
    for one in both:
        adds_up(one)
        assert one.hold >= 0.95 * one.cpu  # each hand-over costs CPU time that is no hold
    # There is one lock: two holds never overlap, so one of the two must have waited.
    assert sum(one.hold for one in both) <= span
    assert max(one.wait for one in both) >= 0.1


@measured
def test_beside_computing_threads_native_work_and_sleep_stay_what_they_are(server: Server) -> None:
    native, asleep, busy = together(server, "/native?s=0.2", "/sleep?s=0.2", "/compute?s=0.4")
    for one in (native, asleep, busy):
        adds_up(one)
    assert native.off >= native.cpu * 0.8
    assert asleep.off >= 0.2
    assert busy.hold >= 0.95 * busy.cpu


@measured
def test_waiting_in_the_queue_is_not_python_time() -> None:
    with Server("work:app", "--server-timing", "--threads", "1") as single:
        first, second = together(single, "/sleep?s=0.3", "/sleep?s=0.3")
        for one in (first, second):
            adds_up(one)
        assert max(first.parts["queue"], second.parts["queue"]) >= 0.2
        assert min(first.parts["queue"], second.parts["queue"]) < 0.2


def test_the_header_is_absent_unless_asked_for() -> None:
    with Server("work:app") as silent:
        assert silent.get("/").get("Server-Timing") is None


# --- The same in /metrics

PHASES = {"queue", "gil_wait", "gil_hold", "lock_wait", "off_gil", "send"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Scrape, Scrape]]:
    """The metrics before and after some traffic of every kind."""
    with Server("work:app", "--threads", "4") as running:
        before = Scrape(running.metrics())
        at_once(Server.get, running, "/compute?s=0.2", "/sleep?s=0.2", "/native?s=0.2", "/lock?s=0.2")
        with running.client() as client:
            for _ in range(200):
                client.get("/")
        end = time.monotonic() + 20
        while (after := Scrape(running.metrics())).total("http_server_request_duration_seconds_count") < 204:
            assert time.monotonic() < end, "requests are missing from the metrics"
            time.sleep(0.02)
        yield before, after


def test_phases_add_up_to_the_duration(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    duration = after.total("http_server_request_duration_seconds_sum")
    parts = after.total("baton_request_phase_seconds_sum")
    assert {labels["phase"] for labels, _ in after.select("baton_request_phase_seconds_sum")} == PHASES
    assert duration > 0.8
    assert parts == pytest.approx(duration, rel=0.01)


def test_phases_add_up_route_by_route(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    routes = {labels["http_route"] for labels, _ in after.select("http_server_request_duration_seconds_sum")}
    assert {"/compute", "/sleep", "/native", "/lock", "/"} <= routes
    for route in routes:
        duration = after.total("http_server_request_duration_seconds_sum", http_route=route)
        parts = after.total("baton_request_phase_seconds_sum", http_route=route)
        assert parts == pytest.approx(duration, rel=0.01, abs=1e-6), route


def test_every_phase_counts_every_request(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    count = after.total("http_server_request_duration_seconds_count")
    for phase in PHASES:
        assert after.total("baton_request_phase_seconds_count", phase=phase) == count


def test_routes_show_what_their_requests_did(served: tuple[Scrape, Scrape]) -> None:
    _, after = served

    def phase(route: str, name: str) -> float:
        return after.total("baton_request_phase_seconds_sum", http_route=route, phase=name)

    assert phase("/compute", "gil_hold") >= 0.19
    assert phase("/sleep", "off_gil") >= 0.2
    assert phase("/native", "off_gil") >= 0.15
    assert phase("/lock", "lock_wait") >= 0.15


def test_the_gils_own_counters_contain_the_requests(served: tuple[Scrape, Scrape]) -> None:
    before, after = served

    def grown(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    held = after.total("baton_request_phase_seconds_sum", phase="gil_hold")
    assert grown("cpython_gil_held_seconds_total") >= held * 0.99
    assert grown("cpython_gil_releases_total", reason="forced") >= 1
    assert grown("cpython_gil_releases_total", reason="voluntary") >= 1
    assert after.total("cpython_gil_hold_seconds_count") > before.total("cpython_gil_hold_seconds_count")


@measured
def test_a_hold_in_progress_is_counted_while_it_lasts() -> None:
    """Exact at every moment: the counter moves although nobody has let go yet."""
    with Server("work:app", "--threads", "2") as running, running.client() as client:
        client.send(b"GET /compute?s=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        running.wait_until_active(1)
        readings = []
        for _ in range(5):
            readings.append(Scrape(running.metrics()).total("cpython_gil_held_seconds_total"))
            time.sleep(0.05)
        assert readings == sorted(readings) and readings[-1] - readings[0] >= 0.1
        assert client.response().status == 200


@measured
def test_the_admin_address_answers_while_every_thread_computes() -> None:
    with Server("work:app", "--threads", "2") as running:
        clients = [running.client() for _ in range(2)]
        for client in clients:
            client.send(b"GET /compute?s=0.5 HTTP/1.1\r\nHost: h\r\n\r\n")
        running.wait_until_active(2)
        assert running.readyz() == 200
        scrape = Scrape(running.metrics())
        assert scrape.total("http_server_active_requests") == 2
        assert [client.response().status for client in clients] == [200, 200]
        for client in clients:
            client.close()
