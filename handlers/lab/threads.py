"""The same work in more threads."""

from __future__ import annotations

import threading
import time

from handlers.lab.registry import WORKERS, Environ, endpoint, number
from handlers.work import countdown, shares


def in_threads(n: int, threads: int) -> float:
    """Count down from `n`, divided among threads; return the seconds."""
    crowd = [
        threading.Thread(target=countdown, args=(share,), name=f"lab-{i}")
        for i, share in enumerate(shares(n, threads))
    ]
    begin = time.perf_counter()
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return time.perf_counter() - begin


@endpoint(
    "/threads/countdown",
    "?threads=4&n=2000000",
    "the same work in one thread and divided among several: no faster",
    "lock-wait (the request joins the threads); baton_gil_blame_seconds_total: the threads wait for each other",
    on_loop="thread",
)
def threads_countdown(environ: Environ) -> bytes:
    """Measure one thread, then several."""
    threads = number(environ, "threads", 2, 1, 8)
    n = number(environ, "n", 1_000_000, 0, 20_000_000)
    with WORKERS.taken():
        one, several = in_threads(n, 1), in_threads(n, threads)
    return (
        f"counting down from {n}: {one:.3f} s in 1 thread, {several:.3f} s divided among {threads}\n".encode()
    )
