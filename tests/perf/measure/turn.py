"""A second of load: what lies next to another one in time can be compared to a few per cent, also on a shared machine."""

from __future__ import annotations

from dataclasses import dataclass

from measure.load import wrk
from measure.processes import Running


@dataclass(frozen=True)
class Turn:
    """One second of load on one server."""

    requests: int
    cpu: float
    errors: str

    @property
    def microseconds(self) -> float:
        """Of CPU per request."""
        return self.cpu / self.requests * 1e6


def turn(running: Running, connections: int) -> Turn:
    used = running.cpu_seconds()
    done = wrk(running.place.port, 1, connections)
    return Turn(done.requests, running.cpu_seconds() - used, done.errors)
