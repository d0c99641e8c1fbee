"""`baton-load run --metrics`: the run as Prometheus sees it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.load import LOAD, Target, baton_load, eventually
from harness.prometheus import Scrape
from harness.server import REPOSITORY


class Watched:
    """A run with --metrics on a free port, asked while it goes on."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        self._err = folder / "err"
        self.report = folder / "report.json"
        with self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [str(LOAD), "run", "--metrics", "127.0.0.1:0", "--json", str(self.report), "--live", "off", *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
            )  # fmt: skip
        eventually(lambda: "metrics at" in self._err.read_text() or self.process.poll() is not None)
        found = re.search(r"metrics at http://(\S+)/metrics", self._err.read_text())
        assert found, self._err.read_text()
        self.address = found[1]

    def ask(self, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
        finally:
            connection.close()

    def scrape(self) -> Scrape:
        return Scrape(self.ask()[2])


@contextmanager
def watched(folder: Path, *arguments: str) -> Iterator[Watched]:
    run = Watched(*arguments, folder=folder)
    try:
        yield run
    finally:
        run.process.terminate()
        run.process.wait(30)


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as one:
        yield one


def test_counts_grow_while_it_runs_and_end_as_the_report_says(target: Target, tmp_path: Path) -> None:
    arguments = ("--rate", "100", "--duration", "5", "--linger", "60", target.url + "/a", target.url + "/b?status=500")
    with watched(tmp_path, *arguments) as run:
        during = run.scrape()
        while during.total("baton_load_requests_total") == 0:
            time.sleep(0.01)
            during = run.scrape()
        # It was asked for again and again, so this is of the middle.
        assert during.total("baton_load_requests_total") < 500
        assert during.total("baton_load_running") == 1
        eventually(lambda: run.scrape().total("baton_load_running") == 0)
        eventually(lambda: run.report.exists() and run.report.read_bytes().endswith(b"\n"))
        after = run.scrape()
        report = json.loads(run.report.read_text())
    assert during.total("baton_load_requests_total") < after.total("baton_load_requests_total") == 500
    for endpoint in report["endpoints"]:
        name = endpoint["name"]
        assert after.total("baton_load_due_total", endpoint=name) == endpoint["due"]
        assert after.total("baton_load_errors_total", endpoint=name) == endpoint["errors"]
        assert after.total("baton_load_response_seconds_count", endpoint=name) == endpoint["response"]["n"]
    assert after.total("baton_load_errors_total", failure="unexpected") == report["totals"]["failures"]["unexpected"]
    assert after.total("baton_load_responses_total", http_response_status_code="500") == report["totals"]["statuses"]["500"]
    assert after.total("baton_load_in_flight") == 0


def test_it_ends_at_once_without_linger(target: Target, tmp_path: Path) -> None:
    with watched(tmp_path, "--rate", "50", "--duration", "1", target.url) as run:
        assert run.process.wait(30) in (0, 4)


def test_an_interrupt_ends_the_lingering(target: Target, tmp_path: Path) -> None:
    with watched(tmp_path, "--rate", "50", "--duration", "1", "--linger", "1h", target.url) as run:
        eventually(lambda: run.report.exists() and run.report.read_bytes().endswith(b"\n"))
        time.sleep(0.2)
        assert run.process.poll() is None
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) in (0, 4)


def test_an_interrupted_run_does_not_linger(target: Target, tmp_path: Path) -> None:
    with watched(tmp_path, "--rate", "50", "--duration", "1h", "--linger", "1h", target.url) as run:
        eventually(lambda: target.seen.paths["/"] > 10)
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(30) in (0, 4)


def test_there_is_one_page_and_it_is_read_only(target: Target, tmp_path: Path) -> None:
    with watched(tmp_path, "--rate", "10", "--duration", "1", "--linger", "60", target.url) as run:
        status, kind, text = run.ask()
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert run.ask(method="HEAD")[0] == 200 and run.ask(method="HEAD")[2] == ""
        assert run.ask("/")[0] == 404
        assert run.ask(method="DELETE")[0] == 405
        documented = re.findall(r"^\| `(baton_load_\w+)`", (REPOSITORY / "docs" / "load_metrics.md").read_text(), re.MULTILINE)
        assert sorted(Scrape(text).families) == sorted(documented)


def test_types_are_as_documented(target: Target, tmp_path: Path) -> None:
    rows = re.findall(
        r"^\| `(baton_load_\w+)` \| (\w+) \| ([^|]*)\|", (REPOSITORY / "docs" / "load_metrics.md").read_text(), re.MULTILINE
    )
    with watched(tmp_path, "--rate", "20", "--duration", "1", "--linger", "60", target.url) as run:
        eventually(lambda: run.scrape().total("baton_load_responses_total") == 20)
        families = run.scrape().families
    for name, kind, labels in rows:
        assert families[name].type == kind and families[name].help
        for _, given, _ in families[name].samples:
            assert set(given) - {"le"} == set(re.findall(r"`(\w+)`", labels)), name


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--metrics", "nonsense"), "--metrics: must be HOST:PORT"),
        (("--metrics", "127.0.0.1:0", "--linger", "soon"), "--linger: "),
        (("--linger", "5s"), "--linger: waits for the last scrape of --metrics"),
    ],
)
def test_mistakes_are_said_before_anything_is_sent(target: Target, arguments: tuple[str, ...], what: str) -> None:
    done = baton_load("run", *arguments, target.url)
    assert done.status == 2
    assert what in done.line
    assert target.seen.connections == 0


def test_an_address_that_is_taken_is_said(target: Target) -> None:
    done = baton_load("run", "--duration", "1", "--metrics", f"127.0.0.1:{target.port}", target.url)
    assert done.status == 2
    assert "cannot listen: Address already in use" in done.line
