#!/usr/bin/env python3
"""Requests per CPU-second: Baton beside other servers, "Hello, World!" and nothing else.

The headline is requests per CPU-second of the server's whole process tree, because it holds when the machine is shared.
Each round starts a fresh process; the servers take turns in random order; medians are reported.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
PYTHON = "/usr/bin/python3"


@dataclass
class Round:
    """What one run of wrk against one fresh process gave."""

    requests: int
    seconds: float
    cpu: float
    errors: str = ""
    held: float | None = None
    releases: float | None = None

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass
class Contender:
    """A server: how to start it on a port, with a folder of its own."""

    name: str
    command: Callable[[int, Path], list[str]]
    measures_gil: bool = False
    rounds: list[Round] = field(default_factory=list)


NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 100000000; default_type text/plain;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "Hello, World!"; }} }}
}}
"""


def nginx(port: int, folder: Path) -> list[str]:
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    return ["nginx", "-c", str(config), "-e", str(folder / "error.log")]


def gunicorn(port: int, _folder: Path) -> list[str]:
    return [PYTHON, "-m", "gunicorn", "-w", "1", "-b", f"127.0.0.1:{port}", "--log-level", "error", "handlers.hello:app"]


def waitress(port: int, _folder: Path) -> list[str]:
    return [PYTHON, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=8", "handlers.hello:app"]


def baton(binary: Path, options: list[str]) -> Callable[[int, Path], list[str]]:
    def command(port: int, _folder: Path) -> list[str]:
        addresses = ["--bind", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{port + 1}"]
        return [str(binary), "serve", *addresses, *options, "handlers.hello:app"]

    return command


# --- Processes


def free_port() -> int:
    """A port that is free, and the next one too (for the admin address)."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
                return port
            except OSError:
                continue


def stat_fields(pid: int) -> list[str]:
    # The second field, the command, is in parentheses and may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(stat_fields(int(entry.name))[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                continue
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """utime and stime of the whole tree."""
    return sum(int(ticks) for pid in tree(root) for ticks in stat_fields(pid)[11:13]) / TICKS


def wait_until_serving(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before it served")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                if answer.read() == b"Hello, World!":
                    return
                raise RuntimeError("the answer is not the one that was expected")
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("does not serve within 30 s")


# --- Measuring


def wrk(port: int, seconds: float, connections: int) -> tuple[int, float, str]:
    """Requests, seconds, and what went wrong."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", f"http://127.0.0.1:{port}/"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", text)
    if not done:
        raise RuntimeError(f"wrk said: {text}")
    bad = re.search(r"Non-2xx.*|Socket errors.*", text)
    return int(done[1]), float(done[2]) * {"ms": 0.001, "s": 1, "m": 60}[done[3]], bad[0] if bad else ""


def gil(port: int) -> tuple[float, float]:
    """Seconds held and number of releases so far, from Baton's own books."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()

    def total(name: str) -> float:
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[{{ ]", line))

    return total("cpython_gil_held_seconds_total"), total("cpython_gil_releases_total")


def measure(contender: Contender, seconds: float, connections: int) -> Round:
    """A fresh process, a second of warming up, then the round."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "w+b") as log:
        command = contender.command(port, Path(folder))
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until_serving(port, process)
            wrk(port, 1, connections)
            before = gil(port) if contender.measures_gil else (0.0, 0.0)
            used = cpu_seconds(process.pid)
            requests, took, errors = wrk(port, seconds, connections)
            used = cpu_seconds(process.pid) - used
            after = gil(port) if contender.measures_gil else (0.0, 0.0)
        except Exception as error:
            log.seek(0)
            raise RuntimeError(f"{contender.name}: {error}\n{log.read().decode(errors='replace')[-2000:]}") from error
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    one = Round(requests, took, used, errors)
    if contender.measures_gil:
        one.held, one.releases = after[0] - before[0], after[1] - before[1]
    return one


# --- Reporting


def median(contender: Contender, value: Callable[[Round], float]) -> float:
    return statistics.median(value(one) for one in contender.rounds)


def spread(contender: Contender) -> float:
    values = [one.per_cpu_second for one in contender.rounds]
    return (max(values) - min(values)) / statistics.median(values)


def table(contenders: list[Contender]) -> str:
    lines = [
        "| server | requests per CPU-second | of nginx | requests per second | spread | GIL held per request | releases per request |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    best = next((median(c, lambda r: r.per_cpu_second) for c in contenders if c.name.startswith("nginx")), None)
    for c in sorted(contenders, key=lambda c: -median(c, lambda r: r.per_cpu_second)):
        rate = median(c, lambda r: r.per_cpu_second)
        ratio = f"{rate / best:.2f}" if best else ""
        held = releases = ""
        if c.measures_gil:
            held = f"{median(c, lambda r: (r.held or 0) / r.requests) * 1e6:.2f} µs"
            releases = f"{median(c, lambda r: (r.releases or 0) / r.requests):.4f}"
        plain = median(c, lambda r: r.per_second)
        lines.append(f"| {c.name} | {rate:,.0f} | {ratio} | {plain:,.0f} | {spread(c):.0%} | {held} | {releases} |")
    return "\n".join(lines)


def contenders(binary: Path, options: list[str], wanted: list[str]) -> list[Contender]:
    known = [
        Contender("baton", baton(binary, options), measures_gil=True),
        Contender("nginx, `return 200`", nginx),
        Contender("gunicorn, sync, 1 worker", gunicorn),
        Contender("waitress, 8 threads", waitress),
    ]
    chosen = [c for c in known if any(c.name.startswith(name) for name in wanted)]
    missing = [c.name for c in chosen if c.name.startswith("nginx") and not shutil.which("nginx")]
    if missing:
        sys.exit(f"bench: not installed: {', '.join(missing)}")
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--binary", type=Path, default=os.environ.get("BATON_BINARY", ROOT / "build" / "baton"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each round, after one second of warming up")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--servers", default="baton,nginx,gunicorn,waitress")
    parser.add_argument("--options", default="", help="further options of baton, in one argument")
    args = parser.parse_args()

    chosen = contenders(args.binary, args.options.split(), args.servers.split(","))
    for number in range(args.rounds):
        for contender in random.sample(chosen, len(chosen)):
            one = measure(contender, args.seconds, args.connections)
            contender.rounds.append(one)
            note = f"  ({one.errors})" if one.errors else ""
            progress = f"round {number + 1}/{args.rounds}  {contender.name:26} {one.per_cpu_second:10,.0f} per CPU-second{note}"
            print(progress, file=sys.stderr, flush=True)
    print(table(chosen))
    setting = f"wrk -t1 -c{args.connections}, {args.seconds:g} s a round, {args.rounds} rounds, {os.cpu_count()} cores"
    print(f"\n`{' '.join(['./dev', 'bench', *sys.argv[1:]])}`: {setting}.")
    return 1 if any(one.errors for contender in chosen for one in contender.rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
