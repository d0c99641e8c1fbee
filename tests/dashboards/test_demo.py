"""./dev demo: it shows something, says where, and leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boards import Target, substituted, targets
from harness.load import LOAD
from harness.server import BINARY, REPOSITORY
from watched import free_address

from dashboards.demo.monitor import fetch
from dashboards.demo.phases import PHASES

pytestmark = pytest.mark.usefixtures("prometheus_is_here")


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def children_of(pid: int) -> dict[int, str]:
    """Processes by id with what they run; a zombie is none."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found[int(folder.name)] = (folder / "comm").read_text().strip()
        except (OSError, ValueError):
            continue
    return found


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Demo:
    """The demo on free ports, with a temporary folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        names = ("port", "admin-port", "load-port", "prometheus-port")
        self.ports = {name: free_address().rpartition(":")[2] for name in names}
        flags = [part for name, port in self.ports.items() for part in (f"--{name}", port)]
        self.folder = folder
        self._out = (folder / "out").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboards.demo", "--build", str(BINARY.parent), *flags, *arguments],
            cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=self._out, stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip

    @property
    def said(self) -> str:
        return (self.folder / "out").read_text()

    def url(self, of: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[of]}{path}"

    def wait_until_it_plays(self) -> dict[int, str]:
        eventually(lambda: "quiet:" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return children_of(self.process.pid)

    def wait(self) -> int:
        return self.process.wait(60)

    def nothing_is_left(self, of: dict[int, str]) -> None:
        assert len(of) >= 3, of
        eventually(lambda: all(gone(pid) for pid in of))
        assert [path.name for path in self.folder.glob("baton-demo-*")] == []


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    if BINARY.with_name("baton-load") != LOAD:
        pytest.skip("baton and baton-load are not in one folder")
    made: list[Demo] = []

    def start(*arguments: str) -> Demo:
        made.append(Demo(tmp_path, *arguments))
        return made[-1]

    yield start
    for one in made:
        one.process.terminate()
        one.process.wait(60)


def test_it_shows_what_it_says(demo: Callable[..., Demo]) -> None:
    running = demo("--gil-policy", "cpython")
    children = running.wait_until_it_plays()
    assert {"baton", "baton-load", "prometheus"} <= set(children.values())
    for of in running.ports:
        assert f":{running.ports[of]}" in running.said
    assert fetch(running.url("port", "/hello"))[0] == 200
    metrics = fetch(running.url("admin-port", "/metrics"))[1].decode()
    assert 'gil_policy="cpython"' in metrics
    eventually(lambda: b'"health":"up"' in fetch(running.url("prometheus-port", "/api/v1/targets"))[1])
    assert b"GilConvoy" in fetch(running.url("prometheus-port", "/api/v1/rules"))[1]
    eventually(lambda: re.search(rb"baton_load_requests_total\{[^}]*\} [1-9]", fetch(running.url("load-port", "/metrics"))[1]) is not None)


def test_it_ends_by_itself_when_it_is_to(demo: Callable[..., Demo]) -> None:
    running = demo("--phase", "1", "--seconds", "2")
    children = running.wait_until_it_plays()
    assert running.wait() == 0, running.said
    running.nothing_is_left(children)


# What stands still even here, and why.
STILL = {
    "With a GIL": "there is one all the time",
    "The books balance": "they do",
    "Skew of the interpreters": "there is one interpreter",
    "Instances": "a figure for each instance, now",
}
STILL_QUERIES = {"baton_load_blocked_seconds_sum": "a connection is always free"}


def moves(running: Demo, target: Target, begin: float, end: float) -> bool:
    query = urllib.parse.urlencode({"query": substituted(target.expr, "5s"), "start": begin, "end": end, "step": 1})
    status, body = fetch(running.url("prometheus-port", f"/api/v1/query_range?{query}"), timeout=30)
    assert status == 200, body
    series = json.loads(body)["data"]["result"]
    return any(len({value for _, value in one["values"] if value != "NaN"}) > 1 for one in series)


def test_in_a_cycle_every_chart_moves(demo: Callable[..., Demo]) -> None:
    """All phases, one after the other. On a busy machine a short phase may be over before it is seen; it comes again."""
    begin = time.time()
    running = demo("--phase", "3")
    children = running.wait_until_it_plays()
    cycle = [phase.name for phase in PHASES]
    # The first of the next one is said when the last of this one is over.
    eventually(lambda: len(phases_of(running)) > len(cycle) or running.process.poll() is not None, 240)
    assert phases_of(running)[: len(cycle)] == cycle, running.said
    still = [one for one in targets() if one.panel not in STILL and not any(name in one.expr for name in STILL_QUERIES)]
    last = time.monotonic() + 240
    while still := [one for one in still if not moves(running, one, begin, time.time())]:
        assert time.monotonic() < last, "\n".join(map(str, still))
        time.sleep(1)
    running.process.send_signal(signal.SIGINT)
    assert running.wait() == 0, running.said
    running.nothing_is_left(children)


def phases_of(running: Demo) -> list[str]:
    return re.findall(r"^  ([a-z ]+): ", running.said, re.MULTILINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_everything_when_it_is_told_to(demo: Callable[..., Demo], number: signal.Signals) -> None:
    running = demo()
    children = running.wait_until_it_plays()
    running.process.send_signal(number)
    assert running.wait() == 0, running.said
    running.nothing_is_left(children)


def test_when_it_is_killed_the_others_go_too(demo: Callable[..., Demo]) -> None:
    running = demo()
    children = running.wait_until_it_plays()
    running.process.kill()
    running.wait()
    eventually(lambda: all(gone(pid) for pid in children))


def test_when_one_ends_all_end_and_it_says_which(demo: Callable[..., Demo]) -> None:
    running = demo()
    children = running.wait_until_it_plays()
    os.kill(next(pid for pid, name in children.items() if name == "prometheus"), signal.SIGTERM)
    assert running.wait() == 1
    assert "prometheus has ended by itself" in running.said
    running.nothing_is_left(children)


def test_a_port_that_is_taken_is_said_at_once(demo: Callable[..., Demo]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = demo("--prometheus-port", str(port))
        assert running.wait() == 1
    assert f"--prometheus-port (now {port})" in running.said
    assert children_of(running.process.pid) == {}
