#!/usr/bin/env python3
"""Requests per CPU-second for "Hello, World!": Baton beside nginx and other servers.

The headline is requests per CPU-second of the server's whole process tree, because it holds when the machine is shared.
Each round starts a fresh process; the servers take turns in random order; medians are reported.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass

from measure import contenders, report, rounds
from measure.contenders import HELLO, Contender
from measure.load import wrk
from measure.processes import Running
from measure.scrape import books


@dataclass(frozen=True)
class Round:
    """What one run of wrk against one fresh process gave."""

    requests: int
    seconds: float
    cpu: float
    errors: str = ""
    held: float | None = None
    releases: float | None = None

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def measure(running: Running, seconds: float, connections: int) -> Round:
    """A second of warming up, then the round."""
    port, keeps_books = running.place.port, running.contender.name.startswith("baton")
    wrk(port, 1, connections)
    before = books(running.place.admin) if keeps_books else None
    used = running.cpu_seconds()
    done = wrk(port, seconds, connections)
    used = running.cpu_seconds() - used
    if before is None:
        return Round(done.requests, done.seconds, used, done.errors)
    gil = books(running.place.admin) - before
    return Round(done.requests, done.seconds, used, done.errors, gil.held, gil.releases)


def table(results: dict[str, list[Round]]) -> str:
    head = ["server", "requests per CPU-second", "of nginx", "requests per second", "spread", "GIL held per request",
            "releases per request"]  # fmt: skip
    rates = {name: report.median(each, lambda r: r.per_cpu_second) for name, each in results.items()}
    best = next((rate for name, rate in rates.items() if name.startswith("nginx")), None)
    rows = []
    for name, rate in sorted(rates.items(), key=lambda one: -one[1]):
        each = results[name]
        held = releases = ""
        if each[0].held is not None:
            held = f"{report.median(each, lambda r: (r.held or 0) / r.requests) * 1e6:.2f} µs"
            releases = f"{report.median(each, lambda r: (r.releases or 0) / r.requests):.4f}"
        plain = report.median(each, lambda r: r.per_second)
        wide = report.spread(each, lambda r: r.per_cpu_second)
        rows.append([name, f"{rate:,.0f}", report.ratio(rate, best), f"{plain:,.0f}", f"{wide:.0%}", held, releases])
    return report.table(head, rows)


def main(arguments: list[str]) -> int:
    parser = rounds.parser("hello", __doc__, "baton,nginx,gunicorn,waitress", seconds=4)
    parser.add_argument("--connections", type=int, default=32)
    args = parser.parse_args(arguments)
    known = [
        Contender("baton", contenders.baton(args.binary, HELLO, args.options.split())),
        Contender("nginx, `return 200`", contenders.nginx, needs=("nginx",)),
        Contender("gunicorn, sync, 1 worker", contenders.gunicorn(HELLO), needs=("gunicorn",)),
        Contender("waitress, 8 threads", contenders.waitress(HELLO, 8), needs=("waitress",)),
    ]
    chosen = contenders.choose(known, args.servers)
    course = rounds.interleaved(
        chosen,
        args,
        lambda running: measure(running, args.seconds, args.connections),
        lambda one: f"{one.per_cpu_second:10,.0f} per CPU-second{f'  ({one.errors})' if one.errors else ''}",
    )
    results = course.results
    print(table(results))
    setting = f"wrk -t1 -c{args.connections}, {args.seconds:g} s a round, {args.rounds} rounds, {os.cpu_count()} cores"
    print(f"\n`{report.invocation('hello')}`: {setting}. {course.line()}\n\n{report.commands(chosen)}")
    report.write_json(args.json, "hello", chosen, {
        "others_cores": course.others,
        "servers": {name: {
            "rounds": [asdict(one) for one in each],
            "per_cpu_second": report.median(each, lambda r: r.per_cpu_second),
            "per_second": report.median(each, lambda r: r.per_second),
        } for name, each in results.items()},
    })  # fmt: skip
    return 1 if any(one.errors for each in results.values() for one in each) else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
