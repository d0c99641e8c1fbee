"""The rows of each mode of Baton: which requests are sent, and what time and books are claimed to say."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.experiments import claims
from handlers.experiments.measure import ratio
from handlers.experiments.rows import Measured, Plan, Published, percent
from handlers.experiments.served import Mode

# As far as these endpoints count.
CAP = 20_000_000
HALVES = f"no faster: at least {claims.NO_FASTER:.2f} of one request's time; lock held at least {percent(claims.HELD)} of it"


@dataclass(frozen=True)
class Asked:
    """A row and the requests that make it, sent at the same time; `{n}`, `{half}` and `{capped}` are for the work."""

    plan: Plan
    paths: tuple[str, ...]

    def targets(self, n: int) -> list[str]:
        return [path.format(n=n, half=n // 2, capped=min(n, CAP)) for path in self.paths]


def one(mode: Mode) -> Asked:
    key = f"http_{mode.key}_one"
    claim = f"lock held at least {percent(claims.HELD)} of the time, waited for at most {percent(claims.HARDLY_WAITED)}"

    def holds(m: Measured, _: float) -> bool:
        return m[key].part("held") >= claims.HELD and m[key].part("waited") <= claims.HARDLY_WAITED

    plan = Plan(key, mode.key, f"Baton, {mode.title}: one request", Published(), claim, 1, holds)
    return Asked(plan, ("/cpu/countdown?n={n}",))


def two(mode: Mode) -> Asked:
    key, first = f"http_{mode.key}_two", f"http_{mode.key}_one"
    if mode.on_loop:
        claim = f"{HALVES}, waited for at most {percent(claims.HARDLY_WAITED)}: the loop is one thread"
        test = claims.loop_takes_turns
    else:
        claim = f"{HALVES}, waited for at least {percent(claims.WAITED)}"
        test = claims.threads_take_turns

    def holds(m: Measured, _: float) -> bool:
        return test(ratio(m[key], m[first]), m[key].part("held"), m[key].part("waited"))

    title = f"Baton, {mode.title}: two requests at once, half each"
    plan = Plan(key, mode.key, title, Published(), claim, 2, holds, first, "one request")
    return Asked(plan, ("/cpu/countdown?n={half}",) * 2)


def threads(mode: Mode) -> Asked:
    key = f"http_{mode.key}_threads"
    claim = f"no faster: at least {claims.NO_FASTER:.2f} of one thread's time; lock held at least {percent(claims.HELD)}"

    def holds(m: Measured, _: float) -> bool:
        return claims.requests_take_turns(m[key].said_ratio() or 0.0, m[key].part("held"))

    title = f"Baton, {mode.title}: `/threads/countdown`, one thread, then two"
    return Asked(Plan(key, mode.key, title, Published(), claim, 2, holds), ("/threads/countdown?threads=2&n={capped}",))


def processes(mode: Mode) -> Asked:
    key = f"http_{mode.key}_processes"
    claim = (
        f"faster: at most {claims.FASTER:.2f} of the time in the server; lock held at most {percent(claims.HARDLY_HELD)} "
        "of the rest of the request"
    )

    def holds(m: Measured, _: float) -> bool:
        return claims.processes_leave_the_lock(m[key].said_ratio() or 1.0, m[key].held_meanwhile())

    title = f"Baton, {mode.title}: `/processes/countdown`, in the server, then in two processes"
    plan = Plan(key, mode.key, title, Published(), claim, 2, holds, rest=True)
    return Asked(plan, ("/processes/countdown?workers=2&n={capped}",))


def free_one(mode: Mode) -> Asked:
    key = f"http_{mode.key}_one"
    claim = f"keeps one core busy: {percent(claims.BUSY_CORE)} to {percent(claims.ONE_CORE)} CPU"
    plan = Plan(
        key, mode.key, f"Baton, {mode.title}: one request", Published(), claim, 1,
        lambda m, _: claims.keeps_one_core_busy(m[key].cpu_use),
    )  # fmt: skip
    return Asked(plan, ("/cpu/countdown?n={n}",))


def free_two(mode: Mode) -> Asked:
    key, first = f"http_{mode.key}_two", f"http_{mode.key}_one"
    claim = f"faster: at most {claims.FASTER:.2f} of one request's time"
    plan = Plan(
        key, mode.key, f"Baton, {mode.title}: two requests at once, half each", Published(), claim, 2,
        lambda m, _: claims.faster(ratio(m[key], m[first])), first, "one request",
    )  # fmt: skip
    return Asked(plan, ("/cpu/countdown?n={half}",) * 2)


def of(mode: Mode) -> list[Asked]:
    """What is asked of a Baton in that mode; the first row is the one that the others are compared with."""
    if mode.free_threaded:
        return [free_one(mode), free_two(mode)]
    more = [] if mode.on_loop else [threads(mode), processes(mode)]
    return [one(mode), two(mode), *more]
