"""The books of an event loop, step by step, held against the application's own clocks.

As in test_ledger.py nothing depends on the speed of the machine: CPU time under the GIL is a lower bound of the hold,
and what other requests hold is a lower bound of the time for which one that could run has to wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from harness.client import Client, Response
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Server
from harness.timing import in_python, phases

SLOP = 0.000_5  # the header is rounded, and the head is built between the two clock reads
PHASES = {"queue", "ready", "gil_wait", "gil_hold", "lock_wait", "off_gil", "send"}


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_books:app", "--loop", loop, "--server-timing", "--log-slow-callbacks", "off") as running:
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
    def ready(self) -> float:
        return self.parts.get("ready", 0.0)

    @property
    def off(self) -> float:
        return self.parts["off-gil"]


def read(answer: Response, outside: float) -> Account:
    assert answer.status == 200
    took = answer.json()
    return Account(phases(answer), took["wall"], took["cpu"], outside)


def account(server: Server, target: str) -> Account:
    begun = time.perf_counter()
    answer = server.get(target)
    return read(answer, time.perf_counter() - begun)


def adds_up(one: Account) -> None:
    """The application's time, and nothing that the client has not seen."""
    assert in_python(one.parts) >= one.wall - SLOP, one
    assert in_python(one.parts) + one.parts["queue"] <= one.outside + SLOP, one


@measured
@pytest.mark.parametrize("path", ["/compute", "/steps", "/child", "/grandchildren", "/callbacks"])
def test_computing_holds_the_gil_wherever_the_request_does_it(server: Server, path: str) -> None:
    """In its own task, in tasks that it has started, in callbacks: all run in the request's context."""
    one = account(server, f"{path}?s=0.2")
    adds_up(one)
    assert one.hold >= 0.2 - SLOP, one
    assert one.off <= one.wall - 0.2 + SLOP, one


@measured
def test_sleeping_is_off_the_gil(server: Server) -> None:
    one = account(server, "/sleep?s=0.2")
    adds_up(one)
    assert one.off + one.ready >= 0.2 - SLOP
    assert one.off >= 0.15, one
    assert one.hold <= one.wall - 0.15, one


@measured
def test_a_thread_beside_the_loop_is_off_the_gil(server: Server) -> None:
    one = account(server, "/thread?s=0.2")
    adds_up(one)
    assert one.off + one.ready >= 0.2 - SLOP
    assert one.off >= 0.15, one


class Ask:
    """A request that is sent now and answered later."""

    def __init__(self, server: Server, target: str):
        self.client: Client = server.client()
        self.begun = time.perf_counter()
        self.client.send(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    def account(self) -> Account:
        answer = self.client.response()
        outside = time.perf_counter() - self.begun
        self.client.close()
        return read(answer, outside)


def wait_until_waiting(server: Server, count: int) -> None:
    end = time.monotonic() + 20
    while server.get("/waiting").json()["result"] < count:
        assert time.monotonic() < end
        time.sleep(0.01)


@measured
def test_who_could_run_but_stands_behind_another_is_ready(server: Server) -> None:
    """The one that waits is woken at the beginning of a callback that then keeps the loop for itself."""
    waiting = Ask(server, "/wait")
    wait_until_waiting(server, 1)
    time.sleep(0.1)
    blocking = account(server, "/signal?s=0.3")
    woken = waiting.account()
    for one in (blocking, woken):
        adds_up(one)
    assert blocking.hold >= 0.3 - SLOP and blocking.ready < 0.1, blocking
    assert woken.ready >= 0.3 - SLOP, woken
    assert woken.hold < 0.1 and woken.off >= 0.1 - SLOP, woken


@measured
def test_a_timer_that_is_due_behind_another_is_ready(server: Server) -> None:
    """Its time is over while another computes: from then on it could run."""
    sleeping = Ask(server, "/wait-then-sleep?s=0.1")
    wait_until_waiting(server, 1)
    blocking = account(server, "/let-go?s=0.5")
    slept = sleeping.account()
    adds_up(slept)
    assert blocking.hold >= 0.5 - SLOP
    # It was due 0.1 s after it was let go, which was a few steps before the other began to compute.
    assert slept.ready >= 0.3, (slept, blocking)


@measured
def test_a_request_that_comes_while_the_loop_is_busy_waits_in_the_queue(server: Server) -> None:
    """Which of the two comes first is not for the client to say, so it may take more than one attempt."""
    for _ in range(10):
        blocking = Ask(server, "/compute?s=0.4")
        time.sleep(0.05)
        late = account(server, "/")
        blocking.account()
        adds_up(late)
        assert late.hold < 0.1
        if late.parts["queue"] + late.ready >= 0.2:
            return
    raise AssertionError(late)


@measured
def test_what_one_computes_is_not_charged_to_another(server: Server) -> None:
    """A child task of the one runs while the other is suspended; and four that take turns."""
    waiting = Ask(server, "/wait")
    wait_until_waiting(server, 1)
    busy = account(server, "/child?s=0.2")
    server.get("/signal?s=0")
    idle = waiting.account()
    for one in (busy, idle):
        adds_up(one)
    assert busy.hold >= 0.2 - SLOP and idle.hold < 0.1 and idle.off >= 0.1, (busy, idle)
    with ThreadPoolExecutor(4) as pool:
        begun = time.perf_counter()
        four = list(pool.map(lambda path: account(server, path), ["/steps?s=0.2"] * 4))
        span = time.perf_counter() - begun
    for one in four:
        adds_up(one)
        assert one.hold >= 0.2 - SLOP, one
    # There is one loop: what they hold is apart in time.
    assert sum(one.hold for one in four) <= span
    assert max(one.ready + one.parts["queue"] for one in four) >= 0.1


def test_there_is_no_header_unless_asked_for(loop: str) -> None:
    with Server("asgi_books:app", "--loop", loop) as silent:
        assert silent.get("/").get("Server-Timing") is None


# --- The same in /metrics

TRAFFIC = ["/compute?s=0.1", "/child?s=0.1", "/callbacks?s=0.1", "/sleep?s=0.2", "/thread?s=0.1", "/background?s=0.1"]


@pytest.fixture(scope="module")
def served(loop: str) -> Iterator[tuple[Scrape, Scrape]]:
    """The metrics before and after some traffic of every kind."""
    with Server("asgi_books:app", "--loop", loop) as running:
        before = Scrape(running.metrics())
        with ThreadPoolExecutor(len(TRAFFIC)) as pool:
            assert {answer.status for answer in pool.map(running.get, TRAFFIC)} == {200}
        with running.client() as client:
            for _ in range(200):
                client.get("/")
        end = time.monotonic() + 20
        while (after := Scrape(running.metrics())).total("http_server_request_duration_seconds_count") < 200 + len(TRAFFIC):
            assert time.monotonic() < end, "requests are missing from the metrics"
            time.sleep(0.02)
        yield before, after


def test_phases_add_up_to_the_duration(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    duration = after.total("http_server_request_duration_seconds_sum")
    assert {labels["phase"] for labels, _ in after.select("baton_request_phase_seconds_sum")} == PHASES
    assert duration > 0.6
    assert after.total("baton_request_phase_seconds_sum") == pytest.approx(duration, rel=0.01)


def test_phases_add_up_route_by_route(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    routes = {labels["http_route"] for labels, _ in after.select("http_server_request_duration_seconds_sum")}
    assert {target.partition("?")[0] for target in TRAFFIC} | {"/"} <= routes
    for route in routes:
        duration = after.total("http_server_request_duration_seconds_sum", http_route=route)
        parts = after.total("baton_request_phase_seconds_sum", http_route=route)
        assert parts == pytest.approx(duration, rel=0.01, abs=1e-6), route


def test_every_phase_counts_every_request(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    count = after.total("http_server_request_duration_seconds_count")
    for phase in PHASES:
        assert after.total("baton_request_phase_seconds_count", phase=phase) == count, phase


@pytest.mark.parametrize("route", ["/compute", "/child", "/callbacks"])
def test_holds_by_route(served: tuple[Scrape, Scrape], route: str) -> None:
    _, after = served
    assert after.total("baton_request_phase_seconds_sum", http_route=route, phase="gil_hold") >= 0.1 - SLOP
    assert after.total("baton_request_cpu_seconds_sum", http_route=route) >= 0.1 - SLOP


def test_what_runs_after_the_response_is_no_part_of_the_request(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    assert after.total("baton_request_phase_seconds_sum", http_route="/background", phase="gil_hold") < 0.1
    assert after.total("cpython_gil_held_seconds_total") >= 0.4 - 4 * SLOP


def test_the_loops_own_time(served: tuple[Scrape, Scrape]) -> None:
    before, after = served

    def grown(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    held = after.total("baton_request_phase_seconds_sum", phase="gil_hold")
    assert held >= 0.3 - 3 * SLOP
    assert grown("baton_event_loop_time_seconds_total", state="active") >= held * 0.99
    assert grown("baton_event_loop_time_seconds_total", state="idle") > 0
    assert grown("baton_event_loop_lag_seconds_count") > 0
    assert grown("cpython_gil_held_seconds_total") >= held * 0.99


def test_the_mode_is_told(served: tuple[Scrape, Scrape]) -> None:
    _, after = served
    assert after.total("baton_runtime_info", mode="event-loop", interface="asgi") == 1
