"""What baton-load shows: reports against their schema and in a browser, the live view in a pipe and on a terminal."""

from __future__ import annotations

import copy
import json
import os
import pty
import struct
import subprocess
import termios
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from harness.chromium import open_page, write_page
from harness.load import LIMIT_SECONDS, LOAD, Done, Target, baton_load
from harness.server import usual_environment

SCHEMA = Path(__file__).parents[2] / "docs" / "load_report.schema.json"


@dataclass
class Reports:
    done: Done
    document: dict[str, Any]
    html: Path


def measure(folder: Path, *arguments: str) -> Reports:
    with Target() as target:
        done = baton_load(
            "run", "--json", str(folder / "run.json"), "--html", str(folder / "run.html"), "--duration", "3",
            *arguments, target.url + "/a", target.url + "/b?status=404",
        )  # fmt: skip
    assert done.status in (0, 4), done.err
    return Reports(done, json.loads((folder / "run.json").read_text()), folder / "run.html")


@pytest.fixture(scope="module", params=["open", "closed"])
def reports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reports:
    model = ["--rate", "400"] if request.param == "open" else ["--connections", "4"]
    return measure(tmp_path_factory.mktemp(request.param), *model)


def strict(schema: Any) -> Any:
    """The schema, in which nothing is allowed that it does not describe: what is written has to be documented."""
    schema = copy.deepcopy(schema)
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "properties" in node and "object" in str(node.get("type")):
                node.setdefault("additionalProperties", False)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return schema


def test_the_document_is_as_its_schema_says(reports: Reports) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(strict(schema))
    assert [error.message for error in validator.iter_errors(reports.document)] == []
    broken = copy.deepcopy(reports.document)
    broken["totals"]["response"]["n"] = "many"
    broken["totals"]["undocumented"] = 1
    assert len(list(validator.iter_errors(broken))) == 2, "the schema has to be able to say no"


def lowest(cell: int) -> int:
    """As docs/load_reports.md has it."""
    doublings = max(cell // 1024 - 1, 0)
    return (cell - doublings * 1024) << (doublings + 6)


def test_the_percentiles_can_be_had_from_the_cells(reports: Reports) -> None:
    service = reports.document["totals"]["service"]
    cells = service["histogram"]["cells"]
    assert sum(count for _, count in cells) == service["n"] > 0
    seen = 0
    for cell, count in cells:  # noqa: B007 - the last one is looked at below
        seen += count
        if seen >= service["n"] / 2:
            break
    assert lowest(cell) <= service["p50"] * 1e9 < lowest(cell + 1)
    assert lowest(cells[0][0]) <= service["histogram"]["least_ns"] < lowest(cells[0][0] + 1)


def test_the_page_is_drawn_without_a_complaint(reports: Reports) -> None:
    seen = open_page(reports.html.as_uri())
    assert seen.console == []
    # The percentiles, and over time: rate, latency, in flight, status codes, CPU.
    assert seen.dom.count("<canvas") == 6


def test_a_complaint_would_have_been_seen(tmp_path: Path) -> None:
    seen = open_page(write_page(tmp_path, "<script>nowhere()</script>"))
    assert "nowhere" in "".join(seen.console)


def test_a_pipe_gets_a_line_a_second_and_no_escapes(reports: Reports) -> None:
    lines = [line for line in reports.done.err.splitlines() if "/s answered" in line]
    assert len(lines) == 3, reports.done.err
    assert "\x1b" not in reports.done.out + reports.done.err


def on_a_terminal(*arguments: str, columns: int, **variables: str) -> str:
    """What goes to a terminal of this width."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**usual_environment(), "TERM": "xterm", "LC_ALL": "C.UTF-8", **variables}
    with Target() as target, subprocess.Popen(
        [str(LOAD), "run", "--duration", "2", *arguments, target.url],
        env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    ) as running:  # fmt: skip
        os.close(theirs)
        written = b""
        try:
            while block := os.read(ours, 65536):
                written += block
        except OSError:  # the other side is closed
            pass
        os.close(ours)
        assert running.wait(LIMIT_SECONDS) in (0, 4)
    return written.decode()


def test_a_terminal_gets_a_screen_and_its_cursor_back() -> None:
    written = on_a_terminal("--rate", "100", columns=100)
    assert "measuring" in written and "a column for each second" in written
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1
    closing = written[written.rindex("\x1b[?25h") :]
    assert "response time (from due)" in closing, "the report comes when the screen has been taken away"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_colours_only_where_they_are_wanted(variables: dict[str, str]) -> None:
    written = on_a_terminal("--connections", "1", columns=80, **variables)
    assert "\x1b[1m" not in written and "\x1b[32m" not in written
    if "TERM" in variables:
        assert "\x1b" not in written
