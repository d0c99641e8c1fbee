"""Who held the GIL while others waited: blame, long holds by name, CPU time, garbage collections, threads."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import Server, direct

BLAME = "baton_gil_blame_seconds_total"
LONG = r"warning the GIL was held for ([0-9.]+) ms at a stretch by "


def page(server: Server, path: str) -> Any:
    with direct.open(f"http://{server.admin}{path}", timeout=10) as answer:
        return json.load(answer)


def settled(server: Server, requests: int) -> Scrape:
    """When so many requests are in the metrics and nobody waits for the GIL any more."""
    end = time.monotonic() + 20
    while True:
        scrape = Scrape(server.metrics())
        # One after the other, so a scrape may come in between.
        names = ("http_server_request_duration_seconds_count", "baton_request_cpu_seconds_count")
        counted = min(scrape.total(name) for name in names)
        if counted >= requests and scrape.total("cpython_gil_waiters") == 0:
            return scrape
        assert time.monotonic() < end, f"{counted} of {requests} requests"
        time.sleep(0.02)


@measured
def test_blame_names_the_route_that_computes() -> None:
    with Server("work:app", "--threads", "3") as server, ThreadPoolExecutor(2) as pool:
        for path in ("/compute", "/sleep"):
            server.get(path)  # the first request of a path has no label yet
        computing = [pool.submit(server.get, "/compute?s=0.4") for _ in range(2)]
        server.wait_until_active(2)
        for _ in range(10):
            server.get("/sleep?s=0.001")
        assert [one.result().status for one in computing] == [200, 200]
        scrape = settled(server, 14)
        status = page(server, "/status.json")["gil"]
    computing_waited = scrape.total(BLAME, waiting_route="/compute", holding_route="/compute")
    waited = scrape.total("baton_request_phase_seconds_sum", http_route="/compute", phase="gil_wait")
    assert 0.1 < computing_waited <= waited + 0.001
    assert scrape.total(BLAME, waiting_route="/sleep", holding_route="/compute") > 0
    in_status = {(pair["waiting"], pair["holding"]): pair["seconds"] for pair in status["blame"]}
    assert in_status["/compute", "/compute"] == pytest.approx(computing_waited)
    assert status["longest_holds"][0]["seconds"] > 0


@measured
def test_all_blame_together_is_all_waiting() -> None:
    with Server("work:app", "--threads", "4") as server, ThreadPoolExecutor(4) as pool:
        targets = ["/compute?s=0.1", "/sleep?s=0.01", "/native?s=0.05", "/lock?s=0.05"] * 4
        assert {answer.status for answer in pool.map(server.get, targets)} == {200}
        scrape = settled(server, len(targets))
    assert scrape.total(BLAME) > 0.05
    assert scrape.total(BLAME) == pytest.approx(scrape.total("cpython_gil_waiting_seconds_total"), rel=1e-3)


@measured
def test_native_code_off_the_gil_is_cpu_time_and_no_hold() -> None:
    with Server("work:app", "--threads", "2") as server:
        native = server.get("/native?s=0.2").json()
        server.get("/sleep?s=0.2")
        for _ in range(200):
            server.get("/")
        scrape = settled(server, 202)

    def spent(route: str) -> float:
        return scrape.total("baton_request_cpu_seconds_sum", http_route=route)

    def held(route: str) -> float:
        return scrape.total("baton_request_phase_seconds_sum", http_route=route, phase="gil_hold")

    assert spent("/native") >= native["cpu"] >= 0.2
    assert held("/native") < 0.5 * spent("/native")
    assert spent("/sleep") < 0.1
    assert 0 < spent("/") < scrape.total("http_server_request_duration_seconds_sum", http_route="/")
    for route, count in (("/native", 1), ("/sleep", 1), ("/", 200)):
        assert scrape.total("baton_request_cpu_seconds_count", http_route=route) == count


def test_collections_are_counted_by_generation() -> None:
    def collections(generation: int) -> float:
        scrape = Scrape(server.metrics())
        count = scrape.total("cpython_gc_collections_total", interpreter="main", generation=str(generation))
        assert scrape.total("cpython_gc_pause_seconds_count", generation=str(generation)) == count
        return count

    with Server("holds:app", "--threads", "1") as server:
        before = collections(2)
        for _ in range(3):
            assert server.get("/collect?generation=2").status == 200
        assert collections(2) >= before + 3
        before = collections(0)
        assert server.get("/collect?generation=0").status == 200
        assert collections(0) >= before + 1


def stack_lines(log: str, by: str) -> list[list[int]]:
    """Of each report on `by`: the lines of holds.py in its stack, the innermost first."""
    found = []
    for report in re.finditer(LONG + by + r"[^\n]*at the end:\n((?:.*:\d+ \(.*\)\n)+)", log):
        found.append([int(line) for line in re.findall(r"/holds\.py:(\d+) ", report.group(2))])
    return found


@measured
def test_a_long_call_of_c_code_is_named_with_file_and_line() -> None:
    with Server("holds:app", "--threads", "2", "--log-long-holds", "5ms") as server:
        lines = server.get("/c-beside", "X-Request-ID: the-long-one").json()
        log = server.wait_for(r"(?s).*/c-beside \(request the-long-one[^\n]*at the end:\n.*\(app\)").group(0)
    stacks = stack_lines(log + "\n", "/c-beside")
    assert any(stack[:1] == lines for stack in stacks), (lines, log)


@measured
def test_forced_hand_overs_in_python_are_named_too_and_threads_by_name() -> None:
    options = ("--gil-policy", "cpython", "--switch-interval", "0.05", "--log-long-holds", "20ms")
    with Server("holds:app", "--threads", "2", *options) as server:
        lines = server.get("/python-beside").json()
        log = server.wait_for(r"(?s).*by thread asker[^\n]*at the end:\n.*\(.*ask\)").group(0)
    stacks = stack_lines(log + "\n", "/python-beside")
    assert any(set(stack[:1]) <= set(lines) for stack in stacks), (lines, log)


def test_a_request_that_nobody_waits_for_is_known_without_a_stack() -> None:
    with Server("holds:app", "--threads", "1", "--log-long-holds", "5ms") as server:
        server.get("/c")
        server.wait_for(LONG + r"/c \(request [^)]*\); it kept the GIL until it returned")


def test_by_default_no_hold_is_logged() -> None:
    with Server("holds:app", "--threads", "2") as server:
        server.get("/c-beside")
        server.get("/c")
        server.stop()
        assert not re.search(LONG, server.log)


def test_a_forked_child_neither_reports_nor_hangs() -> None:
    with Server("holds:app", "--threads", "2", "--log-long-holds", "5ms") as server:
        assert server.get("/fork").json() == [0]
        assert server.get("/c-beside").status == 200
        server.wait_for(LONG + "/c-beside")


def test_threads_of_the_application_are_listed_by_name() -> None:
    with Server("holds:app", "--threads", "2") as server, ThreadPoolExecutor(1) as pool:
        server.get("/")
        waiting = pool.submit(server.get, "/wait")
        end = time.monotonic() + 20
        while True:
            threads = page(server, "/status.json")["python_threads"]
            doing = {(thread["name"], thread["doing"]) for thread in threads}
            if {("sweeper-N", "in_lock"), ("baton-py-N", "in_lock")} <= doing:
                break
            assert time.monotonic() < end, threads
            time.sleep(0.02)
        assert all(thread["for_seconds"] >= 0 and thread["held_seconds"] > 0 for thread in threads)
        assert [t["route"] for t in threads if t["name"] == "sweeper-N"] == [None]
        assert [t["route"] for t in threads if t["doing"] == "in_lock" and t["name"] == "baton-py-N"] == ["_OTHER"]
        server.get("/release")
        assert waiting.result().status == 200
