"""From samples to rows: what is compared with what, and which verdict comes of it."""

from __future__ import annotations

import pytest
from made_up import CORES, PLAIN_TIMES, report, sample

from handlers.experiments.claims import Judgement, Verdict
from handlers.experiments.measure import Books, Impossible, Measurement, Sample, ratio
from handlers.experiments.rows import PLAIN, Row
from handlers.experiments.run import take_turns, warnings


def plain(cores: float = CORES, **changed: tuple[float, ...]) -> dict[str, Row]:
    times = {**PLAIN_TIMES, **changed}
    rows = take_turns(PLAIN, {key: lambda of=of: sample(*of) for key, of in times.items()}, 3, cores)
    return {row.plan.key: row for row in rows}


def verdicts(rows: dict[str, Row]) -> set[Verdict]:
    return {row.judgement.verdict for row in rows.values()}


def test_a_machine_as_published_repeats_everything() -> None:
    rows = plain()
    assert verdicts(rows) == {Verdict.REPEATED}
    assert rows["countdown_threads"].ratio == pytest.approx(1.05)
    assert rows["countdown_threads"].found == "1.05 of one thread"


@pytest.mark.parametrize(
    ("key", "time"),
    [
        ("countdown_one", (4.0, 1.9)),
        ("countdown_threads", (2.1, 1.9)),
        ("countdown_processes", (4.0, 1.0)),
        ("add_global", (4.0, 2.0)),
        ("add_local", (8.0, 1.0)),
    ],
)
def test_the_opposite_is_not_repeated(key: str, time: tuple[float, float]) -> None:
    assert plain(**{key: time})[key].judgement.verdict == Verdict.NOT_REPEATED


def test_a_busy_machine_shows_what_is_there_and_not_what_is_not() -> None:
    rows = plain(**{key: (*time, 1.7) for key, time in PLAIN_TIMES.items()})
    for key in ("countdown_threads", "add_global", "add_local"):
        assert rows[key].judgement.why == "needs 2 cores, others left 0.3"
    assert rows["countdown_processes"].judgement.verdict == Verdict.REPEATED


def test_one_core_leaves_out_what_needs_two() -> None:
    asked = []

    def take(key: str) -> Sample:
        asked.append(key)
        return sample(*PLAIN_TIMES[key])

    rows = take_turns(PLAIN, {key: lambda key=key: take(key) for key in PLAIN_TIMES}, 2, 1.0)
    without = [row for row in rows if row.judgement.verdict == Verdict.NOT_POSSIBLE]
    assert {row.judgement.why for row in without} == {"needs 2 cores, may use 1"}
    assert [row.plan.key for row in rows if row not in without] == ["countdown_one"]
    assert set(asked) == {"countdown_one"}


def test_rounds_take_turns() -> None:
    asked: list[str] = []

    def take(key: str) -> Sample:
        asked.append(key)
        return sample(1.0, 1.0)

    plans = PLAIN[:2]
    take_turns(plans, {plan.key: lambda key=plan.key: take(key) for plan in plans}, 2, CORES)
    assert asked == ["countdown_one", "countdown_threads"] * 2


def test_what_fails_says_why_and_so_does_what_is_compared_with_it() -> None:
    def fails() -> Sample:
        raise Impossible("it ended with 1")

    takes = {key: lambda of=of: sample(*of) for key, of in PLAIN_TIMES.items()}
    rows = {row.plan.key: row for row in take_turns(PLAIN, {**takes, "add_global": fails}, 3, CORES)}
    assert rows["add_global"].judgement.why == "it ended with 1"
    assert rows["add_local"].judgement.why == "nothing to compare it with: it ended with 1"
    assert rows["add_local"].judgement.verdict == Verdict.NOT_POSSIBLE
    assert rows["countdown_one"].judgement.verdict == Verdict.REPEATED


def test_ratios_are_taken_round_by_round() -> None:
    """A slow minute doubles both; the quotient of the medians would be 1.0."""
    one = Measurement([sample(1.0, 1), sample(2.0, 1), sample(4.0, 1)])
    half = Measurement([sample(0.5, 1), sample(1.0, 1), sample(2.0, 1)])
    assert ratio(half, one) == pytest.approx(0.5)
    late = Measurement([sample(2.0, 1), sample(1.0, 1), sample(2.0, 1)])
    assert ratio(late, one) == pytest.approx(0.5)
    assert late.seconds / one.seconds == pytest.approx(1.0)


def test_an_answer_that_compares_for_itself() -> None:
    row = next(row for row in report().rows if row.plan.key == "http_threads_processes")
    assert row.judgement.verdict == Verdict.REPEATED
    assert row.ratio == pytest.approx(0.55)
    assert "held 59 %, of the rest 3 %" in row.found
    assert row.measurement is not None
    assert row.measurement.held_meanwhile() == pytest.approx(0.1 / 3.0)


def test_neighbours_are_warned_of() -> None:
    quiet, busy = list(plain().values()), list(plain(add_global=(8.0, 1.0, 1.3)).values())
    assert warnings(quiet, 2.0) == []
    assert "1.3 cores" in warnings(busy, 2.0)[0]
    assert "two are not possible" in warnings(quiet, 1.0)[0]


def test_without_a_lock_the_server_has_cpu_time_alone() -> None:
    with_books = next(row for row in report().rows if row.plan.key == "http_threads_one")
    assert with_books.found == "waited 0 %, held 100 %, server's CPU 100 %"
    assert with_books.measurement is not None
    bare = [Sample(2.0, 3.8, 0.0, Books(None, None, 3.8))]
    free = Row(with_books.plan, Measurement(bare), 0.55, with_books.judgement)
    assert free.found == "0.55 of one in the same request, server's CPU 190 %"


def test_who_disturbs_what_is_compared_with_disturbs_the_comparison() -> None:
    rows = plain(countdown_one=(8.0, 0.5, 1.2))
    assert rows["countdown_processes"].judgement.verdict == Verdict.REPEATED
    assert rows["countdown_threads"].judgement == Judgement(Verdict.NOT_POSSIBLE, "needs 2 cores, others left 0.8")
    assert plain(countdown_one=(8.0, 1.0))["countdown_threads"].judgement.verdict == Verdict.NOT_REPEATED
