"""Callbacks that keep the event loop for too long are named: request, file and line."""

from __future__ import annotations

import re

import pytest
from harness.measured import measured
from harness.server import Server

BLOCKED = r"a callback blocked the event loop for ([0-9.]+) ms"
LIMIT = ("--log-slow-callbacks", "50ms")


@measured
@pytest.mark.parametrize("path", ["/busy", "/asleep", "/callback", "/child"])
def test_a_callback_that_blocks_is_named(loop: str, path: str) -> None:
    with Server("asgi_blocking:app", "--loop", loop, *LIMIT) as server:
        lines = server.get(path, "X-Request-ID: the-slow-one").json()
        found = server.wait_for(rf"{BLOCKED}[^\n]*\n(?:.*\n)*?.*asgi_blocking\.py:(\d+)", 10)
        before = server.log[: found.start()]
    # The request may be named before or after these words, on the same line.
    report = before[before.rfind("\n") + 1 :] + found.group(0)
    assert "the-slow-one" in report, report
    assert float(found.group(1)) >= 200, report
    assert int(found.group(2)) in range(lines[0] - 1, lines[0] + 2), (lines, report)


@measured
def test_who_waits_is_not_slow(loop: str) -> None:
    """Long, but in short steps."""
    with Server("asgi_blocking:app", "--loop", loop, "--log-slow-callbacks", "1s") as server:
        assert server.get("/patient").status == 200
        assert server.get("/busy").status == 200
        server.stop()
        assert not re.search(BLOCKED, server.log)


def test_it_is_on_by_default_and_can_be_turned_off(loop: str) -> None:
    with Server("asgi_blocking:app", "--loop", loop) as server:
        server.get("/busy")
        server.wait_for(BLOCKED, 10)
    with Server("asgi_blocking:app", "--loop", loop, "--log-slow-callbacks", "off") as server:
        server.get("/busy")
        server.stop()
        assert not re.search(BLOCKED, server.log)
