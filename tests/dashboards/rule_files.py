"""The committed rules as data, and promtool on one of them alone with its cases."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boards import PROMETHEUS
from harness.required import lacking
from rule_cases import CASES, Case, promtool_file

yaml = pytest.importorskip("yaml")

ALERTS_FILE = PROMETHEUS / "rules" / "alerts.yml"
RECORDING_FILE = PROMETHEUS / "rules" / "recording.yml"


def rules_of(path: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def key_of(alert: dict[str, Any]) -> str:
    """There are several of one name, for windows of their own."""
    return f"{alert['alert']} {alert['labels'].get('window', '')}".strip()


ALERTS = {key_of(rule): rule for rule in rules_of(ALERTS_FILE)}
RECORDINGS = {rule["record"]: rule for rule in rules_of(RECORDING_FILE)}


def cases_of(key: str) -> list[Case]:
    """Those that ask for this window, or for all of the name."""
    name, _, window = key.partition(" ")
    return [case for case in CASES if case.alert == name and case.window == window]


def alone(key: str) -> list[list[dict[str, Any]]]:
    """The recording rules that an alert rests on, and the alert: evaluated in this order."""
    needed = dict.fromkeys(re.findall(r"\w+:\w+:\w+", ALERTS[key]["expr"]))
    return [[RECORDINGS[name] for name in needed], [ALERTS[key]]]


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """With every text below replaced."""
    if isinstance(value, dict):
        return {name: changed(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def run(folder: Path, rules: list[list[dict[str, Any]]], cases: list[Case]) -> subprocess.CompletedProcess[str]:
    """promtool over these rules and cases; the rules' groups are evaluated one after the other."""
    file = folder / "rules.json"
    groups = {f"group-{number}": each for number, each in enumerate(rules) if each}
    file.write_text(json.dumps({"groups": [{"name": name, "rules": each} for name, each in groups.items()]}))
    steps = sorted({case.step for case in cases})
    tests = [folder / f"cases-{step}.json" for step in steps]
    for step, test in zip(steps, tests, strict=True):
        test.write_text(promtool_file(file, list(groups), [case for case in cases if case.step == step]))
    return promtool("test", "rules", *tests)


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("promtool") is None:
        lacking("no promtool here (apt-get install prometheus): the rules have not been checked")
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120)
