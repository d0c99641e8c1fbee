"""WebSockets of ASGI applications: handshake, messages, books (RFC 6455)."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import make, options, trust
from harness.client import Client
from harness.prometheus import Scrape
from harness.server import Server
from harness.web_socket import CLOSE, PONG, TEXT, WebSocket, frame
from harness.web_socket_log import disconnect, noted

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
VERSION = "Sec-WebSocket-Version: 13"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_websockets:app", "--loop", loop, "--access-log", "json") as running:
        yield running


# --- The handshake


def test_handshake_response(server: Server) -> None:
    with WebSocket(server.address, "/echo", "X-Request-ID: mine-1") as ws:
        assert ws.status == 101
        assert ws.response.get("Server") == "baton"
        assert ws.response.get("X-Request-ID") == "mine-1"
        assert ws.response.get("Date", "").endswith(" GMT")
        assert ws.response.get("Sec-WebSocket-Protocol") is None
        assert ws.response.get("Content-Length") is None


def test_scope(server: Server) -> None:
    with WebSocket(server.address, "/scope?a=%20", "Sec-WebSocket-Protocol: chat, superchat", "Cookie: c=1") as ws:
        scope = json.loads(ws.receive())
    assert scope["type"] == "'websocket'"
    assert scope["scheme"] == "'ws'"
    assert scope["path"] == "'/scope'"
    assert scope["query_string"] == "b'a=%20'"
    assert scope["subprotocols"] == "['chat', 'superchat']"
    assert scope["http_version"] == "'1.1'"
    assert "method" not in scope
    assert "(b'cookie', b'c=1')" in scope["headers"]
    assert "'websocket.http.response'" in scope["extensions"]


def test_subprotocol_and_headers_of_the_application(server: Server) -> None:
    with WebSocket(server.address, "/subprotocol?b", "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b") as ws:
        assert ws.response.get("Sec-WebSocket-Protocol") == "b"
        assert ws.response.get("X-Mine") == "one"
        assert ws.response.all("Set-Cookie") == ["a=1", "b=2"]
        assert ws.response.get("Content-Length") is None, "a 101 has no body"


@pytest.mark.parametrize("name", ["Sec-WebSocket-Accept", "sec-websocket-protocol", "no:token", "transfer-encoding"])
def test_headers_that_are_the_servers(server: Server, name: str) -> None:
    target = f"/bad_header?{name}"
    with WebSocket(server.address, target) as ws:
        assert ws.status == 403
    assert "is refused" in noted(server, target)[0]


def test_bytes_behind_the_handshake_are_not_lost(server: Server) -> None:
    messages = [f"{i}".rjust(5000) for i in range(10)]
    with WebSocket(server.address, "/echo", behind=b"".join(frame(TEXT, m.encode()) for m in messages)) as ws:
        assert [ws.receive() for _ in messages] == messages


def test_a_handshake_byte_by_byte(server: Server) -> None:
    with server.client() as client:
        client.send_slowly("\r\n".join(["GET /echo HTTP/1.1", "Host: h", *UPGRADE, VERSION, KEY, "", ""]).encode())
        answer = client.head()
        assert answer.status == 101
        assert answer.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the example of the RFC"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((KEY,), 426),
        ((KEY, "Sec-WebSocket-Version: 8"), 426),
        ((VERSION,), 400),
        ((VERSION, "Sec-WebSocket-Key: short"), 400),
        ((VERSION, KEY, KEY), 400),
    ],
)
def test_wrong_handshakes(server: Server, fields: tuple[str, ...], status: int) -> None:
    with server.client() as client:
        answer = client.get("/echo", *UPGRADE, *fields)
        assert answer.status == status
        if status == 426:
            assert answer.get("Sec-WebSocket-Version") == "13"
        assert client.closed()


def test_a_handshake_with_a_body(server: Server) -> None:
    with server.client() as client:
        assert client.request("GET", "/echo", *UPGRADE, VERSION, KEY, body=b"body").status == 400


def test_other_upgrades_are_plain_requests(server: Server) -> None:
    with server.client() as client:
        assert client.get("/log", "Connection: Upgrade", "Upgrade: h2c").status == 200
        assert client.post("/log", b"", *UPGRADE, VERSION, KEY).status == 200
        assert client.get("/log", "Upgrade: websocket").status == 200


# --- Messages


@pytest.mark.parametrize("deflate", [None, "", "; client_max_window_bits", "; server_no_context_takeover"])
def test_echo_of_every_size(server: Server, deflate: str | None) -> None:
    with WebSocket(server.address, "/echo", deflate=deflate) as ws:
        if deflate is None:
            assert ws.extension is None
        else:
            assert ws.extension is not None and ws.extension.startswith("permessage-deflate")
        for size in (0, 1, 125, 126, 127, 4095, 4096, 65535, 65536, 1 << 20):
            text = ("äbc" * (size // 3 + 1))[:size]
            ws.send(text)
            assert ws.receive() == text
            binary = bytes(i * i % 251 for i in range(min(size, 5000))) * max(1, size // 5000)
            ws.send(binary)
            assert ws.receive() == binary


def test_deflated_both_ways(server: Server) -> None:
    data = b"again and " * 100_000
    with WebSocket(server.address, "/echo", deflate="; server_max_window_bits=10") as ws:
        assert "server_max_window_bits=10" in (ws.extension or "")
        for _ in range(3):
            ws.send_deflated(data)
            got = ws.receive_frame()
            assert got.reserved == 4
            parts = [got.payload]
            while not got.fin:
                got = ws.receive_frame()
                parts.append(got.payload)
            assert sum(map(len, parts)) < len(data) / 10
            assert ws._inflate.decompress(b"".join(parts) + b"\0\0\xff\xff") == data


def test_events_have_the_keys_of_the_specification(server: Server) -> None:
    with WebSocket(server.address, "/events") as ws:
        ws.send("ä")
        assert json.loads(ws.receive()) == {"type": ["str", "'websocket.receive'"], "text": ["str", "'ä'"]}
        ws.send(b"\0")
        assert json.loads(ws.receive()) == {"type": ["str", "'websocket.receive'"], "bytes": ["bytes", "b'\\x00'"]}
        ws.close(3000, "ü")
        assert ws.closed().code == 3000
    assert noted(server, "/events", 2) == [disconnect(3000, "ü")] * 2, "the end is told as often as it is asked for"


def test_over_tls(loop: str, tmp_path: Path) -> None:
    folder = make(tmp_path)
    with Server("asgi_websockets:app", "--loop", loop, *options(folder)) as server:
        with WebSocket(server.address, "/scope", tls=trust(folder), behind=frame(TEXT, b"early")) as ws:
            assert json.loads(ws.receive())["scheme"] == "'wss'"
            ws.close()
            assert ws.closed().code == 1000
            assert ws.ended()
        with WebSocket(server.address, "/echo", tls=trust(folder), deflate="") as ws:
            large = "large " * 200_000
            ws.send(large)
            assert ws.receive() == large


def test_a_reader_and_a_writer(server: Server) -> None:
    with WebSocket(server.address, "/two_tasks") as ws:
        for n in range(1, 6):
            assert ws.receive() == f"tick {n}"
            ws.send("heard")
        ws.close(1000)
        while ws.receive_frame().opcode != CLOSE:
            pass
    assert noted(server, "/two_tasks", 2) == [disconnect(1000), "ticker ended"]


def test_broadcast(server: Server) -> None:
    clients = [WebSocket(server.address, "/broadcast") for _ in range(20)]
    try:
        assert [ws.receive() for ws in clients] == ["joined"] * 20
        clients[3].send("to all")
        assert [ws.receive() for ws in clients] == ["to all"] * 20
        for ws in clients[:10]:
            ws.close()
            assert ws.closed().code == 1000
        clients[15].send("to the rest")
        assert [ws.receive() for ws in clients[10:]] == ["to the rest"] * 10
    finally:
        for ws in clients:
            ws.client.close()


# --- The books


def test_metrics_and_access_log(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop, "--access-log", "json") as server:
        with WebSocket(server.address, "/echo", "X-Request-ID: booked") as ws:
            for _ in range(3):
                ws.send("12345")
                assert ws.receive() == "12345"
            # Counted when the kernel has it, and the client may be faster.
            while (seen := Scrape(server.metrics())).total("baton_websocket_messages_total", direction="sent") < 3:
                time.sleep(0.02)
            assert seen.total("baton_websocket_messages_total") == 6
            assert seen.total("baton_websockets") == 1
            answered = {"http_response_status_code": "101"}
            assert seen.total("http_server_request_duration_seconds_count", **answered) == 1
            assert seen.total("http_server_active_requests") == 0
            ws.close()
            assert ws.closed().code == 1000
        line = json.loads(server.wait_for(r"^\{.*booked.*$").group(0))
        assert line["status"] == 101
        assert line["bytes"] == 15
        assert Scrape(server.metrics()).total("baton_websockets") == 0


@pytest.mark.skipif(importlib.util.find_spec("wsproto") is None, reason="python3-wsproto is not installed")
def test_an_independent_client(server: Server) -> None:
    """wsproto judges what the server sends."""
    from wsproto import ConnectionType, WSConnection
    from wsproto.events import (
        AcceptConnection,
        BytesMessage,
        CloseConnection,
        Message,
        Ping,
        Pong,
        Request,
        TextMessage,
    )
    from wsproto.extensions import PerMessageDeflate

    deflate = PerMessageDeflate()
    connection = WSConnection(ConnectionType.CLIENT)
    with Client(server.address) as client:

        def events() -> Iterator[Any]:
            while True:
                yield from connection.events()
                connection.receive_data(client.socket.recv(65536) or None)

        def whole(kind: type[Message]) -> Any:
            parts = []
            for event in incoming:
                assert isinstance(event, kind), event
                parts.append(event.data)
                if event.message_finished:
                    return type(parts[0])().join(parts)

        incoming = events()
        client.send(connection.send(Request(host="localhost", target="/echo", extensions=[deflate])))
        assert isinstance(next(incoming), AcceptConnection)
        assert deflate.enabled()
        for size in (0, 10, 1000, 300_000):
            client.send(connection.send(TextMessage(data="ä" * size)))
            assert whole(TextMessage) == "ä" * size
            client.send(connection.send(BytesMessage(data=bytes(size))))
            assert whole(BytesMessage) == bytes(size)
        client.send(connection.send(Ping(payload=b"there?")))
        assert next(incoming) == Pong(payload=b"there?")
        client.send(connection.send(CloseConnection(code=1000, reason="bye")))
        assert isinstance(next(incoming), CloseConnection)


def test_pong_of_nobodys_ping_is_ignored(server: Server) -> None:
    with WebSocket(server.address, "/echo") as ws:
        ws.frame(PONG, b"unasked")
        ws.send("x")
        assert ws.receive() == "x"
