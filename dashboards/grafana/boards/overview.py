"""Is all well? Rate, errors and durations, what is full, and what runs where."""

from __future__ import annotations

from boards.common import (
    HELD_OF_EACH,
    PER_CORE,
    RESTARTS,
    SATURATED,
    gil_utilization,
    per_core,
    phases,
    quantile,
    quantiles,
)
from boards.parts import Board, Panel, Query, Row, variables

ALL = 'sum(rate(@D_count{@R}@I))'
FAILED = '(sum(rate(@D_count{@R, http_response_status_code=~"5.."}@I)) or vector(0))'


def stat(title: str, description: str, unit: str, expr: str, **more: object) -> Panel:
    return Panel(title, description, unit, [Query(expr, title)], kind="stat", width=4, height=4, **more)  # type: ignore[arg-type]


NOW = Row("Now", [
    stat("Throughput of one core", "Requests per second of CPU time, over all instances.", "reqps",
         "sum(rate(@D_count{@S}@I)) / sum(rate(@C{@S}@I))"),
    stat("Requests", "Answered per second, on the chosen routes.", "reqps", ALL),
    stat("Failed", "The share of answers with a status of 500 or above.", "percentunit", f"{FAILED} / ({ALL} > 0)",
         steps=((None, "green"), (0.001, "yellow"), (0.01, "red")), rounded=2),
    stat("p99", "99 of 100 requests take no longer.", "s",
         quantile(0.99, "@D_bucket{@R}")),
    stat("Fullest GIL", "Of all interpreters that are chosen.", "percentunit",
         f"max({HELD_OF_EACH})", steps=SATURATED, rounded=0),
    stat("Waiting in the queue", "Requests without a thread or an event loop.", "short", "sum(baton_queue_length{@S})",
         steps=((None, "green"), (10, "yellow"), (100, "red"))),
])  # fmt: skip

TRAFFIC = Row("Throughput", [
    per_core(),
    Panel("Requests by route", "Answered per second.", "reqps",
          [Query("sum by (http_route) (rate(@D_count{@R}@I))", "{{http_route}}")], stacked=True),
    Panel("Answers by status", "Per second. 5xx is the server's fault, 4xx the client's.", "reqps",
          [Query("sum by (http_response_status_code) (rate(@D_count{@R}@I))", "{{http_response_status_code}}")], stacked=True),
    Panel("Failed by route", "The share of answers with a status of 500 or above.", "percentunit",
          [Query('sum by (http_route) (rate(@D_count{@R, http_response_status_code=~"5.."}@I))'
                 " / sum by (http_route) (rate(@D_count{@R}@I))", "{{http_route}}")], top=1),
])  # fmt: skip

DURATION = Row("Duration", [
    Panel("Duration", "From the complete request head to the last byte of the response; over all chosen routes.", "s",
          quantiles("@D_bucket{@R}", of=(0.5, 0.9, 0.99))),
    Panel("p99 by route", "99 of 100 requests of the route take no longer.", "s",
          [Query(quantile(0.99, "@D_bucket{@R}", "http_route"), "{{http_route}}")]),
    phases(),
    Panel("Distribution of durations", "How many requests took how long; two bands are two kinds of requests.", "s",
          [Query("sum by (le) (increase(@D_bucket{@R}@I))", "{{le}}", heatmap=True)], kind="heatmap"),
])  # fmt: skip

FULL = Row("What is full", [
    gil_utilization(),
    Panel("In flight and in the queue", "Requests that have begun and not ended; those of them that wait for a thread or a loop.",
          "short", [Query("sum by (instance) (http_server_active_requests{@S})", "{{instance}} in flight"),
                    Query("sum by (instance) (baton_queue_length{@S})", "{{instance}} queue")]),
    Panel("Refused by the server", "Per second and reason: queue_full and queue_timeout mean more work than is served.", "reqps",
          [Query("sum by (reason) (rate(baton_requests_rejected_total{@S}@I))", "{{reason}}")]),
    Panel("Error budget", "How many times faster than allowed errors are made (objective: 99.9 %); above 14 a month's budget is "
          "gone in two days.", "short",
          [Query(f'job:http_server_requests_errors:ratio_rate{window}{{job=~"$job"}} / 0.001', f"{{{{job}}}} over {window}")
           for window in ("5m", "1h", "6h")], steps=((None, "transparent"), (14.4, "red"))),
])  # fmt: skip

WHAT_RUNS = Row("What runs", [
    Panel("Instances", "What each runs, and the throughput of one core of each. A click on an instance leads to its live page.", "reqps",
          [Query("(" + PER_CORE + ") * on (instance) group_right () baton_runtime_info{@S, mode=~\"$mode\"}", instant=True)],
          kind="table", width=24, height=6,
          columns=[("instance", "Instance"), ("version", "Version"), ("python_version", "Python"), ("mode", "Mode"),
                   ("interface", "Interface"), ("gil_policy", "GIL policy"), ("Value", "Requests per CPU-second")]),
])  # fmt: skip

BOARD = Board(
    "baton-overview", "Baton / Overview", "Is all well, and if not: where to look. Throughput per core first.",
    [NOW, TRAFFIC, DURATION, FULL, WHAT_RUNS], variables(), annotations=[RESTARTS],
)  # fmt: skip
