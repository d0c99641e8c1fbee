"""The report as text: the table lines up, the JSON has its shape."""

from __future__ import annotations

import json
from typing import Any

from made_up import report

from handlers.experiments.claims import Verdict
from handlers.experiments.table import as_json, markdown, scale_text

NUMBER = (int, float)
MAYBE = (int, float, type(None))
TOP = {
    "version": int, "machine": dict, "python": str, "free_threaded_python": (str, type(None)),
    "baton": (str, type(None)), "n": int, "scale": NUMBER,
    "rounds": int, "warnings": list, "rows": list,
}  # fmt: skip
ROW = {
    "key": str, "group": str, "experiment": str, "claim": str, "published": dict, "verdict": str, "why": str,
    "beside": (str, type(None)), "ratio": MAYBE, "seconds": MAYBE, "cpu_cores": MAYBE, "others_cores": MAYBE, "rounds": list,
}  # fmt: skip
ROUND = {"seconds": NUMBER, "cpu_seconds": NUMBER, "others_cores": NUMBER, "books": (dict, type(None))}
BOOKS = {"held": MAYBE, "waited": MAYBE, "cpu": NUMBER}


def check(value: dict[str, Any], shape: dict[str, Any]) -> None:
    assert value.keys() == shape.keys()
    for key, kind in shape.items():
        assert isinstance(value[key], kind), f"{key} is {value[key]!r}"


def test_the_shape_of_the_json() -> None:
    data = json.loads(json.dumps(as_json(report()), allow_nan=False))
    check(data, TOP)
    assert data["version"] == 1
    check(data["machine"], {"processor": str, "cores": NUMBER})
    keys = [row["key"] for row in data["rows"]]
    assert len(keys) == len(set(keys)) == 11
    for row in data["rows"]:
        check(row, ROW)
        check(row["published"], {"seconds": MAYBE, "cores": MAYBE})
        assert row["verdict"] in set(Verdict)
        assert (row["verdict"] == Verdict.NOT_POSSIBLE) == bool(row["why"])
        assert row["beside"] is None or row["beside"] in keys
        for each in row["rounds"]:
            check(each, ROUND)
            if each["books"] is not None:
                check(each["books"], BOOKS)


def test_what_could_not_be_measured_has_no_numbers() -> None:
    rows = {row["key"]: row for row in as_json(report())["rows"]}
    assert rows["free_local"]["seconds"] is None
    assert rows["free_local"]["rounds"] == []
    assert "./dev python 3.13t" in rows["free_local"]["why"]
    assert rows["countdown_one"]["seconds"] == 4.0


def test_the_table_lines_up() -> None:
    table = [line for line in markdown(report()).splitlines() if line.startswith("|")]
    assert len(table) == 2 + 11
    assert len({len(line) for line in table}) == 1
    # A bar within a cell would be a column of its own.
    assert {line.replace("\\|", "").count("|") for line in table} == {8}


def test_each_row_has_what_was_published_what_was_found_and_what_is_claimed() -> None:
    text = markdown(report())
    row = next(line for line in text.splitlines() if line.startswith("| countdown, two processes"))
    for part in ("4.29 s", "2.10 s", "195 %", "repeated", "0.53 of one thread", "at most 0.80"):
        assert part in row
    assert "1/10 of the published work" in text
    assert "**Others used up to 0.4 cores" in text


def test_the_scale_in_words() -> None:
    assert scale_text(1) == "the published amount of work"
    assert scale_text(0.1) == "1/10 of the published work"
    assert scale_text(0.02) == "1/50 of the published work"
