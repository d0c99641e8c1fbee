"""Who holds the GIL, who waits for it, and what more threads, less holding or another mode would give."""

from __future__ import annotations

from boards.common import HELD, HELD_OF_EACH, RESTARTS, gil_utilization, per_core, phases, quantile
from boards.parts import Board, Panel, Query, Row, variables

BY_INFO = 'on (job, instance) group_left (mode) baton_runtime_info{@S, mode=~"$mode"}'


def of_phase(phase: str, by: str = "http_route") -> str:
    return f'sum by ({by}) (rate(@P_sum{{@R, phase="{phase}"}}@I))'


FULL = Row("How full", [
    per_core(8),
    gil_utilization(8),
    Panel("Threads in line", "On average, by interpreter. Exact: the seconds that threads waited per second.", "short",
          [Query("sum by (instance, interpreter) (rate(cpython_gil_waiting_seconds_total{@G}@I))", "{{instance}} {{interpreter}}")],
          width=8),
    Panel("Ceiling", "Requests per second if the fullest GIL were full all the time, with the present mix; and what is served now.",
          "reqps",
          [Query("sum by (instance) (rate(@D_count{@S}@I)) / max by (instance) (" + HELD_OF_EACH + ")", "{{instance}} at most"),
           Query("sum by (instance) (rate(@D_count{@S}@I))", "{{instance}} now")], width=8),
    Panel("Threads of use", "1 + off_gil / gil_hold: so many threads keep one GIL busy. More wait for each other; fewer leave it idle.",
          "short",
          [Query('1 + sum by (instance) (rate(@P_sum{@R, phase="off_gil"}@I))'
                 ' / (sum by (instance) (rate(@P_sum{@R, phase="gil_hold"}@I)) > 0)', "{{instance}}")], width=8),
    Panel("Skew of the interpreters", "The fullest GIL of an instance to the average of all. 1: evenly loaded.", "short",
          [Query(f"max by (instance) ({HELD}) / (avg by (instance) ({HELD}) > 0)", "{{instance}}")], width=8),
])  # fmt: skip

ROUTES = Row("Who holds it, who waits", [
    phases(),
    Panel("Holders", "Seconds of GIL per second and route: the ten that use it most.", "percentunit",
          [Query(f"topk(10, {of_phase('gil_hold')})", "{{http_route}}")], stacked=True),
    Panel("Victims", "The share of a route's time that it waits for the GIL. A convoy: routes that hardly hold it, high up here.",
          "percentunit",
          [Query(f"{of_phase('gil_wait')} / sum by (http_route) (rate(@P_sum{{@R}}@I))", "{{http_route}}")], top=1),
    Panel("Wait for the GIL, p99 by route", "Of whole requests: all their waits together.", "s",
          [Query(quantile(0.99, '@P_bucket{@R, phase="gil_wait"}', "http_route"), "{{http_route}}")]),
    Panel("Who kept whom waiting", "The ten worst pairs, in seconds per second.", "percentunit",
          [Query('topk(10, sum by (waiting_route, holding_route) (rate(baton_gil_blame_seconds_total{@S, waiting_route=~"$route|thread:.*"}@I)))',
                 "{{waiting_route}} waits for {{holding_route}}")]),
    Panel("CPU without the GIL", "CPU seconds per second and route in native code that has let go of it: work that runs in parallel.",
          "percentunit",
          [Query(f"clamp_min(sum by (http_route) (rate(baton_request_cpu_seconds_sum{{@R}}@I)) - {of_phase('gil_hold')}, 0)",
                 "{{http_route}}")]),
    Panel("Routes", "Seconds per request in each phase, and the GIL seconds per second.", "s",
          [Query(f'sum by (http_route) (rate(@P_sum{{@R, phase="{phase}"}}@I)) / sum by (http_route) (rate(@P_count{{@R, phase="{phase}"}}@I))',
                 instant=True) for phase in ("queue", "gil_wait", "gil_hold", "off_gil")]
          + [Query(of_phase("gil_hold"), instant=True)],
          kind="table", width=24,
          columns=[("http_route", "Route"), ("Value #A", "queue"), ("Value #B", "gil_wait"), ("Value #C", "gil_hold"),
                   ("Value #D", "off_gil"), ("Value #E", "GIL seconds per second")],
          units={"GIL seconds per second": "percentunit"}),
])  # fmt: skip

HAND_OVERS = Row("Hand-overs", [
    Panel("Wait of each acquisition", "How many acquisitions waited how long. CPython asks the holder to let go after 5 ms: a band there "
          "is computing code that is asked.", "s",
          [Query("sum by (le) (increase(cpython_gil_acquire_wait_seconds_bucket{@G}@I))", "{{le}}", heatmap=True)], kind="heatmap"),
    Panel("Length of each hold", "How many uninterrupted holds took how long.", "s",
          [Query("sum by (le) (increase(cpython_gil_hold_seconds_bucket{@G}@I))", "{{le}}", heatmap=True)], kind="heatmap"),
    Panel("Acquisition and hold, p99", "By interpreter: 99 of 100 waits, and holds, take no longer.", "s",
          [Query(quantile(0.99, f"cpython_gil_{of}_seconds_bucket{{@G}}", "instance", "interpreter"),
                 "{{instance}} {{interpreter}} " + name) for of, name in (("acquire_wait", "wait"), ("hold", "hold"))]),
    Panel("Hand-overs", "Per second. forced: another thread had asked, so somebody computes in long stretches.", "ops",
          [Query("sum by (reason) (rate(cpython_gil_releases_total{@G}@I))", "{{reason}}")], stacked=True),
    Panel("Holds longer than 10 ms", "Their share of all. Native code that never lets go is the usual cause.", "percentunit",
          [Query('1 - sum by (instance) (rate(cpython_gil_hold_seconds_bucket{@G, le="0.01"}@I))'
                 " / sum by (instance) (rate(cpython_gil_hold_seconds_count{@G}@I))", "{{instance}}")]),
    Panel("Longest hold by route", "The longest uninterrupted one since the start of the server.", "s",
          [Query("topk(10, max by (http_route) (baton_gil_longest_hold_seconds{@S}))", "{{http_route}}")]),
])  # fmt: skip

MODES = Row("Modes beside each other", [
    Panel("Throughput per core by mode", "Requests per CPU-second of all instances of a mode.", "reqps",
          [Query(f"sum by (mode) (sum by (job, instance) (rate(@D_count{{@S}}@I)) * {BY_INFO})"
                 f" / sum by (mode) (sum by (job, instance) (rate(@C{{@S}}@I)) * {BY_INFO})", "{{mode}}")]),
    Panel("p99 by mode", "99 of 100 requests take no longer.", "s",
          [Query(f"histogram_quantile(0.99, sum by (le, mode) (sum by (job, instance, le) (rate(@D_bucket{{@R}}@I)) * {BY_INFO}))",
                 "{{mode}}")]),
    Panel("With a GIL", "1 with a GIL, 0 on a free-threaded build that runs without.", "bool_yes_no",
          [Query("min by (instance, interpreter) (cpython_gil_enabled{@G})", "{{instance}} {{interpreter}}")], kind="stat", height=5),
    Panel("The books balance", "The phases' seconds to the durations'. It has to be 100 %; anything else is a mistake of Baton's.",
          "percentunit", [Query("sum(rate(@P_sum{@S}@I)) / (sum(rate(@D_sum{@S}@I)) > 0)", "phases / durations")],
          kind="stat", height=5, rounded=2, steps=((None, "red"), (0.99, "green"), (1.01, "red"))),
])  # fmt: skip

BOARD = Board(
    "baton-gil", "Baton / GIL", "Who holds the GIL, who waits for it, and how much more it can carry.",
    [FULL, ROUTES, HAND_OVERS, MODES], variables(), annotations=[RESTARTS],
)  # fmt: skip
