"""The GIL scheduler in a real server: short requests beside computing ones, nobody starves, and nothing breaks.

The comparisons are between two servers of the same run, and far apart.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Server

POLICIES = ["latency", "cpython"]


def serve(*options: str) -> Server:
    return Server("crowd:app", "--threads", "12", *options)


@contextmanager
def computing(server: Server, connections: int) -> Iterator[list[int]]:
    """Connections that ask for one computation after the other; counts those that are done."""
    done, end = [0] * connections, threading.Event()

    def ask(number: int) -> None:
        with server.client() as client:
            while not end.is_set():
                assert client.get("/compute?s=0.03").status == 200
                done[number] += 1

    with ThreadPoolExecutor(connections) as pool:
        asked = [pool.submit(ask, number) for number in range(connections)]
        try:
            server.wait_until_active(connections)
            yield done
        finally:
            end.set()
        for each in asked:
            each.result(30)


def gil_wait(server: Server, route: str) -> float:
    scrape = Scrape(server.metrics())
    return scrape.total("baton_request_phase_seconds_sum", http_route=route, phase="gil_wait")


@pytest.mark.parametrize("policy", POLICIES)
def test_the_policy_is_told(policy: str) -> None:
    with serve("--gil-policy", policy) as server:
        assert [labels["gil_policy"] for labels, _ in Scrape(server.metrics()).select("baton_runtime_info")] == [policy]


def test_latency_is_the_default() -> None:
    with serve() as server:
        assert Scrape(server.metrics()).total("baton_runtime_info", gil_policy="latency") == 1


def waits_of_short_requests(policy: str) -> float:
    """Median time that a request which sleeps 2 ms waits for the GIL, beside three that compute."""
    with serve("--gil-policy", policy) as server, server.client() as client:
        client.get("/short")
        with computing(server, 3):
            waits = []
            for _ in range(25):
                before = gil_wait(server, "/short")
                assert client.get("/short").status == 200
                waits.append(gil_wait(server, "/short") - before)
        return statistics.median(waits)


@measured
def test_short_requests_wait_less_than_by_cpythons_own_rules() -> None:
    assert 2 * waits_of_short_requests("latency") < waits_of_short_requests("cpython")


def test_computing_requests_get_on_beside_short_ones_without_end() -> None:
    with serve() as server, computing(server, 2) as done:
        end = threading.Event()

        def flood() -> None:
            with server.client() as client:
                while not end.is_set():
                    client.get("/short")

        with ThreadPoolExecutor(6) as pool:
            floods = [pool.submit(flood) for _ in range(6)]
            before, deadline = sum(done), time.monotonic() + 30
            while sum(done) < before + 4 and time.monotonic() < deadline:
                time.sleep(0.05)
            end.set()
            for each in floods:
                each.result(30)
        assert sum(done) >= before + 4


def test_threads_of_the_application_take_part() -> None:
    """They compute without end, and requests of both kinds are answered."""
    with serve() as server:
        assert server.get("/start?threads=4").json()["threads"] >= 4
        for _ in range(10):
            assert server.get("/short").status == 200
        assert server.get("/compute?s=0.02").status == 200
        assert server.get("/end").json()["turns"] > 0


@pytest.mark.parametrize("policy", POLICIES)
def test_a_server_ends_beside_threads_that_never_do(policy: str) -> None:
    with serve("--gil-policy", policy) as server:
        server.get("/start?threads=6")
        server.get("/short")
        # The end of the with statement sends SIGTERM and expects exit status 0.


@pytest.mark.parametrize("way", ["/fork", "/pool"])
def test_children_of_a_busy_process_go_on(way: str) -> None:
    with serve() as server:
        server.get("/start?threads=3")
        with computing(server, 2):
            for _ in range(5):
                answer = server.get(way).json()
                assert answer in ({"status": 7}, {"squares": list(range(20, 0, -1))})
        server.get("/end")


def test_threads_without_number_live_and_die() -> None:
    with serve() as server, computing(server, 2):
        with ThreadPoolExecutor(4) as pool:
            assert [pool.submit(server.get, "/lives?n=3").result(60).status for _ in range(8)] == [200] * 8
        with server.client() as client:
            assert client.get("/short").status == 200


@pytest.mark.parametrize("seconds", ["0.000001", "0.0005", "0.5", "4000"])
def test_any_switch_interval_works(seconds: str) -> None:
    with serve() as server:
        server.get("/short")
        server.get(f"/interval?s={seconds}")
        with computing(server, 3):
            for _ in range(5):
                assert server.get("/short").status == 200
