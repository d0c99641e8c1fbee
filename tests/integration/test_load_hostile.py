"""baton-load among enemies: targets that never end, and a system that gives it little."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness.load import LIMIT_SECONDS, LOAD, Target, baton_load, eventually, run, talker
from harness.measured import measured


def peak_kilobytes(*arguments: str) -> tuple[int, str]:
    """The most memory that a run took, and what it said."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], capture_output=True, text=True);"
        "print(done.stderr, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(LOAD), *arguments]
    out = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS).stdout
    said, _, peak = out.strip().rpartition(" ")
    return int(peak), said


# --- Targets that never end

ENDLESS = {
    "interim responses": (b"", b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" * 500),
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
    "a chunk's extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x" * 65536),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 10000),
    "a status line": (b"HTTP/1.1 200 ", b"x" * 65536),
}


@measured
@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_given_up(what: str) -> None:
    first, more = ENDLESS[what]

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(first)
        while True:
            connection.sendall(more)

    with talker(talk) as port:
        done = baton_load("run", "--rate", "5", "--duration", "1", "--timeout", "500ms", f"http://127.0.0.1:{port}/")
    assert done.status == 3
    assert re.search(r"not one of 5 requests was answered: [a-z]+( \(.+\))?$", done.line), done.line


def upgraded(connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    switching = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(switching + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def test_a_flood_of_pings_is_given_up() -> None:
    def talk(connection: socket.socket) -> None:
        upgraded(connection)
        while True:
            connection.sendall(b"\x89\x04ping" * 1000)

    with talker(talk) as port:
        done = baton_load("run", "--rate", "5", "--duration", "1", "--timeout", "500ms", f"ws://127.0.0.1:{port}/")
    assert done.status == 3
    assert "not one of 5 requests was answered" in done.line


def test_an_echo_that_is_huge_is_not_kept() -> None:
    def talk(connection: socket.socket) -> None:
        upgraded(connection)
        connection.sendall(b"\x82\x7f" + (60 << 20).to_bytes(8, "big"))
        while True:
            connection.sendall(b"x" * 65536)

    with talker(talk) as port:
        peak, said = peak_kilobytes("run", "--rate", "5", "--duration", "1", "--timeout", "3s", f"ws://127.0.0.1:{port}/")
    assert "not one of 5 requests was answered: malformed" in said
    assert peak < 200_000 or "asan" in LOAD.parts


def test_an_idle_websocket_that_closes_is_no_error() -> None:
    def talk(connection: socket.socket) -> None:
        upgraded(connection)
        frame = connection.recv(4096)
        mask = frame[2:6]
        connection.sendall(bytes([frame[0], frame[1] & 0x7F]) + bytes(c ^ mask[i % 4] for i, c in enumerate(frame[6:])))

    with talker(talk) as port:
        done = run("--rate", "10", "--duration", "2", "--connections", "1", f"ws://127.0.0.1:{port}/")
    assert done.report is not None, done.err
    assert done.report["totals"]["errors"] == 0, done.report["totals"]["failures"]
    assert done.report["totals"]["answered"] == 20


# --- Numbers at the end


@measured
def test_answers_behind_half_a_second_are_not_of_it() -> None:
    with Target() as target:
        done = run("--connections", "4", "--duration", "300ms", target.url + "/quick", target.url + "/?ms=600")
    assert done.report is not None, done.err
    quick, slow = done.report["endpoints"]
    assert slow["answered"] == slow["behind"] > 0
    assert done.report["rate"] * 0.3 == pytest.approx(quick["answered"] - quick["behind"], rel=0.05)


def test_an_interrupted_run_does_not_wait_for_its_queue() -> None:
    """Far more is due than one connection carries; the rest of it has as long as at any end."""
    with Target() as target:
        running = subprocess.Popen(
            [str(LOAD), "run", "--rate", "500", "--duration", "60", "--connections", "1", "--timeout", "1s", "--json", "-",
             "--live", "off", target.url + "/?ms=100"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        eventually(lambda: target.seen.paths["/"] > 15)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    report = json.loads(out)
    totals = report["totals"]
    assert totals["due"] == totals["answered"] + totals["errors"]
    assert totals["failures"]["unsent"] > 100
    # What came in the second behind the interrupt is not of the measured time.
    assert report["rate"] <= 11, err
    assert len(report["series"]) < 30


# --- Its own end


def connects_and_listens_to_signals(pid: int) -> bool:
    """It has a socket, and does not leave SIGINT and SIGTERM to the kernel."""
    try:
        sockets = [link for link in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(link).startswith("socket:")]
    except FileNotFoundError:  # one was closed meanwhile
        return False
    blocked = re.search(r"^SigBlk:\t(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    wanted = 1 << signal.SIGINT - 1 | 1 << signal.SIGTERM - 1
    return bool(sockets) and blocked is not None and int(blocked[1], 16) & wanted == wanted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_it_looks_for_the_target(number: signal.Signals) -> None:
    with socket.socket() as full:
        # Nobody accepts, and there is no room to wait: a connection takes as long as the timeout.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for one in fillers:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        command = [str(LOAD), "run", "--timeout", "100s", f"http://127.0.0.1:{port}/"]
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        eventually(lambda: connects_and_listens_to_signals(running.pid))
        time.sleep(0.2)
        assert running.poll() is None
        running.send_signal(number)
        _, err = running.communicate(timeout=30)
        for one in fillers:
            one.close()
    assert running.returncode == 130
    assert "interrupted before it was reached" in err


def test_standard_output_that_nobody_reads_is_said() -> None:
    with Target() as target:
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [str(LOAD), "run", "--rate", "20", "--duration", "500ms", target.url], stdout=write, stderr=subprocess.PIPE, text=True,
            timeout=LIMIT_SECONDS,
        )  # fmt: skip
        os.close(write)
    assert done.returncode == 2
    assert done.stderr.count("baton-load: ") == 1
    assert "standard output cannot be written: Broken pipe" in done.stderr


def test_closed_standard_streams_go_nowhere() -> None:
    """A connection must not take the number of one of them: the report would go to the target."""
    with Target() as target:
        command = f"exec {LOAD} run --rate 20 --duration 500ms --live plain {target.url}/a <&- >&- 2>&-"
        done = subprocess.run(["/bin/sh", "-c", command], timeout=LIMIT_SECONDS)
        assert done.returncode in (0, 4)
        assert target.seen.paths == {"/a": 10}


def test_more_connections_than_files() -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with Target() as target:
        command = [str(LOAD), "run", "--rate", "20", "--duration", "500ms", target.url]
        done = subprocess.run(command, preexec_fn=few, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        command += ["--connections", "32"]
        fewer = subprocess.run(command, preexec_fn=few, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 2
    assert re.fullmatch(r"baton-load: 256 connections take about \d+ open files, and this process may have 64: .*\n", done.stderr)
    assert fewer.returncode in (0, 4), fewer.stderr


def test_the_soft_limit_is_raised() -> None:
    with Target() as target:
        done = subprocess.run(
            [str(LOAD), "run", "--connections", "100", "--duration", "500ms", target.url],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 256)),
            capture_output=True, text=True, timeout=LIMIT_SECONDS,
        )  # fmt: skip
    assert done.returncode in (0, 4), done.stderr
    assert "refused" not in done.stdout


def test_no_secret_in_a_report(tmp_path: Path) -> None:
    with Target() as target:
        file = tmp_path / "report.json"
        page = tmp_path / "report.html"
        done = baton_load("run", "--rate", "20", "--duration", "500ms", "--json", str(file), "--html", str(page),
                          "-kH", "Cookie: s3cret1", "-H", "Authorization: s3cret2", "--body", "password=s3cret3",
                          "--live", "plain", target.url)  # fmt: skip
        assert target.seen.bodies[b"password=s3cret3"] == 10
    assert "s3cret" not in done.out + done.err + file.read_text() + page.read_text()
