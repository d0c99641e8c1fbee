"""Recordings of the GIL's timeline, asked for and read."""

from __future__ import annotations

import http.client
import time

from harness.server import Server
from harness.timeline import READERS, Timeline


class Recording:
    """A recording under way: it has begun when this is made, as the head of the answer is sent then."""

    def __init__(self, server: Server, seconds: float, kind: str):
        self.kind = kind
        self.seconds = seconds
        self._connection = http.client.HTTPConnection(server.admin, timeout=seconds + 60)
        self._asked = time.monotonic()
        self._connection.request("GET", f"/trace?seconds={seconds}&format={kind}")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200, self._answer.read()

    def goes_on(self) -> bool:
        """For sure: it began after it was asked for."""
        return time.monotonic() - self._asked < self.seconds

    def finish(self) -> Timeline:
        data = self._answer.read()
        self._connection.close()
        return READERS[self.kind](data)

    def abandon(self) -> None:
        self._connection.close()
        self._answer.close()


def record(server: Server, seconds: float, kind: str) -> Timeline:
    return Recording(server, seconds, kind).finish()
