#!/usr/bin/env python3
"""ASGI "Hello, World!" in requests per CPU-second, and GIL held: Baton beside uvicorn (uvloop, httptools) and nginx.

The headline is requests per CPU-second of the server's whole process tree, because it holds when the machine is shared.
Each round starts a fresh process; the servers take turns in random order; medians are reported. Baton's own WSGI hello
runs along: the difference is what the event loop costs.
"""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import asdict

from hello import Round, measure, table
from measure import contenders, report, rounds
from measure.contenders import HELLO, HELLO_ASGI, Contender

UVICORN = "uvicorn, uvloop + httptools"
TIMES, HELD = 1.5, 9e-6  # the target: times uvicorn's requests per CPU-second; seconds held per request


def verdict(results: dict[str, list[Round]], name: str) -> str:
    """How one of Baton's loops does against the target, round by round: a median alone hides that the rounds disagree.

    Empty without uvicorn, as there is nothing to compare with then.
    """
    if name not in results or UVICORN not in results:
        return ""
    times = [ours.per_cpu_second / theirs.per_cpu_second for ours, theirs in zip(results[name], results[UVICORN], strict=True)]
    held = [(one.held or 0) / one.requests for one in results[name]]
    each = [ratio >= TIMES and seconds <= HELD for ratio, seconds in zip(times, held, strict=True)]
    word = "met" if all(each) else "UNDECIDED, the rounds disagree" if any(each) else "NOT met"
    return (
        f"Target {word}, {name}: at least {TIMES:g} times uvicorn per CPU-second and at most {HELD * 1e6:g} µs of GIL held; "
        f"{sum(each)} of {len(each)} rounds did: {statistics.median(times):.2f} times ({min(times):.2f} to {max(times):.2f}), "
        f"{statistics.median(held) * 1e6:.2f} µs ({min(held) * 1e6:.2f} to {max(held) * 1e6:.2f})."
    )


def main(arguments: list[str]) -> int:
    parser = rounds.parser("asgi", __doc__, "baton,nginx,uvicorn", seconds=4)
    parser.add_argument("--connections", type=int, default=32)
    args = parser.parse_args(arguments)
    more = args.options.split()
    loops = {loop: f"baton, ASGI, {loop}" for loop in ("uvloop", "asyncio")}
    known = [
        Contender(
            loops["uvloop"],
            contenders.baton(args.binary, HELLO_ASGI, ["--loop", "uvloop", *more]),
            needs=("uvloop",),
        ),
        Contender(loops["asyncio"], contenders.baton(args.binary, HELLO_ASGI, ["--loop", "asyncio", *more])),
        Contender("baton, WSGI", contenders.baton(args.binary, HELLO, more)),
        Contender("nginx, `return 200`", contenders.nginx, needs=("nginx",)),
        Contender(UVICORN, contenders.uvicorn(HELLO_ASGI), needs=("uvicorn", "uvloop", "httptools")),
    ]
    chosen = contenders.choose(known, args.servers)
    course = rounds.interleaved(
        chosen,
        args,
        lambda running: measure(running, args.seconds, args.connections),
        lambda one: f"{one.per_cpu_second:10,.0f} per CPU-second{f'  ({one.errors})' if one.errors else ''}",
    )
    results = course.results
    setting = f"wrk -t1 -c{args.connections}, {args.seconds:g} s a round, {args.rounds} rounds, {os.cpu_count()} cores"
    print(f"{table(results)}\n\n`{report.invocation('asgi')}`: {setting}. {course.line()}\n\n{report.commands(chosen)}")
    verdicts = {loop: said for loop, name in loops.items() if (said := verdict(results, name))}
    if verdicts:
        print("\n" + "\n".join(verdicts.values()))
    report.write_json(args.json, "asgi", chosen, {
        "others_cores": course.others,
        "verdicts": verdicts,
        "servers": {name: {
            "rounds": [asdict(one) for one in each],
            "per_cpu_second": report.median(each, lambda r: r.per_cpu_second),
            "per_second": report.median(each, lambda r: r.per_second),
        } for name, each in results.items()},
    })  # fmt: skip
    return 1 if any(one.errors for each in results.values() for one in each) else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
