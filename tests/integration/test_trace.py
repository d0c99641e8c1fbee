"""The GIL's timeline: what a recording says, held against the books, against the requests that were sent, and against
itself. It is read by code that shares nothing with the code that writes it."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.prometheus import Scrape
from harness.recording import Recording, record
from harness.server import BINARY, REPOSITORY, START_SECONDS, Server, direct, usual_environment
from harness.timeline import READERS, Slice, Timeline

FORMATS = sorted(READERS)
LOAD = ("/io/sleep?ms=2", "/cpu/fib?n=24", "/asgi/io/sleep?ms=2", "/asgi/cpu/fib?n=22")


@pytest.fixture(scope="module", params=["cpython", "latency"])
def lab(request: pytest.FixtureRequest) -> Iterator[Server]:
    options = ("--mount=/asgi=handlers.lab:asgi", "--threads=6", "--gil-policy", request.param)
    with Server("handlers.lab:app", *options, cwd=REPOSITORY) as running:
        for target in LOAD:  # imports, and routes that the server has not seen
            assert running.get(target).status == 200
        yield running


@pytest.fixture(scope="module", autouse=True)
def with_a_gil(lab: Server) -> None:
    if not Scrape(lab.metrics()).total("cpython_gil_enabled"):
        pytest.skip("without a GIL there is nothing to record")


@contextmanager
def load(server: Server) -> Iterator[set[str]]:
    """Requests of all kinds, one after the other on each connection; the ids that they were given."""
    sent: set[str] = set()
    end = threading.Event()

    def ask(number: int, target: str) -> None:
        with server.client() as client:
            for count in itertools.count():
                if end.is_set():
                    return
                sent.add(name := f"load-{number}-{count}")
                answer = client.get(target, f"X-Request-ID: {name}")
                assert (answer.status, answer.get("X-Request-ID")) == (200, name)

    with ThreadPoolExecutor(2 * len(LOAD)) as pool:
        asked = [pool.submit(ask, number, target) for number, target in enumerate(LOAD * 2)]
        try:
            server.wait_until_active(4)
            yield sent
        finally:
            end.set()
        for each in asked:
            each.result(60)


def is_sound(timeline: Timeline, seconds: float) -> None:
    """What is true of every recording: slices of a thread do not overlap, and a GIL has one holder."""
    holds: list[Slice] = []
    for track in timeline.tracks:
        last = 0
        for each in track.slices:
            assert last <= each.begin < each.end, (track.name, each)
            last = each.end
            assert each.doing != "off" or each.route, "time off the GIL is shown for requests only"
            assert each.doing == "holding" or not each.forced
        ends = [each.end for each in track.slices if each.forced]
        assert ends == track.forced
        assert not ends or max(ends) <= last
    holds = sorted(timeline.all("holding"), key=lambda each: each.begin)
    for before, after in itertools.pairwise(holds):
        assert before.end <= after.begin, "two holders of one GIL"
    assert max(each.end for each in timeline.all()) >= 0.9 * seconds * 1e9


@dataclass
class Books:
    """What /metrics and /status.json say; nanoseconds."""

    at: float
    held: float
    waited: float
    forced: float
    threads: dict[str, float]  # held, by name without numbers

    @classmethod
    def of(cls, server: Server) -> Books:
        at = time.monotonic()
        scrape = Scrape(server.metrics())
        with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
            status = json.load(answer)
        threads: dict[str, float] = defaultdict(float)
        for each in status["python_threads"]:
            threads[without_numbers(each["name"])] += each["held_seconds"] * 1e9
        return cls(
            at,
            1e9 * scrape.total("cpython_gil_held_seconds_total"),
            1e9 * scrape.total("cpython_gil_waiting_seconds_total"),
            scrape.total("cpython_gil_releases_total", reason="forced"),
            threads,
        )


def without_numbers(name: str) -> str:
    return re.sub(r"\d+", "N", name)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_recording_agrees_with_the_books(lab: Server, kind: str) -> None:
    seconds = 1.0
    with load(lab) as sent:
        before = Books.of(lab)
        timeline = record(lab, seconds, kind)
        after = Books.of(lab)
        # What may have happened between a reading of the books and the recording.
        outside = 1e9 * (time.monotonic() - before.at - seconds) + 1e6
    is_sound(timeline, seconds)
    held = sum(each.length for each in timeline.all("holding"))
    waited = sum(each.length for each in timeline.all("waiting"))
    forced = sum(len(track.forced) for track in timeline.tracks)
    assert held <= after.held - before.held + 1e3
    assert held >= after.held - before.held - outside
    assert waited <= after.waited - before.waited + 1e3
    assert waited >= after.waited - before.waited - outside * len(timeline.tracks)
    assert forced <= after.forced - before.forced
    by_name: dict[str, float] = defaultdict(float)
    for track in timeline.tracks:
        by_name[without_numbers(track.name)] += track.total("holding")
    for name in after.threads:
        difference = after.threads[name] - before.threads.get(name, 0)
        assert by_name[name] <= difference + 1e5, name  # the JSON rounds
        assert by_name[name] >= difference - outside, name
    ids = {each.request for each in timeline.all() if each.request}
    assert ids and ids <= sent


@pytest.mark.parametrize("kind", FORMATS)
def test_the_waiters_are_those_who_wait(lab: Server, kind: str) -> None:
    with load(lab):
        timeline = record(lab, 0.3, kind)
    steps = timeline.waiters["main"]
    assert all(count >= 0 for _, count in steps)
    assert [at for at, _ in steps] == sorted(at for at, _ in steps)
    area = sum(count * (following - at) for (at, count), (following, _) in itertools.pairwise(steps))
    assert area == sum(each.length for each in timeline.all("waiting"))
    assert steps[-1][1] == 0


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("prefix", ["", "/asgi"])
def test_every_request_bears_its_id_and_route(lab: Server, kind: str, prefix: str) -> None:
    """The phases of requests that lie within the recording are all there, under the ids of their responses."""
    for seconds in (1.0, 4.0, 16.0):
        recording = Recording(lab, seconds, kind)
        ids = [lab.get(f"{prefix}/io/sleep?ms=20").get("X-Request-ID") for _ in range(3)]
        mine = [f"mine/{number}" for number in range(3)]
        named = [lab.get(f"{prefix}/cpu/fib?n=15", f"X-Request-ID: {name}").get("X-Request-ID") for name in mine]
        within = recording.goes_on()
        timeline = recording.finish()
        if within:
            break
    else:
        pytest.fail("the machine is too slow for this")
    assert named == mine
    off: dict[str, list[int]] = defaultdict(list)
    for request, route in [*((each, f"{prefix}/io/sleep") for each in ids), *((each, f"{prefix}/cpu/fib") for each in named)]:
        slices = [each for each in timeline.all() if each.request == request]
        assert {each.route for each in slices} == {route}
        assert {each.path for each in slices} == {route}
        assert sum(each.length for each in slices if each.doing == "holding") > 0
        off[route].append(sum(each.length for each in slices if each.doing == "off"))
    # WSGI sleeps on its thread, without the GIL; an event loop is at others meanwhile. Whoever lets go of the GIL for a
    # moment may wait for a CPU then, on a busy machine, but not each time.
    for route, times in off.items():
        assert min(times) >= 20e6 if route == "/io/sleep" else min(times) < 20e6, (route, times)
    if kind == "perfetto":  # turns of one request on the loop are linked
        linked = [each.request for flow in timeline.flows.values() for each in flow]
        assert set(linked) >= set(ids) if prefix else linked == []
        assert all(len(flow) >= 2 and len({each.request for each in flow}) == 1 for flow in timeline.flows.values())


@pytest.mark.parametrize("kind", FORMATS)
def test_threads_that_come_and_go_and_children(kind: str) -> None:
    """Threads of the application's own, many that begin and end within the recording, and a fork in its middle."""
    with Server("crowd:app") as server:
        server.get("/start?threads=1")
        recording = Recording(server, 2.0, kind)
        assert server.get("/fork").json() == {"status": 7}
        assert server.get("/lives?n=1").status == 200
        within = recording.goes_on()
        timeline = recording.finish()
        server.get("/end")
    is_sound(timeline, 2.0)
    assert any(track.name == "spinner" and track.total("holding") > 0.1e9 for track in timeline.tracks)
    short_lived = [track for track in timeline.tracks if track.name.startswith("Thread-")]
    if within:
        assert len(short_lived) == 20
        assert all(track.total("holding") > 0 for track in short_lived)


def answer_of(server: Server, target: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.admin, timeout=START_SECONDS)
    connection.request("GET", target)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, text


def wait_for_the_end_of_a_recording(server: Server) -> None:
    """Whose client has left; until the server has seen that nobody else gets one."""
    end = time.monotonic() + START_SECONDS
    while (status := answer_of(server, "/trace?seconds=0.01")[0]) != 200:
        assert status == 409 and time.monotonic() < end, "it goes on without its client"
        time.sleep(0.01)


def test_one_at_a_time_and_the_admin_thread_answers_meanwhile(lab: Server) -> None:
    recording = Recording(lab, 60, "json")
    assert answer_of(lab, "/trace")[0] == 409
    assert lab.readyz() == 200
    recording.abandon()
    wait_for_the_end_of_a_recording(lab)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_client_that_says_nothing_more_gets_its_recording(lab: Server, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", int(lab.admin.rpartition(":")[2])), timeout=60) as client:
        client.sendall(f"GET /trace?seconds=0.2&format={kind} HTTP/1.0\r\n\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert READERS[kind](body).tracks


@pytest.mark.parametrize(
    "query", ["seconds=0", "seconds=61", "seconds=x", "seconds=", "format=svg", "format=", "minutes=1", "seconds=inf"]
)
def test_what_cannot_be_recorded(lab: Server, query: str) -> None:
    status, text = answer_of(lab, f"/trace?{query}")
    assert status == 400
    assert re.fullmatch(r"[^\n]{20,}\n", text)


# --- baton trace

def baton_trace(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [str(BINARY), "trace", *arguments]
    return subprocess.run(command, cwd=cwd, env=usual_environment(), capture_output=True, timeout=60, check=False)


def test_baton_trace_writes_a_file(lab: Server, tmp_path: Path) -> None:
    with load(lab):
        done = baton_trace(f"http://{lab.admin}/", "--seconds", "0.3", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"baton-gil.pftrace" in done.stderr and b"https://ui.perfetto.dev" in done.stderr
        is_sound(READERS["perfetto"]((tmp_path / "baton-gil.pftrace").read_bytes()), 0.3)
        done = baton_trace(lab.admin, "--seconds=0.3", "-o", "here.json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        is_sound(READERS["json"]((tmp_path / "here.json").read_bytes()), 0.3)
        done = baton_trace(lab.admin, "--seconds=0.3", "-o", "-", "--format", "json", cwd=tmp_path)
        is_sound(READERS["json"](done.stdout), 0.3)
        assert done.stderr == b""


def test_baton_trace_says_what_is_wrong(lab: Server, tmp_path: Path) -> None:
    recording = Recording(lab, 60, "json")
    busy = baton_trace(lab.admin, cwd=tmp_path)
    assert (busy.returncode, busy.stderr.decode()) == (
        1, f"baton: {lab.admin} answers 409: a recording is under way; there is one at a time\n",
    )  # fmt: skip
    recording.abandon()
    assert baton_trace("http://127.0.0.1:9", cwd=tmp_path).returncode == 1
    assert baton_trace("https://127.0.0.1:9180", cwd=tmp_path).returncode == 2
    assert baton_trace("--seconds", "100", cwd=tmp_path).returncode == 2
    end = time.monotonic() + START_SECONDS
    while (full := baton_trace(lab.admin, "--seconds", "0.01", "-o", "/dev/full", cwd=tmp_path)).stderr.count(b"409"):
        assert time.monotonic() < end
    assert (full.returncode, full.stderr) == (1, b"baton: /dev/full: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


def test_baton_trace_opens_its_file_first(lab: Server, tmp_path: Path) -> None:
    """Nobody is asked for a recording that cannot be kept: there is nobody at this address."""
    (tmp_path / "folder").mkdir()
    for name, why in (
        ("missing/gil.json", "No such file or directory"),
        ("folder", "Is a directory"),
        ("x" * 300, "File name too long"),
    ):
        done = baton_trace("http://127.0.0.1:9", "-o", name, cwd=tmp_path)
        assert (done.returncode, done.stderr.decode()) == (1, f"baton: {name}: {why}\n")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_baton_trace_leaves_what_was_there_until_it_has_better(lab: Server, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("before")
    (tmp_path / "link.json").symlink_to(real)
    assert baton_trace("http://127.0.0.1:9", "-o", "link.json", cwd=tmp_path).returncode == 1
    assert real.read_text() == "before"
    done = baton_trace(lab.admin, "--seconds=0.1", "-o", "link.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "link.json").is_symlink()
    assert READERS["json"](real.read_bytes()).tracks
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_baton_trace_leaves_nothing_when_it_is_interrupted(lab: Server, tmp_path: Path, number: int) -> None:
    command = [str(BINARY), "trace", lab.admin, "--seconds", "60"]
    with subprocess.Popen(command, cwd=tmp_path, env=usual_environment(), stderr=subprocess.PIPE) as running:
        end = time.monotonic() + START_SECONDS
        while not list(tmp_path.iterdir()):
            assert running.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        running.send_signal(number)
        assert running.wait(START_SECONDS) == -number
    assert list(tmp_path.iterdir()) == []
    wait_for_the_end_of_a_recording(lab)


def test_baton_trace_keeps_what_cannot_have_its_name(lab: Server, tmp_path: Path) -> None:
    # Long enough for the name to be taken meanwhile.
    command = [str(BINARY), "trace", lab.admin, "--seconds", "3", "-o", "taken.json"]
    with subprocess.Popen(command, cwd=tmp_path, env=usual_environment(), stderr=subprocess.PIPE, text=True) as running:
        end = time.monotonic() + START_SECONDS
        while not list(tmp_path.iterdir()):
            assert running.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        [unfinished] = tmp_path.iterdir()
        (tmp_path / "taken.json").mkdir()
        _, said = running.communicate(timeout=START_SECONDS)
    assert running.returncode == 1
    assert "taken.json: Is a directory" in said and f"it is in {unfinished.name}" in said
    assert READERS["json"](unfinished.read_bytes()).tracks


def test_baton_trace_writes_where_a_link_leads(lab: Server, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("new.json")
    done = baton_trace(lab.admin, "--seconds=0.1", "-o", "link.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "link.json").is_symlink()
    assert READERS["json"]((tmp_path / "new.json").read_bytes()).tracks
