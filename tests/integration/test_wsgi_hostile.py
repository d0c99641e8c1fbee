"""Applications that mean no good, or know no better: the server stays what it is."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.server import Process, Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("hostile:app", "--threads", "4") as running:
        yield running


@pytest.fixture(autouse=True)
def still_serving(server: Server) -> Iterator[None]:
    yield
    assert server.popen.poll() is None, f"the server has ended; its log:\n{server.log[-8000:]}"
    assert server.get("/good").body == b"good"


# --- start_response and write() at the wrong time


def test_a_head_that_is_out_cannot_be_replaced(server: Server) -> None:
    for _ in range(5):
        with server.client() as client:
            answer = client.get("/start-in-close")
            assert (answer.status, answer.get("X-Late"), answer.body) == (500, None, b"Internal Server Error")
    server.wait_for(r"start_response\(\) was called after its response had ended")


def test_nothing_can_be_written_behind_the_end(server: Server) -> None:
    with server.client() as client:
        answer = client.get("/write-in-close")
        assert (answer.status, answer.body) == (500, b"Internal Server Error")
        assert client.silent(0.3)
    server.wait_for(r"write\(\) was called after its response had ended")


def test_a_body_needs_a_head(server: Server) -> None:
    assert server.get("/write-without-head").status == 500


def test_fields_that_vanish_while_they_are_refused(server: Server) -> None:
    for _ in range(20):
        assert server.get("/shrinking-fields").status == 500
    server.wait_for(r"ValueError: the response header Evil: 'v+[^v]*' is refused")


def test_a_thread_inside_start_response_when_the_request_ends(server: Server) -> None:
    assert server.get("/start-from-thread").status == 500
    for _ in range(50):
        server.get("/good")


# --- Processes


def exit_status(server: Server, pid: str, seconds: float = 10.0) -> bytes:
    end = time.monotonic() + seconds
    while not (status := server.get(f"/reap?pid={pid}").body):
        if time.monotonic() > end:
            os.kill(int(pid), signal.SIGKILL)
            raise AssertionError("the forked child lives on")
        time.sleep(0.05)
    return status


@pytest.mark.parametrize("way", ["/forked-child-returns", "/forked-child-raises"])
def test_a_forked_child_does_not_become_a_second_server(server: Server, way: str) -> None:
    answer = server.get(way)
    assert (answer.status, answer.body.isdigit()) == (200, True)
    assert exit_status(server, answer.text) == b"1"


def test_a_forked_child_can_exit(server: Server) -> None:
    assert server.get("/forked-child-exits").body == b"7"


def test_a_pool_of_forked_processes_under_load(server: Server) -> None:
    enough = threading.Event()

    def load() -> None:
        with server.client() as client:
            while not enough.is_set():
                client.get("/good")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            assert server.get("/pool").body == b"[0, 2, 4, 6, 8]"
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def test_child_processes_can_be_terminated(server: Server) -> None:
    assert server.get("/terminate").body == b"-15"


# --- The interpreter's own affairs


def test_garbage_that_lets_go_of_the_gil() -> None:
    """Finalisers run while the server makes an environ, and other threads make theirs meanwhile."""
    with Server("garbage:app", "--threads", "8") as other:
        failures = []

        def ask() -> None:
            with other.client() as client:
                for _ in range(60):
                    answer = client.get("/")
                    if answer.status != 200:
                        failures.append(answer.head)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, f"{len(failures)} failed; the first: {failures[0]!r}\n{other.log[-2000:]}"


@pytest.mark.parametrize("way", ["/recursion", "/no-memory", "/exits", "/interrupted", "/odd-error"])
def test_every_exception_is_a_500(server: Server, way: str) -> None:
    assert server.get(way).status == 500


@pytest.mark.parametrize("what", ["none", "str", "int", "list", "self", "type"])
def test_results_that_are_no_bodies(server: Server, what: str) -> None:
    assert server.get(f"/returns?what={what}").status == 500


@pytest.mark.parametrize("way", ["/traced", "/exit-in-thread", "/odd-environ"])
def test_what_the_application_does_to_itself(server: Server, way: str) -> None:
    assert server.get(way).body == b"good"


def test_very_many_fields(server: Server) -> None:
    with server.client() as client:
        answer = client.get("/many-fields")
        assert (len(answer.fields) > 20_000, answer.body) == (True, b"many")


def test_subclasses_of_str_and_bytes(server: Server) -> None:
    answer = server.get("/subclasses")
    assert (answer.get("X-Sub"), answer.body) == ("class", b"subclass")


def test_a_close_that_cannot_be_looked_up(server: Server) -> None:
    assert server.get("/close-raises").body == b"all of it"
    server.wait_for("ZeroDivisionError: close")


def test_a_generator_that_raises_when_it_ends(server: Server) -> None:
    with server.client() as client:
        assert client.get("/good").status == 200
        client.send(b"GET /generator-exit HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.head().status == 200 and client.chunk() == b"one" and client.chunk() == b"two"
        assert client.closed()


def test_running_out_of_memory_is_the_requests_end_alone() -> None:
    with Server("hostile:app", "--threads", "2") as other:
        if other.resident_bytes("VmSize") > 1 << 40:
            pytest.skip("the address space is a sanitizer's")
        assert other.get("/limit").body == b"good"
        assert other.get("/huge-head").status == 500
        # The answer comes in the middle of the upload, and a client that only sends may not live to see it.
        with other.client() as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            assert client.post("/whole-body", bytes(100 << 20)).status == 500
        other.wait_for(r"(?s)MemoryError.*MemoryError")
        assert other.get("/good").body == b"good"


# --- Start and end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("how", ["time.sleep(60)", "while True: pass"])
def test_an_import_that_never_ends_can_be_ended(tmp_path: Path, number: int, how: str) -> None:
    (tmp_path / "endless.py").write_text(f"import time\nprint('here', flush=True)\n{how}\n")
    process = Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", "endless:app", cwd=tmp_path)
    process.wait_for("here")
    process.signal(number)
    assert process.wait(5) == 0


APPLICATION = "\ndef app(environ, start):\n    start('200 OK', [])\n    return [b'x']\n"


@pytest.mark.parametrize(
    "source",
    [
        "import signal\nsignal.signal(signal.SIGTERM, print)\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
        "import faulthandler\nfaulthandler.enable()\nfaulthandler.dump_traceback_later(100)",
        "import atexit, sys\natexit.register(sys.exit, 5)",
        "import atexit, threading, time\n"
        "threading.Thread(target=lambda: [time.sleep(0.001) for _ in iter(int, 1)], daemon=True).start()\n"
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()",
        "import atexit, time\natexit.register(time.sleep, 100)",
    ],
    ids=["signals", "faulthandler", "exit-in-atexit", "daemon-threads", "endless-thread", "endless-atexit"],
)
def test_the_end_is_the_servers(tmp_path: Path, source: str) -> None:
    (tmp_path / "ending.py").write_text(source + APPLICATION)
    with Server("ending:app", "--threads", "2", cwd=tmp_path) as server:
        assert server.get("/").body == b"x"
