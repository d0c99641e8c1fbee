"""The handlers that ship: every endpoint on threads and on a loop, its text, its bounds, and the index."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from harness.prometheus import Scrape
from harness.server import REPOSITORY, Server
from harness.web_socket import WebSocket

ON_LOOP = "--mount=/asgi=handlers.lab:asgi"
MODES = ("", "/asgi")
# Where a Python or a machine may lack what an endpoint shows; then it says so.
MAY_LACK = ("/native/", "/interpreters/")


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with Server("handlers.lab:app", "--server-timing", ON_LOOP, cwd=REPOSITORY) as running:
        yield running


def lines_of_the_index(lab: Server, prefix: str) -> list[str]:
    return re.findall(r"^  (curl .*)$", lab.get(prefix + "/").text, re.MULTILINE)


def test_hello() -> None:
    with Server("handlers.hello:app", cwd=REPOSITORY) as running:
        answer = running.get("/")
        assert (answer.status, answer.body, answer.get("Content-Type")) == (
            200,
            b"Hello, World!",
            "text/plain",
        )


# --- The index


@pytest.mark.parametrize("prefix", MODES)
def test_each_curl_line_of_the_index_works(lab: Server, prefix: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    lines = lines_of_the_index(lab, prefix)
    assert len(lines) >= 23
    for line in lines:
        here = line.replace("http://localhost", f"http://127.0.0.1:{lab.port}")
        done = subprocess.run(
            [*shlex.split(here), "--noproxy", "*"], capture_output=True, timeout=60, check=True
        )
        status = int(done.stdout.split()[1])
        lacking = status == 501 and any(path in line for path in MAY_LACK)
        assert status == 200 or lacking, f"{line}: {done.stdout!r}"
        assert b"erver-Timing" in done.stdout, line


def test_the_index_of_the_loop_names_its_own_paths(lab: Server) -> None:
    lines = lines_of_the_index(lab, "/asgi")
    assert all("http://localhost/asgi/" in line for line in lines)
    assert [line.replace("/asgi/", "/") for line in lines] == lines_of_the_index(lab, "")


@pytest.mark.parametrize("prefix", MODES)
def test_browsers_get_a_page(lab: Server, prefix: str) -> None:
    page = lab.get(prefix + "/", "Accept: text/html,application/xhtml+xml;q=0.9")
    assert page.get("Content-Type") == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    for target in re.findall(r'href="http://localhost([^"?]+)', page.text):
        assert f"{target.removeprefix(prefix)}" in lab.get("/").text
    assert len(re.findall("<a href", page.text)) >= 22
    assert lab.get(prefix + "/", "Accept: */*").get("Content-Type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("host", ["a'b", "<b>", "x$(id)", "a;b"])
def test_the_index_repeats_no_host_that_is_none(lab: Server, host: str) -> None:
    with lab.client() as client:
        client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n".encode())
        answer = client.response()
    assert answer.status == 400 or (host not in answer.text and "127.0.0.1:8000" in answer.text)


# --- Answers


@pytest.mark.parametrize("prefix", MODES)
@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/hello", r"Hello, World!"),
        ("/cpu/countdown?n=1000", r"counted down from 1000\n"),
        ("/cpu/countdown?n=0", r"counted down from 0\n"),
        ("/cpu/primes?n=100", r"there are 25 primes below 100\n"),
        ("/cpu/primes?n=2", r"there are 0 primes below 2\n"),
        ("/cpu/fib?n=20", r"fibonacci\(20\) = 6765\n"),
        ("/cpu/json?records=10", r"10 records, \d+ bytes of JSON\n"),
        ("/io/sleep?ms=0", r"slept 0 ms\n"),
        ("/io/upstream?ms=5", r"the upstream answered 200 with 7 bytes\n"),
        ("/io/file?kb=3", r"wrote, synced and read 3072 bytes\n"),
        ("/io/db?rows=100", r"SQLite counted 100 rows, their sum is 5050\n"),
        ("/race?threads=3&n=1000&lock=1", r"3 threads, .*\nexpected 3000, got 3000, lost 0 (.*\n)+"),
        ("/race?threads=1&n=1000&how=call", r"1 threads, .*\nexpected 1000, got 1000, lost 0 (.*\n)+"),
        ("/threads/countdown?threads=3&n=1000", r"counting down from 1000: .* s divided among 3\n"),
        ("/pool?workers=8&work=io", r"8 waits of 50 ms with 8 workers: .* s\n"),
        ("/pool?workers=2&work=cpu", r"8 countdowns from \d+ with 2 workers: .* s\n"),
        (
            "/processes/countdown?workers=2&n=1000",
            r"counting down from 1000: .* divided among 2 processes, .*\n",
        ),
        (
            "/processes/counter?workers=2&n=500",
            r"2 processes, 500 times each, with the lock: expected 1000, got 1000, lost 0 .*\n",
        ),
        (
            "/processes/counter?workers=1&n=500&lock=0",
            r"1 processes, .* without the lock: expected 500, got 500, lost 0 .*\n",
        ),
        ("/subprocess?n=1000", r"counted down from 1000 in .* s, in another process\n"),
        ("/asyncio/gather?n=50&ms=10", r"50 waits of 10 ms each, together 0.5 s, took .* s on one thread\n"),
        (
            "/asyncio/blocking?ms=10",
            r"one call blocked the loop's thread for 10 ms; another task was woken .* ms late\n",
        ),
        ("/freethreaded?threads=2&n=1000", r"CPython 3\.\d+.*: this .*\n.* divided among 2\n"),
        ("/refcount?n=10", r"sys.getrefcount: (\d+) before, \d+ with 10 more, \1 after; (.*\n)+"),
        (
            "/switch?interval=2000&n=10000",
            r"switch interval 2000 us \(usually \d+\): two threads counted down .*\n",
        ),
    ],
)
def test_answers(lab: Server, prefix: str, target: str, text: str) -> None:
    answer = lab.get(prefix + target)
    assert answer.status == 200, answer.text
    assert re.fullmatch(text, answer.text), answer.text


@pytest.mark.parametrize("prefix", MODES)
def test_echo(lab: Server, prefix: str) -> None:
    with lab.client() as client:
        assert client.post(prefix + "/echo", b"\x00any\xffbytes").body == b"\x00any\xffbytes"
        refused = client.get(prefix + "/echo")
        assert (refused.status, refused.get("Allow")) == (405, "POST")
        assert client.post(prefix + "/hello", b"").get("Allow") == "GET, HEAD"
        assert client.request("HEAD", prefix + "/hello").get("Content-Length") == "13"


@pytest.mark.parametrize("prefix", MODES)
def test_unknown_paths(lab: Server, prefix: str) -> None:
    assert lab.get(prefix + "/nothing/here").status == 404
    assert lab.get(prefix + "/hello/").status == 404


@pytest.mark.parametrize("prefix", MODES)
def test_updates_are_lost_where_a_thread_can_be_switched(lab: Server, prefix: str) -> None:
    """Not in every run, but not in none of many."""
    for _ in range(20):
        text = lab.get(prefix + "/race?threads=8&n=300000&how=call").text
        if int(re.search(r"lost (\d+)", text)[1]) > 0:
            return
    raise AssertionError("20 races, and no update lost")


@pytest.mark.parametrize("prefix", MODES)
def test_interpreters(lab: Server, prefix: str) -> None:
    answer = lab.get(prefix + "/interpreters/countdown?workers=2&n=1000")
    version = re.search(r"CPython 3\.(\d+)", lab.get("/freethreaded?n=1").text)
    if int(version[1]) < 12:
        assert answer.status == 501 and "3.12" in answer.text
    else:
        assert answer.status == 200 and "divided among 2 interpreters" in answer.text


def test_the_switch_interval_is_set_back(lab: Server) -> None:
    usual = {
        re.search(r"usually (\d+)", lab.get(f"/switch?interval={i}&n=1000").text)[1]
        for i in (100, 20_000, 700)
    }
    assert len(usual) == 1


def test_routes_are_named(lab: Server) -> None:
    lab.get("/io/sleep?ms=1")
    lab.wait_until_counted(http_route="/io/sleep")
    routes = {
        labels["http_route"] for labels, _ in Scrape(lab.metrics()).select("baton_request_phase_seconds_sum")
    }
    assert "/io/sleep" in routes


# --- Where something is missing


def test_a_named_upstream_is_asked(lab: Server) -> None:
    named = {"BATON_LAB_UPSTREAM": f"http://127.0.0.1:{lab.port}"}
    with Server("handlers.lab:app", ON_LOOP, cwd=REPOSITORY, env=named) as running:
        with lab.client() as client:
            client.send(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n\r\n".encode())
            length = len(client.response().body)
        assert length > 1000 and "no such option" not in running.log
        for prefix in MODES:
            assert (
                running.get(prefix + "/io/upstream?ms=1").text
                == f"the upstream answered 200 with {length} bytes\n"
            )


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "nonsense:port", "https://127.0.0.1"])
def test_an_upstream_that_does_not_answer(address: str) -> None:
    with Server("handlers.lab:app", ON_LOOP, cwd=REPOSITORY, env={"BATON_LAB_UPSTREAM": address}) as running:
        for prefix in MODES:
            answer = running.get(prefix + "/io/upstream")
            assert answer.status == 502
            said = "does not answer" if address == "http://127.0.0.1:1" else "BATON_LAB_UPSTREAM is not the address"
            assert said in answer.text


def test_postgresql_without_driver_or_server() -> None:
    named = {"BATON_LAB_POSTGRES": "host=127.0.0.1 port=1 dbname=none"}
    with Server("handlers.lab:app", cwd=REPOSITORY, env=named) as running:
        answer = running.get("/io/db")
        assert (answer.status == 501 and "psycopg" in answer.text) or (
            answer.status == 502 and "PostgreSQL" in answer.text
        )


def test_children_need_a_python(tmp_path) -> None:
    """The tests' own: what the lab starts is an interpreter, not the server."""
    code = "import sys; sys.executable = sys._base_executable = sys.argv[1]; sys.base_prefix = '/nowhere'\n"
    code += "from handlers.lab.real_python import real_python\nprint(real_python())"
    found = subprocess.run(
        [sys.executable, "-c", code, "/nowhere/baton"],
        cwd=REPOSITORY, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1 and "there is none here" in found.stderr


# --- A WebSocket


def test_a_websocket_gives_each_message_back(lab: Server) -> None:
    with WebSocket(lab.address, "/asgi/echo") as chat:
        for message in ("hello", b"\x00\xff", ""):
            chat.send(message)
            assert chat.receive() == message


def test_there_is_no_websocket_elsewhere(lab: Server) -> None:
    with WebSocket(lab.address, "/asgi/hello") as chat:
        assert chat.status == 403
