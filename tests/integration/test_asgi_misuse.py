"""Applications that treat the loop, its handles and awaitables roughly: nothing is lost, the server goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.server import Server

MEBIBYTE = 1 << 20
# Memory that is used after it was given back has no sense in it then.
ENVIRONMENT = {"PYTHONMALLOC": "debug"}


@pytest.fixture
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_misuse:app", "--loop", loop, "--lifespan", "off", env=ENVIRONMENT) as running:
        yield running


def test_a_callback_cancels_itself(server: Server) -> None:
    assert server.get("/cancels-itself").json() == [3, True]


def test_a_cancelled_handle_is_run(server: Server) -> None:
    assert server.get("/runs-cancelled").json() is False


def test_a_stopped_loop_goes_on(server: Server) -> None:
    assert server.get("/stops").json() == "stopped"
    assert server.get("/").json() == "hello"
    server.wait_for("stopped the event loop; the server goes on")


def test_receive_that_nobody_waits_for_takes_nothing(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST /taken-back HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
        assert client.response().json() == ["http.request", "body"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/impatient", b"begin" + b"x" * 32 * MEBIBYTE + b"end"),
        ("/impatient-last", b"x" * 32 * MEBIBYTE),
        ("/together", b"".join(bytes([letter]) * 4 * MEBIBYTE for letter in b"abcd")),
    ],
    ids=["cancelled", "cancelled-at-the-end", "together"],
)
def test_bodies_are_whole_and_in_order(server: Server, path: str, body: bytes) -> None:
    with server.client() as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        time.sleep(0.6)
        answer = client.response()
        assert answer.body == body
        assert client.get("/").json() == "hello"


def test_debugging_that_is_switched_on(server: Server) -> None:
    server.get("/debugged")
    server.wait_for("the error that must be seen")
    assert "_source_traceback" not in server.log


@pytest.mark.parametrize("factory", ["legacy", "modern", "apart", "eager", "none"])
def test_task_factories(server: Server, loop: str, factory: str) -> None:
    if (loop, factory) == ("uvloop", "legacy"):
        pytest.skip("uvloop's own create_task() has no room for one")
    assert server.get(f"/factory/{factory}").status == 200
    with server.client() as client:
        for _ in range(3):
            assert client.get("/").json() == "hello"


def test_a_task_factory_that_raises(server: Server) -> None:
    assert server.get("/factory/broken").status == 200
    assert server.get("/").status == 500
    server.wait_for("ZeroDivisionError")


def test_finalizers_queue_callbacks(server: Server) -> None:
    """Whenever garbage is collected while a request is started."""
    numbers = {str(number) for number in range(12)}
    for number in numbers:
        assert server.get(f"/garbage/{number}").json() == "hello"
    end = time.monotonic() + 20
    while not numbers <= set(server.get("/notes").json()):
        assert time.monotonic() < end
        server.get("/garbage/0")
    assert "Traceback" not in server.log


def test_lifespan_messages_of_a_thread(loop: str) -> None:
    with Server("asgi_misuse:threaded", "--loop", loop, "--lifespan", "on") as running:
        assert "not the event loop's" in running.get("/notes").json()[0]
