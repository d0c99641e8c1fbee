"""The Compose file and what it mounts: valid, complete, and the same on both sides of each seam."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def mounts(service: str) -> dict[str, Path]:
    """By the place inside; everything is mounted read-only."""
    found = {}
    for volume in SERVICES[service].get("volumes", []):
        outside, inside, how = volume.split(":")
        assert how == "ro", volume
        found[inside] = (DOCKER / outside).resolve()
    return found


def test_it_is_what_the_specification_says() -> None:
    schema = json.loads((Path(__file__).parent / "schema" / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_a_wrong_file_would_be_found() -> None:
    schema = json.loads((Path(__file__).parent / "schema" / "compose-spec.json").read_text())
    wrong = {**COMPOSE, "services": {**SERVICES, "grafana": {**SERVICES["grafana"], "prots": []}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate(wrong)


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES:
        for outside in mounts(service).values():
            assert outside.exists(), outside


def test_all_ports_are_published_on_loopback() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_images_have_a_version() -> None:
    for name, service in SERVICES.items():
        assert service["image"] == "baton" or re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name


def test_prometheus_scrapes_the_services_that_there_are() -> None:
    folder = mounts("prometheus")["/etc/prometheus/targets"]
    for file in folder.glob("*.json"):
        for group in json.loads(file.read_text()):
            for target in group["targets"]:
                host, _, port = target.partition(":")
                assert host in SERVICES, target
                assert port in ("9180", "9191")


def test_the_same_targets_are_named_as_outside() -> None:
    """prometheus.yml reads targets/NAME.json; both folders have to have them all."""
    wanted = set(re.findall(r"targets/([\w-]+\.json)", (ROOT / "dashboards/prometheus/prometheus.yml").read_text()))
    assert wanted
    assert {file.name for file in (DOCKER / "prometheus/targets").glob("*.json")} == wanted


def test_grafana_finds_every_dashboard() -> None:
    provider = yaml.safe_load((ROOT / "dashboards/grafana/provisioning/dashboards/baton.yaml").read_text())
    folder = provider["providers"][0]["options"]["path"]
    mounted = {inside.rpartition("/")[2] for inside in mounts("grafana") if inside.startswith(folder + "/")}
    assert mounted == {file.name for file in (ROOT / "dashboards/grafana").glob("*.json")}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in mounts("grafana")


def test_grafana_asks_the_prometheus_that_there_is() -> None:
    source = yaml.safe_load((ROOT / "dashboards/grafana/provisioning/datasources/prometheus.yaml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert "prometheus" in SERVICES


def test_a_drain_has_the_time_it_may_take() -> None:
    options = (ROOT / "docs/configuration.md").read_text()
    drain = re.search(r"--drain-timeout[^\n]*?(\d+)", options)
    assert drain, "the default is not in docs/configuration.md"
    assert int(SERVICES["baton"]["stop_grace_period"].rstrip("s")) > int(drain[1])


def test_promtool_accepts_what_is_mounted(tmp_path: Path) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool (Debian's package prometheus) is not there")
    for inside, outside in mounts("prometheus").items():
        target = tmp_path / Path(inside).name
        (shutil.copytree if outside.is_dir() else shutil.copy)(outside, target)
    done = subprocess.run(["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
