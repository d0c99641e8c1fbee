"""baton-load compare: fresh servers in turn, their CPU, and whether they differ."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from harness.load import LIMIT_SECONDS, LOAD, Done, baton_load
from harness.measured import measured
from harness.server import BINARY, REPOSITORY, usual_environment

# A server of the standard library; the second argument is what each answer costs, in milliseconds of CPU.
SERVER = """
import os, socket, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
cost, status = float(sys.argv[2]) / 1000, int(sys.argv[3])
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        end = time.thread_time() + cost
        while time.thread_time() < end: pass
        head = "HTTP/1.1 %d OK\\r\\nContent-Length: 2\\r\\n\\r\\nok" % status
        self.wfile.write(head.encode())
    def log_message(self, *args): pass
print("pid", os.getpid(), flush=True)
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ATTEMPTS = 5
QUICK = ("--duration", "200ms", "--warm-up", "0s", "--connections", "1")


@pytest.fixture
def server(tmp_path: Path) -> str:
    """The command but for its cost and its status."""
    file = tmp_path / "server.py"
    file.write_text(SERVER)
    return f"exec {sys.executable} -u {file} {{port}}"


UPSTREAM = f"exec {LOAD} upstream --port {{port}}"
WAITRESS = "/usr/bin/python3 -m waitress --listen 127.0.0.1:{port} --threads 4"


def compare(tmp_path: Path, *arguments: str) -> tuple[Done, dict[str, Any]]:
    """The outcome, and its JSON; once more when this machine had no time for the generator: then there are no verdicts."""
    file = tmp_path / "report.json"
    for _ in range(ATTEMPTS):
        done = baton_load("compare", "--json", str(file), *arguments)
        report = json.loads(file.read_text()) if done.status in (0, 4) else {}
        starved = any(each["generator_was_bottleneck"] for server in report.get("servers", []) for each in server["rounds"])
        assert done.status == (4 if starved else 0), done.err
        if not starved:
            return done, report
    pytest.skip("BATON-LOAD HAS NOT COMPARED: this machine was too busy for it every time")


def metric(report: dict[str, Any], pair: int, name: str) -> dict[str, Any]:
    return next(found for found in report["pairs"][pair]["metrics"] if found["metric"] == name)


@measured
def test_a_server_that_works_four_times_as_hard_is_worse(tmp_path: Path, server: str) -> None:
    done, report = compare(tmp_path, *QUICK, f"{server} 2 200", f"{server} 8 200")
    headline = metric(report, 0, "requests_per_cpu_second")
    assert headline["verdict"] == "worse"
    assert headline["low"] <= headline["ratio"] <= headline["high"] < 1
    assert 0.15 < headline["ratio"] < 0.5
    assert report["rounds"] == 6
    assert [len(each["rounds"]) for each in report["servers"]] == [6, 6]
    for each in report["servers"][0]["rounds"]:
        # 2 ms of CPU each, at least
        assert each["server_cpu_seconds"] >= 0.0019 * each["answered"]
    assert "B against A" in done.out and "95 % interval" in done.out
    # The closed model: nothing is due.
    assert "from sent" in done.out and "from due" not in done.out
    assert metric(report, 0, "p50_response")["ratio"] is None
    assert len([line for line in done.err.splitlines() if line.startswith("round ")]) == 12


def test_baton_shows_its_books_and_itself_as_the_noise(tmp_path: Path) -> None:
    baton = f"exec {BINARY} serve --bind 127.0.0.1:{{port}} --admin 127.0.0.1:{{admin}} --python-path {REPOSITORY} handlers.hello:app"
    done, report = compare(tmp_path, *QUICK, "--rounds", "2", "--aa", baton)
    assert [each["name"] for each in report["servers"]] == ["A", "A again"]
    assert report["pairs"][0]["noise_floor"] is True
    assert {each["verdict"] for each in report["pairs"][0]["metrics"]} <= {"too few rounds", "not measured"}
    assert all(each["gil"]["held_seconds"] > 0 for each in report["servers"][0]["rounds"])
    assert "GIL held per request" in done.out
    assert "a verdict takes 6 rounds" in done.out


@measured
def test_baton_against_a_peer_has_a_ratio_with_its_interval(tmp_path: Path) -> None:
    known = subprocess.run(["/usr/bin/python3", "-c", "import waitress"], capture_output=True, check=False, timeout=60)
    if known.returncode != 0:
        pytest.skip("BATON HAS NOT BEEN COMPARED WITH A PEER: apt-get install python3-waitress")
    baton = f"exec {BINARY} serve --bind 127.0.0.1:{{port}} --admin 127.0.0.1:{{admin}} --python-path {REPOSITORY} handlers.hello:app"
    peer = f"cd {REPOSITORY} && exec {WAITRESS} handlers.hello:app"
    done, report = compare(tmp_path, *QUICK, baton, peer)
    assert [each["errors"] for each in report["servers"]] == [0, 0]
    assert all(each["server_cpu_seconds"] > 0 for server in report["servers"] for each in server["rounds"])
    assert report["servers"][0]["rounds"][0]["gil"] is not None
    assert report["servers"][1]["rounds"][0]["gil"] is None
    headline = metric(report, 0, report["headline"])
    assert 0 < headline["low"] <= headline["ratio"] <= headline["high"]
    assert headline["verdict"] in ("better", "worse", "no difference detected")
    assert "B against A" in done.out and "The headline is requests per CPU-second" in done.out


def test_a_generator_that_was_the_limit_says_nothing_about_servers(tmp_path: Path) -> None:
    """It is stopped half of the time: what was due meanwhile goes out late, and not because of the server."""
    file = tmp_path / "report.json"
    running = subprocess.Popen(
        [str(LOAD), "compare", "--rounds", "1", "--rate", "1500", "--duration", "3", "--warm-up", "0s", "--json", str(file),
         UPSTREAM, UPSTREAM],
        env=usual_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + LIMIT_SECONDS
    while running.poll() is None and time.monotonic() < end:
        running.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        running.send_signal(signal.SIGCONT)
        time.sleep(0.2)
    out, err = running.communicate(timeout=LIMIT_SECONDS)
    assert running.returncode == 4, err
    report = json.loads(file.read_text())
    assert all(each["rounds"][0]["generator_was_bottleneck"] for each in report["servers"])
    for name in ("requests_per_second", "p50_response", "p99_service"):
        assert metric(report, 0, name)["verdict"] == "the generator was the limit"
    assert metric(report, 0, "requests_per_cpu_second")["verdict"] == "too few rounds"
    assert "with A, the generator was the limit in 1 of 1 rounds" in out


def test_standard_output_is_the_documents_when_it_is_asked_for_there(tmp_path: Path, server: str) -> None:
    done = baton_load("compare", *QUICK, "--rounds", "1", "--json", "-", f"{server} 0 200", f"{server} 0 200", cwd=tmp_path)
    assert done.status in (0, 4), done.err
    assert json.loads(done.out)["format"] == "baton-load-compare"
    assert not (tmp_path / "-").exists()


def test_an_old_report_stays_until_there_is_a_new_one(tmp_path: Path, server: str) -> None:
    file = tmp_path / "report.json"
    file.write_text("the old one")
    done = baton_load("compare", *QUICK, "--json", str(file), f"{server} 0 200", "exit 3")
    assert done.status == 3
    assert file.read_text() == "the old one"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.json", "server.py"]
    compare(tmp_path, *QUICK, "--rounds", "1", f"{server} 0 200", f"{server} 0 200")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.json", "server.py"]


def test_errors_are_shown_and_in_the_verdict(tmp_path: Path, server: str) -> None:
    done, report = compare(tmp_path, *QUICK, "--rounds", "1", f"{server} 0 200", f"{server} 0 404")
    assert report["pairs"][0]["with_errors"] is True
    assert report["servers"][1]["answered"] == 0
    assert "with errors: A 0 of " in done.out
    assert "B had errors in 1 of 1 rounds" in done.out


@measured
def test_the_cpu_of_workers_counts(tmp_path: Path, server: str) -> None:
    """Behind a shell that waits for it, and behind a master that has gone."""
    behind_shell = server.removeprefix("exec ") + " 2 200; exit 0"
    orphan = f"({server.removeprefix('exec ')} 2 200 &)"
    _, report = compare(tmp_path, *QUICK, "--rounds", "1", behind_shell, orphan)
    for each in report["servers"]:
        assert each["rounds"][0]["answered"] > 0
        assert each["rounds"][0]["server_cpu_seconds"] >= 0.0019 * each["rounds"][0]["answered"]


@pytest.mark.parametrize(("load", "lasts"), [("", "1 s of warm-up"), ('[load]\nwarm-up = "200ms"\n', "200 ms of warm-up")])
def test_a_scenario_that_does_not_say_how_long_has_the_usual_rounds(tmp_path: Path, server: str, load: str, lasts: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(f'base = "http://127.0.0.1:{port}"\n{load}[[endpoint]]\npath = "/"\n')
    command = f"{server} 0 200".replace("{port}", str(port))
    done, _ = compare(tmp_path, "--scenario", str(scenario), "--rounds", "1", "--aa", "--duration", "200ms", "-c", "1", command)
    assert f"for 200 ms after {lasts}" in done.out


def test_a_server_that_does_not_start_is_shown_with_what_it_said(server: str) -> None:
    done = baton_load("compare", *QUICK, f"{server} 0 200", "echo 'cannot find the module' >&2; exit 3")
    assert done.status == 3
    assert "  | cannot find the module\n" in done.err
    assert "ended before it answered: exit status 3" in done.line


def test_a_server_that_never_answers(server: str) -> None:
    done = baton_load("compare", *QUICK, "--start-timeout", "300ms", "sleep 600", f"{server} 0 200")
    assert done.status == 3
    assert "no answer within 0.3 s" in done.line


def test_who_is_there_already_is_not_measured(server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        done = baton_load("compare", *QUICK, f"{server} 0 200", f"{server} 0 200", url)
    assert done.status == 3
    assert "somebody listens at the URL before it is started" in done.line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "server commands: 0 given"),
        (["true"], "server commands: 1 given"),
        (["true", "true", "--rounds", "0"], "--rounds: "),
        (["true", "true", "--duration", "soon"], "--duration: "),
        (["true", "true", "--admin", "https://h"], "--admin: "),
        (["true", "true", "--start-timeout", "x"], "--start-timeout: "),
        (["true", "true", "--threshold", "p99<1ms"], "thresholds are for run"),
        (["true", "true", "--rate", "10", "--ramp", "1s"], "no ramps"),
        (["true", "true", "http://127.0.0.1:{prot}/"], ""),
        (["true", "true", "--json", "/no/such/folder/a.json"], "--json: "),
    ],
)
def test_unusable_options(arguments: list[str], says: str) -> None:
    done = baton_load("compare", *arguments)
    assert done.status == 2
    assert says in done.line


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_server_outlives_an_interrupted_comparison(tmp_path: Path, server: str, number: int) -> None:
    pid_file = tmp_path / "pid"
    command = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; {server} 0 200"
    compared = subprocess.Popen(
        [str(LOAD), "compare", "--duration", "60s", "--warm-up", "0s", command, command], env=usual_environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + LIMIT_SECONDS
    while not pid_file.exists():
        assert compared.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    pid = int(pid_file.read_text())
    assert alive(pid)
    compared.send_signal(number)
    _, said = compared.communicate(timeout=LIMIT_SECONDS)
    while alive(pid):
        assert time.monotonic() < end
        time.sleep(0.01)
    if number != signal.SIGKILL:
        assert compared.returncode == 130
        assert "interrupted before the first round was over" in said
