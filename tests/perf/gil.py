#!/usr/bin/env python3
"""GIL held per hello request: how long the lock is held for "Hello, World!", how often it is taken, how long waited for.

Baton's numbers come from its own books, those of the others from the same ledger, which `baton probe` loads into
them. With 32 connections, and with one: under load a server may serve several requests under one hold. Each round
starts a fresh process; the servers take turns in random order; medians are reported.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import contenders, report, rounds
from measure.contenders import HELLO, HELLO_ASGI, Contender, Place
from measure.load import wrk
from measure.processes import Running
from measure.scrape import books

MANY, ONE = 32, 1  # connections
SETTLE = 1.0  # seconds after which a probed process has written its books
HELD_WSGI, TAKES = 3e-6, 1.0  # the target


@dataclass(frozen=True)
class Use:
    """Of the GIL by one request: seconds, takes, seconds."""

    held: float
    takes: float
    waited: float


@dataclass(frozen=True)
class Round:
    many: Use
    one: Use
    errors: str


def use(running: Running, seconds: float, connections: int) -> tuple[Use, str]:
    port, admin = running.place.port, running.place.admin
    time.sleep(SETTLE)
    before = books(admin)
    done = wrk(port, seconds, connections)
    time.sleep(SETTLE)
    spent = books(admin) - before
    return Use(spent.held / done.requests, spent.takes / done.requests, spent.waited / done.requests), done.errors


def measure(running: Running, seconds: float) -> Round:
    wrk(running.place.port, 1, MANY)
    many, wrong = use(running, seconds, MANY)
    one, also_wrong = use(running, seconds, ONE)
    return Round(many, one, wrong or also_wrong)


def probed(binary: Path, command: Callable[[Place], list[str]]) -> Callable[[Place], list[str]]:
    def whole(place: Place) -> list[str]:
        return [str(binary), "probe", "--listen", f"127.0.0.1:{place.admin}", "--", *command(place)]

    return whole


def table(results: dict[str, list[Round]]) -> str:
    head = ["server", f"held, {MANY} connections", "acquisitions", "waited", "held, 1 connection", "acquisitions", "waited"]
    rows = []
    for name, each in results.items():
        cells = [name]
        for pick in (lambda r: r.many, lambda r: r.one):
            cells.append(f"{report.median(each, lambda r, pick=pick: pick(r).held) * 1e6:.2f} µs")
            cells.append(f"{report.median(each, lambda r, pick=pick: pick(r).takes):.3f}")
            cells.append(f"{report.median(each, lambda r, pick=pick: pick(r).waited) * 1e6:.2f} µs")
        rows.append(cells)
    return report.table(head, rows)


def verdict(each: list[Round]) -> str:
    held = report.median(each, lambda r: r.many.held)
    busy, calm = report.median(each, lambda r: r.many.takes), report.median(each, lambda r: r.one.takes)
    # One request in a thousand may meet another that is being served.
    met = held <= HELD_WSGI and calm <= TAKES * 1.001 and busy < calm
    return (
        f"Target {'met' if met else 'NOT met'}: WSGI at most {HELD_WSGI * 1e6:g} µs held and {TAKES:g} acquisition per request, "
        f"fewer under load; measured with {MANY} connections: {held * 1e6:.2f} µs, {busy:.3f}; with {ONE}: {calm:.3f}."
    )


def main(arguments: list[str]) -> int:
    parser = rounds.parser("gil", __doc__, "baton,gunicorn,waitress,uvicorn", seconds=3)
    args = parser.parse_args(arguments)

    def peer(command: Callable[[Place], list[str]]) -> Callable[[Place], list[str]]:
        return probed(args.binary, command)

    known = [
        Contender("baton", contenders.baton(args.binary, HELLO, args.options.split())),
        Contender("gunicorn, gthread, 8 threads", peer(contenders.gthread(HELLO, 8)), needs=("gunicorn",)),
        Contender("waitress, 8 threads", peer(contenders.waitress(HELLO, 8)), needs=("waitress",)),
        Contender(
            "uvicorn, uvloop + httptools",
            peer(contenders.uvicorn(HELLO_ASGI)),
            needs=("uvicorn", "uvloop", "httptools"),
        ),
    ]
    chosen = contenders.choose(known, args.servers)
    if any(one.name != "baton" for one in chosen) and not contenders.knows(args.binary, "probe", "--listen"):
        print("bench: THIS BATON HAS NO probe --listen: the other servers are left out", file=sys.stderr)
        chosen = [one for one in chosen if one.name == "baton"]
    course = rounds.interleaved(
        chosen,
        args,
        lambda running: measure(running, args.seconds),
        lambda one: f"held {one.many.held * 1e6:8.2f} µs, {one.many.takes:.3f} acquisitions{f'  ({one.errors})' if one.errors else ''}",
    )
    results = {one.name: course.results[one.name] for one in chosen}
    setting = f"wrk -t1 -c{MANY} and -c{ONE}, {args.seconds:g} s each, {args.rounds} rounds, {os.cpu_count()} cores"
    print(f"{table(results)}\n\n`{report.invocation('gil')}`: {setting}. {course.line()}\n\n{report.commands(chosen)}")
    if "baton" in results:
        print(f"\n{verdict(results['baton'])}")
    report.write_json(args.json, "gil", chosen, {
        "others_cores": course.others,
        "servers": {name: {"rounds": [asdict(one) for one in each]} for name, each in results.items()},
    })  # fmt: skip
    return 1 if any(one.errors for each in results.values() for one in each) else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
