"""The demo's processes, from the first to the last: server, Prometheus, the mixed load, and one phase after the other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from dashboards.demo.children import Child, Failure
from dashboards.demo.monitor import Prometheus, fetch
from dashboards.demo.phases import PHASES, Phase

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "loadgen" / "scenarios" / "lab.toml"
LONG = "24h"


@dataclass(frozen=True)
class Plan:
    """What the command line has said."""

    build: Path  # where baton and baton-load are
    server: str  # addresses, HOST:PORT
    admin: str
    load: str
    prometheus: str
    gil_policy: str
    rate: float
    phase: float  # seconds of each
    seconds: float | None  # of all; None: until somebody ends it

    @property
    def url(self) -> str:
        return f"http://{self.server}"


class Stage:
    """Used as a context manager; when the block ends, however it does, so has everything that was started."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._stack = ExitStack()
        self._running: list[Child] = []
        self.prometheus: Prometheus

    def __enter__(self) -> Stage:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _add(self, child: Child) -> Child:
        self._stack.enter_context(child)
        self._running.append(child)
        return child

    def _start(self) -> None:
        plan = self._plan
        server = self._add(Child(
            "baton",
            [plan.build / "baton", "serve", "--bind", plan.server, "--admin", plan.admin, "--gil-policy", plan.gil_policy,
             "--threads", "8:16", "--queue-limit", "64", "--chdir", ROOT, "--python-path", ROOT,
             "--mount", "/asgi=handlers.lab:asgi", "handlers.lab:app"],
            self._folder / "baton.log",
            # Nobody is there: /io/upstream is what fails in this demo.
            env={"BATON_LAB_UPSTREAM": "http://127.0.0.1:1"},
        ))  # fmt: skip
        server.wait_for(lambda: fetch(f"http://{plan.admin}/readyz")[0] == 200)
        monitor = self._folder / "prometheus"
        monitor.mkdir()
        self.prometheus = Prometheus(monitor, plan.prometheus, {"baton": [plan.admin], "baton-load": [plan.load]})
        self._add(self.prometheus)
        self.prometheus.wait_for(self.prometheus.ready)
        load = self._add(self._load("mixed load", "--scenario", self._scenario(), "--rate", f"{plan.rate:g}", "--duration", LONG,
                                    "--metrics", plan.load))  # fmt: skip
        load.wait_for(lambda: fetch(f"http://{plan.load}/metrics")[0] == 200)

    def _scenario(self) -> Path:
        """The lab's own, at our address."""
        text = re.sub(r'^base = ".*"', f'base = "{self._plan.url}"', SCENARIO.read_text(), flags=re.MULTILINE)
        file = self._folder / "lab.toml"
        file.write_text(text)
        return file

    def _load(self, name: str, *arguments: str | Path) -> Child:
        command = [self._plan.build / "baton-load", "run", "--live", "off", *arguments]
        return Child(name, command, self._folder / f"{name.replace(' ', '-')}.log")

    def perform(self, say: Callable[[Phase], None], phases: Sequence[Phase] = PHASES) -> None:
        """Phase after phase, until the time is over; a Failure when something ends that should not."""
        end = None if self._plan.seconds is None else time.monotonic() + self._plan.seconds
        for phase in self._endlessly(phases, end):
            say(phase)
            until = time.monotonic() + self._plan.phase
            until = until if end is None else min(until, end)
            if not phase.path:
                self._rest(until)
                continue
            with self._load(phase.name, *phase.arguments, "--duration", LONG, self._plan.url + phase.path):
                self._rest(until)

    @staticmethod
    def _endlessly(phases: Sequence[Phase], end: float | None) -> Iterator[Phase]:
        for phase in cycle(phases):
            if end is not None and time.monotonic() >= end:
                return
            yield phase

    def _rest(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(0.2, left))
            for child in self._running:
                if child.ended:
                    raise Failure(f"{child.name} has ended by itself:\n{child.said()}")
