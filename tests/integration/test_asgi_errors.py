"""Exceptions and broken protocol on an event loop.

The log has the request's id, the client a 500 or a closed connection and never a response that looks right, and the
next request is served as if nothing had happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.client import Response, Truncated
from harness.server import Server


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_errors:app", "--loop", loop, "--lifespan", "off") as running:
        yield running


def ask(server: Server, path: str) -> Response | None:
    """The answer, None when the connection was closed before it was whole. The next request is fine in any case."""
    identity = f"id-of-{path[1:]}"
    with server.client() as client:
        try:
            answer = client.get(path, f"X-Request-ID: {identity}")
        except (Truncated, ConnectionError):
            answer = None
        if answer is not None and (answer.get("Connection") or "").lower() != "close":
            assert client.get("/fine").body == b"ok"
    assert server.get("/fine").body == b"ok"
    server.wait_for(rf"{identity}\b", 10)
    return answer


def is_plain_500(answer: Response | None) -> bool:
    assert answer is not None
    assert answer.status == 500, answer
    for text in (answer.body, answer.head):
        assert b"secret" not in text and b"Traceback" not in text and b"Injected" not in text
    return True


RAISING = {
    "/raises": "LookupError: a secret that only the log may tell",
    "/raises-later": "LookupError: raised after a while",
    "/chained": r"(?s)KeyError: 'missing'.*direct cause.*RuntimeError: the outer one",
    "/in-a-group": "LookupError: raised in a child",
    "/stubborn": "Stubborn",
    "/odd": "Odd: not an Exception",
    "/system-exit": "SystemExit",
    "/system-exit-later": "SystemExit",
    "/keyboard-interrupt": "KeyboardInterrupt",
    "/cancelled": r"id-of-cancelled\b.*cancelled",
    "/recursion": "RecursionError",
}


@pytest.mark.parametrize("path", RAISING)
def test_an_exception_is_a_500(server: Server, path: str) -> None:
    assert is_plain_500(ask(server, path))
    server.wait_for(RAISING[path], 10)


def test_the_log_has_the_traceback_down_to_the_line(server: Server) -> None:
    server.get("/raises")
    server.wait_for(r"Traceback \(most recent call last\)", 10)
    server.wait_for(r'asgi_errors\.py", line \d+, in raises', 10)


def test_an_exception_before_the_first_body_byte(server: Server) -> None:
    """Whether a head alone has gone out by then is the server's choice; a whole 200 would be wrong."""
    answer = ask(server, "/raises-after-start")
    assert answer is None or is_plain_500(answer)
    server.wait_for("LookupError: raised after the start", 10)


def test_an_exception_in_the_middle_of_the_body_cuts_it(server: Server) -> None:
    assert ask(server, "/raises-after-part") is None
    server.wait_for("LookupError: raised after a part", 10)


def test_an_exception_after_the_end_is_the_logs_alone(server: Server) -> None:
    answer = ask(server, "/raises-after-end")
    assert answer is not None and (answer.status, answer.body) == (200, b"whole")
    server.wait_for("LookupError: raised after the end", 10)


@pytest.mark.parametrize(("path", "pattern"), [("/lost-task", "a secret that only"), ("/callback", "ZeroDivisionError")])
def test_what_nobody_asked_for_is_told_in_the_log(server: Server, path: str, pattern: str) -> None:
    before = len(re.findall(pattern, server.log))
    assert server.get(path).body == b"ok"
    for _ in range(3):
        server.get("/fine")
    server.wait_for(rf"(?s)(?:{pattern}.*){{{before + 1}}}", 10)


# --- The protocol

NO_RESPONSE = ["/nothing", "/body-first"]
PERHAPS_BEGUN = ["/start-only", "/starts-twice"]
BEGUN = ["/never-ends", "/starts-again-after-part"]


@pytest.mark.parametrize("path", NO_RESPONSE)
def test_no_response_is_a_500(server: Server, path: str) -> None:
    assert is_plain_500(ask(server, path))


@pytest.mark.parametrize("path", PERHAPS_BEGUN)
def test_a_head_without_what_belongs_to_it(server: Server, path: str) -> None:
    answer = ask(server, path)
    assert answer is None or is_plain_500(answer)


@pytest.mark.parametrize("path", BEGUN)
def test_a_body_without_an_end_is_cut(server: Server, path: str) -> None:
    assert ask(server, path) is None


@pytest.mark.parametrize("path", ["/ends-twice", "/starts-after-end"])
def test_messages_after_the_end_change_nothing(server: Server, path: str) -> None:
    answer = ask(server, path)
    assert answer is not None and (answer.status, answer.body) == (200, b"ok")


def test_an_application_that_does_not_listen(server: Server) -> None:
    """Every send() that is wrong raises; one who swallows that gets no two heads out."""
    with server.client() as client:
        try:
            answer = client.get("/swallows")
            assert answer.status == 500 or answer.body == b"a secret parta secret end"
            assert client.get("/fine").body == b"ok"
        except (Truncated, ConnectionError):
            pass
    assert server.get("/fine").body == b"ok"


WRONG = [
    "none", "text", "number", "list", "empty", "no-type", "type-bytes", "type-none", "unknown-type", "websocket-type",
    "lifespan-type", "no-status", "status-text", "status-none", "status-float", "status-small", "status-interim",
    "status-large", "status-huge", "status-negative", "headers-none-iterable", "headers-text", "headers-name-text",
    "headers-value-text", "headers-value-number", "headers-single", "headers-triple", "headers-not-a-pair",
    "headers-crlf", "headers-lf", "headers-nul", "headers-name-crlf", "headers-name-colon", "headers-name-space",
    "headers-name-empty", "headers-length-not-a-number", "headers-length-negative", "headers-lengths-differ",
]  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_start_that_is_none(server: Server, name: str) -> None:
    assert is_plain_500(ask(server, "/" + name))


@pytest.mark.parametrize("name", ["body-text", "body-none", "body-number", "body-list", "body-type"])
def test_a_body_that_is_none(server: Server, name: str) -> None:
    answer = ask(server, "/" + name)
    assert answer is None or is_plain_500(answer)


def test_a_wrong_part_cuts_the_body(server: Server) -> None:
    assert ask(server, "/body-text-after-part") is None


def test_the_applications_line_is_in_the_log(server: Server) -> None:
    """Where it sent what it should not have: the error is raised by send(), and the traceback leads there."""
    ask(server, "/starts-twice")
    server.wait_for(r'asgi_errors\.py", line \d+, in starts_twice', 10)


# --- What is called


def test_an_instance_is_an_application(loop: str) -> None:
    with Server("asgi_errors:instance", "--loop", loop) as server:
        assert server.get("/").body == b"ok"


def test_a_callable_that_returns_nothing_to_await(loop: str) -> None:
    """Not found by inspection, so it has to be said that it is ASGI."""
    options = ("--loop", loop, "--interface", "asgi", "--lifespan", "off")
    with Server("asgi_errors:returns_nothing", *options) as server:
        for _ in range(2):
            assert server.get("/", "X-Request-ID: nothing-to-await").status == 500
        server.wait_for("nothing-to-await", 10)


def test_a_thousand_exceptions_leave_no_trace_in_memory(loop: str) -> None:
    with Server("asgi_errors:app", "--loop", loop) as server, server.client() as client:

        def rounds(count: int) -> None:
            for _ in range(count):
                assert client.get("/raises").status == 500

        rounds(300)
        before = server.resident_bytes()
        rounds(1000)
        assert server.resident_bytes() - before < 8 << 20


# --- Memory


@pytest.mark.parametrize("path", ["/huge-head", "/huge-hint", "/huge-trailers"])
def test_running_out_of_memory_is_the_requests_end_alone(loop: str, path: str) -> None:
    with Server("asgi_little_memory:app", "--loop", loop, "--lifespan", "off") as other:
        if other.resident_bytes("VmSize") > 1 << 40:
            pytest.skip("the address space is a sanitizer's")
        assert other.get("/limit").body == b"good"
        try:
            assert other.get(path, "TE: trailers").status in (200, 500)
        except (Truncated, ConnectionError):
            pass
        other.wait_for("MemoryError")
        assert other.get("/good").body == b"good"
