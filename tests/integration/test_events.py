"""What the live page is fed with: the history, and each second's news as server-sent events."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.client import Client, Truncated
from harness.events import Events, admin_client
from harness.prometheus import Scrape
from harness.server import REPOSITORY, Server

PHASES = {"queue", "gil_wait", "gil_hold", "lock_wait", "ready", "off_gil", "send"}
MOST_VIEWERS = 16


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", cwd=REPOSITORY) as running:
        yield running


def history(server: Server) -> dict[str, list[float | None]]:
    with admin_client(server) as client:
        answer = client.get("/history.json")
    assert answer.status == 200 and answer.get("Content-Type") == "application/json"
    return answer.json()


def test_an_event_comes_with_everything_in_it(server: Server) -> None:
    server.get("/hello")
    server.wait_until_counted(http_route="/hello")
    with Events(server) as events:
        assert events.response.status == 200
        assert events.response.get("Content-Type") == "text/event-stream"
        assert events.response.get("Cache-Control") == "no-store"
        now = events.next_named("now")
        assert events.retry is not None
    assert now["state"] == "ready" and now["viewers"] == 1 and 0 < now["uptime_seconds"] < 3600
    assert {"routes", "threads", "python_threads", "event_loops", "blame"} <= now.keys()
    row = next(row for row in now["routes"]["rows"] if row["route"] == "/hello")
    assert row["total"]["requests"] >= 1 and set(row["total"]["phase_seconds"]) == PHASES
    assert now["event_loops"][0]["name"] in ("asyncio", "uvloop")
    assert {"name", "interpreter", "doing", "for_seconds", "route"} <= now["python_threads"][0].keys()


def requests_of(now: dict[str, Any], route: str) -> int:
    """Within the window."""
    return sum(row["requests"] for row in now["routes"]["rows"] if row["route"] == route)


def test_each_second_has_news_and_requests_are_in_them(server: Server) -> None:
    with Events(server) as events:
        events.next_named("now")
        for _ in range(20):
            server.get("/hello")
        seen = [events.next_named("now") for _ in range(3)]
        # On a busy machine these may be from before the last requests were counted.
        end = time.monotonic() + 20
        while requests_of(seen[-1], "/hello") < 20 and time.monotonic() < end:
            seen.append(events.next_named("now"))
    times = [now["sample"]["t"] for now in seen]
    assert times == sorted(set(times))
    assert sum(now["sample"]["requests"] for now in seen) > 0
    last = seen[-1]
    row = next(row for row in last["routes"]["rows"] if row["route"] == "/hello")
    assert last["routes"]["window_seconds"] > 0
    assert 20 <= row["requests"] <= row["total"]["requests"]
    assert row["p99"] is not None and row["per_second"] > 0


def test_the_samples_add_up_to_the_requests_and_to_the_gil_books(server: Server) -> None:
    """Without a viewer, too: the history is always kept."""
    before, start = Scrape(server.metrics()), time.time()
    for _ in range(50):
        server.get("/cpu/countdown?n=20000")
    counted = "http_server_request_duration_seconds_count"
    held = "cpython_gil_held_seconds_total"
    end = time.monotonic() + 30
    while True:
        seen = history(server)
        after = Scrape(server.metrics())
        # Each is of the time since the one before: about a second, and longer when the machine is busy.
        late = [at for at, t in enumerate(seen["t"]) if t > start - 1.5]
        spans = {at: seen["t"][at] - seen["t"][at - 1] if at > 0 else 1.0 for at in late}
        requests = sum((seen["requests"][at] or 0) * spans[at] for at in late)
        made = after.total(counted) - before.total(counted)
        if (requests >= 45 and made >= 50) or time.monotonic() > end:
            break
        time.sleep(0.2)
    assert made == 50
    assert 45 <= requests <= 80  # the first sample holds what was before
    saturation = sum((seen["gil"]["main"]["saturation"][at] or 0) * spans[at] for at in late)
    assert saturation >= 0.5 * (after.total(held) - before.total(held)) > 0


def test_the_slowest_requests_come_with_their_phases(server: Server) -> None:
    server.get("/io/sleep?ms=300&secret=abc")
    with Events(server) as events:
        end = time.monotonic() + 20
        while True:
            slow = events.next_named("slow")
            found = [one for one in slow if one["path"] == "/io/sleep"]
            if found or time.monotonic() > end:
                break
    durations = [one["seconds"] for one in slow]
    assert durations == sorted(durations, reverse=True) and len(slow) <= 20
    one = found[0]
    assert one["seconds"] >= 0.3 and one["method"] == "GET" and one["status"] == 200 and one["route"] == "/io/sleep"
    assert set(one["phase_seconds"]) == PHASES and one["phase_seconds"]["off_gil"] >= 0.29
    assert abs(sum(one["phase_seconds"].values()) - one["seconds"]) < 0.001 * one["seconds"] + 1e-4
    assert one["id"] and abs(one["ended"] - time.time()) < 60
    assert "secret" not in str(slow)


def test_hostile_paths_and_ids_are_only_text(server: Server) -> None:
    target = "/io/sleep/%3Cscript%3E<script>alert(1)</script>?ms=1"
    with server.client() as client:
        client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: <img/src=x>\r\n\r\n".encode())
        answer = client.response()
    assert answer.status in (400, 404)
    with admin_client(server) as client:
        page = client.get("/")
    assert b"<script>alert" not in page.body


def test_viewers_are_counted_and_there_may_be_sixteen(server: Server) -> None:
    viewers = [Events(server) for _ in range(MOST_VIEWERS)]
    try:
        assert [viewer.response.status for viewer in viewers] == [200] * MOST_VIEWERS
        while viewers[-1].next_named("now")["viewers"] < MOST_VIEWERS:
            pass
        with admin_client(server) as client:
            assert client.get("/events").status == 503
            assert client.get("/livez").status == 200
    finally:
        for viewer in viewers:
            viewer.client.close()
    end = time.monotonic() + 20
    while True:  # who has gone makes room
        with Events(server) as events:
            if events.response.status == 200 and events.next_named("now")["viewers"] == 1:
                return
        assert time.monotonic() < end, "the viewers never went"
        time.sleep(0.1)


def test_head_is_no_viewer(server: Server) -> None:
    for _ in range(MOST_VIEWERS + 1):
        with admin_client(server) as client:
            answer = client.request("HEAD", "/events")
            assert answer.status == 200 and answer.get("Content-Type") == "text/event-stream"


def test_a_viewer_that_does_not_read_is_dropped() -> None:
    with Server("routes_named:app") as own:
        for number in range(90):  # routes make the news long
            own.get(f"/route-{number}")
        host, _, port = own.admin.rpartition(":")
        with socket.socket() as deaf, Events(own, timeout=120) as events:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((host, int(port)))
            deaf.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            end = time.monotonic() + 240
            while events.next_named("now")["viewers"] < 2:
                assert time.monotonic() < end, "it never came"
            while events.next_named("now")["viewers"] > 1:
                assert time.monotonic() < end, "it is still there"


def test_a_drain_ends_the_streams(tmp_path: Path) -> None:
    with Server("asgi_queue:app") as own, Events(own) as events:
        events.next_named("now")
        # A request in flight keeps the drain going for as long as it takes.
        with own.client(timeout=60) as slow:
            slow.send(f"GET /stand?{tmp_path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            own.wait_until_active(1)
            own.signal(signal.SIGTERM)
            told = []
            while (event := events.next()) is not None:
                told.append(event.name)
            assert told[-1] == "end" and "end" not in told[:-1]
            with admin_client(own) as client:
                assert client.get("/events").status == 503
            (tmp_path / "go").touch()
            assert slow.response().status == 200


def test_a_stream_does_not_hold_the_end_up() -> None:
    with Server("handlers.hello:app", cwd=REPOSITORY) as own:
        events = Events(own)
        events.next_named("now")
        begin = time.monotonic()
        own.stop()
        assert time.monotonic() - begin < 20
        with pytest.raises((Truncated, ConnectionResetError)):
            while events.next() is not None:
                pass
            raise Truncated("ended in order")
        events.client.close()


def test_news_come_while_every_thread_is_stuck() -> None:
    """The admin thread needs no GIL."""
    with Server("handlers.lab:app", "--threads=1", cwd=REPOSITORY) as own, Events(own) as events:
        events.next_named("now")

        def ask() -> None:
            with Client(own.address, timeout=120) as client:
                assert client.get("/native/hash?mb=1024&release=0").status == 200

        stuck = [threading.Thread(target=ask) for _ in range(4)]
        for thread in stuck:
            thread.start()
        try:
            own.wait_until_active(1)
            # One of these falls into a hold that nothing can interrupt; the first may be from before it began.
            held: list[float] = []
            while max(held, default=0) <= 0.05 and any(thread.is_alive() for thread in stuck):
                told = events.next_named("now")["python_threads"]
                held += [one["for_seconds"] for one in told if one["doing"] == "holding" and one["route"] is not None]
        finally:
            for thread in stuck:
                thread.join()
    assert held and max(held) > 0.05
