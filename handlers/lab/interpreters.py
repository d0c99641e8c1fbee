"""Interpreters with a GIL each, in one process: from CPython 3.12 on."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from handlers.lab.registry import WORKERS, Environ, Failed, NotHere, endpoint, number
from handlers.work import shares, timed_countdown

# A function of its own, as here: at the top of a module every `n` is looked up in a dictionary.
SCRIPT = """
def countdown(n):
    while n:
        n -= 1

countdown({n})
"""


class Interpreter:
    """One of them. The module that makes them has had three names and ways."""

    def __init__(self) -> None:
        if sys.version_info < (3, 12):
            raise NotHere(
                "interpreters with a GIL of their own come with CPython 3.12; ./dev build --python 3.13 has them"
            )
        self.run: Callable[[str], None]
        self.close: Callable[[], None]
        make = (
            self._of_3_14
            if sys.version_info >= (3, 14)
            else self._of_3_13
            if sys.version_info >= (3, 13)
            else self._of_3_12
        )
        make()

    def _of_3_14(self) -> None:
        from concurrent import interpreters

        one = interpreters.create()
        self.run, self.close = one.exec, one.close

    def _of_3_13(self) -> None:
        import _interpreters as low  # type: ignore[import-not-found]

        one = low.create("isolated")
        self.run, self.close = self._raising(lambda script: low.exec(one, script)), lambda: low.destroy(one)

    def _of_3_12(self) -> None:
        import _xxsubinterpreters as low  # type: ignore[import-not-found]

        one = low.create(isolated=True)
        self.run, self.close = (
            self._raising(lambda script: low.run_string(one, script)),
            lambda: low.destroy(one),
        )

    @staticmethod
    def _raising(run: Callable[[str], Any]) -> Callable[[str], None]:
        """Failures are returned by some versions."""

        def checked(script: str) -> None:
            if (failure := run(script)) is not None:
                raise RuntimeError(getattr(failure, "formatted", str(failure)))

        return checked


# They are kept and used again: of each that ends CPython keeps some 1.7 MB (3.12, 3.13), and requests would add up.
# At most as many are made as WORKERS lets run at the same time.
_idle: list[Interpreter] = []


def taken() -> Interpreter:
    """One that is there and idle, or a new one."""
    try:
        return _idle.pop()
    except IndexError:
        return Interpreter()


@atexit.register
def close_idle() -> None:
    """Before the main interpreter ends."""
    while _idle:
        _idle.pop().close()


def in_interpreters(amounts: list[int]) -> float:
    """Count down in one interpreter for each amount; return the seconds, without making them."""
    ours: list[Interpreter] = []
    crowd: list[threading.Thread] = []
    failures: list[str] = []

    def work(one: Interpreter, n: int) -> None:
        try:
            one.run(SCRIPT.format(n=n))
        except Exception as failure:
            failures.append(str(failure))

    try:
        ours.extend(taken() for _ in amounts)
        crowd = [threading.Thread(target=work, args=(one, n)) for one, n in zip(ours, amounts, strict=True)]
        begin = time.perf_counter()
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()
        seconds = time.perf_counter() - begin
    finally:
        for each in crowd:
            if each.ident is not None:  # started, before another could not be
                each.join()
        _idle.extend(ours)
    if failures:
        raise Failed(f"an interpreter failed: {failures[0]}")
    return seconds


@endpoint(
    "/interpreters/countdown",
    "?workers=2&n=5000000",
    "the same work here and divided among interpreters with a GIL each (CPython 3.12 and later)",
    "lock-wait while they work; cpython_gil_held_seconds_total has a series for each interpreter",
    on_loop="thread",
)
def interpreters_countdown(environ: Environ) -> bytes:
    """Measure here, then in interpreters."""
    workers = number(environ, "workers", 2, 1, 4)
    n = number(environ, "n", 1_000_000, 0, 20_000_000)
    with WORKERS.taken():
        seconds = in_interpreters(shares(n, workers))
        here = timed_countdown(n)
    return f"counting down from {n}: {here:.3f} s here, {seconds:.3f} s divided among {workers} interpreters\n".encode()
