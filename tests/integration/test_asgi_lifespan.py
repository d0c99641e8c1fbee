"""Lifespan: start-up and shut-down of ASGI applications, and the state that their requests see."""

from __future__ import annotations

import signal
import time

import pytest
from harness.server import Process, Server


def serve(*arguments: str) -> Process:
    return Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", *arguments)


def test_start_up_comes_before_and_shut_down_after_all_requests(loop: str) -> None:
    with Server("asgi_lifespan:app", "--loop", loop, "--lifespan", "on") as server:
        assert server.get("/").status == 200
        assert "application: started up" in server.log and "shutting down" not in server.log
    said = [line for line in server.log.splitlines() if line.startswith("application:")]
    assert said == ["application: started up", "application: shutting down, 1", "application: shut down"]


def test_the_state_is_copied_for_each_request_and_shallowly(loop: str) -> None:
    with Server("asgi_lifespan:app", "--loop", loop) as server, server.client() as client:
        for i in range(1, 6):
            assert client.get("/").json() == {"count": i, "number": 2, "own": False, "type": "dict"}


def test_requests_in_flight_end_before_the_shut_down(loop: str) -> None:
    server = Server("asgi_lifespan:app", "--loop", loop)
    with server.client() as client:
        client.send(b"GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
        server.wait_until_active(1)
        server.signal(signal.SIGTERM)
        assert client.response().status == 200
    assert server.wait() == 0
    said = [line for line in server.log.splitlines() if line.startswith("application:")]
    assert said == [
        "application: started up", "application: slept", "application: shutting down, 1", "application: shut down",
    ]  # fmt: skip


APART = ["no_lifespan", "returns_at_once", "raises_after_receive"]


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("options", [(), ("--lifespan", "auto"), ("--lifespan", "off")], ids=["default", "auto", "off"])
def test_applications_without_lifespan_are_served(loop: str, name: str, options: tuple[str, ...]) -> None:
    with Server(f"asgi_lifespan:{name}", "--loop", loop, *options) as server:
        assert server.get("/").status == 200
        assert "Traceback" not in server.log


@pytest.mark.parametrize("name", APART)
def test_with_on_they_have_to_know_it(loop: str, name: str) -> None:
    process = serve("--loop", loop, "--lifespan", "on", f"asgi_lifespan:{name}")
    assert process.wait() == 3, process.log
    assert any("lifespan" in line for line in process.stderr.splitlines() if line.startswith("baton:")), process.stderr
    assert "baton: serving" not in process.log


def test_off_says_nothing_to_the_application(loop: str) -> None:
    with Server("asgi_lifespan:fails", "--loop", loop, "--lifespan", "off") as server:
        assert server.get("/").json() == "served"
    with Server("asgi_lifespan:no_lifespan", "--loop", loop, "--lifespan", "off") as server:
        assert server.get("/").status == 200


@pytest.mark.parametrize("mode", ["auto", "on"])
def test_a_start_up_that_fails_ends_the_server(loop: str, mode: str) -> None:
    process = serve("--loop", loop, "--lifespan", mode, "asgi_lifespan:fails")
    assert process.wait() == 3, process.log
    assert "the database is on holiday" in process.stderr
    assert "baton: serving" not in process.log


def test_sys_exit_in_the_start_up_ends_the_server(loop: str) -> None:
    process = serve("--loop", loop, "--lifespan", "on", "asgi_lifespan:exits")
    assert process.wait() == 3, process.log


def test_a_wrong_message_in_the_start_up(loop: str) -> None:
    process = serve("--loop", loop, "--lifespan", "on", "asgi_lifespan:nonsense")
    assert process.wait() == 3, process.log
    assert "http.response.start" in process.stderr


def test_an_exception_while_shutting_down_is_logged(loop: str) -> None:
    """The requests have been served; nobody is helped by a status that says otherwise."""
    server = Server("asgi_lifespan:raises_after_complete", "--loop", loop)
    assert server.get("/").json() == "served"
    server.signal(signal.SIGTERM)
    assert server.wait() in (0, 1)
    assert "RuntimeError: while shutting down" in server.log


def test_a_shut_down_that_fails_is_logged(loop: str) -> None:
    server = Server("asgi_lifespan:shutdown_fails", "--loop", loop)
    assert server.get("/").json() == "served"
    server.signal(signal.SIGTERM)
    assert server.wait() in (0, 1)
    assert "the cache is sulking" in server.log


def test_a_lifespan_that_ends_after_the_start_up_is_fine(loop: str) -> None:
    with Server("asgi_lifespan:leaves_after_complete", "--loop", loop) as server:
        assert server.get("/").json() == "served"
        assert "Traceback" not in server.log


def test_a_signal_during_the_start_up(loop: str) -> None:
    process = serve("--loop", loop, "asgi_lifespan:slow_start")
    process.wait_for("application: starting slowly")
    begun = time.monotonic()
    process.signal(signal.SIGTERM)
    process.wait(20)
    assert time.monotonic() - begun < 15
    assert "baton: serving" not in process.log


def test_a_shut_down_without_end_does_not_keep_the_process(loop: str) -> None:
    server = Server("asgi_lifespan:endless_shutdown", "--loop", loop, "--drain-timeout", "1s")
    assert server.get("/").json() == "served"
    server.signal(signal.SIGTERM)
    assert server.wait(20) in (0, 1)


def test_ending_again_and_again(loop: str) -> None:
    for i in range(5):
        server = Server("asgi_lifespan:app", "--loop", loop)
        if i % 2:
            server.get("/")
        server.stop()
        assert server.log.count("application: shut down\n") == 1
