"""docs/metrics.md and the list of metrics in the source say the same."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
LIST = (ROOT / "server/metrics/list.cpp").read_text(encoding="utf-8")
ENUM = (ROOT / "server/metrics/list.hpp").read_text(encoding="utf-8")


class Metric(NamedTuple):
    type: str
    labels: tuple[str, ...]


def listed() -> dict[str, Metric]:
    entry = re.compile(
        r'\{Metric::\w+,\s*"(?P<name>\w+)",\s*Type::(?P<type>\w+),\s*(?:"[^"]*"\s*)+,\s*\{(?P<labels>[^}]*)\}\}'
    )
    return {
        match["name"]: Metric(match["type"], tuple(re.findall(r'"(\w+)"', match["labels"])))
        for match in entry.finditer(LIST)
    }


def documented() -> dict[str, Metric]:
    row = re.compile(r"^\| `(?P<name>\w+)` \| (?P<type>counter|gauge|histogram) \| (?P<labels>[^|]*)\|", re.MULTILINE)
    return {
        match["name"]: Metric(match["type"], tuple(re.findall(r"`(\w+)`", match["labels"])))
        for match in row.finditer(DOCS)
    }


def queries() -> list[str]:
    return re.findall(r"```promql\n(.*?)```", DOCS, re.DOTALL)


def test_every_entry_of_the_list_is_read() -> None:
    enumeration = re.search(r"enum class Metric \{(.*?)\}", ENUM, re.DOTALL)
    assert enumeration is not None
    assert len(listed()) == len(re.findall(r"\w+", enumeration[1]))


def test_docs_and_list_are_equal() -> None:
    assert documented() == listed()


def test_queries_use_listed_metrics() -> None:
    metrics = listed()
    assert queries()
    for query in queries():
        names = re.findall(r"\b(?:http_server|baton|cpython|process)_\w+", query)
        assert names, query
        for name in names:
            base = re.sub(r"_(?:count|sum|bucket)$", "", name)
            assert name in metrics or metrics[base].type == "histogram", f"{name} in {query}"


def test_reasons_states_and_phases_are_documented() -> None:
    recorder = (ROOT / "server/metrics/recorder.hpp").read_text(encoding="utf-8")
    phases = (ROOT / "server/metrics/phases.hpp").read_text(encoding="utf-8")
    clocks = (ROOT / "server/metrics/thread_clocks.hpp").read_text(encoding="utf-8")
    for source, array in ((recorder, "kRejectionNames"), (phases, "kPhaseNames"), (clocks, "kRoleNames")):
        values = re.search(array + r" = \{(.*?)\}", source, re.DOTALL)
        assert values is not None, array
        for value in re.findall(r'"(\w+)"', values[1]):
            assert f"`{value}`" in DOCS, f"{array}: {value}"
