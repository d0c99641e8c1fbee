"""Panels and expressions that more than one board has."""

from __future__ import annotations

from collections.abc import Sequence

from boards.parts import Annotation, Panel, Query

SATURATED = ((None, "green"), (0.7, "yellow"), (0.9, "red"))
RESTARTS = Annotation("Restarts", "changes(process_start_time_seconds{@S}@I) > 0", "blue")

HELD = "rate(cpython_gil_held_seconds_total{@G}@I)"
HELD_OF_EACH = f"sum by (instance, interpreter) ({HELD})"
PER_CORE = "sum by (instance) (rate(@D_count{@S}@I)) / sum by (instance) (rate(@C{@S}@I))"


def quantile(q: float, buckets: str, *by: str) -> str:
    """Of a histogram, over everything that differs in no label of `by`."""
    return f"histogram_quantile({q}, sum by ({', '.join(('le', *by))}) (rate({buckets}@I)))"


def quantiles(buckets: str, *by: str, of: Sequence[float] = (0.5, 0.99), legend: str = "") -> list[Query]:
    return [Query(quantile(q, buckets, *by), f"{legend} p{q * 100:g}".strip()) for q in of]


def per_core(width: int = 12) -> Panel:
    """The headline."""
    return Panel(
        "Throughput per core",
        "Requests per second of the process's CPU time: what one core would carry if it did nothing else. It holds when the "
        "machine is shared, so it is the figure to compare versions, modes and settings by. A click leads to the live page.",
        "reqps",
        [Query(PER_CORE, "{{instance}}")],
        width=width,
        live=True,
    )


def gil_utilization(width: int = 12) -> Panel:
    return Panel(
        "GIL utilization",
        "The share of time in which some thread holds the GIL, by interpreter. At 1 more threads cannot help: hold it for less "
        "time, or add processes. Nothing here: a Python without a GIL.",
        "percentunit",
        [Query(HELD_OF_EACH, "{{instance}} {{interpreter}}")],
        width=width,
        top=1,
        steps=SATURATED,
    )


def phases(width: int = 12) -> Panel:
    return Panel(
        "Where a request's time goes",
        "Seconds per request by phase; the phases add up to the duration. gil_wait is the time in line for the GIL, gil_hold "
        "running Python, off_gil waiting for others or native code, queue waiting for a thread, ready (event loops) could run.",
        "s",
        [Query("sum by (phase) (rate(@P_sum{@R}@I)) / on () group_left () sum(rate(@D_count{@R}@I))", "{{phase}}")],
        width=width,
        stacked=True,
    )
