"""What the alerts have to do at their edges, case by case: just above and just below each figure, each part alone, before and after `for`.

The texts are in rules/*.yml, as promtool has them; here is when. `promtool_file` writes cases in promtool's form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Series = Mapping[str, str]  # series and values, in promtool's notation: START+STEPxTIMES

AT = {"job": "baton", "instance": "a:1"}
MAIN = {**AT, "interpreter": "main"}
ROUTE = {**AT, "http_route": "/io"}


@dataclass(frozen=True)
class Case:
    alert: str
    says: str
    series: Series
    fires: Mapping[str, str] | None  # with these labels; None: with none
    after: str  # the start
    step: str = "15s"  # of the samples, and of the evaluation
    window: str = ""  # only this one of the alerts of the same name

    alone: bool = False  # other cases' series would matter

    def __str__(self) -> str:
        return f"{self.alert} {self.window}: {self.says}"


def labels_of(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def series(name: str, labels: Mapping[str, str], **more: str) -> str:
    return name + labels_of({**labels, **more})


def test_of(cases: Sequence[Case]) -> dict[str, Any]:
    """One of promtool's tests. Each case has a job of its own, so that they can share it: starting one takes longer than a case."""
    inputs, expressions = [], []
    for number, case in enumerate(cases):
        job = "baton" if case.alone else f"case-{number}"
        asked = {"alertname": case.alert, "alertstate": "firing", **({} if case.alone else {"job": job})}
        fired = {**asked, **(case.fires or {}), "job": job}
        inputs += [{"series": name.replace('job="baton"', f'job="{job}"'), "values": values} for name, values in case.series.items()]
        expressions.append({
            # With another window's label there would be two.
            "expr": "ALERTS" + labels_of(asked | ({"window": case.window} if case.window else {})),
            "eval_time": case.after,
            "exp_samples": [] if case.fires is None else [{"labels": "ALERTS" + labels_of(fired), "value": 1}],
        })  # fmt: skip
    return {"name": f"{cases[0]} and others", "interval": cases[0].step, "input_series": inputs, "promql_expr_test": expressions}


def promtool_file(rules: Path, groups: Sequence[str], cases: Sequence[Case]) -> str:
    """What promtool reads (JSON is YAML) to try cases that all have the same step."""
    tests = [test_of([case]) for case in cases if case.alone]
    shared = [case for case in cases if not case.alone]
    return json.dumps({
        "rule_files": [str(rules)],
        "evaluation_interval": cases[0].step,
        # promtool would take them in any order, and figures of the minute before are other figures.
        "group_eval_order": list(groups),
        "tests": tests + ([test_of(shared)] if shared else []),
    })  # fmt: skip


# --- The GIL


def gil_held(share: float) -> Series:
    return {series("cpython_gil_held_seconds_total", MAIN): f"0+{share * 15}x80"}


SATURATED = {**MAIN, "severity": "ticket"}
GIL_SATURATED = [
    Case("GilSaturated", "92 %", gil_held(0.92), SATURATED, "16m"),
    Case("GilSaturated", "88 %", gil_held(0.88), None, "19m"),
    Case("GilSaturated", "not for ten minutes yet", gil_held(0.92), None, "14m"),
]


def phases(rate: float = 10, **seconds: float) -> Series:
    """Of each request, by phase."""
    found = {}
    for phase in ("gil_wait", "gil_hold", "lock_wait", "off_gil", "send", "queue"):
        found[series("baton_request_phase_seconds_sum", ROUTE, phase=phase)] = f"0+{30 * rate * seconds.get(phase, 0.0):.9g}x40"
        found[series("baton_request_phase_seconds_count", ROUTE, phase=phase)] = f"0+{30 * rate:g}x40"
    return found


def convoy(says: str, counted: Series, yes: bool, after: str = "") -> Case:
    return Case("GilConvoy", says, counted, {**ROUTE, "severity": "ticket"} if yes else None, after or ("7m" if yes else "15m"), "30s")


GIL_CONVOY = [
    # More wait than work, however much the route needs the GIL itself, if that is not what it does.
    convoy("55 % of wait and work", phases(gil_wait=0.011, gil_hold=0.002, lock_wait=0.001, off_gil=0.006), True),
    convoy("45 %", phases(gil_wait=0.009, gil_hold=0.002, lock_wait=0.001, off_gil=0.008), False),
    convoy("45 % by its own hold", phases(gil_wait=0.009, gil_hold=0.011), False),
    convoy("45 % by waits for locks", phases(gil_wait=0.009, lock_wait=0.011), False),
    convoy("queue and send are no work", phases(gil_wait=0.011, off_gil=0.009, queue=0.2, send=0.2), True),
    convoy("5.5 ms", phases(gil_wait=0.0055, off_gil=0.001), True),
    convoy("4.5 ms", phases(gil_wait=0.0045, off_gil=0.001), False),
    convoy("computes itself, 27 % of the GIL", phases(13.5, gil_wait=0.05, gil_hold=0.02, off_gil=0.01), False),
    convoy("computes itself, 23 % of the GIL", phases(11.5, gil_wait=0.05, gil_hold=0.02, off_gil=0.01), True),
    convoy("55 % of its work is computing", phases(30, gil_wait=0.05, gil_hold=0.011, off_gil=0.009), False),
    convoy("45 % of its work is computing", phases(30, gil_wait=0.05, gil_hold=0.009, off_gil=0.011), True),
    convoy("waits for locks are its work, too", phases(30, gil_wait=0.05, gil_hold=0.009, lock_wait=0.011), True),
    convoy("not for five minutes yet", phases(gil_wait=0.02, off_gil=0.001), False, "4m"),
]


def hold_in_progress(share: float = 1.0, waiters: int = 2, releases: int = 0) -> Series:
    """Of many short ones for five minutes, then of one."""
    return {
        series("cpython_gil_held_seconds_total", MAIN): f"0+1x60 60+{5 * share}x24",
        series("cpython_gil_releases_total", MAIN, reason="voluntary"): f"0+100x60 6000+{releases}x24",
        series("cpython_gil_releases_total", MAIN, reason="forced"): "0+0x84",
        series("cpython_gil_waiters", MAIN): f"0+0x60 {waiters}+0x24",
    }


def holds_that_ended(long: int) -> Series:
    return {
        series("cpython_gil_hold_seconds_count", MAIN): f"0+100x30 {3100 + long}+100x30",
        series("cpython_gil_hold_seconds_bucket", MAIN, le="2.5"): "0+99x60",
        series("cpython_gil_hold_seconds_bucket", MAIN, le="5"): "0+100x30 3100+100x30",
    }


STUCK = {**MAIN, "severity": "page"}
GIL_STUCK = [
    Case("GilStuck", "nobody lets go", hold_in_progress(), STUCK, "6m", "5s"),
    Case("GilStuck", "held for 92 %", hold_in_progress(share=0.92), STUCK, "6m", "5s"),
    Case("GilStuck", "held for 88 %", hold_in_progress(share=0.88), None, "6m", "5s"),
    Case("GilStuck", "nobody in line", hold_in_progress(waiters=0), None, "6m", "5s"),
    Case("GilStuck", "one in line", hold_in_progress(waiters=1), STUCK, "6m", "5s"),
    Case("GilStuck", "somebody has let go", hold_in_progress(releases=1), None, "6m", "5s"),
    Case("GilStuck", "a hold of more than 5 s has ended", holds_that_ended(1), STUCK, "3m", "5s"),
    Case("GilStuck", "only short ones have", holds_that_ended(0), None, "3m", "5s"),
    Case("GilStuck", "it has ended two minutes ago", holds_that_ended(1), None, "5m", "5s"),
]


# --- The server

REJECTED = "baton_requests_rejected_total"


def answered(per_second: float, status: str = "2xx") -> Series:
    return {series("baton_responses_total", AT, **{"class": status}): f"0+{15 * per_second:g}x80"}


def refused(per_second: float, reason: str = "queue_full") -> Series:
    return {series(REJECTED, AT, reason=reason): f"0+0x20 0+{15 * per_second:g}x60"}


NO_CONNECTION = {series(REJECTED, AT, reason="too_many_connections"): "0+0x80"}


def queue(says: str, counted: Series, reason: str | None, after: str = "10m") -> Case:
    fires = None if reason is None else {**AT, "reason": reason, "severity": "page"}
    return Case("QueueRejecting", says, {**NO_CONNECTION, **counted}, fires, after)


def once(at: int, reason: str = "queue_full") -> Series:
    return {series(REJECTED, AT, reason=reason): f"0+0x{at - 1} 1+0x60"}


QUEUE_REJECTING = [
    queue("1.2 %", {**answered(98.8), **answered(1.2, "5xx"), **refused(1.2)}, "queue_full"),
    queue("0.8 %", {**answered(99.2), **answered(0.8, "5xx"), **refused(0.8)}, None),
    queue("waited too long", {**answered(90), **refused(5, "queue_timeout")}, "queue_timeout"),
    queue("a client's nonsense", {**answered(90), **refused(50, "malformed")}, None),
    queue("connections: 1.2 %", {**answered(98.8), **refused(1.2, "too_many_connections")}, "too_many_connections"),
    # They are no requests, so they have to be added to those.
    queue("connections: all", {**answered(0), **refused(1, "too_many_connections")}, "too_many_connections"),
    *(queue(f"one refusal is silent, {minute / 4:g} min later", {**answered(1), **once(24)}, None, f"{6 * 60 + minute * 15}s")
      for minute in range(1, 20)),
    *(queue(f"nor the only request, {minute / 4:g} min later", {**answered(0), **once(24), **{
        series("baton_responses_total", AT, **{"class": "5xx"}): "0+0x23 1+0x60"}}, None, f"{6 * 60 + minute * 15}s")
      for minute in range(1, 20, 4)),
    queue("not for two minutes yet", {**answered(50), **refused(50)}, None, "6m30s"),
    queue("for two minutes and more", {**answered(50), **refused(50)}, "queue_full", "8m"),
]  # fmt: skip


def lag(late: float) -> Series:
    """A share of callbacks between 100 and 250 ms late, the rest in time; 99 % mark is at 100 ms when it is 1 %."""
    def bucket(le: str, share: float) -> tuple[str, str]:
        return series("baton_event_loop_lag_seconds_bucket", MAIN, le=le), f"0+{1000 * share:g}x80"

    return dict((bucket("0.05", 0.5), bucket("0.1", 1 - late), bucket("0.25", 1), bucket("+Inf", 1)))


LATE = {**MAIN, "severity": "ticket"}
EVENT_LOOP_LAG = [
    Case("EventLoopLag", "1.2 % are late", lag(0.012), LATE, "7m"),
    Case("EventLoopLag", "0.8 % are", lag(0.008), None, "15m"),
    Case("EventLoopLag", "not for five minutes yet", lag(0.5), None, "4m"),
    # One of two interpreters, a hundredth of all callbacks: the other's do not hide it.
    Case("EventLoopLag", "one of two loops", {
        **lag(0.5),
        **{name.replace('"main"', '"1"'): "0+100000x80" for name in lag(0)},
    }, LATE, "7m"),
]  # fmt: skip


def loop(active: float, observed: float = 0) -> Series:
    """At work for five minutes, then as said."""
    return {
        series("baton_event_loop_time_seconds_total", MAIN, state="active"): f"0+3x20 60+{15 * active:g}x40",
        series("baton_event_loop_time_seconds_total", MAIN, state="idle"): f"0+12x20 240+{15 * (1 - active):g}x40",
        series("baton_event_loop_lag_seconds_count", MAIN): f"0+50x20 1000+{observed:g}x40",
    }


STANDS = {**MAIN, "severity": "page"}
EVENT_LOOP_STUCK = [
    Case("EventLoopStuck", "nothing has run", loop(1), STANDS, "8m"),
    Case("EventLoopStuck", "97 %", loop(0.97), STANDS, "8m"),
    Case("EventLoopStuck", "93 %", loop(0.93), None, "8m"),
    Case("EventLoopStuck", "idle", loop(0), None, "8m"),
    Case("EventLoopStuck", "full, and callbacks run", loop(1, observed=1), None, "8m"),
    Case("EventLoopStuck", "not for a minute yet", loop(1), None, "6m30s"),
    Case("EventLoopStuck", "the other interpreter's runs", {
        **loop(1), **{name.replace('"main"', '"1"'): values for name, values in loop(0.2, observed=50).items()},
    }, STANDS, "8m"),
]  # fmt: skip


def target(up: str, info: str) -> Series:
    return {series("up", AT): up, series("baton_runtime_info", AT, mode="threads"): info}


ABSENCES = [
    Case("MetricsAbsent", "all is well", target("1+0x80", "1+0x80"), None, "15m"),
    Case("MetricsAbsent", "it does not answer", target("1+0x20 0+0x40", "1+0x20 stale"), {**AT, "severity": "page"}, "7m30s"),
    Case("MetricsAbsent", "not for two minutes yet", target("1+0x20 0+0x40", "1+0x20 stale"), None, "7m"),
    Case("MetricsAbsent", "another answers", {series("up", AT): "1+0x80"}, {**AT, "severity": "page"}, "8m"),
    Case("MetricsAbsent", "there is none", {series("up", {"job": "another"}): "1+0x80"}, {"job": "baton", "severity": "page"}, "8m"),
    Case("MetricsAbsent", "another job's target is down", {
        **target("1+0x80", "1+0x80"), series("up", {"job": "another", "instance": "b:1"}): "0+0x80"}, None, "8m"),
    # The same address under two jobs: the info of the one is none of the other.
    Case("MetricsAbsent", "the other job's info", {
        series("up", AT): "1+0x80", series("baton_runtime_info", {"job": "another", "instance": "a:1"}, mode="threads"): "1+0x80",
    }, {**AT, "severity": "page"}, "8m"),
    Case("MetricsAbsent", "another instance's info", {
        series("up", AT): "1+0x80", series("baton_runtime_info", {"job": "baton", "instance": "b:1"}, mode="threads"): "1+0x80",
    }, {**AT, "severity": "page"}, "8m"),
]  # fmt: skip


# --- Budgets: two windows each, how many times the objective, and how often it is looked at here


@dataclass(frozen=True)
class Burn:
    long: int  # minutes, as is all here
    short: int
    times: float
    severity: str
    wait: int  # `for`
    step: int

    @property
    def name(self) -> str:
        return f"{self.long // 1440}d" if self.long >= 1440 else f"{self.long // 60}h"


BURNS = (
    Burn(60, 5, 14.4, "page", 2, 1),
    Burn(360, 30, 6, "page", 15, 5),
    Burn(1440, 120, 3, "ticket", 60, 30),
    Burn(4320, 360, 1, "ticket", 180, 60),
)


def counters(steps: Iterable[tuple[int, float]]) -> str:
    """A counter that grows by so much in each of so many steps, piece after piece."""
    value, words = 0.0, ["0"]
    for count, each in steps:
        words.append(f"{value + each:.9g}+{each:.9g}x{count - 1}")
        value += count * each
    return " ".join(words)


def errors(pieces: Sequence[tuple[int, float, float]]) -> Series:
    """Pieces of so many steps with so many requests each, of which a share is bad."""
    name = "baton_responses_total"
    return {
        series(name, {"job": "baton", "instance": "a:1"}, **{"class": "2xx"}): counters((n, all_ * (1 - bad)) for n, all_, bad in pieces),
        series(name, {"job": "baton", "instance": "a:1"}, **{"class": "4xx"}): "0",
        series(name, {"job": "baton", "instance": "a:1"}, **{"class": "5xx"}): counters((n, all_ * bad) for n, all_, bad in pieces),
    }


def slow(pieces: Sequence[tuple[int, float, float]]) -> Series:
    name = "http_server_request_duration_seconds"
    return {
        series(f"{name}_bucket", ROUTE, le="0.1"): counters((n, all_ * (1 - bad) / 2) for n, all_, bad in pieces),
        series(f"{name}_bucket", ROUTE, le="0.25"): counters((n, all_ * (1 - bad)) for n, all_, bad in pieces),
        series(f"{name}_bucket", ROUTE, le="0.5"): counters((n, all_) for n, all_, _ in pieces),
        series(f"{name}_count", ROUTE): counters((n, all_) for n, all_, _ in pieces),
    }


def burn_cases(burn: Burn, alert: str, objective: float, made: Any) -> list[Case]:
    long, short = burn.long // burn.step, burn.short // burn.step
    wait = -(-burn.wait // burn.step)
    limit = burn.times * objective
    fires = {"job": "baton", "window": burn.name, "severity": burn.severity}
    many = 1000.0 * burn.step

    def case(says: str, pieces: Sequence[tuple[int, float, float]], yes: bool, steps: int) -> Case:
        return Case(alert, says, made(pieces), fires if yes else None, f"{steps * burn.step}m", f"{burn.step}m", burn.name)

    whole = long + wait + 4
    few = 8 / limit / long  # requests in a step, of which so many are bad that it would be eight in the long window
    # Where the short window is above for longer than `for`, and the long one is not.
    end = short + wait + 2
    before = (0.95 * long - 1.25 * end) / (long - end)
    return [
        case("just above", [(whole, many, 1.05 * limit)], True, whole),
        case("just below", [(whole, many, 0.95 * limit)], False, whole),
        case("the long window is just below", [(whole, many, before * limit), (end, many, 1.25 * limit)], False, whole + end),
        case("the short window is just below", [(long, many, 3 * limit), (end, many, 0.95 * limit)], False, long + end),
        case("the short window is clean", [(long, many, 5 * limit), (end, many, 0)], False, long + end),
        # It becomes true a step behind `long`.
        case("not for long enough yet", [(long, many, 0), (wait + 1, 100 * many, 1)], False, long + wait),
        case("for long enough", [(long, many, 0), (wait + 1, 100 * many, 1)], True, long + wait + 1),
        case("eight are too few", [(whole, 1.05 * few, limit * 1.05)], False, whole),
        case("twelve are enough", [(whole, 1.5 * few, limit * 1.05)], True, whole),
        case("a single one is silent", [(long, few, 0), (1, 1, 1), (short, few, 0)], False, long + 1),
        case("all of few requests", [(whole, 12 / long, 1.0)], True, whole),
    ]


BUDGETS = [
    case
    for alert, objective, made in (("ErrorBudgetBurn", 0.001, errors), ("LatencyBudgetBurn", 0.01, slow))
    for burn in BURNS
    for case in burn_cases(burn, alert, objective, made)
]
CLIENTS_FAULT = [
    Case("ErrorBudgetBurn", "4xx are the client's", {
        name.replace('"5xx"', '"4xx"') if "5xx" in name else name.replace('"4xx"', '"5xx"'): values
        for name, values in errors([(70, 1000, 0.5)]).items()
    }, None, "70m", "1m", "1h"),
    # A second job that is well hides nothing, and two routes are one job.
    Case("ErrorBudgetBurn", "another job is well", {
        **errors([(70, 1000, 0.02)]),
        **{name.replace('job="baton"', 'job="b"'): values for name, values in errors([(70, 100000, 0)]).items()},
    }, {"job": "baton", "window": "1h", "severity": "page"}, "70m", "1m", "1h"),
]  # fmt: skip

METRICS_ABSENT = [replace(case, alone=True) for case in ABSENCES]
CASES: list[Case] = [*GIL_SATURATED, *GIL_CONVOY, *GIL_STUCK, *QUEUE_REJECTING, *EVENT_LOOP_LAG, *EVENT_LOOP_STUCK,
                     *METRICS_ABSENT, *BUDGETS, *CLIENTS_FAULT]  # fmt: skip
