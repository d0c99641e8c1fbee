"""The live page in a browser, as several tests want it: opened, under load, and made to tell what it draws."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.client import Client
from harness.devtools import Chromium, Tab
from harness.server import BINARY, REPOSITORY, Server

# Kept as build output, to be looked at.
PICTURES = Path(os.environ.get("BATON_PICTURES", BINARY.parent / "pictures"))
MIXED = ("/hello", "/io/sleep?ms=5", "/cpu/countdown?n=100000", "/cpu/fib?n=15", "/asgi/io/sleep?ms=5")
ALIVE = "document.querySelectorAll('#tiles .tile').length > 5 && document.querySelectorAll('#charts .uplot').length > 5"

# Every text that is drawn from now on, with the place that it is drawn in.
TELL_TEXTS = """
  window.drawn = [];
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    drawn.push({ place: this.canvas.id || this.canvas.closest(".chart")?.id, text, x, y });
    return fillText.call(this, text, x, y);
  };
"""


def answering(path: str, response: str) -> str:
    """The page gets this instead of what the server says, wherever it asks for what begins so."""
    return f"const ask = fetch; window.fetch = (asked, ...more) => (asked.startsWith('{path}') ? Promise.resolve({response}) : ask(asked, ...more));"


def lab(*options: str) -> Server:
    return Server("handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", *options, cwd=REPOSITORY)


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


@contextmanager
def opened(chromium: Chromium, server: Server, *, width: int = 1200, dark: bool = False, before: str = "") -> Iterator[Tab]:
    """The page, alive. It complains of nothing, and asks nobody but its server."""
    with chromium.tab() as tab:
        tab.looks(width, 900, dark=dark)
        if before:
            tab.before_scripts(before)
        tab.open(f"http://{server.admin}/")
        tab.wait_until(ALIVE)
        yield tab
        assert tab.trouble == []
        outside = [url for url in tab.asked if not url.startswith((f"http://{server.admin}/", "blob:", "about:"))]
        assert outside == []


def seconds_of(text: str) -> float:
    """What the page wrote as `4.96 ms`."""
    if text == "0":
        return 0.0
    value, unit = text.split(" ")
    return float(value) * {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]


def state_is(word: str) -> str:
    return f"document.getElementById('state').textContent === '{word}'"


def eventually(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def saved_recording(tab: Tab, folder: Path) -> dict[str, Any]:
    """What the button saves, as a file."""
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    tab.click("#save-json")
    file = folder / "baton-gil.json"
    # It has this name when it is whole.
    eventually(file.exists, "nothing was saved")
    return json.loads(file.read_text())
