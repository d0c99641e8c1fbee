"""The books on the GIL, read from the metrics of a server that keeps them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from measure.processes import get


@dataclass(frozen=True)
class Books:
    """Seconds held and waited, takes and releases: so far, or between two moments."""

    held: float
    waited: float
    takes: float
    releases: float

    def __sub__(self, other: Books) -> Books:
        return Books(
            self.held - other.held,
            self.waited - other.waited,
            self.takes - other.takes,
            self.releases - other.releases,
        )

    def __add__(self, other: Books) -> Books:
        return Books(
            self.held + other.held,
            self.waited + other.waited,
            self.takes + other.takes,
            self.releases + other.releases,
        )


def total(text: str, name: str) -> float:
    """The sum of a metric over all its labels; a metric that is not there is an error, not a zero."""
    found = re.findall(rf"^{name}(?:\{{[^\n]*\}})? (\S+)$", text, re.MULTILINE)
    if not found:
        raise RuntimeError(f"no {name} among the metrics: is the GIL ledger off?")
    return sum(map(float, found))


def parse(text: str) -> Books:
    return Books(
        total(text, "cpython_gil_held_seconds_total"),
        total(text, "cpython_gil_waiting_seconds_total"),
        total(text, "cpython_gil_acquire_wait_seconds_count"),
        total(text, "cpython_gil_releases_total"),
    )


def books(port: int) -> Books:
    return parse(get(port, "/metrics").decode())
