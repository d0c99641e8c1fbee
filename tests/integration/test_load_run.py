"""`baton-load run`: the two models, what they count, and that they do not lie."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness.load import LOAD, Target, baton_load, eventually, run


@pytest.fixture(scope="module")
def target():
    with Target() as one:
        yield one


# --- The open model


def test_every_request_of_the_schedule_is_sent_once() -> None:
    with Target() as target:
        done = run("--rate", "200", "--duration", "2", target.url + "/a")
        assert done.report is not None, done.err
        assert target.seen.paths["/a"] == 400
    totals = done.report["totals"]
    assert totals["due"] == totals["answered"] == 400
    assert totals["errors"] == 0
    assert totals["statuses"] == {"200": 400}
    assert totals["response"]["n"] == totals["service"]["n"] == 400


def test_the_warm_up_is_sent_but_not_counted() -> None:
    with Target() as target:
        done = run("--rate", "100", "--warm-up", "1", "--duration", "1", target.url + "/a")
        assert done.report is not None, done.err
        assert target.seen.paths["/a"] == 200
    assert done.report["totals"]["due"] == 100


def test_both_rows_stand_side_by_side(target: Target) -> None:
    done = baton_load("run", "--rate", "100", "--duration", "1", target.url)
    assert done.status in (0, 4), done.err
    assert "from due" in done.out and "from sent" in done.out


def test_latency_counts_from_the_due_time() -> None:
    """One connection, answers of 50 ms, 100 asked a second: the queue is before the target, and it shows."""
    with Target() as target:
        done = run("--rate", "100", "--duration", "1", "--connections", "1", target.url + "/?ms=50")
    assert done.report is not None, done.err
    totals = done.report["totals"]
    assert totals["response"]["max"] > 1.0
    assert totals["service"]["p50"] < totals["response"]["p50"] / 2
    assert done.status == 4
    assert "not delivered" in done.err + done.out


def test_a_frozen_target_is_seen_from_due() -> None:
    """The acceptance test of honesty: 1000 a second for 5 s, nothing answered for one of them."""
    with Target() as target:
        running = subprocess.Popen(
            [str(LOAD), "run", "--rate", "1000", "--duration", "5", "--connections", "64", "--json", "-",
             "--live", "off", target.url],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        eventually(lambda: target.seen.paths["/"] > 1000)
        target.freeze(1.0)
        out, _ = running.communicate(timeout=60)
        seen = target.seen.times
    report = json.loads(out)
    totals = report["totals"]
    assert totals["due"] == len(seen) == 5000
    # A fifth of the requests fell due while nothing moved, evenly: a tenth of all waited half a second or more.
    # Slow machines add to it; nothing takes away.
    assert totals["response"]["p90"] > 0.4 and totals["response"]["p99"] > 0.9
    # As long as the target itself says, which came to the k-th of them so long after its time, and no longer: but for
    # what the generator was late with, and as much again for reading the answers.
    began = min(at - k / 1000 for k, at in enumerate(seen))
    waits = sorted(at - k / 1000 - began for k, at in enumerate(seen))
    own = 0.1 + 2 * report["generator"]["late"]["max"]
    assert totals["response"]["p90"] < waits[4499] + own
    assert totals["response"]["p99"] < waits[4949] + own
    assert totals["service"]["p90"] < totals["response"]["p90"] / 2


def test_a_ramp_sends_its_integral() -> None:
    with Target() as target:
        done = run("--rate", "200", "--ramp", "2", "--duration", "2", target.url)
        assert done.report is not None, done.err
        # From 0 to 200 a second in two seconds.
        assert abs(target.seen.paths["/"] - 200) <= 1


def test_poisson_arrivals_are_as_many_in_the_mean(target: Target) -> None:
    done = run("--rate", "500", "--arrival", "poisson", "--duration", "2", target.url)
    assert done.report is not None, done.err
    assert 800 < done.report["totals"]["due"] < 1200


def test_the_same_seed_is_the_same_mix(target: Target) -> None:
    urls = [target.url + "/a", target.url + "/b"]
    counts = [
        [one["due"] for one in done.report["endpoints"]]
        for seed in ("1", "1", "2")
        if (done := run("--rate", "200", "--duration", "1", "--seed", seed, *urls)).report is not None
    ]
    assert counts[0] == counts[1] != counts[2]
    assert sum(counts[0]) == 200


# --- The closed model


def test_the_closed_model_says_that_it_is_one(target: Target) -> None:
    done = baton_load("run", "--connections", "2", "--duration", "1", target.url + "/?ms=5")
    assert "closed model" in done.out
    assert "from due" not in done.out


def test_as_many_connections_as_users() -> None:
    with Target() as target:
        done = run("--connections", "3", "--duration", "1", target.url + "/?ms=2")
        assert done.report is not None, done.err
        # One more looks first whether the target is there.
        assert target.seen.connections == 4
        assert done.report["totals"]["response"]["n"] == 0, "nothing is due in this model"
        assert done.report["totals"]["service"]["n"] == done.report["totals"]["answered"]
        assert done.report["totals"]["answered"] == done.report["totals"]["sent"] == target.seen.paths["/"]


def test_fresh_connections_are_fresh() -> None:
    with Target() as target:
        done = run("--rate", "50", "--duration", "1", "--fresh-connections", target.url + "/closing")
        assert done.report is not None, done.err
        assert target.seen.connections == 51
        assert done.report["generator"]["opened"] == done.report["generator"]["connect"]["n"] == 50
        assert all("Connection: close" in head for head in target.seen.heads)


@pytest.mark.parametrize("threads", ["3", "auto"])
def test_several_threads_share_the_work(threads: str) -> None:
    with Target() as target:
        done = run("--rate", "300", "--threads", threads, "--duration", "1", target.url)
        assert done.report is not None, done.err
        assert target.seen.paths["/"] == 300


# --- The highest rate


def test_find_max_finds_what_one_connection_can_carry(target: Target) -> None:
    """Answers of 10 ms, one at a time: below 100 a second, whatever the machine."""
    done = baton_load("find-max", "--threshold", "p50<200ms", "--connections", "1", "--duration", "1", "--rate", "20",
                      "--precision", "20", "--live", "off", target.url + "/?ms=10")  # fmt: skip
    assert done.status in (0, 4), done.err
    found = re.search(r"highest rate that keeps it: ([\d.]+)/s; ([\d.]+)/s is too much", done.out)
    assert found, done.out
    assert 20 <= float(found[1]) < 110
    assert float(found[1]) < float(found[2])


def test_find_max_needs_something_to_keep(target: Target) -> None:
    done = baton_load("find-max", target.url)
    assert done.status == 2
    assert "what is to be kept?" in done.line


def test_find_max_keeps_errors_down_without_being_told(target: Target) -> None:
    """A target that turns all away is quick with it."""
    arguments = ["find-max", "--duration", "200ms", "--rate", "20", "--live", "off", target.url + "/?status=503"]
    done = baton_load(*arguments, "--threshold", "rate>=1")
    assert done.status in (1, 4)
    assert "no threshold is on errors: errors<1% is kept as well" in done.err
    told = baton_load(*arguments, "--threshold", "errors<50%")
    assert "kept as well" not in told.err


@pytest.mark.parametrize("shape", ['ramp = "1s"', 'step = "10:1s"'])
def test_find_max_takes_no_shape_from_a_scenario(target: Target, tmp_path: Path, shape: str) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(f'base = "{target.url}"\n[load]\nrate = 10\nduration = 2\n{shape}\n[[endpoint]]\npath = "/shape"\n')
    done = baton_load("find-max", "--threshold", "errors<1%", "--scenario", str(file))
    assert done.status == 2
    assert "find-max chooses the rates itself: no --ramp or --step" in done.line
    assert target.seen.paths["/shape"] == 0


@pytest.mark.parametrize(
    ("command", "refused"), [("run", ()), ("find-max", ("--ramp", "--step")), ("compare", ("--ramp", "--step", "--threshold"))]
)
def test_help_lists_what_the_command_takes(command: str, refused: tuple[str, ...]) -> None:
    done = baton_load(command, "--help")
    assert done.status == 0
    listed = {flag for flag in ("--rate", "--ramp", "--step", "--threshold") if f" {flag}" in done.out or f",{flag}" in done.out}
    assert listed == {"--rate", "--ramp", "--step", "--threshold"} - set(refused)


def test_find_max_says_when_nothing_is_kept(target: Target) -> None:
    done = baton_load("find-max", "--threshold", "errors<1%", "--duration", "200ms", "--rate", "20", target.url + "/?status=500")
    assert done.status in (1, 4)
    # A machine that has no time for the generator is told of first.
    says = {1: "no rate was found that keeps what was asked", 4: "the generator itself was at its limit"}
    assert says[done.status] in done.line
    if done.status == 1:
        assert "errors 100.00 %  not kept: errors<1%, actual 100.0 %" in done.err


def test_a_failed_threshold_comes_before_a_target_that_cannot_keep_up(target: Target) -> None:
    """Of which the generator is innocent."""
    arguments = ["--rate", "50", "--connections", "1", "--duration", "1", target.url + "/?ms=50"]
    slow = run(*arguments)
    failed = run(*arguments, "--threshold", "p50<1ms")
    assert slow.status == 4 and failed.status_is(1), slow.out + failed.out


# --- What is sent


def test_the_request_is_as_asked() -> None:
    with Target() as target:
        done = run("--rate", "10", "--duration", "1", "-X", "PUT", "-H", "X-One: 1", "-H", "X-Two: a: b",
                   "--body", "sent", target.url + "/put?q=1")  # fmt: skip
    assert done.report is not None, done.err
    head = target.seen.heads[0]
    assert head.startswith("PUT /put?q=1 HTTP/1.1\r\n")
    assert "\r\nX-One: 1\r\n" in head and "\r\nX-Two: a: b\r\n" in head
    assert f"\r\nHost: 127.0.0.1:{target.port}\r\n" in head
    assert target.seen.bodies[b"sent"] == 10


def test_unix_sockets(tmp_path: Path) -> None:
    with Target(unix=tmp_path / "s") as target:
        done = run("--rate", "20", "--duration", "1", target.url + "/a")
        assert done.report is not None, done.err
        assert done.report["totals"]["answered"] == target.seen.paths["/a"] == 20


# --- Its end


def test_an_interrupt_ends_with_a_report(target: Target) -> None:
    running = subprocess.Popen(
        [str(LOAD), "run", "--rate", "100", "--duration", "60", "--live", "off", target.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    before = target.seen.paths["/"]
    eventually(lambda: target.seen.paths["/"] > before + 20)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert "from due" in out, err
    assert "interrupted" in out


@pytest.mark.parametrize(("warm_up", "path"), [("60s", "/warm"), ("0s", "/never?ms=600000")])
def test_an_interrupt_before_there_is_an_answer(target: Target, warm_up: str, path: str) -> None:
    """Zeros are no report."""
    running = subprocess.Popen(
        [str(LOAD), "run", "--rate", "20", "--warm-up", warm_up, "--duration", "60s", "--timeout", "2s", "--live", "off",
         target.url + path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually(lambda: target.seen.paths[path.partition("?")[0]] > 2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err == "baton-load: interrupted before anything was answered\n"


def test_what_never_answers_is_counted(target: Target) -> None:
    started = time.monotonic()
    done = run("--rate", "20", "--duration", "1", "--timeout", "500ms", target.url + "/?ms=60000")
    assert done.status == 3, done.out
    assert "not one of 20 requests was answered: timeout" in done.line
    assert time.monotonic() - started < 30


def test_timeouts_are_in_the_percentiles() -> None:
    """Leaving out what was given up would make a bad tail look good."""
    with Target() as target:
        done = run("--rate", "50", "--duration", "2", "--timeout", "300ms", target.url + "/quick", target.url + "/?ms=60000")
        assert done.report is not None, done.err
    totals = done.report["totals"]
    assert totals["failures"].keys() <= {"timeout", "unanswered"}
    assert totals["errors"] > 0
    assert totals["response"]["n"] == 100
    assert totals["response"]["max"] >= 0.3


def test_idle_connections_that_close_are_no_errors(target: Target) -> None:
    done = run("--rate", "20", "--duration", "2", target.url + "/then-closed")
    assert done.report is not None, done.err
    assert done.report["totals"]["errors"] == 0


def test_the_document_is_written_of_what_came_to_nothing_too(target: Target, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    nothing = baton_load("run", "--rate", "20", "--duration", "1", "--json", str(file), target.url + "/garbage")
    assert nothing.status == 3
    assert json.loads(file.read_text())["totals"]["failures"] == {"malformed": 20}
    file.unlink()
    nobody = baton_load("run", "--json", str(file), "http://127.0.0.1:1/")
    assert nobody.status == 3
    report = json.loads(file.read_text())
    assert report["totals"]["due"] == 0
    assert report["verdict"]["bottlenecks"] == ["127.0.0.1:1: Connection refused"]


def test_errors_that_no_threshold_is_on_are_said(target: Target) -> None:
    arguments = ["run", "--rate", "50", "--duration", "1", "--threshold", "p50<5s", target.url + "/a", target.url + "/half"]
    silent = baton_load(*arguments)
    assert silent.status in (0, 4) and "requests failed; with --threshold 'errors<1%' the exit status says so too" in silent.out
    told = baton_load(*arguments, "--threshold", "errors<1%")
    assert told.status in (1, 4) and "requests failed;" not in told.out


def test_thresholds_decide_the_status(target: Target) -> None:
    kept = baton_load("run", "--rate", "50", "--duration", "1", "--threshold", "p50<5s", target.url)
    failed = baton_load("run", "--rate", "50", "--duration", "1", "--threshold", "p50<1us", target.url)
    assert "kept    p50<5s" in kept.out and "missed  p50<1us" in failed.out, kept.out + failed.out
    # A generator that was late itself is told of first.
    assert kept.status in (0, 4) and failed.status in (1, 4), kept.out + failed.out


def test_a_percentile_without_samples_is_no_success(target: Target) -> None:
    done = run("--rate", "50", "--duration", "1", "--threshold", "p99<10s", target.url)
    assert done.status_is(1), done.out
    assert "n/a" in done.out


def test_the_files_are_written(target: Target, tmp_path: Path) -> None:
    files = {flag: str(tmp_path / flag.strip("-")) for flag in ("--json", "--html", "--hdr-log")}
    arguments = [part for pair in files.items() for part in pair]
    done = baton_load("run", "--rate", "50", "--duration", "1", *arguments, target.url)
    assert done.status in (0, 4), done.err
    assert Path(files["--html"]).read_text().startswith("<!doctype html>")
    assert "#[Histogram log format version 1.3]" in Path(files["--hdr-log"]).read_text()


def test_a_full_disk_is_said(target: Target) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    done = baton_load("run", "--rate", "20", "--duration", "1", "--json", "/dev/full", target.url)
    assert done.status == 2
    assert "/dev/full: cannot be written: No space left on device" in done.line
