"""What the server advises, on handlers of which the answer is known. Names are compared, not times."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import BINARY, REPOSITORY, Server, direct, usual_environment

PATIENCE_SECONDS = 90.0
Report = dict[str, Any]


def lab(*options: str) -> Server:
    return Server("handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", *options, cwd=REPOSITORY)


def report(server: Server) -> Report:
    with direct.open(f"http://{server.admin}/advice.json", timeout=10) as answer:
        return json.load(answer)


def advise(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BINARY), "advise", *arguments], capture_output=True, text=True, timeout=60, env=usual_environment()
    )


def found(seen: Report, rule: str) -> list[Any]:
    """Who has that advice: routes, or an interpreter; None for the whole server."""
    return [one["route"] or one["interpreter"] for one in seen["advice"] if one["id"] == rule]


@contextmanager
def load(server: Server, *targets: str) -> Iterator[None]:
    """One client each, again and again."""
    over = threading.Event()

    def client(target: str) -> None:
        while not over.is_set():
            with server.client(timeout=60) as connection:
                # Who is turned away is not served on this connection again.
                while not over.is_set() and connection.get(target).get("Connection") != "close":
                    pass

    clients = [threading.Thread(target=client, args=(target,), daemon=True) for target in targets]
    for one in clients:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in clients:
            one.join()


def advised(server: Server, good: Callable[[Report], bool], *targets: str) -> Report:
    """Under this load, until the report is as it should be; the last one when it never is."""
    with load(server, *targets):
        end = time.monotonic() + PATIENCE_SECONDS
        while not good(seen := report(server)) and time.monotonic() < end:
            time.sleep(0.5)
    return seen


def has(**wanted: str) -> Callable[[Report], bool]:
    return lambda seen: all(route in found(seen, rule) for rule, route in wanted.items())


def spares(route: str, *rules: str) -> Callable[[Report], bool]:
    """None of these is of this route. On a busy machine it may be for a while: the kernel stops threads where it likes."""
    return lambda seen: all(route not in found(seen, rule) for rule in rules)


def both(*conditions: Callable[[Report], bool]) -> Callable[[Report], bool]:
    return lambda seen: all(good(seen) for good in conditions)


def the(seen: Report, rule: str, who: str | None) -> dict[str, Any]:
    assert who in found(seen, rule), json.dumps(seen, indent=1)
    return next(one for one in seen["advice"] if one["id"] == rule and who in (one["route"], one["interpreter"]))


@pytest.fixture(scope="module", autouse=True)
def with_books() -> None:
    with Server("work:app") as server:
        status = json.load(direct.open(f"http://{server.admin}/status.json", timeout=10))
    if status["gil"]["ledger"] != "exact":
        pytest.skip("without books on the GIL there is little to advise")


def test_an_idle_server_lacks_data() -> None:
    with lab() as server:
        seen = report(server)
        said = advise(server.admin)
        as_json = advise(f"http://{server.admin}/", "--json")
    assert seen["advice"] == []
    lacking = {one["id"]: one["lacks"] for one in seen["not_enough_data"]}
    assert {"cpu_bound", "io_bound", "native", "convoyed", "ceiling", "threads", "gc_pauses"} <= set(lacking)
    assert "10 s of observation are needed" in lacking["cpu_bound"]
    assert said.returncode == 0
    assert "There is no advice." in said.stdout
    assert "not enough data: 10 s of observation are needed" in said.stdout
    assert as_json.returncode == 0
    assert json.loads(as_json.stdout)["not_enough_data"]


def test_nobody_at_the_address() -> None:
    with lab() as server:
        gone = server.admin
    said = advise(gone)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("baton: ")
    assert said.stderr.count("\n") == 1
    assert advise("--jason").returncode == 2
    assert advise("not an address").returncode == 2


def test_a_server_that_has_no_advice() -> None:
    """Some other server's page is told from ours."""
    with Server("work:app") as server:
        said = advise(f"http://127.0.0.1:{server.port}")
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1


CPU, IO = "/cpu/countdown", "/io/sleep"
CONVOY = (f"{CPU}?n=200000", f"{CPU}?n=200000", f"{IO}?ms=5")


@measured
def test_a_convoy_and_who_leads_it() -> None:
    cpu, io = CPU, IO
    with lab("--threads=4", "--gil-policy=cpython") as server:
        good = both(has(cpu_bound=cpu, convoyed=io, ceiling="main"), spares(cpu, "convoyed"), spares(io, "cpu_bound"))
        seen = advised(server, good, *CONVOY)
        text = advise(server.admin).stdout
        metrics = Scrape(server.metrics())
        seen_after = report(server)
    convoyed = the(seen, "convoyed", io)
    assert cpu in convoyed["title"]
    assert cpu in convoyed["finding"]
    assert "--gil-policy latency" in convoyed["do_this"]
    assert cpu not in found(seen, "convoyed")
    assert the(seen, "cpu_bound", cpu)["docs"] == "docs/advice/cpu_bound.md"
    assert cpu in the(seen, "ceiling", "main")["finding"]
    assert io not in found(seen, "cpu_bound")
    assert f"{cpu} computes under the GIL [cpu_bound]" in text
    # The books of the whole time say the same as the window's, which may have left the beginning behind.
    held = metrics.total("baton_request_phase_seconds_sum", http_route=cpu, phase="gil_hold")
    count = metrics.total("http_server_request_duration_seconds_count", http_route=cpu)
    most = the(seen_after, "cpu_bound", cpu)["numbers"]["most_requests_per_second"]
    assert most == pytest.approx(count / held, rel=0.2)


def waits_in_the_convoy(policy: str) -> float:
    """How long a request of IO waits for the GIL, as the advice says; without such advice not at all."""
    with lab("--threads=4", f"--gil-policy={policy}") as server:
        # Until the rule could judge: it has seen enough of both routes.
        if policy == "cpython":
            seen = advised(server, has(convoyed=IO), *CONVOY)
        else:
            seen = advised(server, lambda seen: has(cpu_bound=CPU)(seen) and answered(server, IO) >= 200, *CONVOY)
            assert answered(server, IO) >= 200
            the(seen, "cpu_bound", CPU)
    if IO not in found(seen, "convoyed"):
        return 0.0
    return the(seen, "convoyed", IO)["numbers"]["wait_seconds_per_request"]


def answered(server: Server, route: str) -> float:
    return Scrape(server.metrics()).total("http_server_request_duration_seconds_count", http_route=route)


@measured
def test_the_policy_latency_ends_the_convoy() -> None:
    """The same load; a machine that is too full may leave some of it: it stops who holds the GIL."""
    before = waits_in_the_convoy("cpython")
    assert before > 0
    assert waits_in_the_convoy("latency") < before / 2


@measured
def test_what_more_processes_would_give_a_computing_route() -> None:
    """It needs nothing but the GIL and a CPU, so a GIL for each CPU gives as much as there are CPUs."""
    with lab("--threads=4") as server:
        seen = advised(server, has(parallel="main", cpu_bound=CPU), *[f"{CPU}?n=400000"] * 2)
    advice = the(seen, "parallel", "main")
    numbers = advice["numbers"]
    assert numbers["gil_share_of_work"] > 0.9
    # I/O threads and the admin thread take their part.
    assert max(1, 0.8 * numbers["cpus"]) <= numbers["processes_factor"] <= max(1, numbers["cpus"])
    assert numbers["interpreters_factor"] == numbers["processes_factor"]
    assert 1 <= numbers["free_threaded_factor"] <= numbers["processes_factor"]
    # What this server has no option for is not advised.
    assert "nterpreter" not in advice["do_this"]
    assert "free-threaded" not in advice["do_this"]
    assert "cannot serve with them yet" in advice["expect"]
    if numbers["cpus"] >= 1.5 and numbers["cpu_share_of_holds"] >= 0.75:
        assert "one server process for each CPU" in advice["do_this"]


@measured
def test_native_computing_needs_as_many_threads_as_there_are_cpus() -> None:
    route = "/native/hash"
    with lab("--threads=6") as server:
        if server.get(f"{route}?mb=1").status == 501:
            pytest.skip("the native extension is not built")
        seen = advised(server, has(threads="main"), *[f"{route}?mb=8"] * 2)
    numbers = the(seen, "threads", "main")["numbers"]
    # One for each CPU; as many times more as such a thread has to wait for one on a machine that is full.
    crowd = numbers["off_gil_seconds_per_request"] / numbers["native_seconds_per_request"]
    assert numbers["useful_threads"] == pytest.approx(max(1, numbers["cpus"] * crowd), rel=0.3)
    # Not what it would be if that was waiting.
    waiting = 1 + numbers["off_gil_seconds_per_request"] / numbers["hold_seconds_per_request"]
    assert numbers["useful_threads"] < waiting / 2


@measured
def test_waiting_computing_natively_and_locks() -> None:
    with lab("--threads=6") as server:
        if server.get("/native/hash?mb=1").status == 501:
            pytest.skip("the native extension is not built")
        seen = advised(
            server,
            both(
                has(native="/native/hash", io_bound="/io/sleep", lock_wait="/pool", threads="main"),
                spares("/native/hash", "cpu_bound", "io_bound", "long_hold"),
            ),
            "/native/hash?mb=8",
            "/io/sleep?ms=10",
            "/pool?workers=2&work=io",
        )
    assert "/native/hash" in found(seen, "native")
    assert "/io/sleep" in found(seen, "io_bound")
    assert "/pool" in found(seen, "lock_wait")
    assert "main" in found(seen, "threads")
    assert "/native/hash" not in found(seen, "cpu_bound") + found(seen, "io_bound") + found(seen, "long_hold")


def test_too_few_threads() -> None:
    with lab("--threads=1") as server:
        seen = advised(server, has(too_few_threads="main"), *["/io/sleep?ms=20"] * 4)
    assert "--threads auto" in the(seen, "too_few_threads", "main")["do_this"]


def test_a_queue_that_rejects() -> None:
    """One thread and two places: of eight clients most are turned away, again and again."""
    with lab("--threads=1", "--queue-limit=2") as server:
        seen = advised(server, lambda seen: found(seen, "queue_rejecting") != [], *["/io/sleep?ms=20"] * 8)
        rejected = Scrape(server.metrics()).total("baton_requests_rejected_total", reason="queue_full")
    advice = the(seen, "queue_rejecting", None)
    assert (advice["severity"], advice["route"], advice["interpreter"]) == ("warning", None, None)
    assert 0 < advice["numbers"]["queue_full"] <= rejected
    assert advice["numbers"]["queue_timeout"] == 0
    assert f"{advice['numbers']['queue_full']:.0f} request" in advice["finding"]


def test_a_loop_that_is_never_idle() -> None:
    route = "/asgi/cpu/countdown"
    with lab() as server:
        seen = advised(server, has(loop_full="main"), *[f"{route}?n=1000000"] * 4)
    advice = the(seen, "loop_full", "main")
    assert advice["numbers"]["active_share"] >= 0.9
    assert "callbacks" in advice["finding"]


def test_collections_of_which_the_application_does_too_many() -> None:
    with Server("collecting:app", "--threads=2") as server:
        seen = advised(server, has(gc_pauses="main"), "/", "/")
        collections = Scrape(server.metrics()).total("cpython_gc_collections_total")
    advice = the(seen, "gc_pauses", "main")
    assert "gc.freeze()" in advice["do_this"]
    assert advice["numbers"]["gc_share_of_time"] >= 0.05 or advice["numbers"]["long_pauses"] >= 2
    assert 0 < advice["numbers"]["collections"] <= collections


def test_what_blocks_the_event_loop_is_named() -> None:
    route = "/asgi/asyncio/blocking"
    with lab() as server:
        good = both(has(loop_blocked=route), spares("/asgi/io/sleep", "loop_blocked"), spares(route, "io_bound"))
        seen = advised(server, good, f"{route}?ms=60", "/asgi/io/sleep?ms=5")
    assert "without awaiting" in the(seen, "loop_blocked", route)["do_this"]
    assert "/asgi/io/sleep" not in found(seen, "loop_blocked")
    assert route not in found(seen, "io_bound")


@pytest.mark.parametrize("options", [(), ("--log-long-holds=1ms",)], ids=["by default", "with a log of short ones"])
def test_an_extension_that_keeps_the_gil_is_named(options: tuple[str, ...]) -> None:
    route = "/native/hash"
    with lab("--threads=4", *options) as server:
        if server.get("/native/hash?mb=1").status == 501:
            pytest.skip("the native extension is not built")
        seen = advised(
            server,
            both(
                has(long_hold=route),
                lambda seen: ".py:" in the(seen, "long_hold", route)["title"],
                spares("/hello", "long_hold"),
            ),
            f"{route}?mb=64&release=0",
            f"{route}?mb=64&release=0",
            "/hello",
        )
    advice = the(seen, "long_hold", route)
    place = re.search(r" in a call from \S*/handlers/lab/native\.py:(\d+) \(native_hash\)", advice["title"])
    assert place, advice["title"]
    line = (REPOSITORY / "handlers/lab/native.py").read_text().splitlines()[int(place.group(1)) - 1]
    assert "extension().hash(" in line
    if not options:
        assert "the GIL was held" not in server.log
    assert "/hello" not in found(seen, "long_hold")
