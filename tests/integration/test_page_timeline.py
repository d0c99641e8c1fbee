"""The GIL's timeline on the live page: recorded, drawn, zoomed, clicked, and saved."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.devtools import Chromium, Tab
from harness.page import (
    MIXED,
    PICTURES,
    TELL_TEXTS,
    answering,
    lab,
    load,
    opened,
    saved_recording,
    seconds_of,
)

LANE, TOP, MIDDLE = 32, 24, 20  # pixels: of a lane, above the first, and to the bar in a lane
PICTURE = "document.getElementById('lanes').toDataURL()"
FRAME = "document.querySelector('.lanes')"


@pytest.fixture(scope="module")
def recorded(chromium: Chromium) -> Iterator[Tab]:
    with lab("--threads=4") as server, opened(chromium, server, before=TELL_TEXTS) as tab:
        with load(server, *MIXED, "/cpu/countdown?n=300000"):
            tab.click("[data-record='2']")
            tab.wait_until("!document.getElementById('trace').hidden || document.getElementById('recording').textContent.startsWith('no')")
        assert not tab.text("#recording").startswith("no"), tab.text("#recording")
        yield tab


@pytest.fixture
def tab(recorded: Tab) -> Tab:
    """All of it is to be seen, and nothing has been chosen or scrolled."""
    recorded.evaluate(f"{FRAME}.style.maxHeight = ''; {FRAME}.scrollIntoView(); document.getElementById('lanes').focus({{ preventScroll: true }})")
    recorded.press("0")
    recorded.evaluate("document.getElementById('slice').textContent = ''")
    wait_for_frame(recorded)
    return recorded


def wait_for_frame(tab: Tab) -> None:
    """What was to be drawn is drawn."""
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def lanes(tab: Tab) -> list[str]:
    return tab.evaluate("[...document.querySelectorAll('#lane-table tbody td:first-child')].map((cell) => cell.textContent)")


def point(tab: Tab, lane: int, share: float) -> tuple[float, float]:
    """In the bar of a lane, at a share of the width; where in the window that is."""
    left, top, width = tab.evaluate("(({ left, top, width }) => [left, top, width])(document.getElementById('lanes').getBoundingClientRect())")
    return left + width * share, top + TOP + LANE * lane + MIDDLE


def ruler(tab: Tab) -> list[str]:
    """What stands above the lanes, drawn anew."""
    tab.evaluate("drawn.length = 0; dispatchEvent(new Event('resize'))")
    return tab.wait_until("(window.ruled = drawn.filter(({ place, y }) => place === 'lanes' && y === 11)).length > 0 && ruled.map(({ text }) => text)")


def test_a_recording_is_drawn_with_holds_and_waits(tab: Tab) -> None:
    assert len(lanes(tab)) >= 4
    held = tab.evaluate("[...document.querySelectorAll('#lane-table tbody td:nth-child(3)')].map((cell) => parseFloat(cell.textContent) || 0)")
    assert 0 < sum(held) <= 101, "one GIL is held by one thread at a time"
    colours = tab.evaluate(
        "(() => { const c = document.getElementById('lanes'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " const hex = (at) => d[at].toString(16).padStart(2, '0'); const s = new Set();"
        " for (let i = 0; i < d.length; i += 4) s.add('#' + hex(i) + hex(i + 1) + hex(i + 2)); return [...s]; })()"
    )
    wanted = [tab.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()") for name in ("hold", "wait", "off")]
    assert set(wanted) <= set(colours)


def test_the_ruler_can_be_read_however_near_one_looks(tab: Tab) -> None:
    """Each label is another one, and they are as far from each other as the lines are."""
    seen = set()
    tab.press("n")
    for _ in range(22):
        tab.press("+")
        labels = ruler(tab)
        seen |= set(labels)
        assert len(set(labels)) == len(labels) >= 5, labels
        assert len({label.split(" ")[1] for label in labels if label != "0"}) == 1, labels
        times = [seconds_of(label) for label in labels]
        steps = [after - before for before, after in itertools.pairwise(times)]
        assert max(steps) == pytest.approx(min(steps), rel=1e-3), labels
    assert steps[0] == pytest.approx(1e-7), "the finest there is"
    tab.photograph(PICTURES / "timeline-near.png", window=True)
    assert any(re.fullmatch(r"\d+(\.\d+)? m?s", label) for label in seen), seen


def test_slices_are_told_apart_by_when_they_began(tab: Tab) -> None:
    changes = tab.evaluate("[...document.querySelectorAll('#lane-table tbody td:nth-child(7)')].map((cell) => parseInt(cell.textContent.replace(/\\D/g, '')))")
    busiest = changes.index(max(changes))
    assert changes[busiest] > 16, changes
    # The first lane may be of a thread that did nothing but begin.
    for key in ["n", *"k" * len(changes), *"j" * busiest, *"p" * 8]:
        tab.press(key)
    begins = []
    for _ in range(8):
        tab.press("n")
        found = re.search(r" · from ([^·]+)", tab.text("#slice"))
        assert found, tab.text("#slice")
        begins.append(seconds_of(found.group(1).strip()))
    assert begins == sorted(set(begins))


def test_moments_have_the_digits_of_the_step(tab: Tab) -> None:
    module = tab.evaluate("document.querySelector('script[type=module]').src").replace("page.js", "format.js")
    cases = [[1.2345678, 1e-7], [1, 0.2], [0.5, 0.1, 2], [0.0125, 0.0005], [12, 2], [3e-5, 1e-7], [0, 1], [2e-7, 1e-7]]
    said = tab.evaluate(f"import('{module}').then(({{ moment }}) => {json.dumps(cases)}.map((one) => moment(...one)))")
    assert said == ["1.2345678 s", "1.0 s", "0.5 s", "12.5 ms", "12 s", "30.0 µs", "0", "0.2 µs"]


def test_a_click_on_a_slice_names_request_and_route(tab: Tab, tmp_path: Path) -> None:
    recording = saved_recording(tab, tmp_path)
    names = {track["tid"]: track["name"] for track in recording["baton"]["tracks"]}

    def long_hold(event: dict[str, Any]) -> float:
        asked = event.get("args", {})
        return event["dur"] if event.get("name") == "holding" and {"request", "route"} <= asked.keys() else 0.0

    event = max(recording["traceEvents"], key=long_hold)
    assert long_hold(event) > 0
    middle = (event["ts"] + event["dur"] / 2) / recording["baton"]["duration_us"]
    tab.click_at(*point(tab, lanes(tab).index(names[event["tid"]]), middle))
    said = tab.wait_until("document.getElementById('slice').textContent")
    assert said.startswith(names[event["tid"]] + " · holds the GIL for ")
    assert f" · route {event['args']['route']} · request {event['args']['request']} · " in said


def test_the_keyboard_goes_from_slice_to_slice_and_from_lane_to_lane(tab: Tab) -> None:
    def lane() -> str:
        return tab.text("#slice").split(" · ")[0]

    names = lanes(tab)
    tab.press("k")
    for _ in names:
        tab.press("k")
    assert lane() == names[0], "no further than the first"
    first = tab.text("#slice")
    tab.press("n")
    assert lane() == names[0] and tab.text("#slice") != first
    tab.press("p")
    assert tab.text("#slice") == first
    # A window too low for all lanes: what is chosen is scrolled to.
    tab.evaluate(f"{FRAME}.style.maxHeight = '100px'; {FRAME}.scrollTop = 0")
    for name in names[1:]:
        tab.press("j")
        assert lane() == name
    top, bottom = tab.evaluate(f"(({{ top, bottom }}) => [top, bottom])({FRAME}.getBoundingClientRect())")
    last = point(tab, len(names) - 1, 0)[1] - MIDDLE
    assert top <= last and last + LANE <= bottom + 1
    tab.press("j")
    assert lane() == names[-1], "no further than the last"
    for _ in names:
        tab.press("k")
    assert lane() == names[0] and tab.evaluate(f"{FRAME}.scrollTop") == 0


def test_keys_and_buttons_zoom_and_move(tab: Tab) -> None:
    for change in (lambda: tab.press("ArrowUp"), lambda: tab.press("ArrowRight"), lambda: tab.press("ArrowDown"),
                   lambda: tab.click("#zoom-in"), lambda: tab.click("#zoom-out"), lambda: tab.click("#zoom-in"), lambda: tab.click("#zoom-all")):  # fmt: skip
        before = tab.evaluate(PICTURE)
        change()
        tab.wait_until(f"{PICTURE} !== {json.dumps(before)}")


def test_the_wheel_scrolls_what_does_not_fit_and_zooms_with_ctrl(tab: Tab) -> None:
    tab.evaluate(f"{FRAME}.style.maxHeight = '100px'; {FRAME}.scrollTop = 0")
    before = tab.evaluate(PICTURE)
    tab.wheel(*point(tab, 0, 0.5), 60)
    tab.wait_until(f"{FRAME}.scrollTop > 0")
    wait_for_frame(tab)
    assert tab.evaluate(PICTURE) == before, "it does not zoom as well"
    scrolled = tab.wait_until(f"{FRAME}.scrollTop")
    x, y = tab.evaluate(f"(({{ left, top, width }}) => [left + width / 2, top + 50])({FRAME}.getBoundingClientRect())")
    tab.wheel(x, y, -60, ctrl=True)
    tab.wait_until(f"{PICTURE} !== {json.dumps(before)}")
    assert tab.evaluate(f"{FRAME}.scrollTop") >= min(scrolled, 1), "it does not scroll back as well"
    # Where all lanes are to be seen there is nothing to scroll.
    tab.evaluate(f"{FRAME}.style.maxHeight = ''")
    before = tab.evaluate(PICTURE)
    tab.wheel(*point(tab, 0, 0.5), -60)
    tab.wait_until(f"{PICTURE} !== {json.dumps(before)}")


def test_it_is_saved_as_it_was_recorded(tab: Tab, tmp_path: Path) -> None:
    recording = saved_recording(tab, tmp_path)
    slices = [event for event in recording["traceEvents"] if event["ph"] == "X"]
    threads = {event["tid"] for event in slices}
    said = tab.text("#recording")
    assert f" {len(threads)} threads, {len(slices):,} slices" in said
    assert {track["name"] for track in recording["baton"]["tracks"] if track["tid"] in threads} == set(lanes(tab))


def test_no_recording_is_said_so(chromium: Chromium) -> None:
    refusing = answering("/trace", "new Response('another recording is under way\\n', { status: 503 })")
    with lab() as server, opened(chromium, server, before=refusing) as tab:
        tab.click("[data-record='2']")
        tab.wait_until("document.getElementById('recording').textContent === 'no recording: another recording is under way'")
        assert not tab.evaluate("document.querySelector(\"[data-record='2']\").disabled")
