"""Several threads add to one global: the lock keeps the interpreter whole, not the program right."""

from __future__ import annotations

import threading
import time
import types
from collections.abc import Callable
from typing import Any

from handlers.lab.registry import WORKERS, Environ, choice, endpoint, number

total = 0


def plain(n: int) -> None:
    """`+=` reads, adds, writes; from 3.10 on CPython lets go of the GIL only at calls and when a loop goes round."""
    global total
    for _ in range(n):
        total += 1


def called(n: int) -> None:
    """A call stands between reading and writing, so a thread can lose the GIL there."""
    global total
    for _ in range(n):
        total = add(total)


def locked(n: int) -> None:
    """Reading and writing are one, for everybody who takes the lock."""
    global total
    for _ in range(n):
        with lock:  # noqa: F821  # it is in the globals that run() makes
            total = add(total)


def add(value: int) -> int:
    return value + 1


def run(function: Callable[[int], None], threads: int, n: int) -> tuple[int, float]:
    """Return the total and the seconds. Each race has globals of its own: requests do not disturb each other's."""
    own: dict[str, Any] = {"__builtins__": __builtins__, "total": 0, "add": add, "lock": threading.Lock()}
    racer = types.FunctionType(function.__code__, own)
    crowd = [threading.Thread(target=racer, args=(n,), name=f"lab-race-{i}") for i in range(threads)]
    begin = time.perf_counter()
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return own["total"], time.perf_counter() - begin


WAYS = {"plain": (plain, "total += 1"), "call": (called, "total = add(total)")}
WHY = {
    "plain": "With a GIL, CPython from 3.10 on switches threads only at calls and at the end of a loop's round, never inside\n"
    "this line: nothing is lost, by accident of the implementation. Older ones lose updates, and so does a build\n"
    "without a GIL. ?how=call puts a call into the line.\n",
    "call": "A thread can be switched at the call, between reading and writing: it then writes what is old by now.\n",
    "locked": "Whoever reads and writes while holding the lock loses nothing, on any Python.\n",
}


@endpoint(
    "/race",
    "?threads=4&n=200000&lock=0&how=call",
    "threads add to one global: lost updates or not, without (lock=0) and with a lock (lock=1)",
    "the request itself is in lock-wait (it joins the threads); their waits are in baton_gil_blame_seconds_total",
    on_loop="thread",
)
def race(environ: Environ) -> bytes:
    """Compare what the total is with what it ought to be."""
    threads = number(environ, "threads", 4, 1, 8)
    n = number(environ, "n", 200_000, 1, 1_000_000)
    lock = choice(environ, "lock", "0", "1") == "1"
    how = choice(environ, "how", "plain", "call")
    function, line = (locked, "with lock: total = add(total)") if lock else WAYS[how]
    with WORKERS.taken():
        got, seconds = run(function, threads, n)
    expected = threads * n
    return (
        f"{threads} threads, {n} times each: {line}\n"
        f"expected {expected}, got {got}, lost {expected - got} in {seconds:.3f} s\n{WHY['locked' if lock else how]}"
    ).encode()
