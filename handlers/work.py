"""The work that the lab gives to threads, interpreters and processes. Cheap to import: every new process does it."""

from __future__ import annotations

import time
from typing import Any


def countdown(n: int) -> None:
    """Compute in pure Python: nothing but bytecode, which needs the GIL."""
    while n:
        n -= 1


def shares(n: int, among: int) -> list[int]:
    """Divide `n` among so many, with nothing left over."""
    return [n // among + (1 if i < n % among else 0) for i in range(among)]


def timed_countdown(n: int) -> float:
    """Count down, and return the seconds that took."""
    begin = time.perf_counter()
    countdown(n)
    return time.perf_counter() - begin


def add_to_shared(counter: Any, n: int, lock: bool) -> None:
    """Add 1 to a multiprocessing.Value, n times; reading and writing are two steps unless its lock is held."""
    for _ in range(n):
        if lock:
            with counter.get_lock():
                counter.value += 1
        else:
            counter.value += 1
