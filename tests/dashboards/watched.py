"""A Prometheus beside a server under load, and a second one that knows a metric under another name."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.load import LOAD
from harness.required import lacking
from harness.server import REPOSITORY, Server

from dashboards.demo.children import Child
from dashboards.demo.monitor import Prometheus, available

NO_PROMETHEUS = "no prometheus here (apt-get install prometheus, or BATON_CI=1 ./dev test): no query of a dashboard has been tried"
RENAMED = "cpython_gil_held_seconds_total"
RATE, SECONDS = 80, 16  # so many that the report has a p99
NO_UPSTREAM = {"BATON_LAB_UPSTREAM": "http://127.0.0.1:1"}  # nobody is there: a 502

SCENARIO = """
base = "{base}"
[load]
rate = {rate}
connections = 64
duration = "{seconds}s"
warm-up = "1s"
[[endpoint]]
path = "/io/sleep?ms=150"
weight = 20
[[endpoint]]
path = "/hello"
weight = 15
[[endpoint]]
path = "/cpu/countdown?n=100000"
weight = 10
[[endpoint]]
path = "/native/hash?mb=1&release=1"
weight = 5
[[endpoint]]
path = "/cpu/json?records=1000"
weight = 5
[[endpoint]]
path = "/asgi/io/sleep?ms=5"
weight = 5
[[endpoint]]
path = "/io/upstream?ms=1"
weight = 5
[[endpoint]]
path = "/asgi/echo"
websocket = {{ messages = 2 }}
weight = 2
"""


def need_prometheus() -> None:
    if not available():
        lacking(NO_PROMETHEUS)


def free_address() -> str:
    """It is used some time later, so of a port that the kernel gives nobody who does not ask for it."""
    first_of_the_kernels = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", random.randrange(10_000, max(first_of_the_kernels, 20_000))))
            return f"127.0.0.1:{found.getsockname()[1]}"


@dataclass(frozen=True)
class Scene:
    """What has been seen: by Prometheus, by one that knows a metric under another name, and by the load generator.

    `report` is the generator's, the server's side included.
    """

    prometheus: Prometheus
    mutant: Prometheus
    server: Server
    report: dict[str, Any]
    begin: float
    middle: float  # the measured run begins here, and is over at `end`
    end: float
    last: float  # when the run was over, and its last figures had been scraped


def monitor(folder: Path, targets: dict[str, list[str]], renamed: dict[str, str] | None = None) -> Prometheus:
    folder.mkdir()
    made = Prometheus(folder, free_address(), targets, renamed=renamed)
    try:
        made.wait_for(made.ready)
    except BaseException:
        made.stop()
        raise
    return made


def crowd(server: Server) -> None:
    """More than there is room for, for a moment; nobody asks how it went."""
    subprocess.run([str(LOAD), "run", "--connections", "80", "--duration", "2", "--live", "off",
                    f"http://127.0.0.1:{server.port}/io/sleep?ms=100"],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=60)  # fmt: skip


def wait_for_the_first_scrape(prometheus: Prometheus) -> None:
    """Prometheus takes five seconds to look for its targets."""
    end = time.monotonic() + 30
    while prometheus.value('up{job="baton"}') != 1:
        assert time.monotonic() < end, "the server was not scraped"
        time.sleep(0.1)


def wait_for_the_last_scrape(prometheus: Prometheus, expected: float, over: float) -> None:
    """The generator's when it had ended, and the server's after `over`: a request is in its books a moment after its response."""
    server = f'up{{job="baton"}} == 1 and timestamp(up{{job="baton"}}) > {over + 0.5}'
    end = time.monotonic() + 20
    while prometheus.value(f"sum(baton_load_requests_total) and on () sum(baton_load_running) == 0 and on () ({server})") != expected:
        assert time.monotonic() < end, "the last figures of the run were not scraped"
        time.sleep(0.2)


def measured(folder: Path, server: Server, metrics: str, prometheus: Prometheus) -> tuple[dict[str, Any], float, float, float]:
    """One run with the mixed load: its report, the moments between which the load was steady, and when all had been scraped."""
    scenario, report = folder / "scenario.toml", folder / "report.json"
    scenario.write_text(SCENARIO.format(base=f"http://127.0.0.1:{server.port}", rate=RATE, seconds=SECONDS))
    command = [LOAD, "run", "--scenario", scenario, "--json", report, "--metrics", metrics, "--linger", "60s", "--live", "off",
               "--admin", f"http://{server.admin}"]  # fmt: skip
    begin = time.time()
    with Child("baton-load", command, folder / "load.log") as load:
        load.wait_for(lambda: report.exists() and report.stat().st_size > 0 and report.read_bytes().endswith(b"\n"))
        end = time.time()
        read = json.loads(report.read_text())
        wait_for_the_last_scrape(prometheus, read["totals"]["answered"], end)
        last = time.time()
    return read, begin + 1, end, last


@contextmanager
def play() -> Iterator[Scene]:
    """All of it, once."""
    options = ("--threads", "4:16", "--queue-limit", "16", "--mount", "/asgi=handlers.lab:asgi")
    with tempfile.TemporaryDirectory() as name, Server("handlers.lab:app", *options, cwd=REPOSITORY, env=NO_UPSTREAM) as server:
        folder = Path(name)
        metrics = free_address()
        targets = {"baton": [server.admin], "baton-load": [metrics]}
        with (
            monitor(folder / "one", targets) as prometheus,
            monitor(folder / "other", targets, {RENAMED: "renamed_total"}) as mutant,
        ):
            for one in (prometheus, mutant):
                wait_for_the_first_scrape(one)
            start = time.time()
            crowd(server)
            report, begin, end, last = measured(folder, server, metrics, prometheus)
            yield Scene(prometheus, mutant, server, report, start, begin, end, last)
