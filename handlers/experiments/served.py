"""The same countdown through HTTP: a Baton on free loopback ports, requests at once, and its books beside the clock."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from handlers.experiments.machine import Others, family_seconds
from handlers.experiments.measure import AT_MOST, Books, Impossible, Sample

START_WITHIN = 30.0
END_WITHIN = 15.0
THREADS_APP = "handlers.lab:app"
LOOP_APP = "handlers.lab:asgi"


@dataclass(frozen=True)
class Mode:
    """One way in which Baton runs an application."""

    key: str
    title: str
    options: tuple[str, ...]
    application: str
    on_loop: bool = False
    free_threaded: bool = False


MODES = (
    Mode("threads", "threads", ("--threads", "4"), THREADS_APP),
    Mode("cpython", "threads, `--gil-policy cpython`", ("--threads", "4", "--gil-policy", "cpython"), THREADS_APP),
    Mode("loop", "event loop", (), LOOP_APP, on_loop=True),
)
FREE_MODE = Mode("free", "threads, free-threaded", ("--threads", "4"), THREADS_APP, free_threaded=True)


def version(binary: Path) -> str | None:
    """What that Baton says it is made of, in one line; None when it does not run."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return ", ".join(said.splitlines()[:2]) or None


def get(address: str, path: str, timeout: float = AT_MOST) -> bytes:
    """One request, one answer; anything but 200 is not possible. Knows nothing of proxies."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as problem:
        raise Impossible(f"{path}: {problem or type(problem).__name__}") from problem
    finally:
        connection.close()
    if answer.status != 200:
        said = body.decode(errors="replace").strip().partition("\n")[0][:120]
        raise Impossible(f"{path.partition('?')[0]} is answered by {answer.status}: {said}")
    return body


def total(text: str, name: str) -> float | None:
    """The sum of a metric over its labels; None when it is not there, as on a Python without a lock."""
    found = re.findall(rf"^{name}(?:\{{[^\n]*\}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, found)) if found else None


def parse(text: str) -> Books:
    cpu = total(text, "process_cpu_seconds_total")
    if cpu is None:
        raise Impossible("the server's metrics do not say what CPU it used")
    return Books(total(text, "cpython_gil_held_seconds_total"), total(text, "cpython_gil_waiting_seconds_total"), cpu)


def between(before: Books, after: Books) -> Books:
    def less(late: float | None, early: float | None) -> float | None:
        return None if late is None or early is None else late - early

    return Books(less(after.held, before.held), less(after.waited, before.waited), after.cpu - before.cpu)


def said_of_itself(path: str, body: bytes) -> tuple[float, float] | None:
    """The seconds that /threads and /processes give: of one, then of several."""
    if path.startswith("/cpu/"):
        return None
    seconds = [float(number) for number in re.findall(r"(\d+\.\d+) s\b", body.decode())]
    if len(seconds) < 2 or seconds[0] <= 0:
        raise Impossible(f"{path.partition('?')[0]} has no two times to compare: {body.decode().strip()[:120]}")
    return seconds[0], seconds[1]


def at_once(address: str, paths: Sequence[str]) -> list[bytes]:
    """All these requests at the same time; the first one that failed is what failed."""
    problems: list[Impossible] = []
    bodies: list[bytes] = []

    def one(path: str) -> None:
        try:
            bodies.append(get(address, path))
        except Impossible as problem:
            problems.append(problem)

    crowd = [threading.Thread(target=one, args=(path,)) for path in paths]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    if problems:
        raise problems[0]
    return bodies


class Server:
    """with Server(binary, mode, root) as server: a fresh Baton, gone at the end."""

    def __init__(self, binary: Path, mode: Mode, root: Path) -> None:
        self.command = [
            str(binary), "serve", "--bind", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--request-timeout", f"{AT_MOST:g}s",
            *mode.options, mode.application,
        ]  # fmt: skip
        self.mode = mode
        self.root = root

    def __enter__(self) -> Server:
        self.log = tempfile.TemporaryFile()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        # A process group of its own: Ctrl-C reaches this program alone, which then ends what it has started.
        try:
            self.process = subprocess.Popen(
                self.command, cwd=self.root, env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            )  # fmt: skip
        except OSError as problem:
            raise Impossible(f"{self.command[0]}: {problem.strerror}") from problem
        try:
            self.admin = self.said(r"baton: admin on http://([^\s/]+)")
            self.address = self.said(r"baton: serving http://([^\s/]+)")
            self.wait_until_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None) -> None:
        self.end()

    def text(self) -> str:
        return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")

    def said(self, pattern: str) -> str:
        latest = time.monotonic() + START_WITHIN
        while time.monotonic() < latest:
            ended = self.process.poll() is not None
            if found := re.search(pattern, self.text()):
                return found.group(1)
            if ended:
                break
            time.sleep(0.02)
        last = (self.text().strip().splitlines() or ["it said nothing"])[-1]
        raise Impossible(f"the server did not start: {last}")

    def wait_until_ready(self) -> None:
        latest = time.monotonic() + START_WITHIN
        while True:
            try:
                get(self.admin, "/readyz", 5.0)
                return
            except Impossible:
                if self.process.poll() is not None or time.monotonic() > latest:
                    raise Impossible("the server did not get ready") from None
                time.sleep(0.02)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def family_cpu(self) -> float:
        return family_seconds(self.process.pid)

    def books(self) -> Books:
        return parse(get(self.admin, "/metrics", 10.0).decode())

    def measure(self, paths: Sequence[str]) -> Sample:
        """The time from the first request to the last answer, and what the books say of it."""
        before, cpu = self.books(), self.family_cpu()
        with Others(self.family_cpu) as others:
            start = time.perf_counter()
            bodies = at_once(self.address, paths)
            seconds = time.perf_counter() - start
        books, said = between(before, self.books()), said_of_itself(paths[0], bodies[0])
        if books.held is None and not self.mode.free_threaded:
            raise Impossible("this Baton keeps no books: its Python has no GIL, or the ledger is off")
        return Sample(seconds, self.family_cpu() - cpu, others.cores, books, said)
