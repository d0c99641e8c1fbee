#!/usr/bin/env python3
"""A small closed-loop client that notes every single request; a program of its own, so that it shares no GIL.

Each connection sends its next request when the answer to the last one is complete. wrk is faster, but rounds what it
says, adds samples where it finds a latency too long for its taste ("coordinated omission"), and does not say when each
answer came. Prints JSON: for each request when it was sent (CLOCK_MONOTONIC) and how long it took, in nanoseconds. SIGTERM
ends it early. A request that was sent in time is waited for, and counts.
"""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import sys
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
LONGEST_WAIT = 20.0


class Connection:
    def __init__(self, port: int, request: bytes) -> None:
        self.port, self.request, self.sent, self.received = port, request, 0, b""
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, now: int) -> None:
        self.received, self.sent = b"", now
        self.socket.sendall(self.request)

    def answered(self) -> bool:
        """Takes what has come; True when the answer is complete. One that is none raises."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed before the answer")
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return False
        if head[9:12] != b"200":
            raise ConnectionError(f"answered by {head[:40]!r}")
        length = LENGTH.search(head)
        if length is None:
            raise ConnectionError("an answer without a length")
        return len(body) >= int(length[1])

    def closes(self) -> bool:
        return CLOSES.search(self.received.partition(b"\r\n\r\n")[0]) is not None


class Load:
    """`connections` requests for `path` at a time, for `seconds`."""

    def __init__(self, port: int, path: str, connections: int, seconds: float) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self.sent: list[int] = []
        self.took: list[int] = []
        self.errors: list[str] = []
        self.stopped = False
        self.poll = select.epoll()
        self.open: dict[int, Connection] = {}
        self.waiting = 0
        self.began = time.monotonic_ns()
        self.end = self.began + int(seconds * 1e9)
        for _ in range(connections):
            self.add(Connection(port, request))

    def add(self, connection: Connection) -> None:
        self.open[connection.socket.fileno()] = connection
        self.poll.register(connection.socket, select.EPOLLIN)
        connection.send(time.monotonic_ns())
        self.waiting += 1

    def stop(self, *_: object) -> None:
        self.stopped = True

    def serve(self, connection: Connection) -> None:
        try:
            if not connection.answered():
                return
            self.took.append(time.monotonic_ns() - connection.sent)
            self.sent.append(connection.sent)
            again = connection.closes()
        except OSError as error:
            self.errors.append(str(error))
            again = True
        self.waiting -= 1
        now = time.monotonic_ns()
        over = self.stopped or now >= self.end
        if again or over:
            self.poll.unregister(connection.socket)
            del self.open[connection.socket.fileno()]
            connection.socket.close()
            if not over:
                connection.connect()
                self.add(connection)
            return
        connection.send(now)  # the same moment, so none is sent after the end
        self.waiting += 1

    def run(self) -> None:
        latest = self.end + int(LONGEST_WAIT * 1e9)
        while self.waiting and not self.stopped:
            for descriptor, _ in self.poll.poll(0.1):
                self.serve(self.open[descriptor])
            if time.monotonic_ns() > latest:
                self.errors.append(f"{self.waiting} requests without an answer after {LONGEST_WAIT:g} s")
                return


def main() -> int:
    port, path, connections, seconds = sys.argv[1:]
    load = Load(int(port), path, int(connections), float(seconds))
    signal.signal(signal.SIGTERM, load.stop)
    load.run()
    end = min(load.end, time.monotonic_ns())
    json.dump({"began": load.began, "end": end, "sent": load.sent, "took": load.took, "errors": load.errors}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
