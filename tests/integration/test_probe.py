"""`baton probe`: other people's programs under the ledger. What the books say is held against the programs' own clocks."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from harness.measured import measured
from harness.prometheus import Scrape
from harness.server import BINARY, REPOSITORY, Process, direct

PYTHON = "/usr/bin/python3"
SLOP = 0.005

pytestmark = pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"no {PYTHON}: nothing to probe")


class Probe(Process):
    """`baton probe OPTIONS -- COMMAND`, with a report as JSON."""

    def __init__(self, folder: Path, *command: str, options: tuple[str, ...] = (), env: dict[str, str] | None = None):
        self.books = folder / "report.json"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        super().__init__(
            "probe", "--report", str(self.books), *options, "--", *command,
            cwd=REPOSITORY, env={"TMPDIR": str(self.temporary), **(env or {})},
        )  # fmt: skip

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        if self.popen.poll() is None:
            self.signal(signal.SIGTERM)
            self.wait()

    def report(self, status: int = 0) -> dict[str, Any]:
        """Wait for the end; what the books say."""
        assert self.wait() == status, self.log
        assert list(self.temporary.iterdir()) == [], "the probe has left something behind"
        return json.loads(self.books.read_text())


def python(folder: Path, program: str, *, options: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Probe:
    return Probe(folder, PYTHON, "-c", program, options=options, env=env)


def only(report: dict[str, Any]) -> dict[str, Any]:
    """The one process of a report, whose books must be exact."""
    assert len(report["processes"]) == 1, report
    process = report["processes"][0]
    assert process["books"] == "exact", process
    return process


# --- The numbers

CLOCKS = """
import json, sys, threading, time

def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    cpu.append(time.thread_time())

def together(*threads):
    for thread in threads: thread.start()
    for thread in threads: thread.join()

cpu, begun = [], time.perf_counter()
"""
TELL = """
print(json.dumps({"wall": time.perf_counter() - begun, "cpu": sum(cpu), "process": time.process_time()}))
"""


@measured
def test_a_sleeping_program_is_off_the_gil(tmp_path: Path) -> None:
    with python(tmp_path, CLOCKS + "for _ in range(100): time.sleep(0.003)\n" + TELL) as probe:
        process = only(probe.report())
    gil = process["gils"][0]
    assert process["wall_seconds"] >= json.loads(probe.stdout)["wall"]
    assert gil["held_seconds"] <= process["wall_seconds"] - 0.3
    assert gil["takes"] >= 100 and gil["voluntary"] >= 100
    assert gil["forced"] == 0


@measured
def test_a_computing_program_holds_it(tmp_path: Path) -> None:
    with python(tmp_path, CLOCKS + "compute(0.4)\n" + TELL) as probe:
        process = only(probe.report())
    told = json.loads(probe.stdout)
    gil = process["gils"][0]
    assert 0.95 * told["cpu"] <= gil["held_seconds"] <= process["wall_seconds"] + SLOP
    assert process["cpu_seconds"] >= told["process"] - SLOP
    assert gil["longest_hold_seconds"] >= 0.01


@measured
def test_threads_that_compute_wait_for_each_other(tmp_path: Path) -> None:
    program = CLOCKS + "together(*(threading.Thread(target=compute, args=(0.25,)) for _ in range(3)))\n" + TELL
    with python(tmp_path, program) as probe:
        process = only(probe.report())
    told = json.loads(probe.stdout)
    gil = process["gils"][0]
    # One lock: holds never overlap. Each hand-over costs CPU time that is no hold.
    assert 0.9 * told["cpu"] <= gil["held_seconds"] <= process["wall_seconds"] + SLOP
    # While one of the three holds it the two others wait, until the first of them has done its part.
    assert gil["waited_seconds"] >= 0.5
    assert gil["forced"] >= 10
    assert gil["takes"] - (gil["forced"] + gil["voluntary"]) in (0, 1)
    assert sum(bucket["count"] for bucket in gil["waits"]["buckets"]) == gil["takes"]


@measured
def test_the_scheduler_is_lent(tmp_path: Path) -> None:
    """Beside computing threads, a sleeper waits for the switch interval at each turn, but not with Baton's scheduler."""
    program = CLOCKS + (
        "sleeper = threading.Thread(target=lambda: [time.sleep(0.001) for _ in range(60)])\n"
        "together(sleeper, *(threading.Thread(target=compute, args=(0.5,)) for _ in range(3)))\n"
    )
    waited = {}
    for policy in ("cpython", "latency"):
        folder = tmp_path / policy
        folder.mkdir()
        with python(folder, program + TELL, options=("--gil-policy", policy)) as probe:
            buckets = only(probe.report())["gils"][0]["waits"]["buckets"]
        # Waits of the sleeper under CPython last a switch interval at least.
        waited[policy] = sum(b["count"] for b in buckets if 0.0001 < (b["at_most_seconds"] or 9) <= 0.0025)
    assert waited["latency"] > waited["cpython"], waited


# --- Process trees


def test_forked_children_have_books_of_their_own(tmp_path: Path) -> None:
    program = CLOCKS + (
        "import os, signal\n"
        "done, tell = os.pipe()\n"
        "ends = os.fork()\n"
        "if not ends:\n"
        "    compute(0.2); os._exit(0)\n"
        "killed = os.fork()\n"
        "if not killed:\n"
        "    time.sleep(0.01); compute(0.2); os.write(tell, b'.'); time.sleep(60)\n"
        "os.read(done, 1)\n"
        "time.sleep(1.5)\n"
        "os.kill(killed, signal.SIGKILL)\n"
        "for child in ends, killed: os.waitpid(child, 0)\n"
        "print(os.getpid(), ends, killed)\n"
    )
    with python(tmp_path, program) as probe:
        report = probe.report()
    parent, ends, killed = map(int, probe.stdout.split())
    by_pid = {process["pid"]: process for process in report["processes"]}
    assert set(by_pid) == {parent, ends, killed}
    assert all(process["books"] == "exact" for process in by_pid.values()), by_pid
    for child in ends, killed:
        assert by_pid[child]["parent"] == parent
        assert by_pid[child]["gils"][0]["held_seconds"] >= 0.19
    assert by_pid[ends]["ended"] and by_pid[parent]["ended"] and not by_pid[killed]["ended"]
    assert by_pid[parent]["gils"][0]["held_seconds"] < by_pid[parent]["wall_seconds"] - 1.4
    held = sum(process["gils"][0]["held_seconds"] for process in by_pid.values())
    assert report["total"]["held_seconds"] == pytest.approx(held)


THREADS = (
    "import ctypes, os, re, time\n"
    "libc, text = ctypes.PyDLL(None), ctypes.create_string_buffer(4096)  # PyDLL keeps the GIL, as Python's own look does\n"
    "def threads():\n"
    "    file = libc.open(b'/proc/self/status', 0)\n"
    "    libc.read(file, text, 4095), libc.close(file)\n"
    "    return int(re.search(rb'Threads:\\s*(\\d+)', text.raw)[1])\n"
    "def soon(count, meanwhile=lambda: None):  # the kernel takes a moment to forget a thread that was joined\n"
    "    end = time.monotonic() + 20\n"
    "    while (seen := threads()) != count and time.monotonic() < end: meanwhile()\n"
    "    return seen\n"
    "def let_go(): time.sleep(0.01)  # of the GIL, which brings our thread back\n"
)


def test_a_fork_finds_no_thread_of_ours(tmp_path: Path) -> None:
    """From 3.12 on Python warns of a fork with threads, and some system calls are refused to processes with threads."""
    program = THREADS + (
        "before = soon(2, let_go)\n"
        "child = os.fork()\n"
        # From 3.12 on os.fork() itself lets go of the GIL in the child.
        "seen = soon(1) if child else None\n"
        "back = soon(2, let_go)\n"
        "if not child: os._exit(back != 2)\n"
        "print(before, seen, back, os.waitpid(child, 0)[1])\n"
    )
    with python(tmp_path, program) as probe:
        report = probe.report()
    assert probe.stdout == "2 1 2 0\n"
    assert [(process["books"], process["ended"]) for process in report["processes"]] == [("exact", True)] * 2


def test_a_forked_child_is_alone_until_it_lets_go_of_the_gil(tmp_path: Path) -> None:
    """It may be about to do what is refused to processes with threads. libc's fork(), as C code calls it, keeps the GIL."""
    program = THREADS + (
        "before = soon(2, let_go)\n"
        "child = libc.fork()\n"
        "seen = soon(1)\n"
        "back = soon(2, let_go)\n"
        "if not child: os._exit((seen, back) != (1, 2))\n"
        "print(before, seen, back, os.waitpid(child, 0)[1])\n"
    )
    with python(tmp_path, program) as probe:
        report = probe.report()
    assert probe.stdout == "2 1 2 0\n"
    assert [(process["books"], process["ended"]) for process in report["processes"]] == [("exact", True)] * 2


def test_forks_in_a_row_find_none_either(tmp_path: Path) -> None:
    """Each time the thread has only just begun when it is told to end."""
    program = THREADS + (
        "seen = []\n"
        "for _ in range(40):\n"
        "    child = os.fork()\n"
        "    if not child: os._exit(0)\n"
        "    seen.append(soon(1))\n"
        "    os.waitpid(child, 0)\n"
        "    if seen[-1] != 1: break\n"
        "print(set(seen))\n"
    )
    with python(tmp_path, program) as probe:
        probe.report()
    assert probe.stdout == "{1}\n", probe.log


def test_multiprocessing(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(
        "import multiprocessing, sys, time\n"
        "def work(_):\n"
        "    end = time.thread_time() + 0.1\n"
        "    while time.thread_time() < end: pass\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool: pool.map(work, range(4), chunksize=1)\n"
    )
    for how in ("fork", "spawn"):
        folder = tmp_path / how
        folder.mkdir()
        with Probe(folder, PYTHON, str(script), how) as probe:
            report = probe.report()
        assert len(report["processes"]) >= 3
        assert report["total"]["held_seconds"] >= 0.35


def test_a_shell_that_starts_python(tmp_path: Path) -> None:
    with Probe(tmp_path, "/bin/sh", "-c", f"{PYTHON} -c 'import time; time.sleep(0.1)'; exit 5") as probe:
        report = probe.report(status=5)
    assert report["exit_status"] == 5
    assert "time.sleep" in only(report)["command"]


def test_a_program_that_executes_another(tmp_path: Path) -> None:
    program = "import os, sys, time; time.sleep(0.4); os.execv(sys.executable, [sys.executable, '-c', 'pass'])"
    with python(tmp_path, program) as probe:
        first, second = probe.report()["processes"]
    assert first["pid"] == second["pid"]
    assert first["wall_seconds"] >= 0.2 and second["ended"]


# --- No books


def test_without_python_one_sentence() -> None:
    probe = Process("probe", "--", "/bin/true")
    assert probe.wait() == 0
    assert "No Python was seen" in probe.stderr


def test_python_that_was_never_started(tmp_path: Path) -> None:
    with Probe(tmp_path, PYTHON, "--version") as probe:
        process = probe.report()["processes"][0]
    assert process["books"] == "refused" and "Python was not started" in process["reason"]


def test_a_program_ahead_of_the_library_is_refused(tmp_path: Path) -> None:
    """Baton itself defines the same functions: the library sees half of the calls, and must not count them."""
    with Probe(tmp_path, str(BINARY), "check", "handlers.lab:app") as probe:
        process = probe.report()["processes"][0]
    assert process["books"] == "refused" and "pthread functions itself" in process["reason"]
    assert process["gils"] == []


# --- The command


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (("there-is-no-such-command",), 127, "cannot start there-is-no-such-command: No such file"),
        (("/etc/passwd",), 126, "cannot start /etc/passwd: Permission denied"),
        (("/bin/sh", "-c", "exit 3"), 3, "exit status 3"),
        (("/bin/sh", "-c", "kill -9 $$"), 137, "exit status 137"),
        (("/bin/sh", "-c", "kill -PIPE $$"), 141, "exit status 141"),
        ((), 2, "the command is missing"),
    ],
)
def test_the_exit_status(command: tuple[str, ...], status: int, says: str) -> None:
    probe = Process("probe", "--", *command)
    assert probe.wait() == status
    assert says in probe.stderr


def test_an_address_that_is_not_to_be_had(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        probe = Process("probe", "--listen", address, "--", "/usr/bin/touch", str(tmp_path / "started"))
        assert probe.wait() == 4
    assert f"cannot listen on {address} (--listen)" in probe.stderr
    assert not (tmp_path / "started").exists()


def test_signals_are_handed_on_once(tmp_path: Path) -> None:
    program = (
        "import os, signal, time\n"
        "seen = []\n"
        "for name in ('SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'):\n"
        "    signal.signal(getattr(signal, name), lambda number, _: seen.append(signal.Signals(number).name))\n"
        "print('ready', flush=True)\n"
        "while 'SIGTERM' not in seen:\n"
        "    before = len(seen)\n"
        "    time.sleep(0.02)\n"
        "    if len(seen) > before: print('seen', len(seen), flush=True)\n"
        "time.sleep(0.2)\n"
        "print(*seen)\n"
    )
    with python(tmp_path, program) as probe:
        probe.wait_for("^ready")
        names = ["SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGTERM"]
        for count, name in enumerate(names, 1):
            probe.signal(getattr(signal, name))
            probe.wait_for(f"^seen {count}$")
        probe.report()
    assert probe.stdout.splitlines()[-1].split() == names


def test_a_library_that_is_preloaded_already_stays(tmp_path: Path) -> None:
    show = "import os; print(os.environ['LD_PRELOAD'])"
    with python(tmp_path, show, env={"LD_PRELOAD": "libm.so.6"}) as probe:
        only(probe.report())
    library, other = probe.stdout.strip().split(":")
    assert Path(library) == BINARY.resolve().parent / "libbaton-gil.so" and other == "libm.so.6"


def test_the_report_as_text(tmp_path: Path) -> None:
    report = tmp_path / "books.txt"
    probe = Process("probe", "--report", str(report), "--", PYTHON, "-c", "pass")
    assert probe.wait() == 0
    assert probe.log == ""
    text = report.read_text()
    for words in ("exit status 0", "GIL of interpreter main", "held", "waited", "takes", "releases", "a hold", "a wait"):
        assert words in text


# --- Servers


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def fetch(url: str) -> str:
    with direct.open(urllib.request.Request(url), timeout=20) as answer:
        return answer.read().decode()


def wait_until_served(probe: Probe, url: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            fetch(url)
            return
        except OSError:
            assert probe.popen.poll() is None and time.monotonic() < end, probe.log
            time.sleep(0.05)


def wait_for_scrape(base: str, enough: Any) -> Scrape:
    end = time.monotonic() + 20
    while not enough(scrape := Scrape(fetch(base + "metrics"))):
        assert time.monotonic() < end, scrape.families
        time.sleep(0.05)
    return scrape


@pytest.mark.parametrize("policy", ["cpython", "latency"])
def test_gunicorn(tmp_path: Path, policy: str) -> None:
    gunicorn = shutil.which("gunicorn", path="/usr/bin")
    if gunicorn is None:
        pytest.skip("gunicorn is not installed (Debian: gunicorn)")
    site = f"http://127.0.0.1:{(port := free_port())}"
    command = (PYTHON, gunicorn, "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "4", "--chdir", "tests/integration/apps", "work:app")
    with Probe(tmp_path, *command, options=("--listen", "127.0.0.1:0", "--gil-policy", policy)) as probe:
        base = probe.wait_for(r"baton: books on (\S+)").group(1)
        wait_until_served(probe, site + "/")
        cpu = sum(json.loads(fetch(site + "/compute?s=0.2"))["cpu"] for _ in range(3))
        for _ in range(50):
            fetch(site + "/")
        held = "cpython_gil_held_seconds_total"
        # The arbiter and its workers; each publishes several times a second.
        scrape = wait_for_scrape(
            base, lambda s: s.total(held) >= cpu <= s.total("process_cpu_seconds_total") and len(list(s.select(held))) == 3
        )
        pids = {int(labels["pid"]) for labels, _ in scrape.select(held)}
        parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in pids}
        assert sum(parent in pids for parent in parents.values()) == 2, "two of them are the third's workers"
        assert {labels["interpreter"] for labels, _ in scrape.select(held)} == {"main"}
        assert scrape.total("cpython_gil_releases_total", reason="voluntary") >= 100
        assert scrape.total("cpython_gil_enabled") == 3
        assert "still running" in fetch(base)
        probe.signal(signal.SIGTERM)
        report = probe.report()
    assert {process["pid"] for process in report["processes"]} == pids
    assert all(process["books"] == "exact" for process in report["processes"])
    assert report["total"]["held_seconds"] >= 0.95 * cpu


def test_waitress(tmp_path: Path) -> None:
    waitress = shutil.which("waitress-serve", path="/usr/bin")
    if waitress is None:
        pytest.skip("waitress is not installed (Debian: python3-waitress)")
    port = free_port()
    command = (PYTHON, waitress, f"--listen=127.0.0.1:{port}", "--threads=4", "work:app")
    where = {"PYTHONPATH": str(REPOSITORY / "tests" / "integration" / "apps")}
    with Probe(tmp_path, *command, env=where) as probe:
        wait_until_served(probe, f"http://127.0.0.1:{port}/")
        took = json.loads(fetch(f"http://127.0.0.1:{port}/compute?s=0.3"))
        time.sleep(0.5)  # waitress ends without Python's end, so its last book is one of the regular ones
        probe.signal(signal.SIGTERM)
        process = only(probe.report(status=128 + signal.SIGTERM))
    assert process["gils"][0]["held_seconds"] >= 0.95 * took["cpu"]
    assert not process["ended"]
