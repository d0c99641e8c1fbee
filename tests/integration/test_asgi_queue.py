"""Requests that wait for an event loop that is busy with another."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

from harness.client import Client
from harness.prometheus import Scrape
from harness.server import Server


class Standing:
    """While this lasts the loop does nothing."""

    def __init__(self, server: Server, folder: Path):
        self.folder = folder
        self.client = server.client()
        self.client.send(f"GET /stand?{folder} HTTP/1.1\r\nHost: h\r\n\r\n".encode())

    def __enter__(self) -> Standing:
        eventually((self.folder / "standing").exists)
        return self

    def __exit__(self, *_: object) -> None:
        (self.folder / "go").touch()
        assert self.client.response().status == 200
        self.client.close()


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def ask(server: Server, path: str) -> Client:
    client = server.client()
    client.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    return client


def waiting(server: Server) -> float:
    return Scrape(server.metrics()).total("baton_queue_length")


def answered(server: Server, status: int) -> float:
    return Scrape(server.metrics()).total(
        "http_server_request_duration_seconds_count", http_response_status_code=str(status)
    )


def test_who_has_gone_meanwhile_is_not_served(loop: str, tmp_path: Path) -> None:
    with Server("asgi_queue:app", "--loop", loop) as server:
        with Standing(server, tmp_path):
            ask(server, "/reset").reset()
            eventually(lambda: answered(server, 499) == 1)
            stays = ask(server, "/stays")
            eventually(lambda: waiting(server) >= 1)
        with stays:
            assert stays.response().text == "/stays"
        assert server.get("/ran").text == "/stays"


def test_who_has_only_stopped_sending_is_served(loop: str, tmp_path: Path) -> None:
    with Server("asgi_queue:app", "--loop", loop) as server:
        with Standing(server, tmp_path):
            half = ask(server, "/half")
            half.socket.shutdown(socket.SHUT_WR)
            eventually(lambda: waiting(server) == 1)
            time.sleep(0.3)  # long enough to be looked at
        with half:
            assert half.response().text == "/half"


def test_a_full_queue_says_so_at_once(loop: str, tmp_path: Path) -> None:
    with Server("asgi_queue:app", "--loop", loop, "--queue-limit", "1") as server:
        with Standing(server, tmp_path):
            first = ask(server, "/first")
            eventually(lambda: waiting(server) == 1)
            with ask(server, "/second") as second:
                refused = second.response()
                assert (refused.status, refused.get("Retry-After")) == (503, "1")
        with first:
            assert first.response().text == "/first"


def test_too_long_in_the_queue(loop: str, tmp_path: Path) -> None:
    with Server("asgi_queue:app", "--loop", loop, "--queue-timeout", "300ms") as server:
        with Standing(server, tmp_path), ask(server, "/late") as late:
            assert late.response().status == 503
        assert server.get("/ran").text == ""
