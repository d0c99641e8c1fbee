"""Each claim at its tolerance: just inside it holds, just outside it does not."""

from __future__ import annotations

import pytest

from handlers.experiments import claims
from handlers.experiments.claims import Judgement, Verdict, judge


def test_the_published_figures_bear_out_their_own_claims() -> None:
    assert claims.no_faster(6.04 / 6.61)
    assert claims.faster(4.29 / 6.61)
    assert claims.local_is_cheaper(5.4 / 7.4, 1.0)
    assert claims.free_threads_help(1.8 / 5.4, 3.82, cores=4)


@pytest.mark.parametrize(("use", "holds"), [(0.74, False), (0.76, True), (1.0, True), (1.14, True), (1.16, False)])
def test_one_thread_keeps_one_core_busy(use: float, holds: bool) -> None:
    assert claims.keeps_one_core_busy(use) is holds


@pytest.mark.parametrize(("ratio", "use", "holds"), [(0.81, 1.0, True), (3.0, 1.0, True), (0.79, 1.0, False), (0.9, 1.2, False)])
def test_two_threads_are_no_faster(ratio: float, use: float, holds: bool) -> None:
    assert claims.threads_do_not_help(ratio, use) is holds


@pytest.mark.parametrize(("ratio", "holds"), [(0.5, True), (0.79, True), (0.81, False), (1.0, False)])
def test_two_processes_are_faster(ratio: float, holds: bool) -> None:
    assert claims.faster(ratio) is holds


@pytest.mark.parametrize(("ratio", "use", "holds"), [(0.7, 1.0, True), (0.94, 1.0, True), (0.96, 1.0, False), (0.7, 1.9, False)])
def test_a_local_is_cheaper(ratio: float, use: float, holds: bool) -> None:
    assert claims.local_is_cheaper(ratio, use) is holds


@pytest.mark.parametrize(
    ("ratio", "use", "cores", "holds"),
    [
        (0.5, 1.6, 2, True),
        (0.5, 1.35, 2, False),
        (0.3, 2.7, 4, False),
        (0.3, 2.9, 4, True),
        (0.3, 2.9, 64, True),  # four threads use no more than four cores
        (0.9, 1.9, 2, False),  # busy, but no faster for it
    ],
)
def test_free_threads_use_the_cores(ratio: float, use: float, cores: float, holds: bool) -> None:
    assert claims.free_threads_help(ratio, use, cores) is holds


def test_requests_take_turns_with_the_lock() -> None:
    assert claims.threads_take_turns(1.0, 0.99, 0.98)
    assert not claims.threads_take_turns(0.6, 0.99, 0.98)
    assert not claims.threads_take_turns(1.0, 0.5, 0.98)
    assert not claims.threads_take_turns(1.0, 0.99, 0.1)
    assert claims.loop_takes_turns(1.0, 0.99, 0.0)
    assert not claims.loop_takes_turns(1.0, 0.99, 0.5)
    assert not claims.loop_takes_turns(0.6, 0.99, 0.0)


def test_processes_leave_the_lock() -> None:
    assert claims.processes_leave_the_lock(0.55, 0.05)
    assert not claims.processes_leave_the_lock(0.55, 0.9)
    assert not claims.processes_leave_the_lock(1.0, 0.05)


def test_the_verdict() -> None:
    assert judge(True, 2, cores=2, free=2).verdict == Verdict.REPEATED
    assert judge(False, 2, cores=2, free=1.8) == Judgement(Verdict.NOT_REPEATED)
    # What holds although the machine is busy holds.
    assert judge(True, 2, cores=2, free=0.3).verdict == Verdict.REPEATED


def test_a_busy_machine_refutes_nothing() -> None:
    judged = judge(False, 2, cores=2, free=1.7)
    assert judged == Judgement(Verdict.NOT_POSSIBLE, "needs 2 cores, others left 1.7")


def test_where_no_core_is_free_nothing_can_be_said_of_a_gain_that_is_not_there() -> None:
    assert judge(True, 2, cores=2, free=1.4, absence=True) == Judgement(
        Verdict.NOT_POSSIBLE, "needs 2 cores, others left 1.4"
    )
    assert judge(True, 2, cores=2, free=1.6, absence=True).verdict == Verdict.REPEATED
    assert judge(False, 2, cores=2, free=1.8, absence=True).verdict == Verdict.NOT_REPEATED


@pytest.mark.parametrize("free", [1.5, 2.0])
def test_what_may_lack_does_not_decide(free: float) -> None:
    """Work that is parallel shows as such on the cores that have to be free at least."""
    assert free >= 2 - claims.MAY_LACK
    assert claims.faster(1 / free)
    assert not claims.no_faster(1 / free)
    assert not claims.one_core_at_most(free)
    assert claims.free_threads_help(1 / free, free, cores=2)


def test_one_core_proves_nothing_about_two() -> None:
    for holds in (True, False):
        judged = judge(holds, 2, cores=1, free=1)
        assert judged == Judgement(Verdict.NOT_POSSIBLE, "needs 2 cores, may use 1")
