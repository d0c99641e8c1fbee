"""The live page: what is served, and what a browser makes of it. Its states and its timeline have files of their own."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest
from harness.devtools import Chromium, Tab
from harness.events import admin_client
from harness.page import MIXED, PICTURES, TELL_TEXTS, answering, eventually, lab, load, opened
from harness.server import BINARY, REPOSITORY, Server

HOSTILE = "/<script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with lab("--threads=4") as running:
        yield running


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


@pytest.fixture
def tab(chromium: Chromium, server: Server) -> Iterator[Tab]:
    with opened(chromium, server) as found:
        yield found


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
    with Server("stays:app", "--threads=2") as own, opened(chromium, own) as tab:

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
        with opened(chromium, own) as tab:
            tab.click("[data-window=total]")
            tab.wait_until("document.querySelector('#slow-table').textContent.includes('<script>document.title')")
            tab.wait_until("""document.querySelector('#route-table').textContent.includes('<b>"named"&<script>')""")
            assert tab.evaluate("document.title") == "Baton"
            assert tab.evaluate("document.querySelectorAll('table script, table b').length") == 0


def test_the_configuration_opens_and_names_the_versions(tab: Tab) -> None:
    assert not tab.evaluate("document.querySelector('#config-table').checkVisibility()")
    tab.click("#config summary")
    tab.wait_until("document.querySelectorAll('#config-table tbody tr').length > 20")
    cells = "[...document.querySelectorAll('#config-table tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    rows = dict(tab.evaluate(cells))
    assert tab.evaluate("document.querySelector('#config-table').checkVisibility()")
    assert (rows["python.application"], rows["python.threads.max"]) == ("handlers.lab:app", "4")
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    versions = dict(line.split(" ", 1) for line in said.splitlines())
    assert versions.keys() >= {"Baton", "CPython", "Boost", "OpenSSL"}
    assert {name: rows["versions." + name] for name in versions} == versions


# The server says that it is older than it is: as if there were a history of 15 minutes.
OLDER = """
  const ask = window.fetch;
  window.fetch = async (path, ...more) => {
    const answer = await ask(path, ...more);
    if (path !== "/history.json") return answer;
    const history = await answer.json();
    const older = Array.from({ length: 840 }, (_, at) => history.t[0] - 840 + at);
    const lengthen = (columns) => {
      for (const [name, values] of Object.entries(columns)) {
        if (Array.isArray(values)) values.unshift(...(name === "t" ? older : older.map(() => 1)));
        else lengthen(values);
      }
    };
    lengthen(history);
    return new Response(JSON.stringify(history));
  };
"""


def test_the_buttons_choose_how_much_of_the_past_is_shown(chromium: Chromium, server: Server) -> None:
    def shown(tab: Tab) -> int:
        """From the first to the last time below the chart, seconds."""
        tab.wait_until("(window.times = drawn.filter(({ place, text }) => place === 'chart-rate' && /^..:..:..$/.test(text))).length > 1")
        texts = tab.evaluate("times.map(({ text }) => text)")
        seconds = [sum(int(part) * unit for part, unit in zip(text.split(":"), (3600, 60, 1), strict=True)) for text in texts]
        return (seconds[-1] - seconds[0]) % 86400

    with opened(chromium, server, before=TELL_TEXTS + OLDER) as tab:
        for chosen, least in ((60, 20), (900, 450), (300, 150)):
            tab.evaluate(f"drawn.length = 0; document.querySelector('[data-span=\"{chosen}\"]').click()")
            assert least <= shown(tab) <= chosen
            pressed = "[...document.querySelectorAll('[data-span][aria-pressed=true]')].map((button) => button.dataset.span)"
            assert tab.evaluate(pressed) == [str(chosen)]


def test_the_theme_can_be_chosen_and_is_kept(tab: Tab) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    marker = "getComputedStyle(document.querySelector('#chart-latency .u-series:nth-child(2) .u-marker')).borderTopColor"
    assert tab.text("#theme") == "Theme: auto"
    tab.click("#theme")
    assert (tab.text("#theme"), tab.evaluate(paper)) == ("Theme: light", "rgb(247, 248, 250)")
    assert tab.evaluate(marker) == "rgb(36, 99, 201)"
    drawn = tab.evaluate("document.querySelector('#chart-latency canvas').toDataURL()")
    tab.click("#theme")
    assert (tab.text("#theme"), tab.evaluate(paper)) == ("Theme: dark", "rgb(17, 20, 24)")
    assert tab.evaluate(marker) == "rgb(110, 168, 255)", "the legend follows"
    tab.wait_until(f"document.querySelector('#chart-latency canvas').toDataURL() !== {drawn!r}")
    tab.call("Page.reload")
    tab.wait_until("document.readyState === 'complete' && document.getElementById('theme').textContent === 'Theme: dark'")
    assert tab.evaluate(paper) == "rgb(17, 20, 24)"
    tab.click("#theme")
    assert (tab.text("#theme"), tab.evaluate(paper)) == ("Theme: auto", "rgb(247, 248, 250)")


def test_what_cannot_be_shown_is_complained_of(chromium: Chromium, server: Server) -> None:
    """A mistake in drawing is no server that does not answer."""
    wrong = answering("/advice.json", """new Response('{"advice": 1}')""")
    with chromium.tab() as tab:
        tab.before_scripts(wrong)
        tab.open(f"http://{server.admin}/")
        eventually(lambda: tab.evaluate("1") and tab.trouble != [], "nobody complained")
        assert "TypeError" in tab.trouble[0]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it."""
    lower, higher = sorted((luminance(one), luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_convoy_is_seen_without_telling_red_from_green(chromium: Chromium, server: Server, dark: bool) -> None:
    with opened(chromium, server, dark=dark) as tab:
        style = "getComputedStyle(document.documentElement)"
        # The last are ready, in the queue, and being sent.
        names = ("card", "hold", "wait", "lock", "off", "g", "b", "f")
        colours = {name: tab.evaluate(f"{style}.getPropertyValue('--{name}').trim()") for name in names}
        hatched = {name: "gradient" in tab.evaluate(f"getComputedStyle(document.querySelector('#phase-key .{name}')).backgroundImage")
                   for name in ("gil_hold", "gil_wait", "lock_wait", "off_gil")}  # fmt: skip
    card = "#ffffff" if colours["card"] == "#fff" else colours.pop("card")
    faint = {name: contrast(card, colours[name]) for name in names[1:] if contrast(card, colours[name]) < 3}
    assert faint == {}
    assert contrast(colours["hold"], colours["wait"]) > 1.6 and contrast(colours["wait"], colours["off"]) > 1.6
    assert hatched == {"gil_hold": False, "gil_wait": True, "lock_wait": True, "off_gil": False}


@pytest.mark.parametrize(("name", "width", "dark"), [("light", 1200, False), ("dark", 1200, True), ("phone", 390, False)])
def test_it_fits_and_is_photographed(chromium: Chromium, server: Server, name: str, width: int, dark: bool) -> None:
    with opened(chromium, server, width=width, dark=dark) as tab:
        with load(server, *MIXED):
            tab.wait_until("document.querySelectorAll('#route-table tbody tr').length >= 5")
            tab.click("[data-record='2']")
            tab.wait_until("!document.getElementById('trace').hidden")
            assert len(tab.photograph(PICTURES / f"page-{name}.png")) > 20_000
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, "it has to be scrolled sideways"
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == ("rgb(17, 20, 24)" if dark else "rgb(247, 248, 250)")


@pytest.mark.parametrize("width", [1200, 390])
def test_without_scripts_nothing_is_dead_and_it_fits(chromium: Chromium, server: Server, width: int) -> None:
    with chromium.tab() as tab, load(server, *MIXED):
        tab.looks(width, 900)
        tab.without_scripts()
        tab.open(f"http://{server.admin}/")
        assert len(tab.photograph(PICTURES / f"page-without-scripts-{width}.png")) > 10_000
        seen = "[...document.querySelectorAll('{}')].filter((one) => one.checkVisibility()).length"
        assert tab.evaluate(seen.format("button, #live")) == 0
        assert tab.evaluate(seen.format("#plain table")) == 2
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, "it has to be scrolled sideways"
        wide = tab.evaluate("[...document.querySelectorAll('#plain .scroll')].some((one) => one.scrollWidth > one.clientWidth)")
        assert wide == (width == 390), "a table that is too wide is scrolled by itself"
