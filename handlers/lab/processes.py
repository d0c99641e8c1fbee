"""multiprocessing: true parallelism, a GIL for everybody; what is shared has to be said, and locked."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.pool import Pool

from handlers.lab.real_python import real_python
from handlers.lab.registry import Environ, Failed, Slots, choice, endpoint, number
from handlers.work import add_to_shared, countdown, shares, timed_countdown

SECONDS_TO_END = 60
PROCESSES = Slots(2, "processes")


def context() -> SpawnContext:
    """Fresh processes: a fork would copy the locks of the server's threads, and not the threads."""
    spawn = multiprocessing.get_context("spawn")
    spawn.set_executable(real_python())
    return spawn


def run(crowd: list[SpawnProcess]) -> None:
    """Start them and wait for their ends; none is left behind."""
    end = time.monotonic() + SECONDS_TO_END
    try:
        for each in crowd:
            each.start()
        for each in crowd:
            each.join(max(0.0, end - time.monotonic()))
        if any(each.exitcode != 0 for each in crowd):
            raise Failed(f"a process did not end well: {[each.exitcode for each in crowd]}")
    finally:
        for each in crowd:
            if each.pid is not None and each.exitcode is None:
                each.kill()
                each.join()


def count_in(pool: Pool, amounts: list[int]) -> None:
    """A pool waits for ever for the result of a worker that was killed; we do not."""
    try:
        pool.map_async(countdown, amounts, chunksize=1).get(SECONDS_TO_END)
    except multiprocessing.TimeoutError:
        raise Failed(f"the pool was not done within {SECONDS_TO_END} s") from None


def timed(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


@endpoint(
    "/processes/countdown",
    "?workers=2&n=5000000",
    "the same work here and in a multiprocessing pool: as fast as there are cores",
    "gil-hold for the part here; off-gil and lock-wait while the pool works",
    on_loop="thread",
)
def processes_countdown(environ: Environ) -> bytes:
    """Measure here, then in a pool that is already there."""
    workers = number(environ, "workers", 2, 1, 4)
    n = number(environ, "n", 1_000_000, 0, 50_000_000)
    with PROCESSES.taken():
        here = timed_countdown(n)
        begin = time.perf_counter()
        with context().Pool(workers) as pool:
            count_in(pool, [0] * workers)  # they have started when this is done
            starting = time.perf_counter() - begin
            there = timed(lambda: count_in(pool, shares(n, workers)))
    return (
        f"counting down from {n}: {here:.3f} s here, {there:.3f} s divided among {workers} processes, "
        f"which took {starting:.3f} s to start\n"
    ).encode()


@endpoint(
    "/processes/counter",
    "?workers=2&n=20000&lock=1",
    "processes add to one multiprocessing.Value: right with its lock (lock=1), without it (lock=0) updates are lost",
    "off-gil: the request waits for the processes",
    on_loop="thread",
)
def processes_counter(environ: Environ) -> bytes:
    """Compare what the total is with what it ought to be."""
    workers = number(environ, "workers", 2, 1, 4)
    n = number(environ, "n", 20_000, 1, 200_000)
    lock = choice(environ, "lock", "1", "0") == "1"
    with PROCESSES.taken():
        spawn = context()
        counter = spawn.Value("q", 0)
        crowd = [spawn.Process(target=add_to_shared, args=(counter, n, lock)) for _ in range(workers)]
        seconds = timed(lambda: run(crowd))
    expected, got = workers * n, counter.value
    return (
        f"{workers} processes, {n} times each, {'with' if lock else 'without'} the lock: "
        f"expected {expected}, got {got}, lost {expected - got} in {seconds:.3f} s, starting included\n"
    ).encode()
