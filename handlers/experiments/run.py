"""One run of the lab: every experiment in turn, round by round, and the report of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from handlers.experiments import http_rows, machine, measure
from handlers.experiments.claims import QUIET, judge
from handlers.experiments.measure import Impossible, Measurement, Sample
from handlers.experiments.pythons import Interpreter
from handlers.experiments.rows import FREE, PLAIN, Plan, Row, found, impossible
from handlers.experiments.served import FREE_MODE, MODES, Mode, Server, version

WORK = 100_000_000
GET_FREE = "no free-threaded Python found: `./dev python 3.13t` gets one"
GET_FREE_BATON = "no Baton on a free-threaded Python: `./dev build --python 3.13t` makes one"
GET_BATON = "no Baton found: `./dev build` makes one, `--binary` names one"


@dataclass(frozen=True)
class Settings:
    plain: Interpreter
    free: Interpreter | None
    binary: Path | None
    free_binary: Path | None
    root: Path
    scale: float
    rounds: int

    @property
    def n(self) -> int:
        """How far to count."""
        return max(1000, int(WORK * self.scale))


@dataclass
class Report:
    settings: Settings
    cores: float
    baton: str | None = None  # what it says it is
    rows: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


Take = Callable[[], Sample]


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def judged(plan: Plan, measured: dict[str, Measurement], failed: Mapping[str, str], cores: float) -> Row:
    """The row, or why there is none."""
    if plan.key in failed:
        return impossible(plan, failed[plan.key])
    if plan.beside in failed:
        return impossible(plan, f"nothing to compare it with: {failed[plan.beside]}")
    return found(plan, measured, cores)


def take_turns(plans: Sequence[Plan], takes: Mapping[str, Take], rounds: int, cores: float) -> list[Row]:
    """Measure all of these once, then all again: what the machine does in a minute then happens to all."""
    measured = {plan.key: Measurement() for plan in plans}
    failed = {plan.key: judge(False, plan.needs, cores, cores).why for plan in plans if plan.needs > cores}
    for _ in range(rounds):
        for plan in plans:
            if plan.key in failed:
                continue
            try:
                measured[plan.key].samples.append(takes[plan.key]())
            except Impossible as problem:
                failed[plan.key] = str(problem)
    return [judged(plan, measured, failed, cores) for plan in plans]


def plain_rows(settings: Settings, cores: float) -> list[Row]:
    python = [settings.plain.path, "-I"]
    takes: dict[str, Take] = {plan.key: lambda key=plan.key: measure.run(python, key, settings.n) for plan in PLAIN}
    say(f"countdown and adding in {settings.plain.name}, {settings.rounds} rounds")
    return take_turns(PLAIN, takes, settings.rounds, cores)


def free_rows(settings: Settings, cores: float) -> list[Row]:
    if settings.free is None:
        return [impossible(plan, GET_FREE) for plan in FREE]
    path = settings.free.path
    takes: dict[str, Take] = {
        "free_locked": lambda: measure.run([path, "-I", "-X", "gil=1"], "add_local", settings.n),
        "free_local": lambda: measure.run([path, "-I", "-X", "gil=0"], "add_local", settings.n),
    }
    say(f"adding in {settings.free.name}, {settings.rounds} rounds")
    return take_turns(FREE, takes, settings.rounds, cores)


def http_mode(settings: Settings, mode: Mode, binary: Path | None, cores: float) -> list[Row]:
    asked = http_rows.of(mode)
    plans = [each.plan for each in asked]
    if binary is None:
        return [impossible(plan, GET_FREE_BATON if mode.free_threaded else GET_BATON) for plan in plans]
    say(f"Baton, {mode.title}, {settings.rounds} rounds")

    try:
        with Server(binary, mode, settings.root) as server:
            server.measure(asked[0].targets(1000))  # so that what the first request costs is in no row
            takes: dict[str, Take] = {
                each.plan.key: lambda each=each: server.measure(each.targets(settings.n)) for each in asked
            }
            return take_turns(plans, takes, settings.rounds, cores)
    except Impossible as problem:
        return [impossible(plan, str(problem)) for plan in plans]


def warnings(rows: Sequence[Row], cores: float) -> list[str]:
    """What a reader has to know of the machine."""
    said = []
    if cores < 2:
        said.append(f"This machine lets the lab use {cores:g} core: rows that need two are not possible.")
    used = sorted(row.measurement.others for row in rows if row.measurement is not None)
    if used and used[-1] > QUIET:
        said.append(
            f"Others used up to {used[-1]:.1f} cores meanwhile ({used[len(used) // 2]:.1f} in the middle): "
            "trust ratios more than seconds, and run it again when the machine is quiet."
        )
    return said


def run(settings: Settings) -> Report:
    """All experiments."""
    cores = machine.cores()
    report = Report(settings, cores, None if settings.binary is None else version(settings.binary))
    report.rows += plain_rows(settings, cores)
    report.rows += free_rows(settings, cores)
    for mode in MODES:
        report.rows += http_mode(settings, mode, settings.binary, cores)
    report.rows += http_mode(settings, FREE_MODE, settings.free_binary, cores)
    report.warnings = warnings(report.rows, cores)
    return report
