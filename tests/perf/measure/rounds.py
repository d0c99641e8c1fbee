"""The course of a bench: common options, rounds in which the contenders take turns, an orderly end on every signal."""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from measure.contenders import Contender
from measure.neighbours import Neighbours, wait_for_quiet
from measure.processes import ROOT, Running, Server

Result = TypeVar("Result")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REPEATS = 6  # for each round, over all contenders: then a busy machine has to do


def parser(name: str, about: str | None, servers: str, seconds: float, rounds: int = 5) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=f"./dev bench {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--binary", type=Path, default=os.environ.get("BATON_BINARY", ROOT / "build" / "baton"))
    made.add_argument("--rounds", type=int, default=rounds, help="fresh processes of each (default %(default)s)")
    made.add_argument("--seconds", type=float, default=seconds, help="of one measurement (default %(default)s)")
    made.add_argument("--servers", default=servers, help="by the beginnings of their names (default %(default)s)")
    made.add_argument("--options", default="", help="further options of baton, in one argument")
    made.add_argument("--quiet", type=float, metavar="CORES", help="wait until others use no more than this, and measure again when they did meanwhile")
    made.add_argument("--json", type=Path, metavar="FILE", help="all rounds and medians, for programs")
    return made


def orderly_end() -> None:
    """Ctrl-C, SIGTERM and SIGHUP end the bench once: everything that it has started is stopped, and not left half-way."""

    def leave(number: int, _: object) -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in ENDING:
        signal.signal(number, leave)


@dataclass
class Course(Generic[Result]):
    """The results by name; the cores that others used, and the rounds that were measured again for it."""

    results: dict[str, list[Result]]
    others: list[float] = field(default_factory=list)
    repeated: int = 0

    def line(self) -> str:
        """What the reader has to know of the machine."""
        if not self.others:
            return ""
        again = f"; {self.repeated} measured again for it" if self.repeated else ""
        return f"Others used {statistics.median(self.others):.2f} cores at that time (at most {max(self.others):.2f}){again}."


def interleaved(
    contenders: list[Contender],
    args: argparse.Namespace,
    measure: Callable[[Running], Result],
    brief: Callable[[Result], str],
) -> Course[Result]:
    """Each round a fresh process of each contender, in random order."""
    course = Course[Result]({contender.name: [] for contender in contenders})
    for number in range(args.rounds):
        for contender in random.sample(contenders, len(contenders)):
            while True:
                if args.quiet is not None:
                    wait_for_quiet(args.quiet)
                with Neighbours() as others:
                    with Server(contender) as running:
                        result = measure(running)
                note = f"round {number + 1}/{args.rounds}  {contender.name:34} {brief(result)}  (others: {others.cores:.2f} cores)"
                print(note, file=sys.stderr, flush=True)
                if args.quiet is None or others.cores <= args.quiet or course.repeated >= REPEATS * args.rounds:
                    break
                course.repeated += 1
            course.others.append(others.cores)
            course.results[contender.name].append(result)
    return course


def run(main: Callable[[list[str]], int]) -> int:
    """The exit status of a bench's main; what a person should not see as a traceback becomes a line."""
    orderly_end()
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return 130
    except (RuntimeError, OSError) as error:
        notes = "\n".join(getattr(error, "__notes__", []))
        print(f"bench: {error}\n{notes}".rstrip(), file=sys.stderr)
        return 1
