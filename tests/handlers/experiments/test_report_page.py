"""The page and its plots: well-formed, with all that they show, and nothing that would have to be fetched."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

import pytest
from made_up import report

from handlers.experiments.page import html
from handlers.experiments.svg import LABEL, WIDTH, Bar, Group, bars

SVG = "{http://www.w3.org/2000/svg}"


def plot(*groups: Group) -> xml.Element:
    return xml.fromstring(bars("A <title> & more", groups))


def test_a_plot_is_well_formed_whatever_it_is_called() -> None:
    root = plot(Group('<a> & "b"', (Bar("here", 1.0, "<1>"),)))
    assert root.tag == f"{SVG}svg"
    words = [element.text for element in root.iter(f"{SVG}text")]
    assert words == ["A <title> & more", '<a> & "b"', "<1>"]
    assert root.get("aria-label") == "A <title> & more"


def test_lengths_are_in_proportion() -> None:
    root = plot(Group("a", (Bar("here", 2.0, "2"), Bar("published", 1.0, "1"))), Group("b", (Bar("here", 0.5, "½"),)))
    wide = [float(rect.get("width", "0")) for rect in root.iter(f"{SVG}rect")]
    assert wide[0] / wide[1] == pytest.approx(2, rel=0.01)
    assert wide[0] / wide[2] == pytest.approx(4, rel=0.01)


def test_nothing_leaves_the_plot() -> None:
    root = plot(Group("long label " * 9, (Bar("here", 1.0, "1", (0.9, 5.0)),)), Group("b", (Bar("here", 0.0, "0"),)))
    right = [float(r.get("x", "0")) + float(r.get("width", "0")) for r in root.iter(f"{SVG}rect")]
    right += [float(c.get("cx", "0")) for c in root.iter(f"{SVG}circle")]
    assert len(right) == 4
    assert all(LABEL <= x <= WIDTH for x in right)
    tall = float(root.get("viewBox", "").split()[3])
    assert all(float(t.get("y", "0")) < tall for t in root.iter(f"{SVG}text"))


def test_a_plot_of_nothing() -> None:
    assert plot().findall(f"{SVG}rect") == []
    assert len(plot(Group("a", ())).findall(f"{SVG}text")) == 2


def test_the_page_is_well_formed_and_whole() -> None:
    page = html(report())
    root = xml.fromstring(page.replace("<!DOCTYPE html>\n", ""))
    assert len(list(root.iter(f"{SVG}svg"))) == 3
    assert len(list(root.iter("tr"))) == 1 + 11
    kinds = [span.get("class") for span in root.iter("span")]
    assert (kinds.count("good"), kinds.count("bad"), kinds.count("none")) == (8, 0, 3)
    # Four rows have two bars (published and here), one has three, and so on: all that was measured is drawn.
    classes = [rect.get("class") for rect in root.iter(f"{SVG}rect")]
    assert {kind: classes.count(kind) for kind in ("published", "here", "held", "waited", "cpu")} == {
        "published": 6, "here": 8, "held": 3, "waited": 3, "cpu": 3,
    }  # fmt: skip


def test_the_page_needs_nothing_else() -> None:
    page = html(report())
    assert "<script" not in page
    assert "<link" not in page
    assert "prefers-color-scheme: dark" in page
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of a vocabulary is the only address"


def test_every_colour_has_a_dark_twin() -> None:
    page = html(report())
    light, dark = re.findall(r":root \{([^}]*)\}", page)
    names = re.compile(r"(--\w+):")
    assert set(names.findall(light)) == set(names.findall(dark))
    assert set(re.findall(r"var\((--\w+)\)", page)) <= set(names.findall(light))
