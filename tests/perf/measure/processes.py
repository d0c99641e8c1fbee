"""Processes of one round: ports, CPU time of a whole tree, and an end for everything that was started."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from measure.contenders import Contender, Place

ROOT = Path(__file__).resolve().parents[3]
START_WITHIN = 30.0
END_WITHIN = 15.0


def free_port() -> int:
    """A port that is free, and the next one too (for the admin address)."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
                return port
            except (OSError, OverflowError):
                continue


def stat_fields(pid: int) -> list[str]:
    # The second field, the command, is in parentheses and may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                children.setdefault(int(stat_fields(int(entry.name))[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of the whole tree, from the processes' own clocks: to the nanosecond, where /proc counts in ticks."""
    total = 0.0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            # As clock_getcpuclockid(3) makes it: of a process, all threads, scheduled time.
            total += time.clock_gettime((~pid << 3) | 2)
    return total


def get(port: int, path: str, timeout: float = 10.0) -> bytes:
    """One request, one answer; anything but 200 is an error. Knows nothing of proxies."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered by {answer.status}")
        return body
    finally:
        connection.close()


def end(process: subprocess.Popen[bytes]) -> None:
    """Asks the process to end, then makes sure: of its children too, by their numbers."""
    family = tree(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in family[1:]:
        # A number is used again only much later than this.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


@dataclass
class Running:
    """A contender that serves."""

    contender: Contender
    place: Place
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)


class Server:
    """with Server(contender) as running: a fresh process in a folder of its own; gone with its children at the end."""

    def __init__(self, contender: Contender) -> None:
        self.contender = contender

    def __enter__(self) -> Running:
        self.folder = tempfile.TemporaryDirectory()
        port = free_port()
        place = Place(port, port + 1, Path(self.folder.name))
        self.log = open(place.folder / "log", "w+b")
        # A session of its own: Ctrl-C reaches the bench alone, which then ends what it has started.
        self.process = subprocess.Popen(
            self.contender.command(place),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        try:
            self.wait_until_serving(place)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return Running(self.contender, place, self.process)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            end(self.process)
            if isinstance(error, Exception):
                self.log.seek(0)
                error.add_note(f"{self.contender.name}: {self.log.read().decode(errors='replace')[-2000:]}")
        finally:
            self.log.close()
            self.folder.cleanup()

    def wait_until_serving(self, place: Place) -> None:
        latest = time.monotonic() + START_WITHIN
        while time.monotonic() < latest:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.contender.name} ended with {self.process.returncode} before it served")
            try:
                if self.contender.expected in get(place.port, self.contender.path):
                    return
                raise RuntimeError(f"{self.contender.name}: the answer is not the one that was expected")
            except OSError:
                time.sleep(0.02)
            except http.client.HTTPException:
                time.sleep(0.02)
        raise RuntimeError(f"{self.contender.name} does not serve within {START_WITHIN:g} s")
