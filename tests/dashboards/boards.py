"""The committed dashboards and rules, as the tests look at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "dashboards" / "grafana"
PROMETHEUS = ROOT / "dashboards" / "prometheus"
FILES = sorted(GRAFANA.glob("*.json"))
METRIC = re.compile(r"\b(?:http_server|baton|cpython|process)_\w+\b")
MACRO = re.compile(r"\$(?:__\w+|\{\w+\}|\w+)")


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that are asked of Prometheus."""
    return [one for one in board["templating"]["list"] if one["type"] == "query"]


@dataclass(frozen=True)
class Target:
    board: str
    panel: str  # its title, or an annotation's name
    expr: str

    def __str__(self) -> str:
        return f"{self.board}/{self.panel}: {self.expr}"


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Without the rows' headings."""
    yield from (panel for panel in board["panels"] if panel["type"] != "row")


def annotation_queries() -> list[Target]:
    return [Target(load(path)["uid"], one["name"], one["expr"]) for path in FILES for one in load(path)["annotations"]["list"]]


def label_queries() -> list[tuple[Target, str, str]]:
    """Of each variable: its name in place of a panel's title, the selector and the label."""
    found = []
    for path in FILES:
        board = load(path)
        for one in variables(board):
            query = one["query"]["query"]
            assert query == one["definition"], one["name"]
            asked = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
            assert asked, query
            found.append((Target(board["uid"], one["name"], query), asked[1], asked[2]))
    return found


def targets() -> list[Target]:
    """Every query of every panel."""
    found = []
    for path in FILES:
        board = load(path)
        for panel in panels(board):
            found += [Target(board["uid"], panel["title"], target["expr"]) for target in panel["targets"]]
    return found


def substituted(expr: str, interval: str) -> str:
    """As Grafana asks when All is chosen everywhere."""

    def value(match: re.Match[str]) -> str:
        return interval if match[0].startswith("$__") else ".+"

    return MACRO.sub(value, expr)


@dataclass(frozen=True)
class Rule:
    name: str
    expr: str
    alert: bool
    labels: dict[str, str]
    annotations: dict[str, str]


def rules(data: Any) -> list[Rule]:
    """Of the answer of a Prometheus that has loaded them: no YAML reader is needed for it."""
    return [
        Rule(rule["name"], rule["query"], rule["type"] == "alerting", rule.get("labels") or {}, rule.get("annotations") or {})
        for group in data["groups"]
        for rule in group["rules"]
    ]
