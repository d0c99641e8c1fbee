#!/usr/bin/env python3
"""What recording the GIL's timeline costs: "Hello, World!" while it is recorded, and while it is not.

One server of each kind (WSGI and ASGI) for each round; turns of one second with and without a recording lie next to each
other, in random order, and are compared: a shared machine gets faster and slower by more than what is looked for here,
but seldom within seconds. What happens after a recording (reading it, writing the file) is not in a turn.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict

from measure import contenders, report, rounds
from measure.contenders import HELLO, HELLO_ASGI, Contender
from measure.load import wrk
from measure.neighbours import Neighbours
from measure.processes import Running, Server
from measure.turn import Turn, turn

MOST = 0.05  # the target: of throughput per CPU-second


@contextlib.contextmanager
def recording(admin: int) -> Iterator[None]:
    """Under way when the head of the answer has come; given up at the end, by hanging up."""
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=20)
    while True:
        connection.request("GET", "/trace?seconds=60")
        answer = connection.getresponse()
        if answer.status == 200:
            break
        said = answer.read()
        if answer.status != 409:  # the last one is still about to end
            raise RuntimeError(f"/trace answers {answer.status}: {said.decode(errors='replace')}")
    try:
        yield
    finally:
        connection.close()
        answer.close()


def second(running: Running, connections: int, recorded: bool) -> Turn:
    with recording(running.place.admin) if recorded else contextlib.nullcontext():
        return turn(running, connections)


def measure(contender: Contender, turns: int, connections: int) -> list[tuple[Turn, Turn]]:
    """A fresh process, a second of warming up, then pairs of turns: without and with a recording."""
    pairs = []
    with Server(contender) as running:
        wrk(running.place.port, 1, connections)
        for _ in range(turns):
            taken = {recorded: second(running, connections, recorded) for recorded in random.sample([False, True], 2)}
            pairs.append((taken[False], taken[True]))
    return pairs


def lost(pair: tuple[Turn, Turn]) -> float:
    return 1 - pair[0].microseconds / pair[1].microseconds


def row(name: str, pairs: list[tuple[Turn, Turn]]) -> list[str]:
    losses = [lost(pair) for pair in pairs]
    low, _, high = statistics.quantiles(losses, n=4, method="inclusive") if len(losses) > 1 else losses * 3
    rates = [f"{statistics.median(each.requests / each.cpu for each in side):,.0f}" for side in zip(*pairs, strict=True)]
    return [name, *rates, f"{statistics.median(losses):.1%}", f"{low:.1%} to {high:.1%}"]


def main(arguments: list[str]) -> int:
    parser = rounds.parser("trace", __doc__, "baton", seconds=1)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--turns", type=int, default=6, help="pairs of turns in a round (default %(default)s)")
    args = parser.parse_args(arguments)
    more = args.options.split()
    known = [
        Contender("baton WSGI", contenders.baton(args.binary, HELLO, more)),
        Contender("baton ASGI", contenders.baton(args.binary, HELLO_ASGI, ["--loop", "asyncio", *more])),
    ]
    chosen = contenders.choose(known, args.servers)
    results: dict[str, list[tuple[Turn, Turn]]] = {contender.name: [] for contender in chosen}
    with Neighbours() as others:
        for number in range(args.rounds):
            for contender in random.sample(chosen, len(chosen)):
                pairs = measure(contender, args.turns, args.connections)
                results[contender.name] += pairs
                brief = statistics.median(map(lost, pairs))
                print(f"round {number + 1}/{args.rounds}  {contender.name:14} lost {brief:6.1%}", file=sys.stderr, flush=True)
    head = ["hello", "requests per CPU-second", "recorded", "lost", "middle half of the turns"]
    print(report.table(head, [row(name, pairs) for name, pairs in results.items()]))
    setting = f"wrk -t1 -c{args.connections}, {args.rounds} rounds of {args.turns} pairs, {os.cpu_count()} cores"
    medians = {name: statistics.median(map(lost, pairs)) for name, pairs in results.items()}
    judged = "met" if max(medians.values()) <= MOST else "NOT met"
    print(f"\n`{report.invocation('trace')}`: {setting}; others used {others.cores:.2f} cores. Target {judged}: at most {MOST:.0%}.")
    report.write_json(args.json, "trace", chosen, {
        "lost": medians,
        "turns": {name: [[asdict(one) for one in pair] for pair in pairs] for name, pairs in results.items()},
    })  # fmt: skip
    return 1 if any(one.errors for pairs in results.values() for pair in pairs for one in pair) else 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
