"""Reads the Server-Timing header: milliseconds by phase (W3C Server Timing)."""

from __future__ import annotations

import re

from harness.client import Response

PHASES = ("queue", "gil-wait", "gil-hold", "lock-wait", "ready", "off-gil")


def phases(answer: Response) -> dict[str, float]:
    """Seconds by phase; a phase that is not named took no time."""
    header = answer.get("Server-Timing")
    assert header, "no Server-Timing header"
    found = dict.fromkeys(PHASES, 0.0)
    for entry in header.split(","):
        match = re.fullmatch(r"([a-z-]+);dur=([0-9]+(?:\.[0-9]+)?)", entry.strip())
        assert match, f"Server-Timing entry {entry!r}"
        found[match.group(1)] = float(match.group(2)) / 1000
    return found


def in_python(parts: dict[str, float]) -> float:
    """The time that an interpreter thread had the request."""
    return sum(parts[name] for name in PHASES if name != "queue")
