"""WebSockets of ASGI applications: handshake, messages, closing, refusals, and wrong orders (RFC 6455)."""

from __future__ import annotations

import importlib.util
import itertools
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import make, options, trust
from harness.client import Client
from harness.prometheus import Scrape
from harness.server import Server
from harness.web_socket import CLOSE, PING, PONG, TEXT, WebSocket, frame

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
VERSION = "Sec-WebSocket-Version: 13"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_websockets:app", "--loop", loop, "--access-log", "json") as running:
        yield running


numbers = itertools.count()


def unique() -> str:
    """A target whose events are no other connection's."""
    return f"/echo?{next(numbers)}"


def noted(server: Server, target: str, count: int = 1) -> list[Any]:
    """What the application noted for connections with this target, once that is so many things."""
    end = time.monotonic() + 20
    while True:
        found = [event for path, query, event in server.get("/log").json() if f"{path}?{query}".rstrip("?") == target]
        if len(found) >= count:
            return found
        assert time.monotonic() < end, f"{found} for {target}"
        time.sleep(0.02)


def disconnect(code: int, reason: str = "") -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


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


# --- Closing


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "going"), (4999, "ä" * 60)])
def test_the_client_closes(server: Server, code: int, reason: str) -> None:
    target = unique()
    with WebSocket(server.address, target) as ws:
        ws.close(code, reason)
        assert ws.closed().code == code
        assert ws.ended()
    assert noted(server, target)[0] == disconnect(code, reason)


def test_the_client_closes_without_a_code(server: Server) -> None:
    target = unique()
    with WebSocket(server.address, target) as ws:
        ws.close(None)
        assert ws.closed().code in (None, 1000)
        assert ws.ended()
    assert noted(server, target)[0] == disconnect(1005)


@pytest.mark.parametrize("how", ["fin", "reset", "half"])
def test_the_client_vanishes(server: Server, how: str) -> None:
    target = unique()
    with WebSocket(server.address, target) as ws:
        ws.send("x")
        assert ws.receive() == "x"
        if how == "reset":
            ws.client.reset()
        elif how == "half":
            ws.client.socket.shutdown(socket.SHUT_WR)
            assert ws.lost()
        else:
            ws.client.close()
        assert noted(server, target)[0] == disconnect(1006)


def test_sending_to_a_client_that_has_gone(server: Server) -> None:
    with WebSocket(server.address, "/gone") as ws:
        ws.close(1001)
        assert ws.closed().code == 1001
    assert noted(server, "/gone", 3) == [disconnect(1001), "ConnectionResetError", "closed in vain"]


@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [("", 1000, ""), ("1001", 1001, ""), ("4000,why", 4000, "why"), ("3000,*70", 3000, "ä" * 61)],
)
def test_the_application_closes(server: Server, query: str, code: int, reason: str) -> None:
    with WebSocket(server.address, f"/close?{query}") as ws:
        assert ws.receive() == "last"
        close = ws.closed()
        assert (close.code, close.reason) == (code, reason)
        ws.close(code)
        assert ws.ended()
    found = noted(server, f"/close?{query}".rstrip("?"))
    assert found[0] == disconnect(code, reason)


@pytest.mark.parametrize("code", ["0", "999", "1004", "1005", "1006", "1015", "2999", "5000", "65536"])
def test_codes_that_nobody_may_send(server: Server, code: str) -> None:
    with WebSocket(server.address, f"/close?{code}") as ws:
        assert ws.receive() == "last"
        assert ws.closed().code == 1000, "that of the application's end"
    assert "no code" in noted(server, f"/close?{code}")[0]


def test_messages_after_the_close_are_dropped(server: Server) -> None:
    with WebSocket(server.address, "/close?1000") as ws:
        ws.send("x" * 200_000)
        assert ws.receive() == "last"
        ws.send("x" * 200_000)
        assert ws.closed().code == 1000
        ws.send("y" * 200_000)
        ws.frame(PING, b"?")
        ws.close(1000)
        assert ws.lost()


def test_the_application_returns(server: Server) -> None:
    with WebSocket(server.address, "/finish") as ws:
        assert ws.receive() == "last"
        assert ws.closed().code == 1000
        ws.close(1000)
        assert ws.ended()


def test_the_application_raises(server: Server) -> None:
    with WebSocket(server.address, "/fail", "X-Request-ID: raises-late") as ws:
        assert ws.receive() == "last"
        assert ws.closed().code == 1011
    server.wait_for(r"request raises-late GET /fail: the application raised an exception[\s\S]*after the accept")


def test_a_client_that_does_not_answer_a_close(server: Server) -> None:
    """It is given some seconds, and then the connection ends."""
    with WebSocket(server.address, "/finish") as ws:
        assert ws.receive() == "last"
        assert ws.closed().code == 1000
        assert ws.ended()


def test_drain(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop) as server:
        idle = WebSocket(server.address, "/echo")
        busy = WebSocket(server.address, "/two_tasks")
        assert busy.receive() == "tick 1"
        server.signal(signal.SIGTERM)
        assert idle.closed().code == 1012
        idle.close(1012)
        assert idle.ended()
        while (received := busy.receive_frame()).opcode == TEXT:
            pass
        assert (received.opcode, received.code) == (CLOSE, 1012)
        busy.close(1012)
        assert busy.ended()
        assert server.wait() == 0


# --- Refusals


def test_close_before_accept_is_403(server: Server) -> None:
    with WebSocket(server.address, "/refuse") as ws:
        assert ws.status == 403
        assert ws.client.get("/log").status == 200, "the connection goes on"
    assert noted(server, "/refuse") == [disconnect(1006)]


def test_a_denial_of_the_applications_own(server: Server) -> None:
    with WebSocket(server.address, "/deny") as ws:
        assert (ws.status, ws.response.body) == (401, b"who are you")
        assert ws.response.get("WWW-Authenticate") == "Basic"
    with WebSocket(server.address, "/deny_whole") as ws:
        assert (ws.status, ws.response.body) == (404, b"no")
    assert noted(server, "/deny") == [disconnect(1006)]


def test_half_a_denial(server: Server) -> None:
    with server.client() as client:
        client.send("\r\n".join(["GET /deny_half HTTP/1.1", "Host: h", *UPGRADE, VERSION, KEY, "", ""]).encode())
        assert client.head().status == 401
        assert not client.rest().endswith(b"0\r\n\r\n"), "it must not look complete"
    server.wait_for("the application returned before the end of its response")


def test_neither_accepted_nor_refused(server: Server) -> None:
    with WebSocket(server.address, "/refuse_silently", "X-Request-ID: silent") as ws:
        assert ws.status == 500
    server.wait_for("request silent GET /refuse_silently: the application returned without accepting")
    with WebSocket(server.address, "/raise_early", "X-Request-ID: raises") as ws:
        assert ws.status == 500
        assert b"before the accept" not in ws.response.body
    server.wait_for(r"request raises GET /raise_early: the application raised an exception[\s\S]*before the accept")


def test_the_client_leaves_before_the_accept(server: Server) -> None:
    with server.client() as client:
        client.send("\r\n".join(["GET /slow HTTP/1.1", "Host: h", *UPGRADE, VERSION, KEY, "", ""]).encode())
        noted(server, "/slow")
    assert noted(server, "/slow", 2) == [{"type": "websocket.connect"}, disconnect(1006)]


@pytest.mark.parametrize(
    ("order", "error", "status"),
    [
        ("send_first", "RuntimeError: the application sent websocket.send before websocket.accept", 500),
        ("accept_twice", "RuntimeError: the application sent websocket.accept a second time", 1011),
        ("http", "RuntimeError: .* 'http.response.start', which websocket does not have", 500),
        ("after_close", "RuntimeError: the application sent websocket.send after websocket.close", 1000),
        ("close_twice", "RuntimeError: the application sent websocket.close a second time", 1000),
        ("accept_after_refusal", "RuntimeError: .* websocket.accept after it had refused", 403),
        ("deny_after_accept", "RuntimeError: .* websocket.http.response.start where it may not stand", 1011),
        ("no_content", 'ValueError: websocket.send needs "bytes" or "text"', 1011),
        ("wrong_text", 'TypeError: "text" must be a str, not bytes', 1011),
        ("wrong_bytes", "TypeError: 'bytes' must be bytes, not str", 1011),
        ("surrogate", "UnicodeEncodeError: .*surrogates not allowed", 1011),
        ("not_offered", "ValueError: the subprotocol 'chat' is none of those that the client offered", 500),
    ],
)
def test_wrong_orders(server: Server, order: str, error: str, status: int) -> None:
    """The application is told, the log too, and the client gets what is right."""
    target = f"/order?{order}"
    with WebSocket(server.address, target, f"X-Request-ID: order-{order}") as ws:
        if status >= 1000:
            assert ws.status == 101
            assert ws.closed().code == status
        else:
            assert ws.status == status
    server.wait_for(rf"request order-{order} GET /order\?{order}: [\s\S]*{error}")


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
    from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Message, Ping, Pong, Request, TextMessage
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
