"""The convoy in the timeline: there under CPython's rules, and gone under Baton's, with the same load."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.recording import record
from harness.server import REPOSITORY, Server
from harness.timeline import Timeline

SHORT, LONG = "/io/sleep?ms=2", "/cpu/fib?n=27"
COMPUTING = 4
POLICIES = ("cpython", "latency")
# In truth it is ten times and more.
SEVERAL = 3.0
ATTEMPTS = 4


@contextmanager
def load(server: Server) -> Iterator[None]:
    """Requests that sleep, one connection, beside requests that compute, four."""
    end = threading.Event()

    def ask(target: str) -> None:
        with server.client(timeout=60) as client:
            while not end.is_set():
                assert client.get(target).status == 200

    with ThreadPoolExecutor(1 + COMPUTING) as pool:
        asked = [pool.submit(ask, target) for target in (SHORT, *[LONG] * COMPUTING)]
        try:
            server.wait_until_active(COMPUTING)
            yield
        finally:
            end.set()
        for each in asked:
            each.result(120)


def waiting(timeline: Timeline) -> float | None:
    """Nanoseconds that a request which only sleeps stood in line for the GIL, on average; None: there are too few."""
    requests = {each.request for each in timeline.all() if each.route == "/io/sleep" and each.request}
    if len(requests) < 3:
        return None
    waits = [each.length for each in timeline.all("waiting") if each.request in requests]
    return sum(waits) / len(requests)


@measured
def test_the_convoy_is_there_and_gone() -> None:
    means: dict[str, list[float | None]] = {policy: [] for policy in POLICIES}
    forced: dict[str, int] = {}
    for attempt in range(ATTEMPTS):
        for policy in POLICIES:
            with Server("handlers.lab:app", "--threads=6", "--gil-policy", policy, cwd=REPOSITORY) as server:
                if not Scrape(server.metrics()).total("cpython_gil_enabled"):
                    pytest.skip("without a GIL there is no convoy")
                for target in (SHORT, LONG):
                    assert server.get(target).status == 200
                with load(server):
                    timeline = record(server, 2.0 * 2**attempt, "json")
            means[policy].append(waiting(timeline))
            forced[policy] = sum(each.forced for each in timeline.all("holding") if each.route == "/cpu/fib")
        assert forced["cpython"] > 0, "computing requests are made to let go"
        there, gone = (means[policy][-1] for policy in POLICIES)
        if there is not None and gone is not None and there >= SEVERAL * gone:
            return
    pytest.fail(f"nanoseconds in line for a request that sleeps: {means}")
