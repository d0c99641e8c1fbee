"""Start and end: exit statuses, draining, sockets of other kinds."""

from __future__ import annotations

import signal
import socket
import stat
import time
from pathlib import Path

import pytest
from harness.client import Client, Truncated
from harness.server import APPS, Process, Server

HOST = b" HTTP/1.1\r\nHost: h\r\n\r\n"


def serve(*arguments: str, cwd: Path = APPS) -> Process:
    return Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", *arguments, cwd=cwd)


# --- The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished(number: int) -> None:
    server = Server("work:app", "--threads", "2")
    with server.client() as client:
        client.send(b"GET /sleep?s=1" + HOST)
        server.get("/sleep?s=0.05")
        server.signal(number)
        answer = client.response()
        assert (answer.status, answer.get("Connection")) == (200, "close")
        assert client.closed()
    assert server.wait() == 0


def test_a_streamed_response_in_flight_is_finished() -> None:
    server = Server("iterating:app")
    with server.client() as client:
        client.send(b"GET /slowly" + HOST)
        assert client.head().status == 200 and client.chunk() == b"block 0\n"
        server.signal(signal.SIGTERM)
        assert b"".join(iter(client.chunk, b"")) == b"".join(b"block %d\n" % i for i in range(1, 5))
    assert server.wait() == 0


def test_idle_connections_do_not_delay_the_end() -> None:
    server = Server("work:app")
    clients = [server.client() for _ in range(10)]
    for client in clients[:5]:
        client.get("/")
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 10  # far below the 30 s of --drain-timeout
    assert all(client.closed() for client in clients)


def test_requests_in_the_queue_are_served_before_the_end() -> None:
    server = Server("work:app", "--threads", "1")
    clients = [server.client() for _ in range(5)]
    # The first takes long enough for the others to be there.
    for client, seconds in zip(clients, [b"2", *[b"0.1"] * 4], strict=True):
        client.send(b"GET /sleep?s=" + seconds + HOST)
    server.wait_until_active(5)
    server.signal(signal.SIGTERM)
    assert [client.response().status for client in clients] == [200] * 5
    assert server.wait() == 0


def test_readyz_says_no_while_draining() -> None:
    server = Server("work:app", "--threads", "1")
    with server.client() as client:
        client.send(b"GET /sleep?s=3" + HOST)
        server.wait_until_active(1)
        assert server.readyz() == 200
        server.signal(signal.SIGTERM)
        seen = set()
        while server.popen.poll() is None and 503 not in seen:
            seen.add(server.readyz())
        assert 503 in seen
        assert client.response().status == 200
    assert server.wait() == 0


def test_no_new_connections_while_draining() -> None:
    server = Server("work:app", "--threads", "1")
    with server.client() as client:
        client.send(b"GET /sleep?s=3" + HOST)
        server.wait_until_active(1)
        server.signal(signal.SIGTERM)
        while server.readyz() == 200:
            time.sleep(0.01)
        with pytest.raises((ConnectionError, TimeoutError, Truncated)):
            with server.client(timeout=0.2) as late:
                late.get("/")
        assert client.response().status == 200
    assert server.wait() == 0


def test_a_second_signal_ends_at_once() -> None:
    server = Server("work:app")
    with server.client() as client:
        client.send(b"GET /sleep?s=20" + HOST)
        server.wait_until_active(1)
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.popen.poll() is None, "ended although a request was in flight"
        server.signal(signal.SIGTERM)
        assert server.wait(10) in (0, 1)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("way", ["/forever", "/sleep?s=100", "/compute?s=100"])
def test_a_request_that_never_returns_does_not_block_the_end(way: str) -> None:
    server = Server("work:app", "--drain-timeout", "1s", "--threads", "2")
    with server.client() as client:
        client.send(f"GET {way}".encode() + HOST)
        server.wait_until_active(1)
        begun = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait(15) in (0, 1)
        assert 0.9 <= time.monotonic() - begun < 12


def test_ending_again_and_again() -> None:
    """The end is where races live: stop right after the start, with and without traffic."""
    for i in range(6):
        server = Server("work:app", "--threads", "4")
        if i % 2:
            server.get("/")
        server.stop()


# --- Exit statuses, each with one clear line


def one_clear_line(process: Process, status: int, *words: str) -> None:
    assert process.wait() == status, process.log
    lines = [line for line in process.stderr.splitlines() if line.startswith("baton:")]
    assert len(lines) >= 1, process.log
    assert any(all(word in line for word in words) for line in lines), process.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--no-such-option", "environ:app"), ("no-such-option",)),
        (("--threads", "many", "environ:app"), ("threads", "many")),
        (("--threads", "0", "environ:app"), ("threads",)),
        (("--max-body-bytes", "-1", "environ:app"), ("max-body-bytes",)),
        (("--keep-alive", "soon", "environ:app"), ("keep-alive", "soon")),
        (("--bind", "nowhere", "environ:app"), ("nowhere",)),
        (("--tls-cert", "/nonexistent.pem", "environ:app"), ("tls",)),
        (("--config", "/nonexistent.toml", "environ:app"), ("/nonexistent.toml",)),
        (("environ",), ("environ",)),
        ((), ()),
    ],
)
def test_unusable_options(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    one_clear_line(serve(*arguments), 2, *words)


@pytest.mark.parametrize(
    ("application", "words", "traceback"),
    [
        ("no_such_module:app", ("no_such_module",), False),
        ("loading:missing", ("loading", "missing"), False),
        ("loading:not_callable", ("not_callable",), False),
        ("broken_import:app", ("broken_import",), True),
        ("exiting_import:app", ("exiting_import",), False),
    ],
)
def test_an_application_that_cannot_be_loaded(application: str, words: tuple[str, ...], traceback: bool) -> None:
    process = serve(application)
    one_clear_line(process, 3, *words)
    if traceback:
        assert "Traceback (most recent call last)" in process.stderr
        assert "broken_import.py" in process.stderr and "ZeroDivisionError: broken while imported" in process.stderr


def test_a_syntax_error_is_shown_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("def app(environ, start_response)\n    pass\n")
    process = serve("wrong:app", cwd=tmp_path)
    assert process.wait() == 3
    assert "SyntaxError" in process.stderr and "wrong.py" in process.stderr


def test_a_factory_that_makes_nothing_callable() -> None:
    one_clear_line(serve("--factory", "loading:make_nothing"), 3, "make_nothing")


def test_factories_and_attributes_of_attributes() -> None:
    for arguments in (("loading:Package.nested",), ("--factory", "loading:make"), ("--factory", "loading:make()")):
        with Server(arguments[-1], *arguments[:-1]) as server:
            assert server.get("/").body == b"nested"


def test_an_address_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one_clear_line(Process("serve", "--bind", f"127.0.0.1:{port}", "--admin", "off", "environ:app"), 4, str(port))
        one_clear_line(
            Process("serve", "--bind", "127.0.0.1:0", "--admin", f"127.0.0.1:{port}", "environ:app"), 4, str(port)
        )


def test_an_address_of_another_machine() -> None:
    one_clear_line(Process("serve", "--bind", "192.0.2.1:8000", "--admin", "off", "environ:app"), 4, "192.0.2.1")


def test_version_names_the_parts() -> None:
    process = Process("--version")
    assert process.wait() == 0
    assert all(part in process.stdout for part in ("Baton", "CPython", "Boost", "OpenSSL")), process.stdout


def test_help_states_the_defaults() -> None:
    process = Process("serve", "--help")
    assert process.wait() == 0
    assert "--queue-limit" in process.stdout and "127.0.0.1:8000" in process.stdout


def test_check_says_what_the_application_is() -> None:
    process = Process("check", "environ:app")
    assert process.wait() == 0, process.log
    assert "wsgi" in process.log.lower()
    assert Process("check", "no_such_module:app").wait() == 3


# --- Sockets


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "baton.sock"
    with Server("echo:app", bind=f"unix:{path}") as server:
        assert stat.S_ISSOCK(path.stat().st_mode)
        with Client(str(path)) as client:
            assert client.post("/", b"through a file").body == b"through a file"
        assert server.scheme == "unix:"
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "baton.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with Server("echo:app", bind=f"unix:{path}") as server:
        assert server.get("/").status == 200
        process = Process("serve", "--bind", f"unix:{path}", "--admin", "off", "echo:app")
        assert process.wait() == 4
        assert server.get("/").status == 200


def test_an_inherited_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        number = listening.fileno()
        with Server("echo:app", bind=f"fd://{number}", fds=(number,)):
            with Client(listening.getsockname()) as client:
                assert client.post("/", b"inherited").body == b"inherited"


def test_several_addresses(tmp_path: Path) -> None:
    path = tmp_path / "second.sock"
    with Server("echo:app", "--bind", f"unix:{path}") as server:
        assert server.get("/").status == 200
        with Client(str(path)) as client:
            assert client.get("/").status == 200
