"""A reader of server-sent events (the HTML standard, section 9.2), on a connection of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.client import Client, Response
from harness.server import Server


def admin_client(server: Server, timeout: float = 20.0) -> Client:
    host, _, port = server.admin.rpartition(":")
    return Client((host, int(port)), timeout=timeout)


@dataclass
class Event:
    name: str
    data: Any


class Events:
    """GET /events. When the answer is no stream, there is nothing but `response`."""

    def __init__(self, server: Server, target: str = "/events", timeout: float = 20.0):
        self.client = admin_client(server, timeout)
        self.client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.response: Response = self.client.head()
        self.retry: int | None = None
        self._text = ""

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def next(self) -> Event | None:
        """None at the end of the stream."""
        name, data = "message", ""
        while True:
            line = self._line()
            if line is None:
                return None
            if line == "":
                if data:
                    return Event(name, json.loads(data))
                name = "message"
                continue
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data += value
            elif field == "retry":
                self.retry = int(value)

    def next_named(self, name: str) -> Any:
        """The data of the next event of this name."""
        while (event := self.next()) is not None:
            if event.name == name:
                return event.data
        raise AssertionError(f"the stream has ended without {name}")

    def _line(self) -> str | None:
        while "\n" not in self._text:
            piece = self.client.chunk()
            if not piece:
                return None
            self._text += piece.decode()
        line, _, self._text = self._text.partition("\n")
        return line
