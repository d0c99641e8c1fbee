"""The live page: what is served, and what a browser makes of it."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.client import Client
from harness.devtools import Chromium, Tab
from harness.events import admin_client
from harness.server import BINARY, REPOSITORY, Server

# Kept as build output, to be looked at.
PICTURES = Path(os.environ.get("BATON_PICTURES", BINARY.parent / "pictures"))
HOSTILE = "/<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", "--threads=4", cwd=REPOSITORY) as running:
        yield running


@contextmanager
def load(server: Server, *targets: str) -> Iterator[None]:
    """Each target on a connection of its own, again and again."""
    over = threading.Event()

    def ask(target: str) -> None:
        with Client(server.address, timeout=60) as client:
            while not over.is_set():
                client.get(target)

    threads = [threading.Thread(target=ask, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


MIXED = ("/hello", "/io/sleep?ms=5", "/cpu/countdown?n=100000", "/cpu/fib?n=15", "/asgi/io/sleep?ms=5")


# --- What is served


def page(server: Server, *fields: str):
    with admin_client(server) as client:
        return client.get("/", *fields)


def test_the_page_runs_nothing_but_its_own_files(server: Server) -> None:
    answer = page(server)
    assert answer.status == 200 and answer.get("Content-Type") == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in (answer.get("Content-Security-Policy") or "").split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'" and "unsafe" not in str(policy)
    assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text), "a script in the page itself"
    assert not re.search(r"\son\w+=|<style|\sstyle=", answer.text)
    assert re.findall(r'(?:src|href)="(https?:[^"]*)"', answer.text) == ["https://ui.perfetto.dev"], "a link, no more"


def test_the_files_may_be_kept_for_ever(server: Server) -> None:
    files = re.findall(r'(?:src|href)="(/page/[^"]+)"', page(server).text)
    assert len(files) >= 6
    with admin_client(server) as client:
        for path in files:
            answer = client.get(path)
            assert answer.status == 200, path
            assert "immutable" in (answer.get("Cache-Control") or "")
            tag = answer.get("ETag") or ""
            assert re.fullmatch(r'"[0-9a-f]{16}"', tag)
            again = client.get(path, f"If-None-Match: {tag}")
            assert again.status == 304 and again.get("ETag") == tag
            assert client.get(path, 'If-None-Match: "other"').status == 200
        assert client.get("/page/0000000000000000/page.js").status == 404
        assert client.get(files[0].rsplit("/", 1)[0] + "/page.html").status == 404
        assert client.get(files[0].rsplit("/", 1)[0] + "/../page.js").status == 404


def test_every_module_that_is_imported_is_there(server: Server) -> None:
    start = re.search(r'src="(/page/[^"]+/)page\.js"', page(server).text)
    assert start
    with admin_client(server) as client:
        wanted, seen = {"page.js"}, set()
        while wanted:
            name = wanted.pop()
            seen.add(name)
            answer = client.get(start.group(1) + name)
            assert answer.status == 200, name
            assert (answer.get("Content-Type") or "").startswith("text/javascript")
            wanted |= set(re.findall(r'from "\./([^"]+)"', answer.text)) - seen
    assert {"charts.js", "timeline.js", "trace.js"} <= seen


def test_nothing_of_the_servers_becomes_markup(server: Server) -> None:
    """No script of the page's own writes markup; a review that a machine can do."""
    for file in sorted((REPOSITORY / "dashboards" / "page").glob("*.js")):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", file.read_text()), file


def test_without_scripts_there_is_a_table_of_routes(server: Server) -> None:
    server.get("/hello")
    server.wait_until_counted(http_route="/hello")
    text = page(server).text
    plain = text[text.index('id="plain"') : text.index('id="live"')]
    row = re.search(r"<tr><td>/hello</td><td>(\d+)</td>", plain)
    assert row and int(row.group(1)) >= 1
    assert "Event loops" in plain and "lag p50" in plain
    assert 'href="/status.json"' in text and 'href="/metrics"' in text


def test_route_names_are_escaped_in_the_table() -> None:
    with Server("routes_named:app") as own:
        own.get("/")
        own.wait_until_counted()
        text = page(own).text
    assert "<td>&lt;b&gt;&quot;named&quot;&amp;</td>" in text and "<b>" not in text


# --- What a browser makes of it


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Chromium, server: Server) -> Iterator[Tab]:
    opened = chromium.tab()
    opened.looks(1200, 900)
    opened.open(f"http://{server.admin}/")
    opened.wait_until("document.querySelectorAll('#tiles .tile').length > 5 && document.querySelectorAll('#charts .uplot').length > 5")
    yield opened
    assert opened.trouble == []
    outside = [url for url in opened.asked if not url.startswith((f"http://{server.admin}/", "blob:", "about:"))]
    assert outside == [], "the page asks nobody but its server"
    opened.close()


def points(tab: Tab) -> str:
    """What is drawn in the chart of requests."""
    return tab.evaluate("document.querySelector('#chart-rate canvas').toDataURL()")


def test_the_page_comes_alive_and_moves_under_load(tab: Tab, server: Server) -> None:
    assert tab.evaluate("document.getElementById('plain').hidden") is True
    assert tab.text("#state") == "ready"
    assert "CPython" in tab.text("#about")
    before = points(tab)
    with load(server, *MIXED):
        tab.wait_until("/^[0-9,.]+$/.test(document.querySelector('#tiles b').textContent) && parseFloat(document.querySelector('#tiles b').textContent) > 1")
        tab.wait_until("document.querySelectorAll('#route-table tbody tr').length >= 5")
        tab.wait_until("[...document.querySelectorAll('#slow-table td.path')].some((cell) => cell.textContent.startsWith('GET /'))")
        # By time under the GIL, the most first; until the first requests' imports are outdone.
        tab.wait_until("document.querySelector('#route-table tbody td').textContent.startsWith('/cpu/')")
    assert points(tab) != before, "the chart stands still"
    assert tab.evaluate("document.querySelectorAll('#route-table .bar i').length") > 5
    assert tab.evaluate("document.querySelectorAll('#thread-table tbody tr').length") >= 4
    assert not tab.evaluate("document.getElementById('loops').hidden")


def test_the_routes_can_be_sorted_by_the_keyboard(tab: Tab, server: Server) -> None:
    for path in ("/hello", "/io/sleep?ms=1", "/cpu/fib?n=10"):
        server.get(path)
    tab.click("[data-window=total]")
    tab.wait_until("document.querySelectorAll('#route-table tbody tr').length >= 3")
    names = "[...document.querySelectorAll('#route-table tbody td:first-child')].map((cell) => cell.textContent)"
    tab.evaluate("document.querySelector('#route-table th button').focus()")
    tab.click("#route-table th button")
    shown = tab.evaluate(names)
    assert shown == sorted(shown)
    assert tab.evaluate("document.querySelector('#route-table th').getAttribute('aria-sort')") == "ascending"
    assert tab.evaluate("document.activeElement.textContent") == "route", "the focus stays where it was"


def test_the_request_of_a_thread_is_shown_while_it_is_there(chromium: Chromium) -> None:
    """For as long as it takes the browser to see it."""
    with Server("stays:app", "--threads=2") as own:
        tab = chromium.tab()
        tab.open(f"http://{own.admin}/")

        def ask() -> None:
            with own.client(timeout=120) as client:
                client.get("/asleep?gate=seen", "X-Request-ID: shown-by-its-id")

        sleeper = threading.Thread(target=ask)
        sleeper.start()
        try:
            is_shown_while_it_is_there(tab, lambda: own.get("/go?gate=seen"))
        finally:
            own.get("/go?gate=seen")
            sleeper.join()
        assert tab.trouble == []
        tab.close()


def is_shown_while_it_is_there(tab: Tab, let_it_go: Callable[[], object]) -> None:
    row = "[...document.querySelectorAll('#thread-table tbody tr')].find((row) => row.textContent.includes('shown-by-its-id'))"
    # Its end is seen as well, so the row is of the request and not of the thread.
    tab.wait_until(
        f"(window.seen = {row}) && (window.cells = [...window.seen.children].map((cell) => cell.textContent)).includes('off the GIL')"
    )
    let_it_go()
    cells = tab.evaluate("window.cells")
    heads = tab.evaluate("[...document.querySelectorAll('#thread-table th')].map((cell) => cell.textContent)")
    said = dict(zip(heads, cells, strict=True))
    assert (said["request"], said["request id"]) == ("GET /asleep", "shown-by-its-id")
    assert said["does"] == "off the GIL" and said["at it for"] != "–"
    tab.wait_until(f"!({row})")


def test_hostile_texts_are_shown_as_text(chromium: Chromium) -> None:
    with Server("routes_named:app") as own:
        with own.client() as client:
            client.send(f"GET {HOSTILE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert client.response().status == 200
        tab = chromium.tab()
        tab.open(f"http://{own.admin}/")
        tab.click("[data-window=total]")
        tab.wait_until("document.querySelector('#slow-table').textContent.includes('<script>document.title')")
        tab.wait_until("""document.querySelector('#route-table').textContent.includes('<b>"named"&<script>')""")
        assert tab.evaluate("document.title") == "Baton"
        assert tab.evaluate("document.querySelectorAll('table script, table b').length") == 0
        assert tab.trouble == []
        tab.close()


def test_pause_stops_the_stream_and_resume_starts_it(tab: Tab, server: Server) -> None:
    tab.click("#pause")
    assert tab.text("#state") == "paused"
    with admin_client(server) as client:
        status = client.get("/status.json").json()
    assert status["state"] == "ready"
    tab.click("#pause")
    tab.wait_until("document.getElementById('state').textContent === 'ready'")


def test_a_trace_is_recorded_and_drawn(tab: Tab, server: Server) -> None:
    with load(server, *MIXED, "/cpu/countdown?n=300000"):
        tab.click("[data-record='2']")
        tab.wait_until("!document.getElementById('trace').hidden || document.getElementById('recording').textContent.startsWith('no')")
    assert not tab.text("#recording").startswith("no"), tab.text("#recording")
    assert tab.evaluate("document.querySelectorAll('#lane-table tbody tr').length") >= 4
    held = tab.evaluate("[...document.querySelectorAll('#lane-table tbody td:nth-child(3)')].map((cell) => parseFloat(cell.textContent) || 0)")
    assert 0 < sum(held) <= 101, "one GIL is held by one thread at a time"
    colours = tab.evaluate(
        "(() => { const c = document.getElementById('lanes'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " const s = new Set(); for (let i = 0; i < d.length; i += 4) s.add(d[i] + ',' + d[i + 1] + ',' + d[i + 2]); return [...s]; })()"
    )
    assert {"36,99,201", "198,47,61"} <= set(colours), "holding and waiting are to be seen"
    # The keyboard: choose a slice, whose request is named.
    tab.evaluate("document.getElementById('lanes').focus()")
    for _ in range(12):
        tab.press("n")
        if "route " in tab.text("#slice"):
            break
    assert " for " in tab.text("#slice")
    before = tab.evaluate("document.getElementById('lanes').toDataURL()")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        tab.press(key)
    tab.wait_until(f"document.getElementById('lanes').toDataURL() !== {json.dumps(before)}")
    # The mouse: a press in the middle of the lanes chooses what is there.
    tab.evaluate("document.getElementById('lanes').scrollIntoView()")
    found = set()
    for step in range(1, 40):
        x, y = tab.evaluate(
            "(() => { const r = document.getElementById('lanes').getBoundingClientRect(); return [r.left + r.width * " + str(step / 40) + ", r.top + 24 + 20]; })()"
        )
        tab.click_at(x, y)
        found.add(tab.text("#slice"))
    assert any("GIL for " in text for text in found), found


@pytest.mark.parametrize(("name", "width", "dark"), [("light", 1200, False), ("dark", 1200, True), ("phone", 390, False)])
def test_it_fits_and_is_photographed(chromium: Chromium, server: Server, name: str, width: int, dark: bool) -> None:
    tab = chromium.tab()
    tab.looks(width, 900, dark=dark)
    tab.open(f"http://{server.admin}/")
    with load(server, *MIXED):
        tab.wait_until("document.querySelectorAll('#route-table tbody tr').length >= 5 && document.querySelectorAll('#tiles .tile').length > 5")
        tab.click("[data-record='2']")
        tab.wait_until("!document.getElementById('trace').hidden")
        assert len(tab.photograph(PICTURES / f"page-{name}.png")) > 20_000
    assert tab.evaluate("document.documentElement.scrollWidth") <= width, "it has to be scrolled sideways"
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(17, 20, 24)" if dark else "rgb(247, 248, 250)")
    assert tab.trouble == []
    tab.close()


def test_the_page_comes_back_when_the_server_does(chromium: Chromium) -> None:
    first = Server("handlers.hello:app", cwd=REPOSITORY)
    tab = chromium.tab()
    tab.open(f"http://{first.admin}/")
    tab.wait_until("document.getElementById('state').textContent === 'ready' && document.querySelectorAll('.tile').length > 5")
    first.stop()
    tab.wait_until("!document.getElementById('trouble').hidden")
    with Server("handlers.hello:app", admin=first.admin, cwd=REPOSITORY):
        tab.wait_until("document.getElementById('trouble').hidden && document.getElementById('state').textContent === 'ready'")
    tab.close()
