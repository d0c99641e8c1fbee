"""The rows of the table: what was published, what is claimed, and what was found here. Only numbers come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from handlers.experiments import claims
from handlers.experiments.claims import Judgement, Verdict, judge
from handlers.experiments.machine import free_cores
from handlers.experiments.measure import Measurement, ratio

Measured = dict[str, Measurement]


def percent(part: float) -> str:
    return f"{100 * part:.0f} %"


@dataclass(frozen=True)
class Published:
    """What an article says: seconds, and the cores used; None where it does not say."""

    seconds: float | None = None
    cores: float | None = None

    def __str__(self) -> str:
        parts = [] if self.seconds is None else [f"{self.seconds:.2f} s"]
        if self.cores is not None:
            parts.append(f"at {percent(self.cores)} CPU")
        return " ".join(parts)


@dataclass(frozen=True)
class Plan:
    """A row before anything is measured: `holds` looks at measurements and at the cores there are."""

    key: str
    group: str
    title: str
    published: Published
    claim: str
    needs: int
    holds: Callable[[Measured, float], bool]
    beside: str | None = None
    beside_title: str = ""
    rest: bool = False  # the claim looks at the lock apart from what the request computed for itself
    absence: bool = False  # of a gain: where no cores are free there is none either, and nothing is shown by that


@dataclass
class Row:
    plan: Plan
    measurement: Measurement | None
    ratio: float | None
    judgement: Judgement
    notes: list[str] = field(default_factory=list)

    @property
    def found(self) -> str:
        """What was found, in the terms of the claim."""
        if self.measurement is None:
            return ""
        parts = [] if self.ratio is None else [f"{self.ratio:.2f} of {self.plan.beside_title or 'one in the same request'}"]
        if self.measurement.keeps_books():
            parts.append(f"waited {percent(self.measurement.part('waited'))}")
            parts.append(f"held {percent(self.measurement.part('held'))}")
        if self.plan.rest:
            parts.append(f"of the rest {percent(self.measurement.held_meanwhile())}")
        if self.measurement.of_a_server():
            parts.append(f"server's CPU {percent(self.measurement.part('cpu'))}")
        return ", ".join(parts)


def seconds_of(measured: Measured, one: str, other: str) -> float:
    return ratio(measured[one], measured[other])


PLAIN = (
    Plan(
        "countdown_one", "countdown", "countdown, one thread", Published(6.61),
        f"keeps one core busy: {percent(claims.BUSY_CORE)} to {percent(claims.ONE_CORE)} CPU", 1,
        lambda m, _: claims.keeps_one_core_busy(m["countdown_one"].cpu_use),
    ),
    Plan(
        "countdown_threads", "countdown", "countdown, two threads, half each", Published(6.04),
        f"no faster: at least {claims.NO_FASTER:.2f} of one thread's time, at most {percent(claims.ONE_CORE)} CPU", 2,
        lambda m, _: claims.threads_do_not_help(
            seconds_of(m, "countdown_threads", "countdown_one"), m["countdown_threads"].cpu_use
        ),
        "countdown_one", "one thread", absence=True,
    ),
    Plan(
        "countdown_processes", "countdown", "countdown, two processes, half each", Published(4.29),
        f"faster: at most {claims.FASTER:.2f} of one thread's time", 2,
        lambda m, _: claims.faster(seconds_of(m, "countdown_processes", "countdown_one")),
        "countdown_one", "one thread",
    ),
    Plan(
        "add_global", "adding", "four threads add to a global", Published(7.4, 1.0),
        f"four threads, one core: at most {percent(claims.ONE_CORE)} CPU", 2,
        lambda m, _: claims.one_core_at_most(m["add_global"].cpu_use), absence=True,
    ),
    Plan(
        "add_local", "adding", "four threads add to a local", Published(5.4, 1.0),
        f"cheaper: at most {claims.CHEAPER:.2f} of the global's time; still at most {percent(claims.ONE_CORE)} CPU", 2,
        lambda m, _: claims.local_is_cheaper(seconds_of(m, "add_local", "add_global"), m["add_local"].cpu_use),
        "add_global", "the global", absence=True,
    ),
)  # fmt: skip

FREE = (
    Plan(
        "free_locked", "free", "free-threaded Python with its lock on (`-X gil=1`), a local", Published(),
        f"four threads, one core: at most {percent(claims.ONE_CORE)} CPU", 2,
        lambda m, _: claims.one_core_at_most(m["free_locked"].cpu_use), absence=True,
    ),
    Plan(
        "free_local", "free", "free-threaded Python, four threads add to a local", Published(1.8, 3.82),
        f"parallel: at most {claims.FASTER:.2f} of the time with its lock on, and at least "
        f"{percent(claims.OF_THE_CORES)} of the cores that four threads could use", 2,
        lambda m, cores: claims.free_threads_help(
            seconds_of(m, "free_local", "free_locked"), m["free_local"].cpu_use, cores
        ),
        "free_locked", "with the lock",
    ),
)  # fmt: skip


def found(plan: Plan, measured: Measured, cores: float) -> Row:
    """The row of what was measured."""
    mine = measured[plan.key]
    holds = plan.holds(measured, cores)
    base = mine if plan.beside is None else measured[plan.beside]
    # Whoever disturbs the one or the other disturbs what comes of both.
    free = free_cores(cores, max(mine.others, base.others))
    compared = mine.said_ratio() if base is mine else ratio(mine, base)
    return Row(plan, mine, compared, judge(holds, plan.needs, cores, free, plan.absence))


def impossible(plan: Plan, why: str) -> Row:
    return Row(plan, None, None, Judgement(Verdict.NOT_POSSIBLE, why))
