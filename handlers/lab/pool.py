"""concurrent.futures.ThreadPoolExecutor: for waiting it helps, for computing it does not."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from handlers.lab.registry import WORKERS, Environ, choice, endpoint, number
from handlers.work import countdown

TASKS = 8
WAIT_SECONDS = 0.05
COUNT = 200_000


@endpoint(
    "/pool",
    "?workers=4&work=io",
    "a ThreadPoolExecutor with 8 waits of 50 ms (work=io) or 8 countdowns (work=cpu)",
    "seconds in the answer for 1, 4 and 8 workers: fewer with io, the same with cpu",
    on_loop="thread",
)
def pool(environ: Environ) -> bytes:
    """Give eight tasks to so many workers."""
    workers = number(environ, "workers", 4, 1, 8)
    work = choice(environ, "work", "io", "cpu")
    with WORKERS.taken(), ThreadPoolExecutor(workers, thread_name_prefix="lab-pool") as executor:
        begin = time.perf_counter()
        task, argument = (time.sleep, WAIT_SECONDS) if work == "io" else (countdown, COUNT)
        list(executor.map(task, [argument] * TASKS))
        seconds = time.perf_counter() - begin
    what = f"waits of {WAIT_SECONDS * 1000:.0f} ms" if work == "io" else f"countdowns from {COUNT}"
    return f"{TASKS} {what} with {workers} workers: {seconds:.3f} s\n".encode()
