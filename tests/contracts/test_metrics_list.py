"""The one list of metrics, its documentation and a live scrape say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.prometheus import Scrape
from harness.server import REPOSITORY, Server

# `{Metric::name,` starts an entry: then the name, the type, the help text, and the labels in braces.
ENTRY = re.compile(
    r'\{Metric::\w+,\s*"(?P<name>[a-z0-9_]+)",\s*Type::(?P<type>\w+),\s*(?P<help>(?:"(?:[^"\\]|\\.)*"\s*)+),'
    r"\s*\{(?P<labels>[^}]*)\}"
)


# Of what this server does not have, there is nothing to say.
ABSENT_ON_THREADS = {"baton_event_loop_lag_seconds", "baton_event_loop_time_seconds_total"}


@pytest.fixture(scope="module")
def listed() -> dict[str, tuple[str, set[str]]]:
    """Type and labels by name, from the source."""
    text = (REPOSITORY / "server" / "metrics" / "list.cpp").read_text()
    found = {e["name"]: (e["type"], set(re.findall(r'"(\w+)"', e["labels"]))) for e in ENTRY.finditer(text)}
    assert len(found) == len(re.findall(r"\{Metric::", text)) >= 20
    return found


@pytest.fixture(scope="module")
def scrape() -> Iterator[Scrape]:
    """After traffic of every kind, refusals included."""
    with Server("work:app", "--threads", "2") as running:
        for target in ("/", "/compute?s=0.05", "/sleep?s=0.01", "/lock?s=0.01"):
            assert running.get(target).status == 200
        with running.client() as client:
            client.send(b"nonsense\r\n\r\n")
            assert client.response().status == 400
        yield Scrape(running.metrics())


def test_the_list_and_a_scrape_have_the_same_names(listed, scrape: Scrape) -> None:
    assert set(listed) >= ABSENT_ON_THREADS
    assert set(scrape.families) == set(listed) - ABSENT_ON_THREADS


def test_types_and_labels_are_as_listed(listed, scrape: Scrape) -> None:
    for name, family in scrape.families.items():
        kind, labels = listed[name]
        assert family.type == kind, name
        assert family.help, name
        for _, given, _ in family.samples:
            assert set(given) - {"le"} == labels, (name, given)


def test_counters_and_units_are_named_as_such(listed) -> None:
    for name, (kind, _) in listed.items():
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|microseconds|kb|kilobytes)\b", name), name


def test_histograms_are_whole(scrape: Scrape) -> None:
    for family in scrape.families.values():
        if family.type != "histogram":
            continue
        series: dict[frozenset, list[tuple[float, float]]] = {}
        for sample, labels, value in family.samples:
            if sample.endswith("_bucket"):
                key = frozenset((k, v) for k, v in labels.items() if k != "le")
                series.setdefault(key, []).append((float(labels["le"]), value))
        assert series, family.name
        for key, buckets in series.items():
            bounds, counts = zip(*buckets, strict=True)
            assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf"), family.name
            assert list(counts) == sorted(counts), family.name
            assert counts[-1] == scrape.total(family.name + "_count", **dict(key)), family.name


def test_the_documentation_has_the_same_names(listed) -> None:
    text = (REPOSITORY / "docs" / "metrics.md").read_text()
    assert [name for name in listed if f"`{name}`" not in text] == []
