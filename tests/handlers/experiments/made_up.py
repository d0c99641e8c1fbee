"""A report of made-up numbers: what a quiet machine of two cores would say, and rows that were not possible."""

from __future__ import annotations

from pathlib import Path

from handlers.experiments import http_rows
from handlers.experiments.measure import Books, Impossible, Sample
from handlers.experiments.pythons import Interpreter
from handlers.experiments.rows import FREE, PLAIN, impossible
from handlers.experiments.run import GET_FREE, Report, Settings, Take, take_turns
from handlers.experiments.served import MODES

CORES = 2.0
PLAIN_TIMES = {
    "countdown_one": (4.0, 1.0), "countdown_threads": (4.2, 1.0), "countdown_processes": (2.1, 1.95),
    "add_global": (8.0, 1.0), "add_local": (5.5, 1.0),
}  # fmt: skip


def sample(seconds: float, use: float, others: float = 0.0) -> Sample:
    return Sample(seconds, seconds * use, others)


def no_such_endpoint() -> Sample:
    raise Impossible("/threads/countdown is answered by 404: <there> is | no such endpoint")


def settings() -> Settings:
    plain = Interpreter("/usr/bin/python3", "3.11.2", False)
    return Settings(plain, None, Path("baton"), None, Path("."), 0.1, 3)


def report() -> Report:
    made = Report(settings(), CORES)
    plain: dict[str, Take] = {key: lambda of=of: sample(*of) for key, of in PLAIN_TIMES.items()}
    made.rows += take_turns(PLAIN, plain, 3, CORES)
    made.rows += [impossible(plan, GET_FREE) for plan in FREE]
    asked = http_rows.of(MODES[0])
    served: dict[str, Take] = {
        "http_threads_one": lambda: Sample(4.0, 4.0, 0.0, Books(3.98, 0.0, 4.0)),
        "http_threads_two": lambda: Sample(4.1, 4.1, 0.0, Books(4.05, 3.9, 4.1)),
        "http_threads_threads": no_such_endpoint,
        "http_threads_processes": lambda: Sample(7.0, 8.0, 0.0, Books(4.1, 0.0, 4.1), (4.0, 2.2)),
    }
    made.rows += take_turns([each.plan for each in asked], served, 3, CORES)
    made.warnings = ["Others used up to 0.4 cores & more <meanwhile>."]
    return made
