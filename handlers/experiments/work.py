"""One measurement in a process of its own: `python work.py EXPERIMENT N` prints one line of JSON.

Imports nothing of its neighbours, so that any interpreter from 3.11 on can run the bare file.
"""

from __future__ import annotations

import json
import multiprocessing
import platform
import resource
import sys
import threading
import time
from collections.abc import Callable

total = 0


def countdown(n: int) -> None:
    """Count down to zero, as the articles do."""
    while n > 0:
        n -= 1


def add_to_global(n: int) -> None:
    """Add n ones to a global; without a lock, as the articles do."""
    global total
    for _ in range(n):
        total += 1


def add_to_local(n: int) -> None:
    """Add n ones to a variable of its own."""
    mine = 0
    for _ in range(n):
        mine += 1  # noqa: SIM113 - the very thing that is measured


def in_threads(work: Callable[[int], None], n: int, threads: int) -> None:
    """Do the work once in each of so many threads."""
    crowd = [threading.Thread(target=work, args=(n,)) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


def in_processes(n: int, processes: int) -> None:
    """Count down in so many processes; starting them is part of the price."""
    # Forked, also where 3.14 has another default: there is one thread here, and a fork server's children are not ours, so
    # that nobody would count their CPU time.
    fork = multiprocessing.get_context("fork")
    crowd = [fork.Process(target=countdown, args=(n,)) for _ in range(processes)]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"a process ended with {process.exitcode}")


EXPERIMENTS: dict[str, Callable[[int], None]] = {
    "countdown_one": countdown,
    "countdown_threads": lambda n: in_threads(countdown, n // 2, 2),
    "countdown_processes": lambda n: in_processes(n // 2, 2),
    "add_global": lambda n: in_threads(add_to_global, n, 4),
    "add_local": lambda n: in_threads(add_to_local, n, 4),
}


def cpu_seconds() -> float:
    """CPU time of this process, all its threads, and its children that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(arguments: list[str]) -> int:
    name, n = arguments[0], int(arguments[1])
    work = EXPERIMENTS[name]
    before, start = cpu_seconds(), time.perf_counter()
    work(n)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - before
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    measured = {"seconds": seconds, "cpu_seconds": cpu, "python": platform.python_version(), "gil": locked, "total": total}
    print(json.dumps(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
