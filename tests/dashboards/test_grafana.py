"""The committed dashboards are what the generator writes, and keep the rules of Grafana's dashboard linter."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boards import FILES, GRAFANA, ROOT, load, panels, variables
from units import dimension

# Of Grafana's list of units, those in use here (a wrong one is shown as text behind the number), and what each is made of:
# seconds, bytes.
UNITS = {
    "reqps": (-1, 0), "ops": (-1, 0), "s": (1, 0), "bytes": (0, 1), "Bps": (-1, 1),
    "percentunit": (0, 0), "short": (0, 0), "bool_yes_no": (0, 0),
}  # fmt: skip
COUNTER = re.compile(r"\w+_(?:total|count|sum|bucket)\b(?=\{)")
AGGREGATED = re.compile(r"\b(?:sum|avg|max|min|topk|count)\b")

all_boards = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def expressions(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in panels(board) for target in panel["targets"]]


def test_the_committed_are_the_generated(tmp_path: Path) -> None:
    subprocess.run(["/usr/bin/python3", GRAFANA / "generate.py", "--into", tmp_path], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in tmp_path.glob("*.json")}
    assert made == {path.name: path.read_text() for path in FILES}, "run dashboards/grafana/generate.py"


def test_there_are_four() -> None:
    assert {load(path)["uid"] for path in FILES} == {"baton-overview", "baton-gil", "baton-runtime", "baton-load-test"}
    assert [path.stem for path in FILES] == sorted(load(path)["uid"] for path in FILES)


@all_boards
def test_the_data_source_is_a_variable(path: Path) -> None:
    board = load(path)
    first = board["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    for holder in [*panels(board), *(t for p in panels(board) for t in p["targets"]), *board["annotations"]["list"],
                   *variables(board)]:  # fmt: skip
        assert holder["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@all_boards
def test_variables_follow_the_time_range_and_are_used(path: Path) -> None:
    board = load(path)
    names = [one["name"] for one in board["templating"]["list"]]
    assert {"datasource", "job", "mode", "instance", "route", "interpreter"} <= set(names)
    text = path.read_text()
    for one in variables(board):
        assert one["label"] and one["refresh"] == 2 and one["multi"] and one["includeAll"], one["name"]
        # Instances are narrowed down by the mode, so All means those that are left: the linter would have `.+`.
        assert one["allValue"] == (None if one["name"] == "instance" else ".+"), one["name"]
        assert f'${one["name"]}\\"' in text or f'${one["name"]}|' in text, f"{one['name']} is used nowhere"
    used = set(re.findall(r'=~\\"\$(\w+)', text))
    assert used <= set(names)


@all_boards
def test_panels_say_what_they_are(path: Path) -> None:
    board = load(path)
    seen = list(panels(board))
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len({panel["title"] for panel in seen}) == len(seen)
    for panel in seen:
        assert panel["title"] and len(panel["description"]) > 15, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["targets"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@all_boards
def test_units_are_those_of_the_queries(path: Path) -> None:
    for panel in panels(load(path)):
        config = panel["fieldConfig"]
        unit = config["defaults"]["unit"]
        if panel["type"] == "heatmap":  # of buckets, whose bounds are the axis
            assert unit == "s" and "_seconds_bucket{" in panel["targets"][0]["expr"], panel["title"]
            continue
        renamed = {new: old for one in panel["transformations"] for old, new in one["options"].get("renameByName", {}).items()}
        others = {renamed[each["matcher"]["options"]]: one["value"]
                  for each in config["overrides"] for one in each["properties"] if one["id"] == "unit"}  # fmt: skip
        for target in panel["targets"]:
            here = others.get(f"Value #{target['refId']}", unit)
            assert dimension(target["expr"]) == UNITS[here], f"{panel['title']}: {here} of {target['expr']}"


@pytest.mark.parametrize(
    ("expr", "made_of"),
    [
        ("sum by (a) (rate(x_requests_total{a=~\"b\"}[5m]))", (-1, 0)),
        ("rate(x_seconds_sum[5m]) / (rate(x_seconds_count[5m]) > 0)", (1, 0)),
        ("1 - rate(x_seconds_bucket{le=\"5\"}[5m]) / ignoring (le) rate(x_seconds_count[5m])", (0, 0)),
        ("histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))", (1, 0)),
        ("topk(3, max by (a) (x_bytes{}))", (0, 1)),
        ("sum(rate(x_bytes_total[5m]))", (-1, 1)),
        ("time() - x_time_seconds{}", (1, 0)),
    ],
)
def test_the_units_of_queries_are_found(expr: str, made_of: tuple[int, int]) -> None:
    assert dimension(expr) == made_of


@pytest.mark.parametrize("expr", ["time() - rate(x_seconds_total[5m])", "x_bytes{} + x_seconds{}"])
def test_what_does_not_go_together_is_noticed(expr: str) -> None:
    with pytest.raises(ValueError, match="do not go together"):
        dimension(expr)


@all_boards
def test_throughput_per_core_comes_first(path: Path) -> None:
    first = next(panels(load(path)))
    assert "process_cpu_seconds_total" in first["targets"][0]["expr"], first["title"]


@all_boards
def test_panels_do_not_overlap(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in load(path)["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} on {taken.get((x, y))}"
                taken[x, y] = panel["title"]


@all_boards
def test_queries_select_job_and_instance(path: Path) -> None:
    for expr in expressions(load(path)):
        for name, selector in re.findall(r"([\w:]+)\{([^}]*)\}", expr):
            assert 'job=~"$job"' in selector, expr
            # What is recorded for a whole job has no instance, so this one panel breaks a rule of the linter.
            assert 'instance=~"$instance"' in selector or name.startswith("job:http_server_requests_errors:"), expr
        assert not re.search(r"\b(?:http_server|baton|cpython|process)_\w+\b(?![{\w:])(?![^{]*\})", re.sub(r"\w+:\w+:\w+", "", expr)), expr


@all_boards
def test_windows_are_grafanas(path: Path) -> None:
    for expr in expressions(load(path)):
        assert set(re.findall(r"\[([^\]]*)\]", expr)) <= {"$__rate_interval"}, expr
        for function in ("rate", "increase"):
            assert expr.count(f"{function}(") <= expr.count("[$__rate_interval]"), expr


@all_boards
def test_counters_are_rates_and_aggregated(path: Path) -> None:
    for expr in expressions(load(path)):
        for found in COUNTER.finditer(expr):
            assert re.search(r"(?:rate|increase)\($", expr[: found.start()]), f"{found[0]} without a rate in {expr}"
            assert AGGREGATED.search(expr[: found.start()]), expr


@all_boards
def test_braces_and_brackets_are_closed(path: Path) -> None:
    for expr in expressions(load(path)):
        assert all(expr.count(a) == expr.count(b) for a, b in ("()", "{}", "[]")), expr
        assert "@" not in expr


@all_boards
def test_nobody_edits_them_in_the_browser(path: Path) -> None:
    board = load(path)
    assert board["editable"] is False
    assert board["graphTooltip"] == 1
    assert board["id"] is None
    assert "allowUiUpdates: false" in (GRAFANA / "provisioning" / "dashboards" / "baton.yaml").read_text()


@all_boards
def test_they_lead_to_each_other_and_to_the_live_page(path: Path) -> None:
    board = load(path)
    links = {link["type"]: link for link in board["links"]}
    assert links["dashboards"]["tags"] == board["tags"] == ["baton"]
    assert links["dashboards"]["includeVars"] and links["dashboards"]["keepTime"]
    assert links["link"]["url"] == "${live_page:raw}/"
    for panel in panels(board):
        config = panel["fieldConfig"]
        properties = [one for each in config["overrides"] for one in each["properties"]]
        for links in (config["defaults"]["links"], *(one["value"] for one in properties if one["id"] == "links")):
            urls = [link["url"] for link in links]
            assert not urls or (urls[0] == "${live_page:raw}/" and re.fullmatch(r"http://\$\{__\w+(\.\w+)+\}/", urls[1])), panel["title"]
    assert path.read_text().count("${live_page:raw}/") >= 2


@all_boards
def test_the_live_page_is_where_a_browser_finds_it(path: Path) -> None:
    """Not at the address that Prometheus scrapes, which is one of the containers' network."""
    [one] = [one for one in load(path)["templating"]["list"] if one["name"] == "live_page"]
    assert one["type"] == "textbox" and one["label"] == "Live page"
    address = re.fullmatch(r"http://localhost:(\d+)", one["query"])
    assert address and {one["current"]["value"], *(option["value"] for option in one["options"])} == {one["query"]}
    assert f'"127.0.0.1:{address[1]}:9180"' in (ROOT / "docker" / "compose.yaml").read_text()


def test_provisioning_names_the_variable_and_the_folder() -> None:
    source = (GRAFANA / "provisioning" / "datasources" / "prometheus.yaml").read_text()
    assert re.search(r"type: prometheus\n", source) and "editable: false" in source
