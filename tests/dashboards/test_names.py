"""What docs, alerts and the demo send people to is there: panels by their titles, and addresses of the admin port."""

from __future__ import annotations

import re

import pytest
from boards import FILES, ROOT, load, panels
from rule_files import ALERTS

from dashboards.demo.phases import PHASES

PANELS = {load(path)["title"].removeprefix("Baton / "): {panel["title"] for panel in panels(load(path))} for path in FILES}
TITLES = set().union(*PANELS.values())
# What is in italics in these pages and no panel.
NO_PANEL = {"Dashboards / New / Import", "Live page", "All", "of the container"}
PAGES = ("alerts.md", "dashboards.md", "docker.md")
ADMIN = set(re.findall(r'^    \{"(/[\w.]*)", "', (ROOT / "server" / "admin" / "pages.cpp").read_text(), re.MULTILINE))
FOLDERS = {"/tmp", "/app", "/venv"}


@pytest.mark.parametrize("page", PAGES)
def test_panels_that_docs_name_are_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    assert named - NO_PANEL - {rule["alert"] for rule in ALERTS.values()} <= TITLES
    assert not re.findall(r'"[^"\n]+" on the \w+ dashboard', text), "titles are in italics"


@pytest.mark.parametrize("key", ALERTS)
def test_panels_that_alerts_name_are_there(key: str) -> None:
    for text in ALERTS[key]["annotations"].values():
        named = re.findall(r"dashboard ([\w ]+?) / ([^),]+)", text)
        assert len(named) == text.count("dashboard "), text
        for board, title in named:
            assert title in PANELS[board], text


def test_panels_that_the_demo_names_are_there() -> None:
    for phase in PHASES:
        board, _, rest = phase.look.partition(" / ")
        for title in rest.partition(";")[0].split(", "):
            assert title in PANELS[board], phase.look


def test_addresses_are_the_servers() -> None:
    assert len(ADMIN) > 8
    texts = {page: (ROOT / "docs" / page).read_text() for page in PAGES}
    named = {f"{page} {path}" for page, text in texts.items() for path in re.findall(r"`(/[a-z.]+)`", text) if path not in FOLDERS}
    named |= {f"{key} {path}" for key, rule in ALERTS.items() for text in rule["annotations"].values()
              for path in re.findall(r"(?<!\S)(/[a-z.]+)", text)}  # fmt: skip
    assert {"alerts.md /livez", "docker.md /readyz", "MetricsAbsent /livez"} <= named
    assert {one for one in named if one.partition(" ")[2].split()[-1] not in ADMIN} == set()
