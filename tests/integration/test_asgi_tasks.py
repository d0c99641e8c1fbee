"""An application on Baton's loop has all that asyncio, anyio and sniffio promise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness.frameworks import lacking
from harness.server import Server


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_tasks:app", "--loop", loop, "--lifespan", "off") as running:
        yield running


def noted(server: Server, key: str) -> Any:
    end = time.monotonic() + 20
    while key not in (notes := server.get("/show").json()):
        assert time.monotonic() < end, notes
        time.sleep(0.02)
    return notes[key]


def test_the_loop_is_the_one_asked_for(server: Server, loop: str) -> None:
    found = server.get("/loop-name").json()
    assert any(base.startswith("uvloop") for base in found["bases"]) == (loop == "uvloop"), found


def test_the_current_task(server: Server) -> None:
    assert set(server.get("/current-task").json().values()) == {True}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/wait-for", ["timeout"] * 3),
        ("/to-thread", [True, True]),
        ("/executor", [i * i for i in range(20)]),
        ("/threadsafe", "from a thread"),
        ("/task-group", [2, 1, 0, "timeout"]),
        ("/subprocess", ["from a child", 0]),
        ("/streams", "OVER A SOCKET\n"),
        ("/cancels-a-child", [True, 0]),
        ("/names", "a name of its own"),
        ("/wrong-message", ["RuntimeError", "TypeError"]),
    ],
)
def test_asyncio(server: Server, path: str, expected: Any) -> None:
    with server.client() as client:
        for _ in range(2):
            answer = client.get(path)
            assert (answer.status, answer.json()) == (200, expected)


def test_messages_go_through_tasks(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST /receive-task HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc")
        time.sleep(0.2)
        client.send(b"def")
        assert client.response().json() == ["abcdef", False]
        assert client.get("/send-tasks").body == b"012"


@pytest.mark.skipif(lacking("anyio") is not None, reason=str(lacking("anyio")))
def test_anyio(server: Server) -> None:
    assert server.get("/anyio-group").json() == [2, 1, 0, True, True, True, "through a stream"]


@pytest.mark.skipif(lacking("sniffio") is not None, reason=str(lacking("sniffio")))
def test_sniffio(server: Server) -> None:
    assert server.get("/sniff").json() == ["asyncio", "asyncio"]


def test_contexts_of_requests_are_apart(server: Server) -> None:
    """Also of those that run at the same time, and of those that follow on the same connection."""

    def ask(number: int) -> None:
        with server.client() as client:
            for again in range(3):
                mine = f"{number}-{again}"
                found = client.get(f"/context?{mine}").json()
                assert found == {
                    "before": "unset", "seen": [mine] * 5, "child": mine, "thread": mine, "callback": mine, "after": mine,
                }  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))


def test_a_task_may_outlive_its_request(server: Server) -> None:
    assert server.get("/left-behind").json() is None
    assert noted(server, "left behind") == "of the one that left it"


def test_messages_after_the_end_of_the_request_reach_nobody(server: Server) -> None:
    with server.client() as client:
        client.get("/late-send")
        for _ in range(30):
            assert client.get("/names").json() == "a name of its own"
            time.sleep(0.01)
    outcomes = noted(server, "late send")
    assert outcomes[0] == "http.disconnect"


def test_generators_are_closed(server: Server) -> None:
    assert server.get("/generators").json() == 2
    assert noted(server, "generator") == "closed"


def test_a_request_that_cancels_itself_is_answered(server: Server) -> None:
    with server.client() as client:
        assert client.get("/cancels-itself").status == 500
    assert server.get("/names").status == 200


def test_many_requests_at_once(server: Server) -> None:
    """More than fit into one batch."""
    with server.client() as client:
        count = 300
        client.send(b"GET /names HTTP/1.1\r\nHost: h\r\n\r\n" * count)
        assert {client.response().body for _ in range(count)} == {b'"a name of its own"'}
    clients = [server.client() for _ in range(100)]
    for client in clients:
        client.send(b"GET /context?x HTTP/1.1\r\nHost: h\r\n\r\n")
    assert {client.response().status for client in clients} == {200}
    for client in clients:
        client.close()


def test_tasks_and_requests_leave_no_trace_in_memory(loop: str) -> None:
    with Server("asgi_tasks:app", "--loop", loop) as server, server.client() as client:

        def rounds(count: int) -> None:
            for _ in range(count):
                client.send(b"GET /names HTTP/1.1\r\nHost: h\r\n\r\n" * 50)
                assert all(client.response().status == 200 for _ in range(50))

        rounds(100)
        before = server.resident_bytes()
        rounds(400)
        assert server.resident_bytes() - before < 8 << 20
