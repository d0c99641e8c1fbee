"""An HTTP/1.1 client that sends exactly the bytes it is given, and keeps exactly the bytes it gets."""

from __future__ import annotations

import json
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

Address = tuple[str, int] | str


@dataclass
class Response:
    """One response, byte for byte in `head` and `raw_body`, and taken apart."""

    version: str
    status: int
    reason: str
    fields: list[tuple[str, str]]
    body: bytes
    head: bytes
    raw_body: bytes = b""
    interim: list[Response] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: str, default: str | None = None) -> str | None:
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs {len(values)} times in {self.head!r}"
        return values[0] if values else default

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Truncated(Exception):
    """The connection ended in the middle of a response."""


class Client:
    """One connection."""

    def __init__(self, address: Address, timeout: float = 20.0, tls: ssl.SSLContext | None = None, name: str = "localhost"):
        kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(kind, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        if kind != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self.buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    # --- Sending

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_slowly(self, data: bytes, pause: float = 0.0) -> None:
        """One byte per segment."""
        for i in range(len(data)):
            self.socket.sendall(data[i : i + 1])
            if pause:
                time.sleep(pause)

    def request(self, method: str, target: str, *fields: str, body: bytes | None = None) -> Response:
        """A whole request and its response; a body gets its Content-Length."""
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))
        return self.response(head_only=method == "HEAD")

    def get(self, target: str, *fields: str) -> Response:
        return self.request("GET", target, *fields)

    def post(self, target: str, body: bytes, *fields: str) -> Response:
        return self.request("POST", target, *fields, body=body)

    # --- Receiving

    def _fill(self) -> bool:
        got = self.socket.recv(65536)
        self.buffer += got
        return bool(got)

    def _until(self, mark: bytes) -> bytes:
        start = 0
        while (at := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark) + 1)
            if not self._fill():
                raise Truncated(f"closed before {mark!r}; had {self.buffer!r}")
        taken, self.buffer = self.buffer[: at + len(mark)], self.buffer[at + len(mark) :]
        return taken

    def exactly(self, count: int) -> bytes:
        parts, missing = [self.buffer[:count]], count - len(self.buffer[:count])
        self.buffer = self.buffer[count:]
        while missing:
            got = self.socket.recv(min(missing, 1 << 20))
            if not got:
                raise Truncated(f"closed after {count - missing} of {count} bytes")
            parts.append(got)
            missing -= len(got)
        return b"".join(parts)

    def head(self) -> Response:
        """The next response head, with an empty body."""
        raw = self._until(b"\r\n\r\n")
        first, *lines = raw[:-4].decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        status, _, reason = rest.partition(" ")
        assert version in ("HTTP/1.1", "HTTP/1.0") and len(status) == 3 and status.isdigit(), f"status line {first!r}"
        fields = []
        for line in lines:
            name, colon, value = line.partition(":")
            assert colon and name and name == name.strip() and "\n" not in line and "\r" not in line, f"field {line!r}"
            fields.append((name, value.strip()))
        return Response(version, int(status), reason, fields, b"", raw)

    def chunk(self) -> bytes:
        """The next chunk's data; empty for the last one (its trailer section is read too)."""
        line = self._until(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            while self._until(b"\r\n") != b"\r\n":
                pass
            return b""
        data = self.exactly(size)
        assert self.exactly(2) == b"\r\n", "a chunk must end with CR LF"
        return data

    def response(self, head_only: bool = False) -> Response:
        """The next final response with its body, as RFC 9112 section 6.3 frames it."""
        interim = []
        answer = self.head()
        while answer.status < 200:
            interim.append(answer)
            answer = self.head()
        answer.interim = interim
        if head_only or answer.status in (204, 304):
            return answer
        length, coding = answer.get("Content-Length"), answer.get("Transfer-Encoding")
        assert not (length and coding), f"both a length and a coding: {answer.head!r}"
        if coding is not None:
            assert coding == "chunked"
            answer.body = b"".join(iter(self.chunk, b""))
        elif length is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()
        return answer

    def rest(self) -> bytes:
        """Everything until the server closes."""
        while self._fill():
            pass
        taken, self.buffer = self.buffer, b""
        return taken

    def closed(self) -> bool:
        """Wait for the server to close; anything it sends before is an error."""
        try:
            data = self.buffer + self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        assert data == b"", f"more bytes instead of the end: {data[:200]!r}"
        return True

    def silent(self, seconds: float) -> bool:
        """Nothing comes, and the connection stays open, for that long."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.buffer == b"" and self.socket.recv(1, socket.MSG_PEEK) is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(before)
