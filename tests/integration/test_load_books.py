"""The server's side in a report: what --admin brings, from Baton and from others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.load import baton_load, run
from harness.server import REPOSITORY, Server


class Page(BaseHTTPRequestHandler):
    """/metrics says what the server's list has next, or its last again; anything else is 200."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        pages: list[bytes] = self.server.pages  # type: ignore[attr-defined]
        body = b"ok"
        if self.path == "/metrics":
            body = pages.pop(0) if len(pages) > 1 else pages[0]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def other() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_the_books_of_baton_are_those_of_the_run() -> None:
    with Server("handlers.hello:app", "--python-path", str(REPOSITORY)) as server:
        server.get("/before")  # what was before the run is not in the books
        done = run("--duration", "1s", "--connections", "2", "--admin", f"http://{server.admin}",
                   f"http://127.0.0.1:{server.port}/")  # fmt: skip
        assert done.status in (0, 4), done.err
        assert "requests per CPU-second" in done.out
        assert "interpreter main: held" in done.out
        assert "/before" not in done.out


def test_another_server_has_at_least_its_cpu(other: ThreadingHTTPServer) -> None:
    other.pages = [b"process_cpu_seconds_total 1\n"] * 2 + [b"process_cpu_seconds_total 3.5\n"]  # type: ignore[attr-defined]
    done = run("--duration", "500ms", "--connections", "1", "--admin", url_of(other), url_of(other) + "/")
    assert done.status in (0, 4), done.err
    assert "2.50 s CPU" in done.out


def test_a_restart_in_between_is_said(other: ThreadingHTTPServer) -> None:
    other.pages = [b"process_cpu_seconds_total 9\n"] * 2 + [b"process_cpu_seconds_total 1\n"]  # type: ignore[attr-defined]
    done = run("--duration", "500ms", "--connections", "1", "--admin", url_of(other), url_of(other) + "/")
    assert "the server was restarted between the scrapes: process_cpu_seconds_total fell" in done.out + done.err


def test_a_page_that_is_not_metrics_is_one_clear_line(other: ThreadingHTTPServer) -> None:
    other.pages = [b"<!doctype html>\n<html></html>\n"]  # type: ignore[attr-defined]
    done = baton_load("run", "--duration", "500ms", "--admin", url_of(other), url_of(other) + "/")
    assert done.status == 3
    assert "not the Prometheus text format: line 1" in done.line


def test_nobody_at_the_admin_address(other: ThreadingHTTPServer) -> None:
    done = baton_load("run", "--duration", "500ms", "--admin", "http://127.0.0.1:1", url_of(other) + "/")
    assert done.status == 3
    assert "Connection refused" in done.line
