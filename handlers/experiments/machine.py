"""The machine: how many cores may be used, and how much of them others use meanwhile."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

TICKS = os.sysconf("SC_CLK_TCK")


def quota(text: str) -> float | None:
    """The cores that a container may use, from its cpu.max; None when it is not limited."""
    share, _, period = text.strip().partition(" ")
    return None if share == "max" or not period else int(share) / int(period)


def cores() -> float:
    """How many cores this process may use: by affinity and by the container's limit."""
    allowed = float(len(os.sched_getaffinity(0)))
    try:
        limit = quota(Path("/sys/fs/cgroup/cpu.max").read_text())
    except (OSError, ValueError):
        limit = None
    return allowed if limit is None else min(allowed, limit)


def name() -> str:
    """The processor, as the kernel calls it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def busy_seconds(stat: str) -> float:
    """CPU time of all that ran, and what the host gave to others (steal), from the first line of /proc/stat."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def own_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def family_seconds(root: int) -> float:
    """CPU time of a process, of its children that have ended, and of its descendants that run."""
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The second field is in parentheses and may hold anything.
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    family = {root}
    grown = True
    while grown:
        more = {pid for pid, fields in stats.items() if int(fields[1]) in family} - family
        grown = bool(more)
        family |= more
    return sum(sum(map(int, stats[pid][11:15])) for pid in family if pid in stats) / TICKS


class Others:
    """with Others() as others: ...; then others.cores is what they used. `alive`: CPU time of own processes that run on."""

    def __init__(self, alive: Callable[[], float] = lambda: 0.0) -> None:
        self.alive = alive
        self.cores = 0.0

    def look(self) -> tuple[float, float]:
        busy = busy_seconds(Path("/proc/stat").read_text())
        return time.monotonic(), busy - own_seconds() - self.alive()

    def __enter__(self) -> Others:
        self.before = self.look()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        at, foreign = self.look()
        elapsed = at - self.before[0]
        self.cores = max(0.0, (foreign - self.before[1]) / elapsed) if elapsed > 0 else 0.0


def free_cores(allowed: float, others: float) -> float:
    """What others leave: of a large machine they may use much and still leave all that a container may use."""
    return max(0.0, min(allowed, (os.cpu_count() or 1) - others))
