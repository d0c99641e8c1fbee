"""WebSockets whose clients break the protocol, are slow, silent, or many."""

from __future__ import annotations

import random
import select
import socket
import struct
from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server
from harness.web_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, deflated, frame
from harness.web_socket_log import noted, unique

MOST = 1 << 20
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_websockets:app", "--loop", loop, "--ws-max-message-bytes", "1M") as running:
        yield running


# --- What is right, if unusual


def test_fragments_with_a_ping_between(server: Server) -> None:
    with WebSocket(server.address, "/echo") as ws:
        text = "zwölf Boxkämpfer".encode()
        ws.frame(TEXT, text[:3], fin=False)  # in the middle of a character
        ws.frame(PING, b"now?")
        pong = ws.receive_frame()
        assert (pong.opcode, pong.payload) == (PONG, b"now?")
        ws.frame(CONTINUATION, b"", fin=False)
        ws.frame(CONTINUATION, text[3:], fin=False)
        ws.frame(CONTINUATION, b"")
        assert ws.receive() == text.decode()


def test_deflated_fragments(server: Server) -> None:
    data = random.Random(1).randbytes(3000) * 3
    with WebSocket(server.address, "/echo", deflate="") as ws:
        whole = deflated(data)
        ws.frame(BINARY, whole[:1], fin=False, reserved=4)
        for at in range(1, len(whole), 100):
            ws.frame(CONTINUATION, whole[at : at + 100], fin=False)
            ws.frame(PING, b"")
            assert ws.receive_frame().opcode == PONG
        ws.frame(CONTINUATION, b"")
        assert ws.receive() == data


def test_byte_by_byte(server: Server) -> None:
    with WebSocket(server.address, "/echo") as ws:
        ws.client.send_slowly(frame(TEXT, b"slow " * 30))
        assert ws.receive() == "slow " * 30
        ws.client.send_slowly(frame(PING, b"p"))
        assert ws.receive_frame().opcode == PONG


def test_many_at_once(server: Server) -> None:
    with WebSocket(server.address, "/echo") as ws:
        ws.raw(b"".join(frame(TEXT, b"%d" % i) for i in range(500)))
        assert [ws.receive() for _ in range(500)] == [str(i) for i in range(500)]


def test_the_largest_message(server: Server) -> None:
    with WebSocket(server.address, "/echo") as ws:
        ws.send(b"x" * MOST)
        assert len(ws.receive()) == MOST


# --- What is wrong

WRONG = {
    "unmasked": (frame(TEXT, b"x", mask=False), 1002),
    "rsv1 without deflate": (frame(TEXT, b"x", reserved=4), 1002),
    "rsv2": (frame(TEXT, b"x", reserved=2), 1002),
    "rsv3": (frame(TEXT, b"x", reserved=1), 1002),
    **{f"opcode {opcode}": (frame(opcode, b"x"), 1002) for opcode in (3, 7, 11, 15)},
    "fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "long ping": (frame(PING, b"x" * 126), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "message within a message": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "length with its highest bit": (b"\x81\xff" + b"\xff" * 8 + b"mask", 1009),
    "length not in its shortest form": (b"\x81\xfe\x00\x01mask\x00", 1002),
    "close with one byte": (frame(CLOSE, b"x"), 1002),
    "close with a reserved code": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "close with a code of nobody's": (frame(CLOSE, struct.pack("!H", 999)), 1002),
    "text that is not UTF-8": (frame(TEXT, b"\xff"), 1007),
    "text with half a character": (frame(TEXT, "ä".encode()[:1]), 1007),
    "text with a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "fragments that are not UTF-8": (frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"x"), 1007),
    "too large by its head": (frame(BINARY, b"", length=MOST + 1), 1009),
    "far too large by its head": (frame(BINARY, b"", length=1 << 62), 1009),
    "too large by its fragments": (
        frame(BINARY, b"x" * MOST, fin=False) + frame(CONTINUATION, b"x", fin=False),
        1009,
    ),
}


@pytest.mark.parametrize(("data", "code"), WRONG.values(), ids=WRONG)
def test_malformed(server: Server, data: bytes, code: int) -> None:
    target = unique()
    with WebSocket(server.address, target) as ws:
        ws.send("fine")
        assert ws.receive() == "fine"
        ws.raw(data)
        assert ws.closed().code == code
        assert ws.lost()
    assert noted(server, target)[0]["code"] == code


def test_a_bomb(server: Server) -> None:
    """64 kB that would be 64 MiB cost no more than the limit of a message."""
    bomb = deflated(bytes(64 * MEBIBYTE))
    before = server.resident_bytes()
    with WebSocket(server.address, "/echo", deflate="") as ws:
        ws.frame(BINARY, bomb, reserved=4)
        assert ws.closed().code == 1009
        assert ws.lost()
    assert server.resident_bytes("VmHWM") < before + 40 * MEBIBYTE


@pytest.mark.parametrize(
    "frames",
    [
        frame(TEXT, b"\xff\xff\xff\xff not deflate", reserved=4),
        frame(TEXT, deflated(b"x" * 100)[:10], reserved=4, fin=False) + frame(CONTINUATION, b"y", reserved=4),
    ],
    ids=["no deflate stream", "rsv1 on a continuation"],
)
def test_malformed_compression(server: Server, frames: bytes) -> None:
    target = unique()
    with WebSocket(server.address, target, deflate="") as ws:
        ws.raw(frames)
        assert ws.closed().code in (1002, 1007)
        assert ws.lost()
    assert noted(server, target)[0]["code"] in (1002, 1007)


def test_what_a_frame_promises_costs_nothing(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop, "--ws-max-message-bytes", "64M") as server:
        with WebSocket(server.address, "/echo") as ws:
            ws.send("warm")
            assert ws.receive() == "warm"
            before = server.resident_bytes()
            clients = [WebSocket(server.address, "/echo") for _ in range(20)]
            for client in clients:
                client.raw(frame(BINARY, b"x", length=64 * MEBIBYTE))
            ws.send("still there")
            assert ws.receive() == "still there"
            assert server.resident_bytes() < before + 32 * MEBIBYTE
            for client in clients:
                client.client.close()


def test_no_compression(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop, "--ws-compression", "off") as server:
        with WebSocket(server.address, "/echo", deflate="") as ws:
            assert ws.extension is None
            ws.send("x")
            assert ws.receive() == "x"


def test_rubbish(server: Server) -> None:
    """Whatever comes, the connection ends and the server goes on."""
    noise = random.Random(4)
    for _ in range(40):
        with WebSocket(server.address, "/echo", deflate=noise.choice([None, ""])) as ws:
            try:
                ws.raw(noise.randbytes(noise.randrange(1, 3000)))
                ws.client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            assert ws.lost()
    with WebSocket(server.address, "/echo") as ws:
        ws.send("alive")
        assert ws.receive() == "alive"


# --- Slow ones


def test_an_application_that_does_not_receive(loop: str) -> None:
    """The client is stopped, memory stays bounded, and nothing is lost."""
    with Server("asgi_websockets:app", "--loop", loop) as server:
        with WebSocket(server.address, "/deaf") as ws:
            before = server.resident_bytes()
            size = 32 * 1024
            message = frame(BINARY, bytes(size))
            pending, sent = b"", 0
            ws.client.socket.setblocking(False)
            while select.select([], [ws.client.socket], [], 1)[1]:
                pending = pending or message
                count = ws.client.socket.send(pending)
                pending = pending[count:]
                sent += not pending
                assert sent * size < 256 * MEBIBYTE, "nobody stops this client"
            ws.client.socket.settimeout(20)
            assert server.resident_bytes() < before + 16 * MEBIBYTE
            server.get("/go")
            ws.raw(pending)
            sent += bool(pending)
            ws.frame(BINARY, b"end")
            assert ws.receive() == f"{sent + 1} {sent * size + 3}"


def test_a_client_that_does_not_receive(server: Server) -> None:
    """The application is made to wait in send()."""
    with WebSocket(server.address, "/flood") as ws:
        sent = noted(server, "/flood")[0]
        assert sent < 64 * MEBIBYTE
        got = 0
        while got < sent:
            got += len(ws.receive())
        ws.close(1000)


def test_a_client_that_never_receives(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop, "--send-timeout", "1s") as server:
        with WebSocket(server.address, "/flood") as ws:
            events = noted(server, "/flood", 2)
            assert events[1]["code"] == 1006
            assert ws.lost()


def test_a_client_that_pings_and_never_takes_the_answers(loop: str) -> None:
    options = ("--send-timeout", "1s", "--ws-ping-interval", "300ms")
    with Server("asgi_websockets:app", "--loop", loop, *options) as server:
        with WebSocket(server.address, "/echo") as ws:
            pings = b"".join(frame(PING, bytes(125)) for _ in range(1000))
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                for _ in range(10_000):
                    ws.raw(pings)
            assert noted(server, "/echo")[0]["code"] == 1006


# --- Silent ones


def test_pings_are_answered_and_missed(loop: str) -> None:
    options = ("--ws-ping-interval", "300ms", "--ws-ping-timeout", "2s")
    with Server("asgi_websockets:app", "--loop", loop, *options) as server:
        with WebSocket(server.address, "/echo") as ws:
            for _ in range(3):
                ping = ws.receive_frame()
                assert ping.opcode == PING
                ws.frame(PONG, ping.payload)
            ws.send("here")
            while (received := ws.receive_frame()).opcode == PING:
                pass
            assert received.payload == b"here"
            with pytest.raises((Truncated, ConnectionResetError)):
                while ws.receive_frame().opcode == PING:
                    pass
        assert noted(server, "/echo")[0]["code"] == 1006


# --- Many


def test_a_thousand(loop: str) -> None:
    with Server("asgi_websockets:app", "--loop", loop) as server:
        before = server.resident_bytes()
        clients = [WebSocket(server.address, "/echo") for _ in range(1000)]
        try:
            for turn in range(3):
                for i, ws in enumerate(clients):
                    ws.send(f"{turn} {i}")
                for i, ws in enumerate(clients):
                    assert ws.receive() == f"{turn} {i}"
            assert (server.resident_bytes() - before) / 1000 < 100 * 1024
            for ws in clients:
                ws.close()
            for ws in clients:
                assert ws.closed().code == 1000
        finally:
            for ws in clients:
                ws.client.close()
