"""Every query of every panel and rule, asked of a real Prometheus that has watched a real server under load."""

from __future__ import annotations

import math
import re

import pytest
from boards import METRIC, PROMETHEUS, Target, rules, substituted, targets
from dashboards.demo.children import Failure
from dashboards.demo.monitor import Prometheus
from watched import RENAMED, SECONDS, Scene

WINDOW = "5s"  # what Grafana makes of $__rate_interval when a scrape comes every second, and one more
# Queries that may have nothing to say, and why.
MAY_BE_EMPTY: dict[str, str] = {}
SELECTOR = re.compile(r"(?:\w+:\w+:\w+|(?:http_server|baton|cpython|process)_\w+|\bup)(?:\{[^}]*\})?")


def trouble(prometheus: Prometheus, expr: str, begin: float, end: float) -> str:
    """Why a query is of no use; empty when it gives finite numbers."""
    try:
        result = prometheus.api("query_range", query=expr, start=begin, end=end, step=1)["result"]
    except Failure as failure:
        return str(failure)
    if not result:
        return "no series"
    values = [float(value) for series in result for _, value in series["values"]]
    if any(map(math.isinf, values)):
        return "an infinite value"
    return "" if any(map(math.isfinite, values)) else "no number"


def check(prometheus: Prometheus, asked: list[Target], scene: Scene) -> dict[Target, str]:
    found = {one: trouble(prometheus, substituted(one.expr, WINDOW), scene.begin, scene.end) for one in asked}
    return {one: why for one, why in found.items() if why and one.expr not in MAY_BE_EMPTY}


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
    wrong = {rule.name: why for rule in recorded if (why := trouble(scene.prometheus, rule.name, scene.begin, scene.end))}
    assert wrong == {}


def test_every_alert_asks_for_what_there_is(scene: Scene) -> None:
    """An alert is silent when all is well, so it is its parts that have to be there."""
    alerts = [rule for rule in rules(scene.prometheus.api("rules")) if rule.alert]
    wrong = {}
    for rule in alerts:
        selectors = set(SELECTOR.findall(rule.expr))
        assert selectors, rule.name
        for selector in selectors:
            if why := trouble(scene.prometheus, selector, scene.begin, scene.end):
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


# --- And they tell the truth


def panel(board: str, title: str, part: str = "") -> str:
    found = [one.expr for one in targets() if one.board == board and one.panel == title and part in one.expr]
    assert len(found) == 1, (board, title, found)
    return found[0]


def over_the_run(scene: Scene, expr: str) -> float:
    """The panel's query over the steady part of the run, at once."""
    return scene.prometheus.value(f"avg_over_time(({substituted(expr, WINDOW)})[{SECONDS - 6}s:1s])", time=scene.end - 1)


def at_the_end(scene: Scene, selector: str) -> float:
    """The sum of these counters when all was over; a scrape that a busy machine has missed is no matter."""
    return scene.prometheus.value(f"sum(last_over_time({selector}[1m]))", time=scene.last)


def test_the_rate_is_the_generators_own(scene: Scene) -> None:
    totals = scene.report["totals"]
    rate = totals["answered"] / SECONDS
    ended = over_the_run(scene, panel("baton-load-test", "Offered and answered", "baton_load_requests_total"))
    served = over_the_run(scene, panel("baton-load-test", "Offered and answered", "http_server"))
    assert ended == pytest.approx(rate, rel=0.1)
    assert served == pytest.approx(rate, rel=0.1)
    assert over_the_run(scene, panel("baton-overview", "Requests")) == pytest.approx(rate, rel=0.1)


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


def bucket_of(bounds: list[float], value: float) -> tuple[float, float]:
    below = max((bound for bound in bounds if bound < value), default=0.0)
    return below, min((bound for bound in bounds if bound >= value), default=math.inf)


def test_quantiles_are_in_the_bucket_of_the_generators(scene: Scene) -> None:
    name = "/io/sleep"
    mine = next(one for one in scene.report["endpoints"] if one["name"] == name)["response"]["p90"]
    series = scene.prometheus.api("query", query=f'baton_load_response_seconds_bucket{{endpoint="{name}"}}', time=scene.last)["result"]
    bounds = sorted(float(one["metric"]["le"]) for one in series)
    below, above = bucket_of([bound for bound in bounds if math.isfinite(bound)], mine)
    quantile = f'histogram_quantile(0.9, sum by (le) (baton_load_response_seconds_bucket{{endpoint="{name}"}}))'
    theirs = scene.prometheus.value(quantile, time=scene.last)
    assert below <= theirs <= above


def test_the_phases_add_up(scene: Scene) -> None:
    """When all is over, to the nanosecond; a scrape in the middle may have one a request ahead."""
    phases = at_the_end(scene, "baton_request_phase_seconds_sum")
    assert phases == pytest.approx(at_the_end(scene, "http_server_request_duration_seconds_sum"), rel=1e-6)
    assert over_the_run(scene, panel("baton-gil", "The books balance")) == pytest.approx(1.0, abs=0.1)


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
