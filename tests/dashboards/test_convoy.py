"""The convoy, in the figures of the dashboards: there under CPython's own rules, gone under Baton's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from boards import substituted, targets
from harness.load import LOAD
from harness.server import BINARY
from watched import free_address

from dashboards.demo.phases import PHASES
from dashboards.demo.stage import Plan, Stage

pytestmark = pytest.mark.usefixtures("prometheus_is_here")

CONVOY = next(phase for phase in PHASES if phase.name == "convoy")
SECONDS = 10.0
ROUTE = "/io/sleep"


def panel(title: str) -> str:
    return next(one.expr for one in targets() if (one.board, one.panel) == ("baton-gil", title))


@dataclass(frozen=True)
class Wait:
    """For the GIL, of a route that hardly needs it, beside four connections that compute."""

    share: float  # of its time: the panel Victims
    seconds: float  # per request: the column gil_wait of the panel Routes


def wait_under(policy: str, folder: Path) -> Wait:
    folder.mkdir()
    at = [free_address() for _ in range(4)]
    plan = Plan(BINARY.parent, at[0], at[1], at[2], at[3], policy, rate=60, phase=SECONDS, seconds=SECONDS)
    with Stage(plan, folder) as stage:
        stage.perform(lambda phase: None, [CONVOY])
        now = time.time()

        def of_the_route(expr: str) -> float:
            found = stage.prometheus.api("query", query=substituted(expr, "6s"), time=now)["result"]
            return next(float(one["value"][1]) for one in found if one["metric"]["http_route"] == ROUTE)

        waits = next(one.expr for one in targets() if one.panel == "Routes" and 'phase="gil_wait"' in one.expr)
        return Wait(of_the_route(panel("Victims")), of_the_route(waits))


def test_it_comes_and_goes_with_the_policy(tmp_path: Path) -> None:
    if BINARY.with_name("baton-load") != LOAD:
        pytest.skip("baton and baton-load are not in one folder")
    under_cpython = wait_under("cpython", tmp_path / "cpython")
    under_latency = wait_under("latency", tmp_path / "latency")
    assert under_cpython.share > 0.5 and under_cpython.seconds > 0.005, "more than a switch interval"
    # It is forty times on two cores that others use, too.
    assert under_cpython.seconds > 8 * under_latency.seconds, (under_cpython, under_latency)
    assert under_latency.share < 0.5 * under_cpython.share, (under_cpython, under_latency)
