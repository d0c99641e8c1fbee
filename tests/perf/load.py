#!/usr/bin/env python3
"""Requests per CPU-second of the load generators themselves: baton-load beside wrk, in front of one nginx.

Both keep the same number of connections busy (the closed model), with one thread. They take turns in random order; what
counts is the generator's own CPU, user and system.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import contenders, report, rounds
from measure.contenders import Contender
from measure.load import parse_wrk
from measure.neighbours import wait_for_quiet
from measure.processes import Running, Server


@dataclass(frozen=True)
class Round:
    """What one run of one generator gave."""

    requests: int
    seconds: float
    cpu: float

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu


def cpu_of(command: list[str]) -> tuple[str, float]:
    """What a command says, and the CPU seconds that it used."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        # 4: it was the bottleneck, which is the point here.
        if process.returncode not in (0, 4):
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")
        return out.read(), used.ru_utime + used.ru_stime


def wrk(port: int, seconds: float, connections: int) -> Round:
    whole = max(1, round(seconds))
    said, cpu = cpu_of(["wrk", "-t1", f"-c{connections}", f"-d{whole}s", f"http://127.0.0.1:{port}/"])
    done = parse_wrk(said)
    if done.errors:
        raise RuntimeError(f"wrk said: {done.errors}")
    return Round(done.requests, done.seconds, cpu)


def baton_load(binary: Path) -> Callable[[int, float, int], Round]:
    def run(port: int, seconds: float, connections: int) -> Round:
        said, cpu = cpu_of([
            str(binary), "run", "--connections", str(connections), "--duration", str(max(1, round(seconds))),
            "--live", "off", "--json", "-", f"http://127.0.0.1:{port}/",
        ])  # fmt: skip
        totals = json.loads(said)
        if totals["totals"]["errors"]:
            raise RuntimeError(f"baton-load saw errors: {totals['totals']['failures']}")
        return Round(totals["totals"]["answered"], totals["generator"]["wall"], cpu)

    return run


def turns(args: argparse.Namespace, running: Running, generators: dict[str, Callable[[int, float, int], Round]]) -> dict[str, list[Round]]:
    results: dict[str, list[Round]] = {name: [] for name in generators}
    for number in range(args.rounds):
        for name in random.sample(list(generators), len(generators)):
            if args.quiet is not None:
                wait_for_quiet(args.quiet)
            done = generators[name](running.place.port, args.seconds, args.connections)
            print(f"round {number + 1}  {name:12} {done.per_cpu_second:10,.0f} per CPU-second", file=sys.stderr, flush=True)
            results[name].append(done)
    return results


def table(results: dict[str, list[Round]]) -> str:
    rates = {name: report.median(each, lambda r: r.per_cpu_second) for name, each in results.items()}
    rows = []
    for name, each in results.items():
        plain = report.median(each, lambda r: r.requests / r.seconds)
        wide = report.spread(each, lambda r: r.per_cpu_second)
        rows.append([name, f"{rates[name]:,.0f}", report.ratio(rates[name], rates.get("wrk")), f"{plain:,.0f}", f"{wide:.0%}"])
    head = ["generator", "requests per CPU-second of its own", "of wrk", "requests per second", "spread"]
    return report.table(head, rows)


def main(arguments: list[str]) -> int:
    parser = rounds.parser("load", __doc__, "baton-load,wrk", seconds=4)
    parser.add_argument("--connections", type=int, default=32)
    args = parser.parse_args(arguments)
    binary = args.binary.with_name("baton-load")
    for need in (str(binary), "wrk", "nginx"):
        if not shutil.which(need):
            raise RuntimeError(f"{need} is not there")
    nginx = Contender("nginx, `return 200`", contenders.nginx, needs=("nginx",))
    with Server(nginx) as running:
        results = turns(args, running, {"baton-load": baton_load(binary), "wrk": wrk})
    print(table(results))
    print(f"\n`{report.invocation('load')}`: {args.connections} connections, one thread, {args.seconds:g} s a round, "
          f"{args.rounds} rounds, {os.cpu_count()} cores.")  # fmt: skip
    report.write_json(args.json, "load", [nginx], {"generators": {
        name: {"rounds": [asdict(one) for one in each], "per_cpu_second": report.median(each, lambda r: r.per_cpu_second)}
        for name, each in results.items()
    }})  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
