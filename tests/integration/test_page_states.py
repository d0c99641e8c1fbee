"""What the live page says of its server: that it is there, has gone, drains, says nothing, or has enough viewers."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.devtools import Chromium
from harness.events import Events
from harness.page import ALIVE, lab, opened, state_is
from harness.server import REPOSITORY, Server

MOST_VIEWERS = 16
READY = f"{state_is('ready')} && document.getElementById('trouble').hidden"
# Each word that the state has had.
TELL_STATES = """
  window.states = [];
  addEventListener("DOMContentLoaded", () => {
    const state = document.getElementById("state");
    new MutationObserver(() => states.at(-1) !== state.textContent && states.push(state.textContent)).observe(state, { childList: true });
  });
"""
# Half a minute takes eight seconds.
IMPATIENT = "const later = setTimeout; window.setTimeout = (work, after) => later(work, after === 30000 ? 8000 : after);"


@pytest.fixture
def server() -> Iterator[Server]:
    with lab() as running:
        yield running


def wait_for_viewers(events: Events, count: int) -> None:
    """News come each second."""
    seen = [0]
    while seen[-1] != count:
        assert len(seen) < 90, seen
        seen.append(events.next_named("now")["viewers"])


def test_pause_stops_the_stream_and_resume_starts_it(chromium: Chromium, server: Server) -> None:
    with opened(chromium, server) as tab, Events(server) as events:
        wait_for_viewers(events, 2)
        tab.click("#pause")
        assert (tab.text("#state"), tab.text("#pause")) == ("paused", "Resume")
        wait_for_viewers(events, 1)
        assert tab.text("#state") == "paused"
        tab.click("#pause")
        wait_for_viewers(events, 2)
        tab.wait_until(READY)
        assert tab.text("#pause") == "Pause"


def test_the_age_is_the_servers_and_grows(chromium: Chromium, server: Server) -> None:
    """Whatever the browser takes for the time of day."""
    late = "const now = Date.now; Date.now = () => now() + 7200e3;"
    with opened(chromium, server, before=late) as tab:
        first = re.search(r"up for (\d+) s$", tab.text("#about"))
        assert first, tab.text("#about")
        tab.wait_until(f"parseInt(document.getElementById('about').textContent.split('up for ')[1]) > {int(first.group(1)) + 1}")


def test_the_page_comes_back_when_the_server_does(chromium: Chromium) -> None:
    first = Server("handlers.hello:app", cwd=REPOSITORY)
    with chromium.tab() as tab:
        tab.open(f"http://{first.admin}/")
        tab.wait_until(f"{READY} && {ALIVE}")
        first.stop()
        tab.wait_until(f"{state_is('gone')} && !document.getElementById('trouble').hidden")
        with Server("handlers.hello:app", admin=first.admin, cwd=REPOSITORY):
            tab.wait_until(READY)


def test_a_server_that_says_nothing_has_gone(chromium: Chromium, server: Server) -> None:
    """Its connections are open all the time, but nobody is at the other end; then there is."""
    with chromium.tab() as tab:
        tab.open(f"http://{server.admin}/")
        tab.wait_until(f"{READY} && {ALIVE}")
        server.signal(signal.SIGSTOP)
        try:
            tab.wait_until(f"{state_is('gone')} && document.getElementById('trouble').textContent.includes('said nothing')")
            tab.wait_until("document.getElementById('trouble').textContent.includes('does not answer')")
        finally:
            server.signal(signal.SIGCONT)
        tab.wait_until(READY)


def test_a_drain_is_told_from_an_end(chromium: Chromium, tmp_path: Path) -> None:
    with Server("asgi_queue:app") as own, chromium.tab() as tab:
        tab.before_scripts(TELL_STATES)
        tab.open(f"http://{own.admin}/")
        tab.wait_until(f"{READY} && {ALIVE}")

        def ask() -> None:
            with own.client(timeout=120) as client:
                client.get(f"/stand?{tmp_path}")

        # A request in flight keeps the drain going for as long as it takes.
        waiter = threading.Thread(target=ask)
        waiter.start()
        own.wait_until_active(1)
        own.signal(signal.SIGTERM)
        tab.wait_until(f"{state_is('draining')} && document.getElementById('trouble').textContent.includes('is draining')")
        tab.evaluate("asked = performance.getEntriesByType('resource').length")
        tab.wait_until(f"performance.getEntriesByType('resource').length > asked && {state_is('draining')}")
        (tmp_path / "go").touch()
        waiter.join()
        tab.wait_until(state_is("gone"))
        assert tab.evaluate("states.slice(states.lastIndexOf('ready') + 1)") == ["draining", "gone"]


def test_a_viewer_too_many_is_told_why_and_waits(chromium: Chromium, server: Server) -> None:
    viewers = [Events(server) for _ in range(MOST_VIEWERS)]
    try:
        assert viewers[-1].response.status == 200
        with chromium.tab() as tab:
            tab.before_scripts(IMPATIENT)
            tab.open(f"http://{server.admin}/")
            tab.wait_until(f"{state_is('refused')} && document.getElementById('trouble').textContent.includes('enough viewers')")
            assert "again in 30 s" in tab.evaluate("document.getElementById('trouble').textContent")
            for viewer in viewers:
                viewer.client.close()
            tab.wait_until(READY)
            asked = [url for url in tab.asked if url.endswith("/events")]
            assert len(asked) <= 4, "once for the news and once for the reason, and again after half a minute"
    finally:
        for viewer in viewers:
            viewer.client.close()
