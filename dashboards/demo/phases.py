"""What happens to the server in turn, so that every chart moves. The mixed load of loadgen/scenarios/lab.toml goes on through all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    name: str
    look: str  # where it is to be seen: BOARD / PANEL, PANEL; and what there is to know
    arguments: Sequence[str] = ()  # of baton-load run, before the address
    path: str = ""


QUIET = Phase("quiet", "GIL / GIL utilization; requests that wait, some that compute: it has room")

PHASES = (
    QUIET,
    Phase("convoy", "GIL / GIL utilization, Victims; under --gil-policy cpython /hello and /io/sleep wait for who computes",
          ("--connections", "4"), "/cpu/countdown?n=1000000"),
    QUIET,
    Phase("native code that keeps the lock", "GIL / Holds longer than 10 ms, Longest hold by route; every policy has to wait",
          ("--rate", "4", "--connections", "4"), "/native/hash?mb=32&release=0"),
    Phase("native code that lets go", "GIL / CPU without the GIL; the same work, and nobody waits",
          ("--rate", "4", "--connections", "4"), "/native/hash?mb=32&release=1"),
    Phase("a loop that is blocked", "Runtime / Loop lag, Ready and not running",
          ("--rate", "2", "--connections", "4"), "/asgi/asyncio/blocking?ms=200"),
    Phase("failures", "Overview / Failed, Error budget", ("--rate", "5", "--connections", "4"), "/io/upstream?ms=1"),
    Phase("a crowd", "Overview / Refused by the server, In flight and in the queue; the queue is full", ("--connections", "200"), "/io/sleep?ms=300"),
)  # fmt: skip
