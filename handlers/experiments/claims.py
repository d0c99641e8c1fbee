"""What is claimed, as predicates of plain numbers, each with its tolerance. Nothing here measures anything.

A claim is about a ratio or about the use of cores: seconds of somebody's laptop are not to be repeated anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The same work in threads under one lock may seem this much faster, by chance, and still counts as "no faster".
NO_FASTER = 0.80
# The same work that really runs in parallel takes at most this part of the time.
FASTER = 0.80
# One core: what a process uses that runs Python in one thread at a time, the lock's own cost included.
ONE_CORE = 1.15
BUSY_CORE = 0.75
# A local variable is cheaper than a global one by this at least.
CHEAPER = 0.95
# Free threads use so much of the cores that they could use.
OF_THE_CORES = 0.70
# While two requests compute, the lock is held this part of the time at least.
HELD = 0.85
# One thread alone hardly ever waits for the lock. Of two that compute, one waits: half of the time, when the one is done
# before the other begins, up to all of it, when they change all the time.
HARDLY_WAITED = 0.10
WAITED = 0.35
# While other processes compute, the lock here is held for this part of the time at most.
HARDLY_HELD = 0.25
# With this much less than the cores it needs a claim still tells one from the other: on one core and a half, parallel work
# takes 0.67 of the time and uses 150 %.
MAY_LACK = 0.5
# A failure counts on a quieter machine only: others come in bursts, and a burst of theirs may cover a short measurement.
QUIET = 0.25


class Verdict(StrEnum):
    """What became of a claim."""

    REPEATED = "repeated"
    NOT_REPEATED = "not repeated"
    NOT_POSSIBLE = "not possible here"


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    why: str = ""


def keeps_one_core_busy(cpu_use: float) -> bool:
    """One thread uses one core, no more and hardly less."""
    return BUSY_CORE <= cpu_use <= ONE_CORE


def no_faster(ratio: float) -> bool:
    """The work in parts (ratio: its time by the time in one) takes no less than in one."""
    return ratio >= NO_FASTER


def faster(ratio: float) -> bool:
    """The work in parts takes clearly less than in one."""
    return ratio <= FASTER


def one_core_at_most(cpu_use: float) -> bool:
    """However many threads: one core."""
    return cpu_use <= ONE_CORE


def threads_do_not_help(ratio: float, cpu_use: float) -> bool:
    return no_faster(ratio) and one_core_at_most(cpu_use)


def local_is_cheaper(ratio: float, cpu_use: float) -> bool:
    """Adding to locals takes less than adding to a global, and still one core."""
    return ratio <= CHEAPER and one_core_at_most(cpu_use)


def free_threads_help(ratio: float, cpu_use: float, cores: float, threads: int = 4) -> bool:
    """Without the lock the threads use the cores there are, and take less time than with it."""
    return faster(ratio) and cpu_use >= OF_THE_CORES * min(cores, threads)


def requests_take_turns(ratio: float, held: float) -> bool:
    """Two computing requests at once take no less than one after the other; the lock is nearly always held."""
    return no_faster(ratio) and held >= HELD


def threads_take_turns(ratio: float, held: float, waited: float) -> bool:
    """Also, of two threads one is waiting."""
    return requests_take_turns(ratio, held) and waited >= WAITED


def loop_takes_turns(ratio: float, held: float, waited: float) -> bool:
    """Also, nobody waits for the lock: on a loop the second request waits for the first."""
    return requests_take_turns(ratio, held) and waited <= HARDLY_WAITED


def processes_leave_the_lock(ratio: float, held: float) -> bool:
    """The work in other processes is faster, and the lock is hardly held meanwhile."""
    return faster(ratio) and held <= HARDLY_HELD


def cores_text(cores: float) -> str:
    return f"{cores:g} core" if cores == 1 else f"{cores:g} cores"


def judge(holds: bool, needs: int, cores: float, free: float, absence: bool = False) -> Judgement:
    """Whether a claim that needs so many cores was repeated, where so many are there and so many were free.

    `absence`: the claim is that cores are not used, or do not help. That holds of itself where there are none to use, so
    it is repeated only where they were free. What is faster is faster, however busy the machine.
    """
    if cores < needs:
        return Judgement(Verdict.NOT_POSSIBLE, f"needs {cores_text(needs)}, may use {cores:g}")
    if holds and not (absence and free < needs - MAY_LACK):
        return Judgement(Verdict.REPEATED)
    if free < needs - QUIET:
        return Judgement(Verdict.NOT_POSSIBLE, f"needs {cores_text(needs)}, others left {free:.1f}")
    return Judgement(Verdict.NOT_REPEATED)
