"""The benches' arithmetic and parsing, and that every bench can be found and asked. Nothing here measures anything."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import asgi as asgi_bench  # noqa: E402
import bench  # noqa: E402
import books as books_bench  # noqa: E402
import convoy  # noqa: E402
from measure import load, neighbours, processes, report, rounds, scrape  # noqa: E402
from measure.contenders import Contender  # noqa: E402
from measure.load import Record  # noqa: E402

WRK = """Running 2s test @ http://127.0.0.1:8000/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   165.35us   62.75us   2.63ms   91.34%
    Req/Sec   168.25k    17.90k  194.03k    65.00%
  334793 requests in {took}, 45.02MB read
{trouble}Requests/sec: 167151.33
Transfer/sec:     22.48MB
"""


@pytest.mark.parametrize(("took", "seconds"), [("2.00s", 2.0), ("950.00ms", 0.95), ("1.50m", 90.0), ("10.00us", 1e-5)])
def test_wrk_is_read_in_every_unit(took: str, seconds: float) -> None:
    done = load.parse_wrk(WRK.format(took=took, trouble=""))
    assert (done.requests, done.errors) == (334793, "")
    assert done.seconds == pytest.approx(seconds)


def test_what_went_wrong_is_not_lost() -> None:
    trouble = "  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 17\n"
    errors = load.parse_wrk(WRK.format(took="2.00s", trouble=trouble)).errors
    assert "read 3" in errors
    assert "responses: 17" in errors
    with pytest.raises(RuntimeError, match="unable to connect"):
        load.parse_wrk("unable to connect to 127.0.0.1:1 Connection refused")


def test_percentiles_are_of_real_requests() -> None:
    record = Record(0, 10**9, [0] * 100, [value * 10**6 for value in range(100, 0, -1)])
    assert [round(record.percentile(share) * 1e3) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert math.isnan(Record(0, 1, [], []).percentile(0.5))
    assert Record(0, 1, [0], [5_000_000]).percentile(0.99) == 0.005


def test_answers_count_in_the_span_in_which_they_came() -> None:
    second = 10**9
    record = Record(0, 4 * second, [0, second, 2 * second, 3 * second], [second // 2, 3 * second, second // 2, 2 * second])
    assert record.per_second() == 3 / 4
    assert record.per_second(2 * second, 3 * second) == 1.0


def test_medians_spreads_and_ratios() -> None:
    values = [4.0, 1.0, 2.0]
    assert report.median(values, float) == 2.0
    assert report.spread(values, float) == 1.5
    assert report.bounds(values, float) == (1.0, 4.0)
    assert (report.ratio(3, 4), report.ratio(3, None)) == ("0.75", "")
    assert [report.milliseconds(value) for value in (0.002312, 0.0523, 0.1071)] == ["2.31", "52.3", "107"]
    assert report.table(["a", "b"], [["x", "1"]]) == "| a | b |\n|---|---:|\n| x | 1 |"


METRICS = """# TYPE cpython_gil_held_seconds_total counter
cpython_gil_held_seconds_total{interpreter="main"} 1.5
cpython_gil_held_seconds_total{interpreter="1"} 0.25
cpython_gil_waiting_seconds_total{interpreter="main"} 2e-1
cpython_gil_acquire_wait_seconds_bucket{interpreter="main",le="+Inf"} 99
cpython_gil_acquire_wait_seconds_count{interpreter="main"} 12
cpython_gil_releases_total{interpreter="main",reason="forced"} 3
cpython_gil_releases_total{interpreter="main",reason="voluntary"} 8
"""


def test_books_are_summed_over_labels_and_subtracted() -> None:
    read = scrape.parse(METRICS)
    assert read == scrape.Books(1.75, 0.2, 12, 11)
    assert read - read == scrape.Books(0, 0, 0, 0)
    with pytest.raises(RuntimeError, match="cpython_gil_held_seconds_total"):
        scrape.parse("")


def test_calls_of_the_small_benchmark_are_read() -> None:
    text = "a mutex that is no GIL's: lock and unlock        5.4 ns\nthe GIL, uncontended: release and take          106.0 ns\n"
    read = books_bench.parse_calls(text)
    assert read == {"a mutex that is no GIL's: lock and unlock": 5.4, books_bench.TRANSITION: 106.0}


def test_the_loss_is_that_of_turns_next_to_each_other() -> None:
    def turns(*microseconds: float) -> list[books_bench.Turn]:
        return [books_bench.Turn(1_000_000, value, "") for value in microseconds]

    results = {books_bench.WITHOUT: turns(4.0, 8.0), books_bench.BOTH: turns(5.0, 10.0)}
    assert books_bench.losses(results, books_bench.BOTH) == pytest.approx([0.2, 0.2])
    assert books_bench.error_of_median([0.2, 0.2, 0.2]) == 0
    assert "NOT met" in books_bench.verdict(0.03, 0.001, 30)
    assert "NOT met" in books_bench.verdict(0.01, 0.001, 41)
    assert "Target met" in books_bench.verdict(0.01, 0.001, 39)
    assert "not judged" in books_bench.verdict(0.01, 0.05, 39)


def convoy_round(p50: float, p99: float, cpu: float) -> convoy.Round:
    calm, beside = convoy.Latency(2e-3, 2e-3, 3e-3, 4e-3, 800), convoy.Latency(p50, p99, p99, p99, 700)
    return convoy.Round(calm, beside, cpu, cpu, 2e-3, 2.1e-3, 0.05, ())


@pytest.mark.parametrize(
    ("p50", "p99", "cpu", "met"),
    [(2.9e-3, 5.9e-3, 91, True), (3.1e-3, 5.9e-3, 91, False), (2.9e-3, 6.1e-3, 91, False), (2.9e-3, 5.9e-3, 89, False)],
)
def test_the_verdict_on_the_convoy(p50: float, p99: float, cpu: float, met: bool) -> None:
    results = {convoy.LATENCY: [convoy_round(p50, p99, cpu)] * 3, convoy.REFERENCE: [convoy_round(0.05, 0.1, 100)] * 3}
    judged = convoy.verdict(results)
    assert judged is not None
    assert judged.met() is met
    assert judged.line().startswith("Target met" if met else "Target NOT met")
    assert f"| {report.milliseconds(p50)} / {report.milliseconds(p99)} |" in convoy.table(results)


def test_without_a_comparison_there_is_no_success() -> None:
    judged = convoy.verdict({convoy.LATENCY: [convoy_round(2e-3, 3e-3, 100)]})
    assert judged is not None
    assert not judged.met()
    assert convoy.verdict({"gunicorn": [convoy_round(2e-3, 3e-3, 100)]}) is None


def test_time_that_others_used_includes_the_hosts() -> None:
    stat = "cpu  100 1 20 5000 50 3 4 70 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert neighbours.busy_seconds(stat) * neighbours.TICKS == 198


# --- With real processes


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    seen = threading.Semaphore(0)

    def do_GET(self) -> None:
        self.seen.release()
        body = b"Hello, World!"
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_the_client_notes_every_request(port: int) -> None:
    record = load.client(port, "/", 2, 0.3)
    assert record.errors == []
    assert len(record.sent) == len(record.took) >= 2
    assert all(took > 0 for took in record.took)
    assert all(record.began <= sent <= record.end for sent in record.sent)


def test_the_client_says_what_went_wrong(port: int) -> None:
    record = load.client(port, "/wrong", 1, 0.1)
    assert record.took == []
    assert "500" in record.errors[0]


def test_a_client_can_be_stopped(port: int) -> None:
    with load.client_running(port, "/", 1, 600) as process:
        while Answer.seen.acquire(blocking=False):
            """Those of earlier tests."""
        for _ in range(2):  # with the second one the first was answered
            assert Answer.seen.acquire(timeout=60)
        record = load.stop(process)
    assert record.took
    assert record.end - record.began < 300 * 10**9


SERVER = """
import http.server, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "13"); self.end_headers(); self.wfile.write(b"Hello, World!")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def alive(pid: int) -> bool:
    try:
        return processes.stat_fields(pid)[0] not in "ZX"
    except OSError:
        return False


def test_a_server_ends_with_its_children_whatever_happens() -> None:
    contender = Contender("small", lambda place: [sys.executable, "-c", SERVER, str(place.port)])
    with pytest.raises(KeyboardInterrupt):
        with processes.Server(contender) as running:
            family = processes.tree(running.process.pid)
            used = running.cpu_seconds()
            raise KeyboardInterrupt
    assert len(family) == 2
    assert used > 0
    end = time.monotonic() + 10
    while any(map(alive, family)) and time.monotonic() < end:
        time.sleep(0.05)
    assert [pid for pid in family if alive(pid)] == []


def test_a_server_that_does_not_start_is_an_error_with_its_words() -> None:
    contender = Contender("broken", lambda _: [sys.executable, "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(RuntimeError, match="before it served") as caught:
        with processes.Server(contender):
            pytest.fail("it is not there")
    assert "no such thing" in caught.value.__notes__[0]


# --- The command


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, HERE / "bench.py", *arguments], capture_output=True, text=True, timeout=60)


def test_the_list_has_every_bench_with_a_line() -> None:
    assert {"hello", "convoy", "gil", "books"} <= set(bench.known())
    assert not {"bench", "test_measure"} & set(bench.known())
    said = ask("--help")
    assert said.returncode == 0
    for name, file in bench.known().items():
        assert bench.about(file), f"{name} says nothing about itself"
        assert f"{bench.about(file)}\n" in said.stdout


@pytest.mark.parametrize("name", sorted(bench.known()))
def test_every_bench_answers_help(name: str) -> None:
    said = ask(name, "--help")
    assert said.returncode == 0
    assert "--rounds" in said.stdout


def test_an_unknown_bench_is_refused() -> None:
    said = ask("nonsense")
    assert said.returncode == 2
    assert "convoy" in said.stderr


def test_json_is_for_programs(tmp_path: Path) -> None:
    contender = Contender("one", lambda place: ["serve", str(place.port)])
    report.write_json(tmp_path / "it.json", "x", [contender], {"rounds": [dataclasses.asdict(convoy_round(1, 2, 3))]})
    read = json.loads((tmp_path / "it.json").read_text())
    assert read["commands"] == {"one": "serve PORT"}
    assert read["rounds"][0]["beside"]["p50"] == 1
    assert read["machine"]["cores"] == os.cpu_count()


def hello_rounds(*rates: float, held: float | None = None) -> list[asgi_bench.Round]:
    """One round each of 1000 requests, with so many per CPU-second and so much GIL held by each."""
    return [asgi_bench.Round(1000, 1.0, 1000 / rate, held=None if held is None else held * 1000) for rate in rates]


@pytest.mark.parametrize(
    ("rates", "held", "word"),
    [
        ((160, 150, 200), 8e-6, "Target met"),
        ((160, 149, 200), 8e-6, "Target UNDECIDED"),
        ((100, 140, 149), 8e-6, "Target NOT met"),
        ((160, 160, 160), 10e-6, "Target NOT met"),
    ],
)
def test_the_verdict_on_asgi_needs_all_rounds(rates: tuple[float, ...], held: float, word: str) -> None:
    results = {"baton": hello_rounds(*rates, held=held), asgi_bench.UVICORN: hello_rounds(100, 100, 100)}
    assert asgi_bench.verdict(results, "baton").startswith(word)
    assert asgi_bench.verdict({"baton": results["baton"]}, "baton") == ""


def test_a_signal_ends_the_bench_in_order() -> None:
    def interrupted(_: list[str]) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        return 0

    before = {number: signal.getsignal(number) for number in rounds.ENDING}
    try:
        assert rounds.run(interrupted) == 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
