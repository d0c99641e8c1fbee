"""The books say what the lab's index claims. Shares are compared, not times: a slow machine changes these alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import REPOSITORY, START_SECONDS, Server
from harness.timing import in_python, phases

MODES = ("", "/asgi")


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with Server(
        "handlers.lab:app",
        "--server-timing",
        "--mount=/asgi=handlers.lab:asgi",
        "--threads=8",
        cwd=REPOSITORY,
    ) as running:
        for prefix in MODES:  # the first call of each pays for imports, which hold the lock
            for path in (
                "/io/sleep",
                "/io/upstream",
                "/io/file",
                "/io/db",
                "/cpu/fib",
                "/cpu/json",
                "/subprocess?n=1",
            ):
                running.get(prefix + path)
        yield running


@pytest.fixture(scope="module")
def native(lab: Server) -> Server:
    if lab.get("/native/hash?mb=1").status == 501:
        pytest.skip("the native extension is not built")
    return lab


@pytest.fixture(scope="module", autouse=True)
def with_a_gil(lab: Server) -> None:
    if not Scrape(lab.metrics()).total("cpython_gil_enabled"):
        pytest.skip("without a GIL there are no books on it")


def share(lab: Server, target: str, *names: str) -> float:
    """How much of the time in Python these phases are, at the best of three: others may be running here."""
    best = 0.0
    for _ in range(3):
        answer = lab.get(target)
        assert answer.status == 200, answer.text
        parts = phases(answer)
        best = max(best, sum(parts[name] for name in names) / in_python(parts))
    return best


@measured
@pytest.mark.parametrize("prefix", MODES)
@pytest.mark.parametrize(
    "target", ["/cpu/countdown?n=2000000", "/cpu/primes?n=50000", "/cpu/fib?n=24", "/cpu/json?records=20000"]
)
def test_what_computes_holds_the_lock(lab: Server, prefix: str, target: str) -> None:
    assert share(lab, prefix + target, "gil-hold") > 0.8


@measured
@pytest.mark.parametrize("prefix", MODES)
@pytest.mark.parametrize(
    "target",
    [
        "/io/sleep?ms=100",
        "/io/upstream?ms=200",
        "/io/file?kb=2000",
        "/io/db?rows=1000000",
        "/subprocess?n=5000000",
    ],
)
def test_what_waits_lets_the_lock_go(lab: Server, prefix: str, target: str) -> None:
    assert share(lab, prefix + target, "off-gil", "ready") > 0.6


@measured
@pytest.mark.parametrize("prefix", MODES)
@pytest.mark.parametrize(
    "target",
    [
        "/native/hash?mb=128",
        "/native/compress?mb=4",
        "/native/matmul?size=600",
        "/native/hash?mb=128&with=hashlib",
        "/native/compress?mb=4&with=zlib",
    ],
)
def test_native_work_that_lets_the_lock_go(native: Server, prefix: str, target: str) -> None:
    """Little of the lock, and much of the processor: the books tell work without the GIL from waiting."""
    route = prefix + target.partition("?")[0]
    before = Scrape(native.metrics())
    assert share(native, prefix + target, "off-gil") > 0.8
    held, cpu, count = spent(native, before, route, 3)
    assert count == 3
    assert cpu > 2 * held


@measured
@pytest.mark.parametrize("prefix", MODES)
@pytest.mark.parametrize(
    "target",
    ["/native/hash?mb=128&release=0", "/native/compress?mb=4&release=0", "/native/matmul?size=600&release=0"],
)
def test_native_work_that_keeps_the_lock(native: Server, prefix: str, target: str) -> None:
    route = prefix + target.partition("?")[0]
    before = Scrape(native.metrics())
    assert share(native, prefix + target, "gil-hold") > 0.9
    held, cpu, count = spent(native, before, route, 3)
    assert count == 3
    # On a crowded machine a thread holds the lock for longer than it has the processor, never the other way round.
    assert cpu < 1.1 * held + 0.001


def spent(lab: Server, before: Scrape, route: str, requests: int) -> tuple[float, float, float]:
    """Held, CPU and requests of this route since then; the last request is counted once its response is sent."""
    end = time.monotonic() + START_SECONDS
    while True:
        now = Scrape(lab.metrics())

        def grown(name: str, **labels: str) -> float:
            return now.total(name, **labels) - before.total(name, **labels)  # noqa: B023

        count = grown("baton_request_cpu_seconds_count", http_route=route)
        if count >= requests or time.monotonic() > end:
            held = grown("baton_request_phase_seconds_sum", http_route=route, phase="gil_hold")
            return held, grown("baton_request_cpu_seconds_sum", http_route=route), count
        time.sleep(0.01)


@measured
@pytest.mark.parametrize(
    "target",
    [
        "/threads/countdown?threads=4&n=2000000",
        "/race?threads=4&n=300000",
        "/pool?workers=4&work=io",
        "/freethreaded",
    ],
)
def test_who_joins_threads_waits_for_a_python_lock(lab: Server, target: str) -> None:
    """Or in line, on its way back from there: the threads have the GIL."""
    assert share(lab, target, "lock-wait", "gil-wait") > 0.8


@measured
@pytest.mark.parametrize(
    "target", ["/threads/countdown?threads=2&n=2000000", "/processes/counter?workers=2&n=1000"]
)
def test_beside_the_loop_others_are_waited_for_off_the_lock(lab: Server, target: str) -> None:
    assert share(lab, "/asgi" + target, "off-gil", "ready", "gil-wait") > 0.8


@measured
def test_threads_that_compute_wait_for_each_other(lab: Server) -> None:
    """`thread:lab-N` is what the books call them all."""
    before = blamed(lab)
    lab.get("/threads/countdown?threads=4&n=5000000")
    assert blamed(lab) > before


def blamed(lab: Server) -> float:
    return Scrape(lab.metrics()).total(
        "baton_gil_blame_seconds_total", waiting_route="thread:lab-N", holding_route="thread:lab-N"
    )


@measured
@pytest.mark.parametrize("prefix", MODES)
def test_many_waits_on_one_thread_are_one_wait(lab: Server, prefix: str) -> None:
    assert share(lab, prefix + "/asyncio/gather?n=20&ms=300", "off-gil", "ready") > 0.8
    seconds = re.search(
        r"together ([0-9.]+) s, took ([0-9.]+) s", lab.get(prefix + "/asyncio/gather?n=1000&ms=100").text
    )
    assert float(seconds[2]) < float(seconds[1]) / 4


@measured
@pytest.mark.parametrize("prefix", MODES)
def test_a_blocking_call_is_not_the_locks_fault(lab: Server, prefix: str) -> None:
    assert share(lab, prefix + "/asyncio/blocking?ms=300", "off-gil") > 0.8


@measured
def test_a_blocking_call_stops_the_others_of_the_loop(lab: Server) -> None:
    """Their 200 ms end while the loop is blocked for 700: then they are ready, and nobody runs them."""
    for _ in range(5):
        with ThreadPoolExecutor(3) as crowd:
            others = [crowd.submit(lab.get, "/asgi/io/sleep?ms=200") for _ in range(2)]
            time.sleep(0.1)
            blocking = crowd.submit(lab.get, "/asgi/asyncio/blocking?ms=700")
            parts = [phases(other.result()) for other in others]
            assert blocking.result().status == 200
        if all(each["ready"] > 0.3 for each in parts):
            return  # the blocking call came while they slept, as it should
    raise AssertionError(f"nobody was ready while the loop was blocked: {parts}")


@measured
def test_a_blocking_call_on_a_thread_stops_nobody(lab: Server) -> None:
    with ThreadPoolExecutor(2) as crowd:
        blocking = crowd.submit(lab.get, "/asyncio/blocking?ms=500")
        other = phases(lab.get("/io/sleep?ms=10"))
        assert blocking.result().status == 200
    assert other["ready"] == 0
    assert other["gil-wait"] < 0.25


@measured
def test_interpreters_have_locks_of_their_own(lab: Server) -> None:
    """Their holds are in nobody's way: they are not in the books of the main interpreter."""
    if lab.get("/interpreters/countdown?n=1").status == 501:
        pytest.skip("before CPython 3.12 all interpreters share one GIL")
    before = Scrape(lab.metrics())
    answer = lab.get("/interpreters/countdown?workers=2&n=10000000")
    here = float(re.search(r"([0-9.]+) s here", answer.text)[1])
    held = Scrape(lab.metrics()).total("cpython_gil_held_seconds_total", interpreter="main") - before.total(
        "cpython_gil_held_seconds_total", interpreter="main"
    )
    assert here * 0.5 < held < here * 1.6 + 0.2
