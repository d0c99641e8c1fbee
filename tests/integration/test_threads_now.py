"""Which request a thread works for, as the admin address tells it while the request is there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from harness.client import Client, Response
from harness.events import Events, admin_client
from harness.recording import record
from harness.server import Server, direct

PATIENCE_SECONDS = 60.0
# What it is called, for each way in which a thread can stay in a request. Who computes lets go of the GIL and takes it again.
DOING = {"locked": {"in_lock"}, "asleep": {"off_gil"}, "computing": {"holding", "waiting"}}
OWN_ID = re.compile(r"[0-9a-f]{16}")
Thread = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("stays:app", "--mount=/asgi=stays:on_loop", "--threads=4", "--access-log=common") as running:
        with direct.open(f"http://{running.admin}/status.json", timeout=10) as answer:
            if json.load(answer)["gil"]["ledger"] != "exact":
                pytest.skip("without books on the GIL nobody knows what threads do")
        yield running


def threads(server: Server) -> list[Thread]:
    with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
        return json.load(answer)["python_threads"]


def those_with_a_request(server: Server) -> list[Thread]:
    return [one for one in threads(server) if one["request"] is not None]


def until(server: Server, good: Callable[[list[Thread]], bool]) -> list[Thread]:
    """Those with a request, when they are as they should be."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not good(found := those_with_a_request(server)):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def until_status(server: Server, good: Callable[[dict[str, Any]], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
            states = json.load(answer)["threads"]
        if good(states):
            return
        assert time.monotonic() < end, states
        time.sleep(0.02)


def ids(found: list[Thread]) -> list[str]:
    return sorted(one["request"]["id"] for one in found)


def make_known(server: Server, paths: set[str]) -> None:
    """By a request for each, of which nothing is left."""
    for path in paths:
        gate = f"known-{time.monotonic_ns()}"
        assert server.get(f"/go?gate={gate}").status == 200
        assert server.get(f"{path}?gate={gate}").status == 200
        if "%" not in path:  # whatever others are called
            server.wait_until_counted(http_route=path)
    until(server, lambda found: found == [])


@contextmanager
def staying(server: Server, *requests: tuple[str, str, str | None]) -> Iterator[list[Future[Response]]]:
    """Method, path and id of requests that stay for as long as this does; their routes are known already."""
    gates = [f"{number}-{time.monotonic_ns()}" for number in range(len(requests))]

    def ask(method: str, target: str, name: str | None) -> Response:
        with Client(server.address, timeout=2 * PATIENCE_SECONDS) as client:
            return client.request(method, target, *([f"X-Request-ID: {name}"] if name else []))

    make_known(server, {path for _, path, _ in requests})
    with ThreadPoolExecutor(len(requests)) as pool:
        try:
            yield [
                pool.submit(ask, method, f"{path}?gate={own}", name)
                for own, (method, path, name) in zip(gates, requests, strict=True)
            ]
        finally:
            for own in gates:
                server.get(f"/go?gate={own}")


@pytest.mark.parametrize("how", DOING)
@pytest.mark.parametrize("mount", ["", "/asgi"])
def test_the_request_of_a_thread_is_named(server: Server, mount: str, how: str) -> None:
    name = f"known-{how}{mount.replace('/', '-')}.{time.monotonic_ns()}"
    with staying(server, ("PUT", f"{mount}/{how}", name)) as [answer]:
        [thread] = until(server, lambda found: ids(found) == [name] and found[0]["doing"] in DOING[how])
        assert thread["request"] == {"id": name, "method": "PUT", "path": f"{mount}/{how}", "for_seconds": thread["request"]["for_seconds"]}
        assert thread["route"] == f"{mount}/{how}"
        begun = thread["request"]["for_seconds"]
        until(server, lambda found: ids(found) == [name] and found[0]["request"]["for_seconds"] > begun >= 0)
    assert answer.result().status == 200
    assert answer.result().get("X-Request-ID") == name
    until(server, lambda found: found == [])


def test_an_id_of_the_servers_own_is_the_one_of_response_and_access_log(server: Server) -> None:
    with staying(server, ("GET", "/asleep", None)) as [answer]:
        [thread] = until(server, lambda found: len(found) == 1)
    name = thread["request"]["id"]
    assert OWN_ID.fullmatch(name)
    assert answer.result().get("X-Request-ID") == name
    server.wait_for(rf'"GET /asleep\?gate=\S+ HTTP/1\.1" 200 .*\b{name}\b')


def test_each_thread_has_its_own(server: Server) -> None:
    wanted = [("GET", "/locked", "one"), ("POST", "/asleep", "two"), ("DELETE", "/computing", "three"), ("PUT", "/asgi/locked", "four")]
    with staying(server, *wanted):
        found = until(server, lambda found: ids(found) == sorted(["one", "two", "three", "four"]))
    said = {(one["request"]["method"], one["request"]["path"], one["request"]["id"]) for one in found}
    assert said == set(wanted)
    assert all(one["route"] == one["request"]["path"] for one in found)


def test_a_thread_is_called_as_in_the_timeline(server: Server) -> None:
    with staying(server, ("GET", "/locked", "one"), ("GET", "/asgi/asleep", "two")):
        found = until(server, lambda found: ids(found) == ["one", "two"])
        timeline = record(server, 0.05, "json")
    lanes = {track.thread_id: track.name for track in timeline.tracks}
    assert {one["thread_id"]: one["thread_name"] for one in found}.items() <= lanes.items()
    assert re.fullmatch(r"baton-py-[1-4]", next(one for one in found if one["request"]["id"] == "one")["thread_name"])
    assert {one["name"] for one in found} >= {"baton-py-N"}  # as in the blame


def test_the_thread_of_a_loop_is_no_interpreter_thread(server: Server) -> None:
    """Who has mounted a loop beside a pool sees how much of the pool is at work."""
    with staying(server, ("GET", "/asgi/asleep", "loops")):
        until(server, lambda found: ids(found) == ["loops"])
        until_status(server, lambda states: (states["size"], states["idle"]) == (4, 4))
    with staying(server, ("GET", "/asleep", "pools"), ("GET", "/asgi/asleep", "loops")):
        until(server, lambda found: ids(found) == ["loops", "pools"])
        until_status(server, lambda states: (states["size"], states["idle"]) == (4, 3))


def test_a_request_that_awaits_keeps_no_thread(server: Server) -> None:
    """Neither the loop's, nor the one that was started for it, which is the application's."""
    with staying(server, ("GET", "/asgi/awaiting", "awaited")) as [answer]:
        end = time.monotonic() + PATIENCE_SECONDS
        while server.get("/asgi/awaited").body != b"1":
            assert time.monotonic() < end
            time.sleep(0.02)
        while True:
            seen = threads(server)
            beside = [one for one in seen if one["doing"] == "in_lock" and not one["name"].startswith("baton-")]
            if beside and all(one["request"] is None for one in seen):
                break
            assert time.monotonic() < end, seen
            time.sleep(0.02)
        assert not answer.done()


def test_the_longest_text_there_may_be_and_no_query(server: Server) -> None:
    name = "i" * 128
    path = "/" + "%2Fx" * 50 + "/locked"
    with staying(server, ("GET", path, name)):
        [thread] = until(server, lambda found: len(found) == 1)
    assert thread["request"]["id"] == name
    assert thread["request"]["path"] == path[:128]
    assert "gate" not in str(thread)


def test_the_live_page_has_it_with_and_without_scripts(server: Server) -> None:
    with staying(server, ("GET", "/locked", "shown")):
        until(server, lambda found: ids(found) == ["shown"] and found[0]["doing"] == "in_lock")
        with Events(server) as events:
            told = [one for one in events.next_named("now")["python_threads"] if one["request"]]
        with admin_client(server) as client:
            text = client.get("/").text
    assert [(one["request"]["id"], one["request"]["path"]) for one in told] == [("shown", "/locked")]
    plain = text[text.index('id="plain"') : text.index('id="live"')]
    row = re.search(r"<tr><td>baton-py-[1-4]</td><td>in_lock</td>.*<td>GET /locked</td><td>[0-9.]+ s</td><td>shown</td><td>/locked</td></tr>", plain)
    assert row, plain
