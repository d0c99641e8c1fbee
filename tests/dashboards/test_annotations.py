"""When the dashboards' annotations mark something: by promtool, second by second."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from boards import annotation_queries, substituted
from rule_files import promtool

RUN = '{job="baton-load",instance="l:1"}'
SERVER = '{job="baton",instance="a:1"}'
# The run is there from second 10 to second 70; behind it nobody is there, or one who says that it is over.
ENDS = {"at once": "_x10 1+0x60 stale", "with --linger": "_x10 1+0x60 0+0x60"}


def expression(name: str) -> str:
    [one] = {one.expr for one in annotation_queries() if one.panel == name}
    return substituted(one, "20s")


def marked(folder: Path, series: str, values: str, expr: str, expected: dict[int, int]) -> None:
    """At which seconds (key) there have to be how many series (value)."""
    asked = [
        {"expr": f"count({expr}) or vector(0)", "eval_time": f"{at}s", "exp_samples": [{"labels": "{}", "value": count}]}
        for at, count in expected.items()
    ]
    test = {"interval": "1s", "input_series": [{"series": series, "values": values}], "promql_expr_test": asked}
    file = folder / "annotations.json"
    file.write_text(json.dumps({"evaluation_interval": "1s", "tests": [test]}))
    ended = promtool("test", "rules", file)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("end", ENDS)
def test_a_run_begins(tmp_path: Path, end: str) -> None:
    marked(tmp_path, f"baton_load_running{RUN}", ENDS[end], expression("Run begins"), {9: 0, 11: 1, 18: 1, 21: 0, 60: 0, 75: 0, 90: 0})


@pytest.mark.parametrize("end", ENDS)
def test_a_run_ends(tmp_path: Path, end: str) -> None:
    marked(tmp_path, f"baton_load_running{RUN}", ENDS[end], expression("Run ends"), {9: 0, 11: 0, 60: 0, 70: 0, 72: 1, 79: 1, 82: 0, 100: 0})


def test_a_server_is_started_again(tmp_path: Path) -> None:
    marked(tmp_path, f"process_start_time_seconds{SERVER}", "100+0x60 161+0x60", expression("Restarts"), {30: 0, 60: 0, 62: 1, 75: 1, 90: 0})


def test_there_are_no_others() -> None:
    assert {one.panel for one in annotation_queries()} == {"Run begins", "Run ends", "Restarts"}
