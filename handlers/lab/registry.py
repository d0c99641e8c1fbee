"""The list of endpoints, and what they all use: parameters within ranges, refusals, and a bound on heavy work."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs

# What endpoints are called with: a WSGI environ, or on an event loop the few keys of it that they read.
Environ = dict[str, Any]
Call = Callable[[Environ], bytes]
AsyncCall = Callable[[Environ], Awaitable[bytes]]


class Problem(Exception):
    """The endpoint cannot do what it was asked for; the text says why."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class BadRequest(Problem):
    """What the client asked for cannot be."""

    status = HTTPStatus.BAD_REQUEST


class NotHere(Problem):
    """This Python or this machine lacks what the endpoint shows."""

    status = HTTPStatus.NOT_IMPLEMENTED


class Failed(Problem):
    """Somebody else, whom the endpoint needs, does not answer."""

    status = HTTPStatus.BAD_GATEWAY


class Busy(Problem):
    """As much of this is running as the machine shall bear."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class Html(bytes):
    """A body for browsers; all others are plain text."""


class Endpoint(NamedTuple):
    """One path of the lab."""

    path: str
    method: str
    query: str  # an example, for the index
    shows: str  # in one line
    watch: str  # where in the books it is to be seen
    call: Call
    # On an event loop: called there, which keeps the loop for as long as it takes, or in a thread beside it.
    on_loop: Literal["here", "thread"]


ENDPOINTS: dict[str, Endpoint] = {}  # in the order of the index
ASYNC: dict[str, AsyncCall] = {}  # those that are written in another way for an event loop


def endpoint(
    path: str,
    query: str,
    shows: str,
    watch: str,
    method: str = "GET",
    on_loop: Literal["here", "thread"] = "here",
) -> Callable[[Call], Call]:
    """List a function as an endpoint."""

    def register(call: Call) -> Call:
        ENDPOINTS[path] = Endpoint(path, method, query, shows, watch, call, on_loop)
        return call

    return register


def on_loop(path: str) -> Callable[[AsyncCall], AsyncCall]:
    """List a coroutine function as what this endpoint is on an event loop."""

    def register(call: AsyncCall) -> AsyncCall:
        ASYNC[path] = call
        return call

    return register


def number(environ: Environ, name: str, default: int, least: int, most: int) -> int:
    """Return the query parameter `name`, which has to be a whole number within its range."""
    given = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get(name, [str(default)])
    text = given[-1]
    # isascii: int() would also take the digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most):
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def choice(environ: Environ, name: str, *options: str) -> str:
    """Return the query parameter `name`, which has to be one of these; without it, the first."""
    text = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).get(name, [options[0]])[-1]
    if text not in options:
        raise BadRequest(f"{name} must be one of {', '.join(options)}")
    return text


class Slots:
    """How many requests may do something heavy at the same time; the others are told to come again."""

    def __init__(self, most: int, what: str):
        self._most, self._what = most, what
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Never waits: a request that waited would occupy a thread of the server."""
        if not self._free.acquire(blocking=False):
            raise Busy(f"{self._most} requests for {self._what} are running already; try again")
        try:
            yield
        finally:
            self._free.release()


class Memory:
    """How many bytes requests may collect at the same time, all together; the others are told to come again."""

    def __init__(self, most: int, what: str):
        self._most, self._what = most, what
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Never waits. What was taken is to be given back."""
        with self._lock:
            if self._taken + count > self._most:
                raise Busy(f"{self._what} have {self._most} bytes already; try again")
            self._taken += count

    def give_back(self, count: int) -> None:
        with self._lock:
            self._taken -= count


# Threads, interpreters and processes that requests start; no such request starts more than 8.
WORKERS = Slots(4, "workers of their own")
