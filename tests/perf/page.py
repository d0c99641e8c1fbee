#!/usr/bin/env python3
"""What the live page costs: "Hello, World!" with a viewer, without one, and without an admin address.

Each round is a fresh process of each, in random order. In the one with an admin address, spans with and without a viewer
take turns, so that what else the machine does falls on both. The CPU time of the admin thread, from the kernel, is
the exact part: it samples the history, and feeds the viewer.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from measure import contenders, report, rounds
from measure.contenders import HELLO, Contender, Place
from measure.load import wrk
from measure.processes import Running, get

ON, OFF = "baton", "baton without admin"
ROUTES = 100
TURNS = 4
MOST_WITH_VIEWER, MOST_WITHOUT = 0.01, 0.001  # the targets: of the throughput; of a core


@dataclass(frozen=True)
class Span:
    """One run of wrk: requests per CPU-second of the process, and the admin thread's share of a core."""

    per_cpu_second: float
    admin: float


@dataclass(frozen=True)
class Round:
    without: list[Span]
    with_viewer: list[Span]

    @property
    def ratio(self) -> float:
        """With a viewer, of without."""
        return statistics.median(s.per_cpu_second for s in self.with_viewer) / self.per_cpu_second

    @property
    def per_cpu_second(self) -> float:
        return statistics.median(s.per_cpu_second for s in self.without)


def without_admin(binary: Path) -> Callable[[Place], list[str]]:
    return lambda place: [str(binary), "serve", "--bind", f"127.0.0.1:{place.port}", "--admin", "off", HELLO]


@contextmanager
def viewer(port: int) -> Iterator[None]:
    """Reads /events as a browser does, and throws it away."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"/events was answered by {answer.status}")
    over = threading.Event()

    def read() -> None:
        while not over.is_set() and answer.read1(65536):
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        time.sleep(1.0)
        yield
    finally:
        over.set()
        reader.join()
        connection.close()


def admin_seconds(pid: int) -> float:
    """CPU time of the thread that answers at the admin address, from the kernel: asking the server would cost some."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "baton-admin":
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    return 0.0


def span(running: Running, seconds: float, connections: int) -> Span:
    begun, used, of_admin = time.monotonic(), running.cpu_seconds(), admin_seconds(running.process.pid)
    done = wrk(running.place.port, seconds, connections)
    cpu = running.cpu_seconds() - used
    share = (admin_seconds(running.process.pid) - of_admin) / (time.monotonic() - begun)
    if done.errors:
        raise RuntimeError(done.errors)
    return Span(done.requests / cpu, share)


def label(number: int) -> str:
    """A path without anything that looks like an identifier."""
    return "/route-" + chr(97 + number // 26) + chr(97 + number % 26)


def measure(running: Running, seconds: float, connections: int) -> Round:
    """A hundred routes and a second of warming up, then spans with and without a viewer in turn."""
    for number in range(ROUTES - 1):
        get(running.place.port, label(number))
    wrk(running.place.port, 1, connections)
    without, seen = [], []
    for _ in range(TURNS):
        without.append(span(running, seconds, connections))
        if running.contender.name == ON:
            with viewer(running.place.admin):
                seen.append(span(running, seconds, connections))
    return Round(without, seen)


def verdict(what: str, values: list[float], most: float, shown: str) -> str:
    each = [value <= most for value in values]
    word = "met" if all(each) else "UNDECIDED, the rounds disagree" if any(each) else "NOT met"
    return f"Target {word}: {what} at most {most:.1%}; {sum(each)} of {len(each)} rounds did ({shown})."


def main(arguments: list[str]) -> int:
    parser = rounds.parser("page", __doc__, "baton", seconds=2)
    parser.add_argument("--connections", type=int, default=32)
    args = parser.parse_args(arguments)
    known = [
        Contender(ON, contenders.baton(args.binary, HELLO, args.options.split())),
        Contender(OFF, without_admin(args.binary)),
    ]
    chosen = contenders.choose(known, args.servers)
    course = rounds.interleaved(
        chosen,
        args,
        lambda running: measure(running, args.seconds, args.connections),
        lambda one: f"{one.per_cpu_second:10,.0f} per CPU-second" + (f", {one.ratio:.3f} of it with a viewer" if one.with_viewer else ""),
    )
    on, off = course.results[ON], course.results[OFF]
    costs = [1 - one.ratio for one in on]
    history = [1 - one.per_cpu_second / other.per_cpu_second for one, other in zip(on, off, strict=True)]
    idle = [statistics.fmean(s.admin for s in one.without) for one in on]
    seen = [statistics.fmean(s.admin for s in one.with_viewer) for one in on]
    rows = [
        ["requests per CPU-second, no admin address", f"{report.median(off, lambda r: r.per_cpu_second):,.0f}"],
        ["with one, and so with the history", f"{report.median(on, lambda r: r.per_cpu_second):,.0f}"],
        ["the history's cost, round by round", f"{statistics.median(history):.1%} ({min(history):.1%} to {max(history):.1%})"],
        ["a viewer's cost, round by round", f"{statistics.median(costs):.1%} ({min(costs):.1%} to {max(costs):.1%})"],
        ["the admin thread's share of a core, nobody looks", f"{statistics.median(idle):.3%}"],
        ["with a viewer", f"{statistics.median(seen):.3%}"],
    ]
    setting = f"wrk -t1 -c{args.connections}, {args.seconds:g} s a span, {args.rounds} rounds, {ROUTES} routes"
    print(f"{report.table(['', 'median'], rows)}\n\n`{report.invocation('page')}`: {setting}. {course.line()}\n\n{report.commands(chosen)}\n")
    print(verdict("a viewer takes of the throughput", costs, MOST_WITH_VIEWER, f"median {statistics.median(costs):.2%}"))
    print(verdict("without a viewer, the admin thread takes of a core", idle, MOST_WITHOUT, f"median {statistics.median(idle):.3%}"))
    report.write_json(args.json, "page", chosen, {
        "others_cores": course.others,
        "servers": {name: {"rounds": [asdict(one) for one in each]} for name, each in course.results.items()},
    })  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(rounds.run(main))
