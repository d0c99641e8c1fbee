"""Load on a server: wrk for throughput, the client of this package where every single request matters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Wrk:
    """What wrk said: requests, seconds, and what went wrong."""

    requests: int
    seconds: float
    errors: str = ""


def parse_wrk(text: str) -> Wrk:
    done = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m|h)\b", text)
    if not done:
        raise RuntimeError(f"wrk said: {text}")
    bad = re.findall(r"Non-2xx.*|Socket errors.*", text)
    return Wrk(int(done[1]), float(done[2]) * UNITS[done[3]], "; ".join(line.strip() for line in bad))


def wrk(port: int, seconds: float, connections: int, path: str = "/") -> Wrk:
    # wrk knows whole seconds only.
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", f"http://127.0.0.1:{port}{path}"]
    return parse_wrk(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@dataclass
class Record:
    """Every request of one run of the client: when it was sent, how long it took, in nanoseconds."""

    began: int
    end: int
    sent: list[int]
    took: list[int]
    errors: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """In seconds; the least latency that at least this share did not exceed."""
        if not self.took:
            return float("nan")
        ranked = sorted(self.took)
        return ranked[min(len(ranked) - 1, max(0, -(-int(share * 1e6) * len(ranked) // 10**6) - 1))] / 1e9

    def per_second(self, began: int | None = None, end: int | None = None) -> float:
        """Answers that came within the span; by itself the span in which the client sent."""
        first, last = self.began if began is None else began, self.end if end is None else end
        came = sum(first < sent + took <= last for sent, took in zip(self.sent, self.took, strict=True))
        return came / ((last - first) / 1e9)


def client(port: int, path: str, connections: int, seconds: float) -> Record:
    with client_running(port, path, connections, seconds) as process:
        return finished(process)


def finished(process: subprocess.Popen[str]) -> Record:
    text, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the client ended with {process.returncode}")
    return Record(**json.loads(text))


@contextmanager
def started(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-I", str(HERE / script), *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def client_running(port: int, path: str, connections: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    with started("client.py", port, path, connections, seconds) as process:
        yield process


def stop(process: subprocess.Popen[str]) -> Record:
    """Ends a client before its time; what was answered by then counts."""
    process.terminate()
    return finished(process)
