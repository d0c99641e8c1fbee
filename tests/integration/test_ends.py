"""Ends that something stands in the way of, and processes that the application starts."""

from __future__ import annotations

import signal
import socket
import subprocess
import time

import pytest
from harness.client import Client
from harness.server import APPS, BINARY, Process, Server

HOST = b" HTTP/1.1\r\nHost: h\r\n\r\n"


def test_programs_that_the_application_starts_can_be_ended() -> None:
    with Server("children:app") as server:
        assert server.get("/program").text == f"{-signal.SIGTERM} 0"


def test_a_forked_process_ends_alone() -> None:
    with Server("children:app") as server:
        assert server.get("/fork").text == str(-signal.SIGTERM)
        assert server.readyz() == 200


def test_no_socket_is_inherited() -> None:
    with Server("children:app") as server:
        assert server.get("/sockets").text == "0"


def test_a_signal_while_the_application_is_imported() -> None:
    process = Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", "slow_import:app")
    process.wait_for("importing")
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_handlers_of_the_applications_own_do_not_keep_the_server_running(number: int) -> None:
    server = Server("own_handlers:app")
    server.signal(signal.SIGHUP)
    server.get("/")
    server.signal(number)
    assert server.wait(10) == 0
    assert "the application's handler" not in server.log


def test_threads_of_the_applications_own_do_not_keep_the_process_running() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert Process("serve", "--bind", address, "--admin", "off", "own_thread:app").wait() == 4
    assert Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", "own_thread:missing").wait() == 3
    assert Process("check", "own_thread:app").wait() == 0
    with Server("own_thread:app"):
        pass


@pytest.mark.parametrize("begun", [b"", b"GET / HTT", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"])
@pytest.mark.parametrize("hurry", [False, True], ids=["one-signal", "two-signals"])
def test_a_client_that_is_not_done_is_cut_off(begun: bytes, hurry: bool) -> None:
    server = Server("work:app", "--drain-timeout", "500ms", "--threads", "2")
    with server.client() as client:
        client.send(begun)
        server.get("/")
        server.signal(signal.SIGTERM)
        if hurry:
            time.sleep(0.1)
            server.signal(signal.SIGTERM)
        assert server.wait(15) == 0, server.log
        assert "still in the application" not in server.log


def test_many_requests_that_are_not_done_are_cut_off() -> None:
    server = Server("work:app", "--drain-timeout", "200ms", "--threads", "2", "--io-threads", "2")
    clients = [server.client() for _ in range(40)]
    for client in clients:
        client.send(b"GET /sleep?s=30" + HOST)
    server.wait_until_active(40)
    server.signal(signal.SIGTERM)
    assert server.wait(15) == 0, server.log


def test_closed_standard_descriptors_do_not_send_the_log_to_somebody_else() -> None:
    """Otherwise what is opened first becomes standard output: a listening socket, or a client's connection."""
    shell = 'exec "$0" "$@" <&- >&- 2>&-'
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        bind = f"fd://{listening.fileno()}"
        options = ("serve", "--bind", bind, "--admin", "off", "--access-log", "json", "descriptors:app")
        server = subprocess.Popen(
            ["/bin/sh", "-c", shell, str(BINARY), *options], cwd=APPS, pass_fds=(listening.fileno(),)
        )
        try:
            with Client(listening.getsockname()) as client:
                for _ in range(3):
                    assert client.get("/").json() == ["/dev/null"] * 3
        finally:
            server.terminate()
        assert server.wait(20) == 0
