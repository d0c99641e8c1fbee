"""Recording and alerting rules: what promtool says of them, and that each alert can fire, can be silent and is explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from boards import PROMETHEUS, ROOT
from harness.required import lacking

HERE = Path(__file__).resolve().parent
ALERTS = (PROMETHEUS / "rules" / "alerts.yml").read_text()
NAMES = sorted(set(re.findall(r"- alert: (\w+)", ALERTS)))
UNIT_TESTS = sorted((HERE / "rules").glob("*.yml"))
PAGE = (ROOT / "docs" / "alerts.md").read_text()


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        lacking("no promtool here (apt-get install prometheus): the rules have not been checked")
    ended = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_the_rules_are_rules() -> None:
    promtool("check", "rules", *sorted((PROMETHEUS / "rules").glob("*.yml")))


def test_the_configuration_is_one() -> None:
    assert "2 rule files found" in promtool("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", UNIT_TESTS, ids=lambda path: path.stem)
def test_rules_do_what_they_say(file: Path) -> None:
    promtool("test", "rules", file)


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    """The unit tests can fail: with another threshold in a rule they do."""
    shutil.copytree(PROMETHEUS / "rules", tmp_path / "rules")
    alerts = tmp_path / "rules" / "alerts.yml"
    alerts.write_text(ALERTS.replace("ratio_rate5m > 0.9", "ratio_rate5m > 0.999"))
    test = tmp_path / "gil.yml"
    test.write_text((HERE / "rules" / "gil.yml").read_text().replace("../../../dashboards/prometheus/", ""))
    if shutil.which("promtool") is None:
        lacking("no promtool here (apt-get install prometheus): no rule has been broken on purpose")
    ended = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "GilSaturated" in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_is_tested_both_ways(name: str) -> None:
    text = "\n".join(file.read_text() for file in UNIT_TESTS)
    cases = re.findall(rf"alertname: {name}\n(?:\s+#.*\n)*\s+exp_alerts: ?(\[\])?", text)
    assert "[]" in cases and "" in cases, f"{name} has to fire in one test and be silent in another"


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_says_what_to_do(name: str) -> None:
    for block in re.split(r"- alert: ", ALERTS)[1:]:
        if not block.startswith(name + "\n"):
            continue
        for annotation in ("summary", "description", "action"):
            assert re.search(rf'{annotation}: ".{{20,}}"', block), annotation
        assert f"docs: docs/alerts.md#{name.lower()}\n" in block
        assert re.search(r"severity: (page|ticket)", block)
    assert f"\n## {name}\n" in PAGE
