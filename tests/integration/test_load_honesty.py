"""baton-load about itself: what it was late with, never came to, sent twice or had no means for is told as its own."""

from __future__ import annotations

import json
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from harness.load import LIMIT_SECONDS, LOAD, Target, eventually, run, talker


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as one:
        yield one


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [str(LOAD), "run", "--json", "-", "--live", "off", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def report_of(running: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = running.communicate(timeout=LIMIT_SECONDS)
    assert out, err
    return json.loads(out)


def stopped(running: subprocess.Popen[str], seconds: float) -> None:
    """As by a machine that has no time for it."""
    running.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    running.send_signal(signal.SIGCONT)


# --- What it was late with


@pytest.mark.parametrize("connections", ["64", "1"])
def test_a_generator_that_stood_still_is_late_itself(target: Target, connections: str) -> None:
    """Whether connections were free meanwhile or not."""
    running = started("--rate", "400", "--duration", "4", "--connections", connections, target.url)
    eventually(lambda: target.seen.paths["/"] > 200)
    stopped(running, 1.2)
    report = report_of(running)
    assert report["totals"]["due"] == 1600
    assert report["generator"]["late"]["n"] == 1600
    assert report["generator"]["late"]["max"] > 1.0
    assert report["generator"]["stalled"] > 0.2
    assert report["verdict"]["own"], report["verdict"]
    assert running.returncode == 4


def test_a_target_that_is_slow_is_not_the_generators_fault(target: Target) -> None:
    report = report_of(started("--rate", "100", "--duration", "2", "--connections", "1", target.url + "/?ms=100"))
    assert not report["verdict"]["delivered"]
    assert report["generator"]["missed"] <= 2
    assert "the one connection was in use" in report["verdict"]["bottlenecks"][0]


def test_a_closed_generator_that_stood_still(target: Target) -> None:
    """It asked nothing meanwhile, and nothing in its percentiles says so."""
    running = started("--connections", "2", "--duration", "3", target.url + "/?ms=2")
    eventually(lambda: target.seen.paths["/"] > 50)
    stopped(running, 1.2)
    report = report_of(running)
    assert report["generator"]["stalled"] > 0.3
    assert report["verdict"]["own"]
    assert "kept from running" in " ".join(report["verdict"]["bottlenecks"])
    assert running.returncode == 4


def test_a_search_tries_again_where_it_stood_still(target: Target) -> None:
    """Nothing about the target was learned there."""
    searching = subprocess.Popen(
        [str(LOAD), "find-max", "--rate", "200", "--most", "200", "--duration", "1", "--threshold", "errors<1%", "--live", "off",
         target.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: target.seen.paths["/"] > 20)
    stopped(searching, 1.5)
    out, err = searching.communicate(timeout=LIMIT_SECONDS)
    trials = [line for line in err.splitlines() if line.lstrip().startswith("200.0/s")]
    assert trials[0].endswith("the generator's own limit"), err
    assert len(trials) > 1 and "  answered " in trials[1], err
    # 4 when this machine had no time for it all three times.
    assert searching.returncode == 0 and "highest rate that keeps it: 200.0/s" in out or searching.returncode == 4, out + err


def test_the_warm_up_does_not_count_as_work(target: Target) -> None:
    """The connection was opened in it, and is none of the measured time's."""
    running = started("--rate", "20", "--warm-up", "2", "--duration", "1", "--connections", "1", target.url)
    report = report_of(running)
    assert report["totals"]["due"] == 20
    assert report["generator"]["opened"] == report["generator"]["connect"]["n"] == 0


# --- What it never came to


def test_what_is_due_while_it_stands_still_at_the_end(target: Target) -> None:
    running = started("--rate", "200", "--duration", "3", target.url)
    eventually(lambda: target.seen.paths["/"] > 100)
    stopped(running, 4)
    report = report_of(running)
    totals = report["totals"]
    assert totals["due"] == 600, "all of the schedule"
    assert totals["response"]["n"] == 600 and totals["response"]["max"] > 1
    assert totals["sent"] < 590
    assert report["verdict"]["own"] and not report["verdict"]["delivered"]
    assert "the generator itself came too late" in " ".join(report["verdict"]["bottlenecks"])


def test_more_than_it_can_do(target: Target) -> None:
    """Millions are due that it will never come to."""
    running = started("--rate", "5000000", "--duration", "1", "--timeout", "200ms", target.url + "/a", target.url + "/b")
    report = report_of(running)
    totals = report["totals"]
    assert totals["due"] == pytest.approx(5_000_000, rel=1e-6)
    assert totals["due"] == totals["response"]["n"] + totals["failed"]["n"]
    assert totals["failures"]["unsent"] > 1_000_000
    assert [one["due"] for one in report["endpoints"]] == pytest.approx([2_500_000] * 2, rel=0.01)
    assert totals["response"]["max"] >= 1
    assert report["verdict"]["own"]
    assert running.returncode == 4


# --- What was sent twice


def answered_once(wait: float) -> Any:
    """The second request on a connection is never answered: after a while it breaks."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if connection.recv(65536):
            time.sleep(wait)

    return talk


def test_what_breaks_at_once_is_sent_again_and_counted() -> None:
    with talker(answered_once(0)) as port:
        done = run("--rate", "20", "--duration", "2", "--connections", "1", f"http://127.0.0.1:{port}/")
    assert done.report is not None, done.err
    totals = done.report["totals"]
    assert totals["again"] + totals["errors"] > 10
    assert totals["again"] > totals["errors"], "a busy machine may be slow to see that it broke"
    assert "had to be sent again" in " ".join(done.report["verdict"]["warnings"])
    assert f"sent again: {totals['again']}, " in done.out


def test_what_breaks_in_the_middle_of_its_work_is_an_error() -> None:
    with talker(answered_once(0.3)) as port:
        done = run("--rate", "10", "--duration", "2", "--connections", "1", f"http://127.0.0.1:{port}/")
    assert done.report is not None, done.err
    totals = done.report["totals"]
    assert totals["failures"].get("reset", 0) > 0
    assert totals["again"] == 0
    assert totals["failed"]["n"] == totals["failures"]["reset"]
    assert totals["failed"]["max"] >= 0.3


def test_a_post_is_never_sent_again() -> None:
    with talker(answered_once(0)) as port:
        done = run("--rate", "20", "--duration", "1", "--connections", "1", "-X", "POST", f"http://127.0.0.1:{port}/")
    assert done.report is not None, done.err
    assert done.report["totals"]["again"] == 0
    assert done.report["totals"]["failures"].get("reset", 0) > 3


# --- What it had no means for


def test_descriptors_that_run_out_are_not_the_targets_fault(target: Target) -> None:
    running = started("--rate", "50", "--duration", "3", "--fresh-connections", target.url + "/closing")
    eventually(lambda: target.seen.paths["/closing"] > 20)
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (3, 3))
    report = report_of(running)
    failures = report["totals"]["failures"]
    assert failures.get("local", 0) > 10 and "refused" not in failures
    assert report["generator"]["failure_texts"]["local"] == "Too many open files"
    assert "Too many open files" in " ".join(report["verdict"]["bottlenecks"])
    assert report["verdict"]["own"] and running.returncode == 4


def test_a_refusal_has_its_words(target: Target) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        running = started("--rate", "50", "--duration", "2", "--fresh-connections", target.url, f"http://127.0.0.1:{port}/")
        eventually(lambda: target.seen.paths["/"] > 5)
    report = report_of(running)
    assert report["generator"]["failure_texts"]["refused"] == "Connection refused"
    assert report["totals"]["failed"]["n"] >= report["totals"]["failures"]["refused"] > 0
