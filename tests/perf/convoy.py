#!/usr/bin/env python3
"""Short requests beside computing ones: a sleep of 2 ms alone, then beside four connections that compute.

`/io/sleep?ms=2` on 2 connections alone, then beside `/cpu/countdown?n=1000000` on 4; 16 threads in every server. The load
on /cpu begins before the one on /io and ends after it. Each round starts a fresh process; the servers take turns in
random order; medians are reported. How long a sleep of 2 ms takes beside it all shows what the machine itself lets wait.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from measure import contenders, report, rounds
from measure.contenders import LAB, Contender
from measure.load import Record, client, client_running, finished, started, stop
from measure.processes import Running, get

IO, IO_CONNECTIONS = "/io/sleep?ms=2", 2
CPU, CPU_CONNECTIONS = "/cpu/countdown?n=1000000", 4
THREADS = 16
LEAD = 0.5  # seconds by which the load on /cpu begins earlier
LATENCY, REFERENCE = "baton, --gil-policy latency", "baton, --gil-policy cpython"
P50, P99, SHARE = 3e-3, 6e-3, 0.9  # the target


@dataclass(frozen=True)
class Latency:
    """Of /io, in seconds, and its answers per second."""

    p50: float
    p90: float
    p99: float
    most: float
    per_second: float


@dataclass(frozen=True)
class Round:
    alone: Latency
    beside: Latency
    cpu_per_second: float
    cpu_per_cpu_second: float  # the same per CPU-second of the server: holds when the machine is shared
    pulse_p50: float
    pulse_p99: float
    client_cores: float
    errors: tuple[str, ...]


def latency(record: Record) -> Latency:
    p50, p90, p99, most = (record.percentile(share) for share in (0.5, 0.9, 0.99, 1.0))
    return Latency(p50, p90, p99, most, record.per_second())


def beside(port: int, seconds: float) -> tuple[Record, Record, Record]:
    """The records of /io and of /cpu, and the machine's own sleeps, all of the same span."""
    with client_running(port, CPU, CPU_CONNECTIONS, LEAD + seconds + 60) as computing:
        time.sleep(LEAD)
        with started("pulse.py", seconds) as pulse, client_running(port, IO, IO_CONNECTIONS, seconds) as short:
            io = finished(short)
            sleeps = json.loads(pulse.communicate()[0])
        cpu = stop(computing)
    if not cpu.began < io.began or not cpu.took or cpu.end < io.end:
        raise RuntimeError("the load on /cpu did not last as long as the one on /io")
    return io, cpu, Record(io.began, io.end, [0] * len(sleeps), sleeps)


def measure(running: Running, seconds: float) -> Round:
    port = running.place.port
    client(port, IO, THREADS, 0.3)
    get(port, CPU)
    alone = client(port, IO, IO_CONNECTIONS, seconds / 2)
    used = os.times()
    served = running.cpu_seconds()
    io, cpu, pulse = beside(port, seconds)
    served = running.cpu_seconds() - served
    now = os.times()
    return Round(
        latency(alone),
        latency(io),
        cpu.per_second(io.began, io.end),
        len(cpu.took) / served,
        pulse.percentile(0.5),
        pulse.percentile(0.99),
        (now.children_user + now.children_system - used.children_user - used.children_system) / seconds,
        tuple(alone.errors + io.errors + cpu.errors),
    )


def disturbed(results: dict[str, list[Round]]) -> str:
    """A warning when the machine itself let a plain sleep wait: then the p99 of a server says little."""
    pulse = max(report.median(each, lambda r: r.pulse_p99) for each in results.values())
    if pulse < 3e-3:
        return ""
    return f"The machine was busy: p99 of a plain sleep of 2 ms was up to {report.milliseconds(pulse)} ms. Measure again, or --quiet 0.3."


def reference(results: dict[str, list[Round]]) -> float | None:
    """/cpu per second under CPython's own policy, if that was measured."""
    each = results.get(REFERENCE)
    return report.median(each, lambda r: r.cpu_per_second) if each else None


def table(results: dict[str, list[Round]]) -> str:
    head = ["server", "/io alone p50 / p99 (ms)", "/io beside /cpu p50 / p99 (ms)", "/io per second alone / beside",
            "/cpu per second beside", "of cpython's policy", "/cpu per CPU-second"]  # fmt: skip
    return report.table(head, [row(name, each, reference(results)) for name, each in results.items()])


def row(name: str, each: list[Round], cpython: float | None) -> list[str]:
    def of(value: Callable[[Round], float]) -> float:
        return report.median(each, value)

    def ms(value: Callable[[Round], float]) -> str:
        return report.milliseconds(of(value))

    cpu = of(lambda r: r.cpu_per_second)
    return [
        name,
        f"{ms(lambda r: r.alone.p50)} / {ms(lambda r: r.alone.p99)}",
        f"{ms(lambda r: r.beside.p50)} / {ms(lambda r: r.beside.p99)}",
        f"{of(lambda r: r.alone.per_second):,.0f} / {of(lambda r: r.beside.per_second):,.0f}",
        f"{cpu:.1f}",
        report.ratio(cpu, cpython),
        f"{of(lambda r: r.cpu_per_cpu_second):.1f}",
    ]


def spreads(results: dict[str, list[Round]]) -> str:
    """From the least to the most over the rounds, and what the machine itself did at that time."""
    head = ["least to most over the rounds", "/io beside p50 (ms)", "/io beside p99 (ms)", "/cpu per second",
            "sleep of 2 ms p50 / p99 (ms)", "cores used by the clients"]  # fmt: skip

    def span(each: list[Round], value: Callable[[Round], float], shown: Callable[[float], str]) -> str:
        return " to ".join(shown(bound) for bound in report.bounds(each, value))

    ms = report.milliseconds
    rows = [
        [
            name,
            span(each, lambda r: r.beside.p50, ms),
            span(each, lambda r: r.beside.p99, ms),
            span(each, lambda r: r.cpu_per_second, lambda value: f"{value:.1f}"),
            f"{ms(report.median(each, lambda r: r.pulse_p50))} / {ms(report.median(each, lambda r: r.pulse_p99))}",
            f"{report.median(each, lambda r: r.client_cores):.2f}",
        ]
        for name, each in results.items()
    ]
    return report.table(head, rows)


@dataclass(frozen=True)
class Verdict:
    p50: float
    p99: float
    share: float | None
    share_of_cpu: float | None = None  # the same per CPU-second: what it would be if nobody else used the machine

    def met(self) -> bool:
        return self.p50 <= P50 and self.p99 <= P99 and self.share is not None and self.share >= SHARE

    def line(self) -> str:
        wanted = f"p50 <= {P50 * 1e3:g} ms, p99 <= {P99 * 1e3:g} ms, >= {SHARE:.0%} of the /cpu throughput of cpython's policy"
        share = f"{self.share:.1%}" if self.share is not None else "no comparison"
        if self.share_of_cpu is not None:
            share += f" ({self.share_of_cpu:.1%} per CPU-second)"
        is_now = f"{report.milliseconds(self.p50)} ms, {report.milliseconds(self.p99)} ms, {share}"
        return f"Target {'met' if self.met() else 'NOT met'}: {wanted}; measured: {is_now}."


def verdict(results: dict[str, list[Round]]) -> Verdict | None:
    """Of the medians; nothing when Baton's own policy was not measured."""
    each, cpython = results.get(LATENCY), reference(results)
    if not each:
        return None
    p50, p99 = report.median(each, lambda r: r.beside.p50), report.median(each, lambda r: r.beside.p99)
    if not cpython:
        return Verdict(p50, p99, None)
    share = report.median(each, lambda r: r.cpu_per_second) / cpython
    of_cpu = report.median(results[REFERENCE], lambda r: r.cpu_per_cpu_second)
    return Verdict(p50, p99, share, report.median(each, lambda r: r.cpu_per_cpu_second) / of_cpu)


def main(arguments: list[str]) -> int:
    parser = rounds.parser("convoy", __doc__, "baton,gunicorn,waitress,cheroot", seconds=5)
    args = parser.parse_args(arguments)
    options = ["--threads", str(THREADS), *args.options.split()]

    def baton(policy: str) -> Callable[[contenders.Place], list[str]]:
        return contenders.baton(args.binary, LAB, [*options, "--gil-policy", policy])

    lab = {"path": "/io/sleep?ms=1", "expected": b"slept"}
    known = [
        Contender(LATENCY, baton("latency"), **lab),
        Contender(REFERENCE, baton("cpython"), **lab),
        Contender("gunicorn, gthread", contenders.gthread(LAB, THREADS), needs=("gunicorn",), **lab),
        Contender("waitress", contenders.waitress(LAB, THREADS), needs=("waitress",), **lab),
        Contender("cheroot", contenders.cheroot(LAB, THREADS), needs=("cheroot",), **lab),
    ]
    chosen = contenders.choose(known, args.servers)
    if not contenders.knows(args.binary, "serve", "--gil-policy"):
        print("bench: THIS BATON HAS NO --gil-policy: its rows are left out, and there is no verdict", file=sys.stderr)
        chosen = [one for one in chosen if one.name not in (LATENCY, REFERENCE)]
    course = rounds.interleaved(
        chosen,
        args,
        lambda running: measure(running, args.seconds),
        lambda one: f"/io alone {one.alone.p50 * 1e3:.1f} / {one.alone.p99 * 1e3:.1f} ms, "
        f"beside {one.beside.p50 * 1e3:.1f} / {one.beside.p99 * 1e3:.1f} ms, /cpu {one.cpu_per_second:.1f} per second",
    )
    results = {one.name: course.results[one.name] for one in chosen}
    judged = verdict(results)
    setting = f"{args.seconds / 2:g} s alone, {args.seconds:g} s beside, {args.rounds} rounds, {os.cpu_count()} cores"
    print(table(results))
    print(f"\n`{report.invocation('convoy')}`: {IO} on {IO_CONNECTIONS} connections, {CPU} on {CPU_CONNECTIONS}; {setting}.\n")
    print(f"{spreads(results)}\n\n{course.line()} {disturbed(results)}".rstrip())
    print(f"\n{report.commands(chosen)}\n\n{judged.line() if judged else 'Target not judged: no policy `latency`.'}")
    report.write_json(args.json, "convoy", chosen, {
        "others_cores": course.others,
        "servers": {name: {"rounds": [asdict(one) for one in each]} for name, each in results.items()},
        "verdict": {**asdict(judged), "met": judged.met()} if judged else None,
    })  # fmt: skip
    errors = {error for each in results.values() for one in each for error in one.errors}
    for error in sorted(errors):
        print(f"bench: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
