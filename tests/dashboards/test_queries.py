"""Every query of every panel and rule, asked of a real Prometheus that has watched a real server under load."""

from __future__ import annotations

import math
import re
import time

import pytest
from boards import METRIC, PROMETHEUS, Target, annotation_queries, label_queries, rules, substituted, targets
from watched import RENAMED, SECONDS, Scene

from dashboards.demo.children import Failure
from dashboards.demo.monitor import Prometheus

WINDOW = "5s"  # what Grafana makes of $__rate_interval when a scrape comes every second, and one more
# What may be zero all the time, and why. Everything else has to move in this scene.
MAY_BE_ZERO = {"baton_load_blocked_seconds_sum": "a connection was always free"}
SELECTOR = re.compile(r"(?:\w+:\w+:\w+|(?:http_server|baton|cpython|process)_\w+|\bup)(?:\{[^}]*\})?")


def trouble(prometheus: Prometheus, expr: str, begin: float, end: float, zero: bool = False) -> str:
    """Why a query is of no use; empty when it gives finite numbers, and not nothing but zeros unless it may."""
    try:
        result = prometheus.api("query_range", query=expr, start=begin, end=end, step=1)["result"]
    except Failure as failure:
        return str(failure)
    if not result:
        return "no series"
    values = [float(value) for series in result for _, value in series["values"]]
    if any(map(math.isinf, values)):
        return "an infinite value"
    finite = list(filter(math.isfinite, values))
    if not finite:
        return "no number"
    return "" if zero or any(finite) else "nothing but zeros"


def check(prometheus: Prometheus, asked: list[Target], scene: Scene) -> dict[Target, str]:
    found = {
        one: trouble(prometheus, substituted(one.expr, WINDOW), scene.begin, scene.end, any(name in one.expr for name in MAY_BE_ZERO))
        for one in asked
    }
    return {one: why for one, why in found.items() if why}


def test_every_panel_shows_something(scene: Scene) -> None:
    asked = targets()
    assert len(asked) > 60
    wrong = check(scene.prometheus, asked, scene)
    assert not wrong, "\n".join(f"{one}: {why}" for one, why in wrong.items())


def test_a_renamed_metric_is_noticed(scene: Scene) -> None:
    """What the check is worth: with one metric under another name, exactly the panels that ask for it are wrong."""
    asked = targets()
    wrong = {one for one in check(scene.mutant, asked, scene) if RENAMED in one.expr}
    assert wrong == {one for one in asked if RENAMED in one.expr} != set()
    assert not {one for one in check(scene.mutant, asked, scene) if RENAMED not in one.expr}


def test_every_recording_rule_records(scene: Scene) -> None:
    recorded = [rule for rule in rules(scene.prometheus.api("rules")) if not rule.alert]
    assert len(recorded) == (PROMETHEUS / "rules" / "recording.yml").read_text().count("- record:") > 15
    wrong = {rule.name: why for rule in recorded if (why := trouble(scene.prometheus, rule.name, scene.begin, scene.end, True))}
    assert wrong == {}


def test_every_alert_asks_for_what_there_is(scene: Scene) -> None:
    """An alert is silent when all is well, so it is its parts that have to be there."""
    alerts = [rule for rule in rules(scene.prometheus.api("rules")) if rule.alert]
    wrong = {}
    for rule in alerts:
        selectors = set(SELECTOR.findall(rule.expr))
        assert selectors, rule.name
        for selector in selectors:
            if why := trouble(scene.prometheus, selector, scene.begin, scene.end, True):
                wrong[f"{rule.name}: {selector}"] = why
    assert wrong == {}


def test_every_rule_is_evaluated_without_an_error(scene: Scene) -> None:
    unwell = {
        rule["name"]: rule.get("lastError")
        for group in scene.prometheus.api("rules")["groups"]
        for rule in group["rules"]
        if rule["health"] != "ok"
    }
    assert unwell == {}


def test_every_variable_has_values(scene: Scene) -> None:
    """As Grafana asks for them: the series that a selector finds, and their labels."""
    expected = {
        "job": {"baton"}, "mode": {"mixed"}, "instance": {scene.server.admin}, "interpreter": {"main"},
        "route": {"/hello", "/io/sleep", "/asgi/io/sleep"}, "endpoint": {"/hello", "/io/sleep", "/asgi/echo"},
    }  # fmt: skip
    for one, selector, label in label_queries():
        asked: dict[str, str | float] = {"match[]": substituted(selector, WINDOW), "start": scene.begin, "end": scene.last}
        series = scene.prometheus.api("series", **asked)
        values = {each[label] for each in series if label in each}
        assert values >= expected[one.panel], one
        if one.board == "baton-load-test" and one.panel in ("job", "instance"):
            assert len(values) == len(expected[one.panel]) + 1, f"{one}: the generator's own is missing"


def marks(scene: Scene, name: str) -> list[float]:
    """When an annotation has a value, second by second."""
    [one] = {each.expr for each in annotation_queries() if each.panel == name}
    end = scene.last + 3
    while time.time() < end:
        time.sleep(0.1)
    found = scene.prometheus.api("query_range", query=substituted(one, WINDOW), start=scene.begin, end=end, step=1)["result"]
    return [float(at) for series in found for at, _ in series["values"]]


def test_annotations_mark_what_has_happened(scene: Scene) -> None:
    begin, end = marks(scene, "Run begins"), marks(scene, "Run ends")
    # The generator is scraped within a second or two of its start, and is there for ten seconds until it was there before.
    assert begin and scene.middle - 2 <= min(begin) <= scene.middle + 6 and max(begin) - min(begin) <= 12
    assert end and max(begin) < min(end) and min(end) >= scene.end - 4
    assert marks(scene, "Restarts") == []  # there was none; test_annotations.py has one


# --- And they tell the truth


def panel(board: str, title: str, part: str = "") -> str:
    found = [one.expr for one in targets() if one.board == board and one.panel == title and part in one.expr]
    assert len(found) == 1, (board, title, found)
    return found[0]


def over_the_run(scene: Scene, expr: str) -> float:
    """The panel's query, with the measured run as its window, a second at each end left out."""
    return scene.prometheus.value(substituted(expr, f"{SECONDS - 2}s"), time=scene.end - 1)


def counted(scene: Scene, expr: str, by: str) -> dict[str, float]:
    """By a label, how many a panel's rate has been about in all: the window begins before the run and ends behind it.

    What is missing is what a series had when it was first scraped, a second's worth.
    """
    window = math.ceil(scene.last - scene.begin) + 5
    found = scene.prometheus.api("query", query=substituted(expr, f"{window}s"), time=scene.last)["result"]
    return {one["metric"][by]: float(one["value"][1]) * window for one in found if float(one["value"][1]) > 0}


def at_the_end(scene: Scene, selector: str) -> float:
    """The sum of these counters when all was over; a scrape that a busy machine has missed is no matter."""
    return scene.prometheus.value(f"sum(last_over_time({selector}[1m]))", time=scene.last)


def about(counts: dict[str, float]) -> object:
    """Close enough to tell which is which: a second or two of the run may be missing, and Prometheus extrapolates."""
    return pytest.approx(counts, rel=0.15, abs=6)


def test_the_rate_is_the_generators_own(scene: Scene) -> None:
    rate = scene.report["totals"]["answered"] / SECONDS
    ended = over_the_run(scene, panel("baton-load-test", "Offered and answered", "baton_load_requests_total"))
    served = over_the_run(scene, panel("baton-load-test", "Offered and answered", "http_server"))
    assert ended == pytest.approx(rate, rel=0.15)
    assert served == pytest.approx(rate, rel=0.15)
    assert over_the_run(scene, panel("baton-overview", "Requests")) == pytest.approx(rate, rel=0.15)
    failed = over_the_run(scene, panel("baton-load-test", "Offered and answered", "baton_load_errors_total"))
    due = over_the_run(scene, panel("baton-load-test", "Offered and answered", "baton_load_due_total"))
    assert failed / due == pytest.approx(scene.report["totals"]["error_share"], rel=0.4)


@pytest.mark.parametrize("board", ["baton-overview", "baton-gil", "baton-runtime", "baton-load-test"])
def test_throughput_per_core_is_the_reports(scene: Scene, board: str) -> None:
    """It is of the server's own counters, so both have it from the same place and the same seconds."""
    per_core = over_the_run(scene, panel(board, "Throughput per core"))
    assert per_core == pytest.approx(scene.report["server"]["requests_per_cpu_second"], rel=0.2)


@pytest.mark.parametrize("board", ["baton-overview", "baton-gil", "baton-load-test"])
def test_the_gils_utilization_is_the_reports(scene: Scene, board: str) -> None:
    server = scene.report["server"]
    [gil] = server["gils"]
    assert over_the_run(scene, panel(board, "GIL utilization")) == pytest.approx(gil["held"] / server["wall"], rel=0.2, abs=0.02)


def test_answers_by_endpoint_status_and_failure_are_the_generators(scene: Scene) -> None:
    totals = scene.report["totals"]
    endpoints = {one["name"]: one["answered"] for one in scene.report["endpoints"]}
    assert counted(scene, panel("baton-load-test", "By endpoint"), "endpoint") == about(endpoints)
    statuses = counted(scene, panel("baton-load-test", "Answers by status"), "http_response_status_code")
    failures = counted(scene, panel("baton-load-test", "Failures"), "failure")
    # A busy machine has others, too (503: the queue was full), in series that begin with what they have.
    for found, told, regular in ((statuses, totals["statuses"], ("200", "502")), (failures, totals["failures"], ("unexpected",))):
        assert {one: found[one] for one in regular} == about({one: told[one] for one in regular})
        assert set(found) <= {one for one, count in told.items() if count}


def test_routes_of_the_server_are_the_reports(scene: Scene) -> None:
    """In the measured seconds: the crowd before asked for one of them, too."""
    window = SECONDS - 2
    asked = substituted(panel("baton-overview", "Requests by route"), f"{window}s")
    found = {one["metric"]["http_route"]: float(one["value"][1]) * SECONDS
             for one in scene.prometheus.api("query", query=asked, time=scene.end - 1)["result"]}  # fmt: skip
    wanted = {one["name"]: one["requests"] for one in scene.report["server"]["routes"] if one["requests"] > 20}
    assert len(wanted) > 5
    assert {route: found[route] for route in wanted} == pytest.approx(wanted, rel=0.3, abs=10)


def test_counts_are_the_generators_own(scene: Scene) -> None:
    """Counters lose nothing, so these are equal."""
    totals = scene.report["totals"]
    assert at_the_end(scene, "baton_load_due_total") == totals["due"]
    assert at_the_end(scene, "baton_load_errors_total") == totals["errors"] > 0
    assert at_the_end(scene, "baton_load_response_seconds_count") == totals["response"]["n"]
    for endpoint in scene.report["endpoints"]:
        assert at_the_end(scene, f'baton_load_requests_total{{endpoint="{endpoint["name"]}"}}') == endpoint["answered"]


def test_the_servers_counts_are_the_generators(scene: Scene) -> None:
    """Of a route that only the measured run asked for, its warm-up included."""
    hello = next(one for one in scene.report["endpoints"] if one["name"] == "/hello")
    served = at_the_end(scene, 'http_server_request_duration_seconds_count{http_route="/hello"}')
    assert hello["answered"] <= served <= hello["answered"] + 60


def test_answers_by_class_are_all_answers(scene: Scene) -> None:
    """The counter that is there from the start, and the histogram's series that come and go."""
    name = "http_server_request_duration_seconds_count"
    for first in "12345":
        one = at_the_end(scene, f'baton_responses_total{{class="{first}xx"}}')
        other = scene.prometheus.value(f'sum(last_over_time({name}{{http_response_status_code=~"{first}.."}}[1m])) or vector(0)', time=scene.last)
        assert one == other
    assert at_the_end(scene, 'baton_responses_total{class="5xx"}') > 0


def lowest(cell: int) -> float:
    """Of a cell of the report's histograms, in seconds: docs/load_reports.md."""
    doublings = max(cell // 1024 - 1, 0)
    return ((cell - doublings * 1024) << (doublings + 6)) / 1e9


def sample(cells: list[list[int]], number: int) -> float:
    """The so many-th smallest."""
    for cell, count in cells:
        number -= count
        if number <= 0:
            return lowest(cell)
    return lowest(cells[-1][0] + 1)


def buckets_around(bounds: list[float], below: float, above: float) -> tuple[float, float]:
    return max((bound for bound in bounds if bound < below), default=0.0), min((bound for bound in bounds if bound >= above), default=math.inf)


@pytest.mark.parametrize("q", [0.5, 0.99])
@pytest.mark.parametrize("row", ["response", "service"])
def test_quantiles_are_in_the_bucket_of_the_reports(scene: Scene, row: str, q: float) -> None:
    """Of the run in all; the sample beside it may be in the next bucket."""
    mine = scene.report["totals"][row]
    assert mine[f"p{q * 100:g}"] is not None
    series = scene.prometheus.api("query", query=f"baton_load_{row}_seconds_bucket", time=scene.last)["result"]
    bounds = sorted(bound for bound in {float(one["metric"]["le"]) for one in series} if math.isfinite(bound))
    cells = mine["histogram"]["cells"]
    ranks = [max(1, min(mine["n"], round(q * mine["n"]) + beside)) for beside in (-2, 2)]
    below, above = buckets_around(bounds, *(sample(cells, rank) for rank in ranks))
    window = f"{math.ceil(scene.last - scene.begin) + 5}s"
    asked = panel("baton-load-test", "From due and from sent", f"histogram_quantile({q}, sum by (le) (rate(baton_load_{row}")
    theirs = scene.prometheus.value(substituted(asked, window), time=scene.last)
    assert below <= theirs <= above


def test_the_phases_add_up(scene: Scene) -> None:
    """When all is over, to the nanosecond; a scrape in the middle may have one a request ahead."""
    phases = at_the_end(scene, "baton_request_phase_seconds_sum")
    assert phases == pytest.approx(at_the_end(scene, "http_server_request_duration_seconds_sum"), rel=1e-6)
    assert over_the_run(scene, panel("baton-gil", "The books balance")) == pytest.approx(1.0, abs=0.05)


def test_errors_are_seen_where_they_were_made(scene: Scene) -> None:
    statuses = scene.report["totals"]["statuses"]
    wrong = at_the_end(scene, 'http_server_request_duration_seconds_count{http_response_status_code="502"}')
    assert statuses["502"] <= wrong <= statuses["502"] + 60
    refused = at_the_end(scene, 'baton_requests_rejected_total{reason="queue_full"}')
    assert refused > 0


def test_names_are_of_the_documentation() -> None:
    known = set()
    for file in ("metrics.md", "load_metrics.md"):
        known |= set(re.findall(r"^\| `(\w+)`", (PROMETHEUS.parents[1] / "docs" / file).read_text(), re.MULTILINE))
    for one in targets():
        for name in METRIC.findall(re.sub(r"\w+:\w+:\w+", "", one.expr)):
            assert name in known or re.sub(r"_(count|sum|bucket)$", "", name) in known, str(one)
