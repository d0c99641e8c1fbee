"""The convoy, in the figures of the dashboards: there under CPython's own rules, gone under Baton's."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from boards import substituted, targets
from dashboards.demo.phases import PHASES
from dashboards.demo.stage import Plan, Stage
from harness.load import LOAD
from harness.server import BINARY
from watched import free_address

pytestmark = pytest.mark.usefixtures("prometheus_is_here")

CONVOY = next(phase for phase in PHASES if phase.name == "convoy")
SECONDS = 10.0


def victims() -> str:
    """The panel's query: the share of a route's time in which it waits for the GIL."""
    return next(one.expr for one in targets() if (one.board, one.panel) == ("baton-gil", "Victims"))


def share_of_waiting(policy: str, folder: Path) -> float:
    """Of /io/sleep, beside four connections that compute."""
    folder.mkdir()
    at = [free_address() for _ in range(4)]
    plan = Plan(BINARY.parent, at[0], at[1], at[2], at[3], policy, rate=60, phase=SECONDS, seconds=SECONDS)
    with Stage(plan, folder) as stage:
        stage.perform(lambda phase: None, [CONVOY])
        query = substituted(victims(), "4s")
        found = stage.prometheus.api("query", query=query, time=time.time())["result"]
        shares = {one["metric"]["http_route"]: float(one["value"][1]) for one in found}
        return shares["/io/sleep"]


def test_it_comes_and_goes_with_the_policy(tmp_path: Path) -> None:
    if BINARY.with_name("baton-load") != LOAD:
        pytest.skip("baton and baton-load are not in one folder")
    under_cpython = share_of_waiting("cpython", tmp_path / "cpython")
    under_latency = share_of_waiting("latency", tmp_path / "latency")
    assert under_cpython > 0.5
    assert under_cpython > 2 * under_latency
