"""A loop that stands still, before the alert's own query: asked of a real Prometheus while one callback does not end."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from harness.server import Server
from rule_files import ALERTS
from watched import monitor, wait_for_the_first_scrape

pytestmark = pytest.mark.usefixtures("prometheus_is_here")

WINDOW = "4s"  # of scrapes a second apart, instead of the rule's minute
APPLICATION = """
import pathlib, time

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    while scope["path"] == "/stuck" and not pathlib.Path("enough").exists():
        time.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
"""


def test_a_callback_that_does_not_end_is_seen(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(APPLICATION)
    expr = ALERTS["EventLoopStuck"]["expr"].replace("[1m]", f"[{WINDOW}]")
    with Server("stuck:app", cwd=tmp_path) as server:
        prometheus = monitor(tmp_path / "prometheus", {"baton": [server.admin]})
        try:
            wait_for_the_first_scrape(prometheus)
            # Of a loop with something to do now and then, the query says nothing.
            for _ in range(20):
                assert server.get("/").status == 200
                assert prometheus.api("query", query=expr)["result"] == []
                time.sleep(0.2)
            asking = threading.Thread(target=server.get, args=("/stuck",))
            asking.start()
            end = time.monotonic() + 60
            while not prometheus.api("query", query=expr)["result"]:
                assert time.monotonic() < end, "the loop stands still, and the alert's query has no value"
                time.sleep(0.2)
        finally:
            (tmp_path / "enough").touch()
            prometheus.stop()
        asking.join()
