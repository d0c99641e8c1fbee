"""How WebSockets of ASGI applications end: closed by either side, refused, lost, or by applications in the wrong order."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import pytest
from harness.server import Server
from harness.web_socket import CLOSE, PING, TEXT, WebSocket
from harness.web_socket_log import disconnect, noted, unique

HANDSHAKE = (
    "Host: h", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_websockets:app", "--loop", loop) as running:
        yield running


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


def test_a_drain_that_nobody_answers(loop: str) -> None:
    """Neither a client that says nothing nor an application that goes on keeps the process."""
    with Server("asgi_websockets:app", "--loop", loop, "--drain-timeout", "1s") as server:
        clients = [WebSocket(server.address, target) for target in ("/echo", "/two_tasks", "/deaf")]
        server.signal(signal.SIGTERM)
        assert server.wait() == 0, "not by a crash"
        for ws in clients:
            assert ws.lost()
            ws.client.close()


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
        client.send("\r\n".join(["GET /deny_half HTTP/1.1", *HANDSHAKE]).encode())
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
        client.send("\r\n".join(["GET /slow HTTP/1.1", *HANDSHAKE]).encode())
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
