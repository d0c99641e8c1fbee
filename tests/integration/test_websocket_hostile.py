"""WebSockets whose clients, or applications, mean ill: the server stays, and rids itself of them."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator

import pytest
from harness.server import Server
from harness.web_socket import BINARY, WebSocket, frame
from harness.web_socket_log import disconnect, noted

HANDSHAKE = (
    "Host: h", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip
# More than Beast takes in one field, which an administrator may allow.
LONG = "a" * 70_000


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_websockets:app", "--loop", loop, "--max-header-bytes", "300k", "--max-target-bytes", "100k") as running:
        yield running


@pytest.mark.parametrize("name", ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"])
def test_a_long_field_of_the_handshake(server: Server, name: str) -> None:
    with WebSocket(server.address, f"/subprotocol?{LONG}", f"{name}: {LONG}") as ws:
        assert ws.status == 431
    assert server.get("/log").status == 200


def test_a_long_field_of_the_application(server: Server) -> None:
    target = f"/bad_header?{LONG}"
    with WebSocket(server.address, target) as ws:
        assert ws.status == 403
    assert "may be that long" in noted(server, target)[0]


def test_a_client_that_leaves_before_the_accept(server: Server) -> None:
    with server.client() as client:
        client.send("\r\n".join(["GET /slow?left HTTP/1.1", *HANDSHAKE, "", ""]).encode())
        client.socket.shutdown(socket.SHUT_WR)
        assert client.response().status == 499
    assert noted(server, "/slow?left", 2)[1] == disconnect(1006)


def flood(ws: WebSocket) -> None:
    """Sends, and never answers the server's close, until the server has had enough."""
    frames = frame(BINARY, bytes(1000)) * 200
    end = time.monotonic() + 40
    while time.monotonic() < end:
        try:
            ws.raw(frames)
        except (BrokenPipeError, ConnectionResetError):
            return
    raise AssertionError("the server still listens")


def test_a_client_that_sends_instead_of_closing(server: Server) -> None:
    target = "/close?1000,enough"
    with WebSocket(server.address, target) as ws:
        flood(ws)
    assert noted(server, target) == [disconnect(1000, "enough")]


def test_draining_with_a_client_that_sends_instead_of_closing(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop, "--drain-timeout", "100s") as server, WebSocket(server.address, "/gone") as ws:
        server.signal(signal.SIGTERM)
        flood(ws)
