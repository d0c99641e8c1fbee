#!/usr/bin/env python3
"""What the books cost: "Hello, World!" with ledger and scheduler, and by the same server built without them.

`perf_baton_plain` is the same program without the functions that stand ahead of libc's: no ledger, no scheduler. The
metrics stay in both: the counts and sums of a request cannot be taken out without taking the server apart. Each round
starts a fresh process of each and keeps all of them; they take turns of one second, in random order, and the turns next to
each other are compared: a shared machine gets faster and slower by more than what is looked for here, but seldom
within seconds. Reported is the median of all comparisons. A second table has nanoseconds per call, the least of many,
from `perf_gil_cost` and `perf_gil_cost_plain`.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from measure import contenders, report, rounds
from measure.contenders import HELLO, Contender
from measure.load import wrk
from measure.neighbours import Neighbours
from measure.processes import Server, end
from measure.turn import Turn, turn

WITHOUT = "without ledger and scheduler"
LEDGER = "ledger, --gil-policy cpython"
BOTH = "ledger and scheduler"
PROGRAMS = ("perf_baton_plain", "perf_gil_cost", "perf_gil_cost_plain")
TRANSITION = "the GIL, uncontended: release and take"
REPEATS = 6  # turns that are tried for each that is wanted, when --quiet throws some away
MOST, MOST_NS = 0.02, 40.0  # the target: of throughput, and per take and per release
CALL = re.compile(r"^(.*\S)\s+([\d.]+) ns$", re.MULTILINE)


def measure(chosen: list[Contender], turns: int, connections: int, quiet: float | None) -> dict[str, list[Turn]]:
    """One round: a fresh process of each, a second of warming up, then turns."""
    done: dict[str, list[Turn]] = {contender.name: [] for contender in chosen}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(contender)) for contender in random.sample(chosen, len(chosen))]
        for running in servers:
            wrk(running.place.port, 1, connections)
        for _ in range(turns if quiet is None else REPEATS * turns):
            with Neighbours(lambda: sum(running.cpu_seconds() for running in servers)) as others:
                taken = [(running, turn(running, connections)) for running in random.sample(servers, len(servers))]
            if quiet is None or others.cores <= quiet:
                for running, one in taken:
                    done[running.contender.name].append(one)
            if len(done[WITHOUT]) == turns:
                break
    return done


def losses(results: dict[str, list[Turn]], name: str) -> list[float]:
    """Turn by turn: the share of throughput per CPU-second that is lost against the server without."""
    pairs = zip(results[name], results[WITHOUT], strict=True)
    return [1 - plain.microseconds / full.microseconds for full, plain in pairs]


def error_of_median(values: list[float]) -> float:
    """The standard error of the median, from the middle half: what is smaller than twice this is not known."""
    low, high = quartiles(values)
    return 1.25 * (high - low) / 1.35 / len(values) ** 0.5


def quartiles(values: list[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    parts = statistics.quantiles(values, n=4, method="inclusive")
    return parts[0], parts[2]


def table(results: dict[str, list[Turn]]) -> str:
    head = ["hello", "requests per CPU-second", "CPU per request", "lost", "middle half of the turns"]
    rows = []
    for name, each in results.items():
        rate = report.median(each, lambda r: r.requests / r.cpu)
        row = [name, f"{rate:,.0f}", f"{report.median(each, lambda r: r.microseconds):.2f} µs"]
        if name == WITHOUT:
            rows.append([*row, "", ""])
            continue
        lost = losses(results, name)
        low, high = quartiles(lost)
        rows.append([*row, f"{statistics.median(lost):.1%} ± {error_of_median(lost):.1%}", f"{low:.1%} to {high:.1%}"])
    return report.table(head, rows)


# --- Nanoseconds per call


def parse_calls(text: str) -> dict[str, float]:
    return {name: float(nanoseconds) for name, nanoseconds in CALL.findall(text)}


def calls(build: Path, times: int) -> tuple[dict[str, float], dict[str, float]]:
    """The least of several runs, without and with: a neighbour on the machine only ever adds."""
    best: dict[str, dict[str, float]] = {"perf_gil_cost_plain": {}, "perf_gil_cost": {}}
    for _ in range(times):
        for program in random.sample(list(best), len(best)):
            done = subprocess.run([build / "tests/perf" / program], check=True, capture_output=True, text=True, timeout=120)
            for name, value in parse_calls(done.stdout).items():
                best[program][name] = min(value, best[program].get(name, value))
    return best["perf_gil_cost_plain"], best["perf_gil_cost"]


def calls_table(plain: dict[str, float], full: dict[str, float]) -> str:
    rows = [[name, f"{plain[name]:.1f}", f"{full[name]:.1f}", f"{full[name] - plain[name]:+.1f}"] for name in full]
    return report.table(["nanoseconds per call", "without", "with", "difference"], rows)


def verdict(lost: float, error: float, per_transition: float) -> str:
    judged = "met" if lost <= MOST and per_transition <= MOST_NS else "NOT met"
    if error > MOST / 2:
        judged = "not judged, the machine was too busy to tell"
    return (
        f"Target {judged}: at most {MOST:.0%} of hello throughput, at most {MOST_NS:g} ns more for each "
        f"uncontended take and release; measured: {lost:.1%} ± {error:.1%}, {per_transition:.0f} ns."
    )


# --- The command


def built(folder: Path) -> None:
    print(f"bench: building {', '.join(PROGRAMS)} in {folder}", file=sys.stderr)
    with tempfile.TemporaryFile() as log:
        made = subprocess.Popen(["cmake", "--build", folder, "--target", *PROGRAMS], stdout=log, stderr=log)
        try:
            made.wait()
        finally:
            end(made)
        if made.returncode != 0:
            log.seek(0)
            raise RuntimeError(f"they do not build:\n{log.read().decode(errors='replace')[-4000:]}")


def main(arguments: list[str]) -> int:
    parser = rounds.parser("books", __doc__, "without,ledger", seconds=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--build", type=Path, help="build folder (default: the one in which the binary is)")
    args = parser.parse_args(arguments)
    build = (args.build or Path(args.binary).parent).resolve()
    built(build)
    options = args.options.split()
    known = [
        Contender(WITHOUT, contenders.baton(build / "tests/perf/perf_baton_plain", HELLO, options)),
        Contender(BOTH, contenders.baton(args.binary, HELLO, options)),
    ]
    if contenders.knows(args.binary, "serve", "--gil-policy"):
        known.insert(1, Contender(LEDGER, contenders.baton(args.binary, HELLO, [*options, "--gil-policy", "cpython"])))
    else:
        print("bench: THIS BATON HAS NO --gil-policy: what is measured is the ledger alone", file=sys.stderr)
    chosen = contenders.choose(known, args.servers)
    if {WITHOUT, BOTH} - {one.name for one in chosen}:
        sys.exit("bench: the comparison needs both, with and without")
    results: dict[str, list[Turn]] = {one.name: [] for one in chosen}
    for number in range(args.rounds):
        for name, each in measure(chosen, max(1, round(args.seconds)), args.connections, args.quiet).items():
            results[name] += each
        count, lost = len(results[WITHOUT]), losses(results, BOTH)
        so_far = f"{statistics.median(lost):.1%} ± {error_of_median(lost):.1%}" if lost else "not known"
        print(f"round {number + 1}/{args.rounds}  {count} turns, lost so far {so_far}", file=sys.stderr)
    if not results[WITHOUT]:
        raise RuntimeError(f"others never used less than {args.quiet} cores")
    plain, full = calls(build, 5)
    lost = statistics.median(losses(results, BOTH))
    error = error_of_median(losses(results, BOTH))
    per_transition = (full[TRANSITION] - plain[TRANSITION]) / 2
    setting = f"wrk -t1 -c{args.connections}, {len(results[WITHOUT])} turns of 1 s in {args.rounds} rounds, {os.cpu_count()} cores"
    print(f"{table(results)}\n\n{calls_table(plain, full)}")
    print(f"\n`{report.invocation('books')}`: {setting}.\n\n{report.commands(chosen)}\n\n{verdict(lost, error, per_transition)}")
    report.write_json(args.json, "books", chosen, {
        "servers": {name: {"turns": [asdict(one) for one in each]} for name, each in results.items()},
        "lost": lost,
        "error_of_lost": error,
        "nanoseconds": {"without": plain, "with": full},
        "nanoseconds_per_transition": per_transition,
    })  # fmt: skip
    return 1 if any(one.errors for each in results.values() for one in each) else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
