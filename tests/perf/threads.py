#!/usr/bin/env python3
"""Does `--threads auto` find the right number? Beside fixed numbers of threads, on three kinds of load.

Each round is a fresh process, warmed up and then measured; the choices take turns in random order; medians are
reported. What counts is the last line of each table: automatic against the best fixed number. Requests per second
decide where the load waits (sleep, mixed); where the GIL is the limit (hello) requests per CPU-second say the same with
less noise, so both are there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("BATON_BINARY", ROOT / "build" / "baton"))
TICKS = os.sysconf("SC_CLK_TCK")
AUTO = "auto"
# Loopback is never behind a proxy, whatever the environment says.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Load:
    """What wrk asks for: these targets in turn, on so many connections."""

    name: str
    targets: tuple[str, ...]
    connections: int


LOADS = {
    load.name: load
    for load in (
        Load("hello", ("/hello",), 32),
        Load("sleep", ("/io/sleep?ms=20",), 64),
        Load("mixed", ("/io/sleep?ms=20", "/cpu/countdown?n=20000"), 64),
    )
}


@dataclass
class Round:
    """What one fresh process did, and how many threads it had at the end."""

    per_second: float
    per_cpu_second: float
    size: int


@contextmanager
def server(threads: str) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A Baton of the lab on free ports, and its two addresses."""
    command = [str(BINARY), "serve", "--bind", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--threads", threads, "handlers.lab:app"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            said = b""
            end = time.monotonic() + 30
            while not (serving := re.search(rb"serving (http://\S+)", said)) or b"admin on" not in said:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"baton does not serve; it said: {said.decode(errors='replace')}")
                time.sleep(0.02)
                said = os.pread(log.fileno(), 1 << 20, 0)
            admin = re.search(rb"admin on (http://\S+)", said)
            assert admin
            yield process, serving[1].decode().rstrip("/"), admin[1].decode().rstrip("/")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wrk(url: str, load: Load, seconds: float, folder: Path) -> float:
    """Requests per second; an answer that is not 2xx is an error."""
    script = folder / "targets.lua"
    targets = ", ".join(json.dumps(target) for target in load.targets)
    script.write_text(
        f"local targets = {{{targets}}}\nlocal n = 0\n"
        "function request() n = n + 1; return wrk.format(nil, targets[n % #targets + 1]) end\n"
    )
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(script), url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if not done or re.search(r"Non-2xx|Socket errors", text):
        raise RuntimeError(f"wrk said: {text}")
    return int(done[1]) / (float(done[2]) * {"ms": 0.001, "s": 1, "m": 60}[done[3]])


def cpu_seconds(pid: int) -> float:
    # The second field, the command, is in parentheses and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def total(admin: str, metric: str) -> int:
    """The sum of a metric's series."""
    with DIRECT.open(f"{admin}/metrics", timeout=10) as answer:
        series = re.findall(rf"^{metric}(?:\{{.*\}})? (\S+)$", answer.read().decode(), re.M)
    return int(sum(float(value) for value in series))


def wait_until_quiet(admin: str) -> None:
    """The last requests of the warm-up may still be in the queue, with nobody there to read the answer."""
    end = time.monotonic() + 30
    while total(admin, "http_server_active_requests") and time.monotonic() < end:
        time.sleep(0.02)


def measure(load: Load, threads: str, warm_up: float, seconds: float) -> Round:
    with server(threads) as (process, url, admin), tempfile.TemporaryDirectory() as folder:
        wrk(url, load, warm_up, Path(folder))
        wait_until_quiet(admin)
        used, begun = cpu_seconds(process.pid), time.monotonic()
        rate = wrk(url, load, seconds, Path(folder))
        used, took = cpu_seconds(process.pid) - used, time.monotonic() - begun
        return Round(rate, rate * took / used, total(admin, "baton_interpreter_threads"))


def table(load: Load, rounds: dict[str, list[Round]]) -> Iterator[str]:
    def median(choice: str, what: str) -> float:
        return statistics.median(getattr(one, what) for one in rounds[choice])

    yield f"### {load.name}: {', '.join(load.targets)}, {load.connections} connections"
    yield ""
    yield "| threads | requests/s | requests/CPU-s | threads at the end |"
    yield "|---|---|---|---|"
    for choice in rounds:
        yield (
            f"| {choice} | {median(choice, 'per_second'):,.0f} | {median(choice, 'per_cpu_second'):,.0f} "
            f"| {median(choice, 'size'):.0f} |"
        )
    fixed = [choice for choice in rounds if choice != AUTO]
    if AUTO in rounds and fixed:
        ratios = [median(AUTO, what) / max(median(choice, what) for choice in fixed) for what in ("per_second", "per_cpu_second")]
        yield f"| **auto / best fixed** | **{ratios[0]:.2f}** | **{ratios[1]:.2f}** | |"
    yield ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--loads", nargs="+", choices=LOADS, default=list(LOADS))
    parser.add_argument("--threads", nargs="+", default=["1", "4", "16", "64", AUTO], help="values of --threads to compare")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds before each round")
    options = parser.parse_args()
    for load in (LOADS[name] for name in options.loads):
        rounds: dict[str, list[Round]] = {choice: [] for choice in options.threads}
        for number in range(options.rounds):
            for choice in random.sample(options.threads, len(options.threads)):
                one = measure(load, choice, options.warm_up, options.seconds)
                rounds[choice].append(one)
                print(f"{load.name} {number + 1}/{options.rounds} {choice}: {one.per_second:,.0f}/s", file=sys.stderr)
        print("\n".join(table(load, rounds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
