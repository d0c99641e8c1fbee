"""The course of a bench: common options, rounds in which the contenders take turns, an orderly end on every signal."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from measure.contenders import Contender
from measure.processes import ROOT, Running, Server

Result = TypeVar("Result")


def parser(name: str, about: str | None, servers: str, seconds: float, rounds: int = 5) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=f"./dev bench {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--binary", type=Path, default=os.environ.get("BATON_BINARY", ROOT / "build" / "baton"))
    made.add_argument("--rounds", type=int, default=rounds, help="fresh processes of each (default %(default)s)")
    made.add_argument("--seconds", type=float, default=seconds, help="of one measurement (default %(default)s)")
    made.add_argument("--servers", default=servers, help="by the beginnings of their names (default %(default)s)")
    made.add_argument("--options", default="", help="further options of baton, in one argument")
    made.add_argument("--json", type=Path, metavar="FILE", help="all rounds and medians, for programs")
    return made


def orderly_end() -> None:
    """SIGTERM and SIGHUP end the bench as Ctrl-C does: everything that it has started is stopped first."""

    def leave(number: int, _: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def interleaved(
    contenders: list[Contender],
    rounds: int,
    measure: Callable[[Running], Result],
    brief: Callable[[Result], str],
) -> dict[str, list[Result]]:
    """Each round a fresh process of each contender, in random order; the results by name."""
    results: dict[str, list[Result]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in random.sample(contenders, len(contenders)):
            with Server(contender) as running:
                result = measure(running)
            results[contender.name].append(result)
            progress = f"round {number + 1}/{rounds}  {contender.name:34} {brief(result)}"
            print(progress, file=sys.stderr, flush=True)
    return results


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
