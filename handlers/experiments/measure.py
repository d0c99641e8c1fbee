"""Measuring in fresh processes, round by round, and what a measurement is."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handlers.experiments.machine import Others

WORK = Path(__file__).with_name("work.py")
AT_MOST = 1800.0


class Impossible(Exception):
    """A measurement that cannot be made here; the text says why."""


@dataclass(frozen=True)
class Books:
    """Of a server, between two looks at its metrics: seconds the lock was held and waited for, CPU seconds."""

    held: float | None
    waited: float | None
    cpu: float


@dataclass(frozen=True)
class Sample:
    seconds: float
    cpu_seconds: float
    others: float
    books: Books | None = None
    # What an answer says of itself: seconds in one thread, and divided among several.
    said: tuple[float, float] | None = None

    @property
    def cpu_use(self) -> float:
        return self.cpu_seconds / self.seconds


@dataclass
class Measurement:
    """The rounds of one experiment; the k-th of each was made close to the k-th of the others."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def cpu_use(self) -> float:
        return statistics.median(sample.cpu_use for sample in self.samples)

    @property
    def others(self) -> float:
        return statistics.median(sample.others for sample in self.samples)

    def part(self, what: str) -> float:
        """What the books say was held, waited or cpu, as part of the time: the median."""
        return statistics.median(getattr(sample.books, what) / sample.seconds for sample in self.samples)

    def said_ratio(self) -> float | None:
        """How long several took by one, as the answers say: the median; None where they say nothing of it."""
        said = [sample.said for sample in self.samples if sample.said is not None]
        return statistics.median(several / one for one, several in said) if said else None

    def held_meanwhile(self) -> float:
        """The lock held by the time, without the part in which the request computed for itself."""
        parts = [
            (sample.books.held - sample.said[0]) / (sample.seconds - sample.said[0])
            for sample in self.samples
            if sample.said is not None and sample.books is not None and sample.books.held is not None
        ]
        return max(0.0, statistics.median(parts))

    def of_a_server(self) -> bool:
        return all(sample.books is not None for sample in self.samples)

    def keeps_books(self) -> bool:
        """Also on a GIL; without one there is CPU time alone."""
        return all(sample.books is not None and sample.books.held is not None for sample in self.samples)


def ratio(one: Measurement, other: Measurement) -> float:
    """How long the one took by the other, round by round, so that a slow minute of the machine counts for both."""
    pairs = zip(one.samples, other.samples, strict=True)
    return statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs)


def run(python: Sequence[str], experiment: str, n: int) -> Sample:
    """One experiment in a fresh process of that interpreter."""
    command = [*python, str(WORK), experiment, str(n)]
    with Others() as others:
        try:
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=AT_MOST, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise Impossible(f"{python[0]}: {problem}") from problem
    if ended.returncode != 0:
        last = (ended.stderr.strip().splitlines() or ["nothing said"])[-1]
        raise Impossible(f"{python[0]} ended with {ended.returncode}: {last}")
    said = json.loads(ended.stdout)
    return Sample(said["seconds"], said["cpu_seconds"], others.cores)
