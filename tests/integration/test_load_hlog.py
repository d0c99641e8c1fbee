"""HdrHistogram logs of baton-load, read by others: the reader of the harness, and HdrHistogram's own in Java where
Debian's libhdrhistogram-java is installed, as it is in continuous integration."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from harness import hdr_log
from harness.load import Target, run
from harness.server import BINARY

WRITER = BINARY.parent / "tests" / "unit" / "unit_load_stats"
JAR = Path("/usr/share/java/hdrhistogram.jar")
MICROSECOND = 1000
HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by a unit test, whose numbers are known here: HdrLog.FileForOtherReaders."""
    if not WRITER.exists():
        pytest.skip(f"{WRITER} is not there: unit tests have not been built")
    path = tmp_path_factory.mktemp("hlog") / "known.hlog"
    subprocess.run(
        [WRITER, "--gtest_filter=HdrLog.FileForOtherReaders"],
        env={**os.environ, "BATON_HDR_LOG": str(path)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return path


def test_the_head_says_when_and_what(log: Path):
    head = hdr_log.read(log).head
    assert "#[Histogram log format version 1.3]" in head
    assert "#[StartTime: 1700000000.250 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]" in head
    assert head[-1] == '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def test_every_interval_has_its_line(log: Path):
    lines = hdr_log.read(log).lines
    assert [(line.tag, line.start, line.length, line.most) for line in lines] == [
        ("ramp", 0, 1, 100),
        ("ramp", 1, 1, 100),
        ("edges", 0, 1, 3_600_000),
        ("heavy", 0, 1, 8),
        ("nothing", 0, 1, 0),
        ("/a_b_c", 1, 0.5, 100),
    ]
    assert {(each.histogram.lowest, each.histogram.highest, each.histogram.digits) for each in lines} == {
        (100, HOUR, 3)
    }


def test_percentiles_are_within_a_thousandth(log: Path):
    for line in hdr_log.read(log).of("ramp"):
        assert line.histogram.total == 100_000
        for fraction in (0.00001, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0):
            exact = math.ceil(fraction * 100_000) * MICROSECOND
            assert exact <= line.histogram.at(fraction) <= max(exact * 1.001, exact + 64)


def test_values_at_the_edges_of_cells_are_in_the_right_ones(log: Path):
    (line,) = hdr_log.read(log).of("edges")
    *finer, longest = sorted(line.histogram.counts.items())
    assert finer == [(63, 2), (127, 1), (255, 1), (131071, 1), (131199, 1)]
    assert HOUR <= longest[0] <= HOUR * 1.001 and longest[1] == 1


def test_counts_of_every_length_arrive(log: Path):
    (line,) = hdr_log.read(log).of("heavy")
    assert [count for _, count in sorted(line.histogram.counts.items())] == [1, 200, 2**32, 2**47]
    (nothing,) = hdr_log.read(log).of("nothing")
    assert nothing.histogram.counts == {}


def java() -> str:
    command = shutil.which("java")
    if command is None or not JAR.exists():
        why = "NO LOG HAS BEEN READ BY HDRHISTOGRAM ITSELF: apt-get install default-jre-headless libhdrhistogram-java"
        if os.environ.get("BATON_CI"):
            pytest.fail(why)
        pytest.skip(why)
    return command


def processed(log: Path, tag: str) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """What HistogramLogProcessor has to say: its summary, and (value, how many are not above it)."""
    done = subprocess.run(
        [java(), "-cp", JAR, "org.HdrHistogram.HistogramLogProcessor", "-i", log, "-tag", tag, "-outputValueUnitRatio", "1.0"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "xception" not in done.stderr, done.stderr
    summary, rows = {}, []
    for line in done.stdout.splitlines():
        if line.startswith("#["):
            for part in line[2:-1].split(","):
                name, _, value = part.partition("=")
                summary[name.strip()] = value.strip()
        elif line[:12].strip().replace(".", "").isdigit():
            value, _, count = line.split()[:3]
            rows.append((int(float(value)), int(count)))
    return summary, rows


@pytest.mark.parametrize("tag", ["ramp", "edges", "heavy"])
def test_hdrhistogram_itself_finds_the_same(log: Path, tag: str):
    lines = hdr_log.read(log).of(tag)
    summary, rows = processed(log, tag)
    assert int(summary["Total count"]) == sum(line.histogram.total for line in lines)
    assert (summary["Buckets"], summary["SubBuckets"]) == ("26", "2048")
    assert rows
    for value, count in rows:
        assert count == sum(n for line in lines for end, n in line.histogram.counts.items() if end <= value)
        assert value in lines[0].histogram.counts


def test_hdrhistogram_itself_finds_the_true_mean(log: Path):
    summary, _ = processed(log, "ramp")
    assert float(summary["Mean"]) == pytest.approx(50_000.5 * MICROSECOND, rel=0.0005)


def test_hdrhistogram_itself_finds_every_tag(log: Path):
    done = subprocess.run(
        [java(), "-cp", JAR, "org.HdrHistogram.HistogramLogProcessor", "-i", log, "-listtags"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    for tag in ("ramp", "edges", "heavy", "nothing", "/a_b_c"):
        assert tag in done.stdout.split(), done.stdout


def test_the_log_of_a_run_has_its_requests_and_begins_behind_the_warm_up(tmp_path: Path):
    with Target() as target:
        arguments = ("--rate", "200", "--warm-up", "1", "--duration", "2", "--hdr-log", str(tmp_path / "run.hlog"))
        done = run(*arguments, target.url + "/a")
    assert done.report is not None, done.err
    log = hdr_log.read(tmp_path / "run.hlog")
    for tag in ("service", "/a/service"):
        assert sum(line.histogram.total for line in log.of(tag)) == done.report["totals"]["service"]["n"] == 400
    begin = next(line for line in log.head if line.startswith("#[StartTime: ")).split()[1]
    started = datetime.fromisoformat(done.report["started"])
    assert float(begin) == pytest.approx(started.timestamp() + 1, abs=0.002)
