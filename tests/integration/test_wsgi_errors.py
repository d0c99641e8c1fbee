"""Exceptions: the client gets a plain 500, the log gets the traceback with the request's id, the server goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("errors:app", "--threads", "2") as running:
        yield running


RAISING = {
    "/raise": "LookupError: a secret that only the log may tell",
    "/raise-after-start": "LookupError: raised after start_response",
    "/raise-chained": r"(?s)KeyError: 'missing'.*direct cause.*RuntimeError: the outer one",
    "/stubborn": "Stubborn",
    "/system-exit": "SystemExit",
    "/keyboard-interrupt": "KeyboardInterrupt",
    "/base": "BaseException: not an Exception",
    "/recursion": "RecursionError",
}


@pytest.mark.parametrize("path", RAISING)
def test_an_exception_is_a_500(server: Server, path: str) -> None:
    with server.client() as client:
        answer = client.get(path, f"X-Request-ID: id-of-{path[1:]}")
        assert answer.status == 500
        assert "secret" not in answer.text and "Traceback" not in answer.text
        if (answer.get("Connection") or "").lower() != "close":
            assert client.get("/fine").body == b"ok"
    server.wait_for(RAISING[path], 10)
    server.wait_for(rf"id-of-{path[1:]}\b", 10)
    assert server.get("/fine").body == b"ok"


def test_the_log_has_the_traceback_down_to_the_line(server: Server) -> None:
    server.get("/raise")
    server.wait_for(r"Traceback \(most recent call last\)", 10)
    server.wait_for(r'errors\.py", line \d+, in app', 10)


def test_the_error_text_names_the_request(server: Server) -> None:
    """So that a user's report leads to the line in the log."""
    answer = server.get("/raise", "X-Request-ID: to-be-quoted")
    assert answer.get("X-Request-ID") == "to-be-quoted"


def test_wsgi_errors_goes_to_standard_error(server: Server) -> None:
    server.get("/errors-stream")
    server.wait_for("a line through wsgi.errors", 10)
    assert "a line through wsgi.errors" in server.stderr


def test_print_works(server: Server) -> None:
    server.get("/print")
    server.wait_for("a line through print", 10)


def test_an_exception_in_a_thread_of_the_application_is_printed(server: Server) -> None:
    assert server.get("/thread").body == b"ok"
    server.wait_for("ZeroDivisionError", 10)


def test_a_thousand_exceptions_leave_no_trace_in_memory(server: Server) -> None:
    def rounds(count: int) -> None:
        with server.client() as client:
            for _ in range(count):
                try:
                    assert client.get("/raise").status == 500
                except (Truncated, ConnectionError):
                    raise AssertionError("an exception before the head must leave the connection open") from None

    rounds(300)
    before = server.resident_bytes()
    rounds(1000)
    assert server.resident_bytes() - before < 8 << 20
