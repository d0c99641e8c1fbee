"""Recording and alerting rules: what promtool says of them, and that each alert can fire, can be silent and is explained."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from boards import PROMETHEUS, ROOT
from rule_cases import CASES
from rule_files import ALERTS, alone, cases_of, changed, promtool, run, yaml
from rule_mutants import MUTANTS

HERE = Path(__file__).resolve().parent
TEXT_TESTS = sorted((HERE / "rules").glob("*.yml"))
PAGE = (ROOT / "docs" / "alerts.md").read_text()


def passes(*arguments: str | Path) -> str:
    ended = promtool(*arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_the_rules_are_rules() -> None:
    passes("check", "rules", *sorted((PROMETHEUS / "rules").glob("*.yml")))


def test_the_configuration_is_one() -> None:
    assert "2 rule files found" in passes("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", TEXT_TESTS, ids=lambda path: path.stem)
def test_alerts_say_what_they_are_to_say(file: Path) -> None:
    passes("test", "rules", file)


def test_the_text_of_each_alert_is_tested() -> None:
    found = {
        f"{one['alertname']} {fired['exp_labels'].get('window', '')}".strip()
        for file in TEXT_TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for one in test.get("alert_rule_test", ())
        for fired in one["exp_alerts"]
    }
    assert found == set(ALERTS)


@pytest.mark.parametrize("key", ALERTS)
def test_each_alert_fires_and_is_silent_as_its_cases_say(key: str, tmp_path: Path) -> None:
    cases = cases_of(key)
    assert {case.fires is None for case in cases} == {True, False}, "it has to fire in one case and be silent in another"
    ended = run(tmp_path, alone(key), cases)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_case_is_of_an_alert() -> None:
    assert {f"{case.alert} {case.window}".strip() for case in CASES} == set(ALERTS)


def survives(key: str, old: str, new: str, folder: Path) -> str:
    """Why a change to the rules is not noticed; empty when it is."""
    rules = alone(key)
    # Durations and labels are the whole of a text, all else is a part of an expression.
    whole = re.fullmatch(r"\d+[smhd]|page|ticket", old)
    mutant = changed(rules, lambda text: (new if text == old else text) if whole else text.replace(old, new))
    if mutant == rules:
        return f"{key}: there is no {old!r}"
    folder.mkdir()
    ended = run(folder, mutant, cases_of(key))
    if "error parsing" in (said := ended.stdout + ended.stderr) or "parse error" in said:
        return f"{key}: {new!r} instead of {old!r} is no rule: {said}"
    return "" if ended.returncode else f"{key}: nobody notices {new!r} instead of {old!r}"


def test_the_cases_notice_every_mutant(tmp_path: Path) -> None:
    assert set(MUTANTS) == set(ALERTS)
    mutants = [(key, old, new) for key, changes in MUTANTS.items() for old, new in changes]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(survives, *zip(*mutants, strict=True), (tmp_path / str(number) for number in range(len(mutants))))
    assert [why for why in found if why] == []


@pytest.mark.parametrize("key", ALERTS)
def test_each_alert_says_what_to_do(key: str) -> None:
    alert = ALERTS[key]
    for annotation in ("summary", "description", "action"):
        assert len(alert["annotations"][annotation]) > 20, annotation
    assert alert["annotations"]["docs"] == f"docs/alerts.md#{alert['alert'].lower()}"
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert re.search(rf"^## {alert['alert']}$", PAGE, re.MULTILINE)
