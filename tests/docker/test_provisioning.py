"""What Grafana reads at its start, against small schemas of what it knows: it passes over a misspelt key in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).resolve().parents[2]
PROVISIONING = ROOT / "dashboards" / "grafana" / "provisioning"
FILES = sorted(PROVISIONING.glob("*/*"))


def check(kind: str, text: str) -> None:
    schema = json.loads((Path(__file__).parent / "schema" / f"grafana-{kind}.json").read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(text))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.parent.name)
def test_it_is_what_grafana_reads(file: Path) -> None:
    assert file.suffix == ".yaml", "Grafana reads no others"
    check(file.parent.name, file.read_text())


def test_there_are_both() -> None:
    assert {file.parent.name for file in FILES} == {"dashboards", "datasources"}


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("dashboards", "type: file", "type: fole"),
        ("dashboards", "apiVersion: 1", "apiVersion: 7"),
        ("dashboards", "allowUiUpdates", "allowUIUpdates"),
        ("dashboards", "path: /", "paths: /"),
        ("datasources", "access: proxy", "acces: prxoy"),
        ("datasources", "access: proxy", "access: prxoy"),
        ("datasources", "apiVersion: 1", "apiVersion: 7"),
        ("datasources", "type: prometheus", "type: promtheus"),
        ("datasources", "timeInterval: 5s", "timeIntervall: 5s"),
        ("datasources", "httpMethod: POST", "httpMethod: PSOT"),
    ],
)
def test_a_mistake_would_be_found(kind: str, old: str, new: str) -> None:
    [file] = [file for file in FILES if file.parent.name == kind]
    text = file.read_text()
    assert old in text
    with pytest.raises(jsonschema.ValidationError):
        check(kind, text.replace(old, new))
