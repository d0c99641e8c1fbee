"""Chromium without a window: what a page looks like to it when its scripts have run, and what they complained of."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

LIMIT_SECONDS = 120.0


@dataclass
class Seen:
    dom: str
    console: list[str]  # every line that the page, or the browser about it, wrote


def open_page(url: str) -> Seen:
    """Skips the test where Chromium is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed: NO PAGE HAS BEEN LOOKED AT")
    with tempfile.TemporaryDirectory() as profile:
        ended = subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--dump-dom",
             "--virtual-time-budget=5000", "--enable-logging=stderr", "--window-size=1200,2400", url],
            capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True,
        )  # fmt: skip
    return Seen(ended.stdout, re.findall(r"CONSOLE:\d+\]? (.*)", ended.stderr))


def write_page(folder: Path, html: str) -> str:
    """The URL of a page of the test's own."""
    page = folder / "page.html"
    page.write_text(html)
    return page.as_uri()
