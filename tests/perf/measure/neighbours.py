"""How much of the machine others used while something was measured: other programs, and other machines on the same host."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")


def busy_seconds(stat: str) -> float:
    """CPU time of all that ran, and of what the host gave to others (steal), from the first line of /proc/stat."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def own_seconds() -> float:
    """CPU time of the bench and of its processes that have ended."""
    return sum(os.times()[:4])


class Neighbours:
    """with Neighbours() as others: ...; others.cores is then what they used. `alive`: CPU time of own processes that run on."""

    def __init__(self, alive: Callable[[], float] = lambda: 0.0) -> None:
        self.alive = alive
        self.cores = 0.0

    def look(self) -> tuple[float, float]:
        busy = busy_seconds(Path("/proc/stat").read_text())
        return time.monotonic(), busy - own_seconds() - self.alive()

    def __enter__(self) -> Neighbours:
        self.before = self.look()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        at, foreign = self.look()
        self.cores = max(0.0, (foreign - self.before[1]) / (at - self.before[0]))


def wait_for_quiet(cores: float, at_most: float = 120.0) -> None:
    """Until others use no more than this; or that long."""
    latest = time.monotonic() + at_most
    while time.monotonic() < latest:
        with Neighbours() as others:
            time.sleep(0.5)
        if others.cores <= cores:
            return
