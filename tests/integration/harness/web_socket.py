"""A WebSocket client that builds its frames by hand, so that it can also build wrong ones (RFC 6455, RFC 7692)."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
import struct
import zlib
from dataclasses import dataclass

from harness.client import Address, Client, Response, Truncated

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TAIL = b"\x00\x00\xff\xff"


@dataclass
class Frame:
    fin: bool
    reserved: int  # RSV1 is 4
    opcode: int
    payload: bytes

    @property
    def code(self) -> int | None:
        """Of a close frame; None when it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None

    @property
    def reason(self) -> str:
        return self.payload[2:].decode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bool = True, length: int | None = None) -> bytes:
    """The bytes of one frame; `length` is what its head claims."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    flag = 0x80 if mask else 0
    if size < 126:
        head += bytes([flag | size])
    elif size < 1 << 16:
        head += bytes([flag | 126]) + struct.pack("!H", size)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + masked(payload, key)


def masked(payload: bytes, key: bytes) -> bytes:
    count = len(payload)
    stream = int.from_bytes(key * (count // 4 + 1), "big") >> 8 * (4 - count % 4)
    return (int.from_bytes(payload, "big") ^ stream).to_bytes(count, "big") if count else b""


class WebSocket:
    """One connection. The handshake's response is in `response`; when it is not 101 there is nothing but that."""

    def __init__(
        self,
        address: Address,
        target: str = "/",
        *fields: str,
        deflate: str | None = None,
        behind: bytes = b"",
        tls: ssl.SSLContext | None = None,
        timeout: float = 20.0,
    ):
        self.client = Client(address, timeout=timeout, tls=tls)
        key = base64.b64encode(os.urandom(16))
        lines = [
            f"GET {target} HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key.decode()}", *fields,
        ]  # fmt: skip
        if deflate is not None:
            lines.append(f"Sec-WebSocket-Extensions: permessage-deflate{deflate}")
        self.client.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + behind)
        self.response: Response = self.client.head()
        if self.response.status != 101:
            self.response.body = self._body()
            return
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert self.response.get("Sec-WebSocket-Accept") == accept
        assert self.response.get("Upgrade", "").lower() == "websocket"
        assert self.response.get("Connection", "").lower() == "upgrade"
        self.extension = self.response.get("Sec-WebSocket-Extensions")
        self._inflate = zlib.decompressobj(wbits=-15)

    def _body(self) -> bytes:
        if (length := self.response.get("Content-Length")) is not None:
            return self.client.exactly(int(length))
        if self.response.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self.client.chunk, b""))
        return self.client.rest()

    def __enter__(self) -> WebSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    @property
    def status(self) -> int:
        return self.response.status

    # --- Sending

    def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.frame(TEXT, message.encode())
        else:
            self.frame(BINARY, message)

    def send_deflated(self, data: bytes, opcode: int = TEXT) -> None:
        self.frame(opcode, deflated(data), reserved=4)

    def frame(self, opcode: int, payload: bytes = b"", **how: object) -> None:
        self.client.send(frame(opcode, payload, **how))  # type: ignore[arg-type]

    def raw(self, data: bytes) -> None:
        self.client.send(data)

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send a close frame; the answer is the next frame."""
        self.frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())

    # --- Receiving

    def receive_frame(self) -> Frame:
        first, second = self.client.exactly(2)
        assert not second & 0x80, "a server's frames are not masked"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.client.exactly(2))
            assert size >= 126, "the shortest form of the length is to be used"
        elif size == 127:
            (size,) = struct.unpack("!Q", self.client.exactly(8))
            assert size >= 1 << 16, "the shortest form of the length is to be used"
        return Frame(bool(first & 0x80), first >> 4 & 7, first & 15, self.client.exactly(size))

    def receive(self) -> str | bytes:
        """The next message, put together and inflated; control frames are not expected."""
        received = self.receive_frame()
        assert received.opcode in (TEXT, BINARY), received
        opcode, data, compressed = received.opcode, received.payload, bool(received.reserved & 4)
        while not received.fin:
            received = self.receive_frame()
            assert received.opcode == CONTINUATION and received.reserved == 0, received
            data += received.payload
        if compressed:
            assert self.extension is not None
            data = self._inflate.decompress(data + TAIL)
        return data.decode() if opcode == TEXT else data

    def closed(self) -> Frame:
        """The next frame is a close, and then the server ends the connection."""
        received = self.receive_frame()
        assert received.opcode == CLOSE, received
        return received

    def ended(self) -> bool:
        """The server closes the TCP connection."""
        return self.client.closed()

    def lost(self) -> bool:
        """The server ends the connection, by whatever means and after whatever frames."""
        try:
            self.client.rest()
        except (ConnectionResetError, Truncated):
            pass
        return True


def deflated(data: bytes) -> bytes:
    """One message's data without context from any before (RFC 7692 section 7.2.1)."""
    compressor = zlib.compressobj(wbits=-12)
    out = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert out.endswith(TAIL)
    return out[: -len(TAIL)]
