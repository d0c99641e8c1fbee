"""start_response, write(), lengths: used well they work, misused they are a 500 and a line in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.client import Truncated
from harness.server import Server


@pytest.fixture(scope="module", params=["app", "validated"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(f"starting:{request.param}") as running:
        yield running


@pytest.fixture(scope="module")
def plain() -> Iterator[Server]:
    with Server("starting:app") as running:
        yield running


VALID = {
    "/list": (200, b"onetwo"),
    "/write": (200, b"written twice"),
    "/write-and-return": (200, b"written, returned"),
    "/odd-status": (299, b"x"),
    "/cookies": (200, b"x"),
    "/no-content": (204, b""),
    "/not-modified": (304, b""),
    "/exc-info": (500, b"replaced"),
}


@pytest.mark.parametrize("path", VALID)
def test_well_used(server: Server, path: str) -> None:
    with server.client() as client:
        for _ in range(2):  # the connection is in order afterwards
            answer = client.get(path)
            assert (answer.status, answer.body) == VALID[path]
    if path == "/odd-status":
        assert answer.reason == "Something Of Our Own"
    if path == "/cookies":
        assert answer.all("Set-Cookie") == ["a=1", "b=2"]
    if path in ("/no-content", "/not-modified"):
        assert answer.get("Transfer-Encoding") is None and answer.get("Content-Length") is None
    if path == "/exc-info":
        assert (answer.reason, answer.get("X-Replaced")) == ("Replaced", "1")


def test_a_list_of_one_block_has_a_length(plain: Server) -> None:
    """PEP 3333, "Handling the Content-Length Header": the server can tell it."""
    answer = plain.get("/cookies")
    assert (answer.get("Content-Length"), answer.get("Transfer-Encoding")) == ("1", None)


def test_start_response_may_be_called_by_the_generator(plain: Server) -> None:
    answer = plain.get("/late")
    assert (answer.status, answer.body) == (200, b"late")


MISUSED = [
    "never", "twice", "wordy-status", "bytes-status", "int-status", "status-with-newline", "interim-status",
    "headers-none", "header-not-a-pair", "header-bytes", "header-int", "header-beyond-latin-1", "text-body",
    "none-body", "number-body", "write-text",
]  # fmt: skip


@pytest.mark.parametrize("path", MISUSED)
def test_misused(plain: Server, path: str) -> None:
    before = len(plain.log)
    with plain.client() as client:
        answer = client.get("/" + path)
        assert answer.status == 500
        assert answer.get("X-Injected") is None
    identity = answer.get("X-Request-ID")
    assert identity
    plain.wait_for(identity, 10)
    assert "Traceback" not in answer.text
    assert len(plain.log) > before
    assert plain.get("/list").status == 200


def test_exc_info_after_the_head_went_out_breaks_off(plain: Server) -> None:
    with plain.client() as client, pytest.raises((Truncated, ConnectionResetError)):
        client.get("/exc-info-after-body")
    plain.wait_for("too late to replace the head", 10)


# --- Content-Length


@pytest.fixture(scope="module")
def lengths() -> Iterator[Server]:
    with Server("lengths:app") as running:
        yield running


@pytest.mark.parametrize("form", ["list", "generator"])
@pytest.mark.parametrize("application", ["app", "validated"])
def test_a_true_length(application: str, form: str) -> None:
    with Server(f"lengths:{application}") as running, running.client() as client:
        for _ in range(2):
            answer = client.get(f"/?10,{form}")
            assert (answer.get("Content-Length"), answer.body) == ("10", b"1234567890")


@pytest.mark.parametrize("form", ["list", "generator"])
@pytest.mark.parametrize("declared", [0, 3, 5, 7])
def test_bytes_beyond_the_length_are_not_sent(lengths: Server, declared: int, form: str) -> None:
    """They would be the start of the next response on this connection."""
    with lengths.client() as client:
        answer = client.get(f"/?{declared},{form}")
        if answer.status == 500:  # found out before the head went out
            assert b"1234" not in answer.body
        else:
            assert answer.body == b"1234567890"[:declared]
        try:
            assert client.get("/?10,list").body == b"1234567890"
        except (Truncated, ConnectionResetError, BrokenPipeError):
            pass  # closing is in order as well


@pytest.mark.parametrize("form", ["list", "generator"])
def test_a_body_that_is_too_short_is_seen_as_such(lengths: Server, form: str) -> None:
    with lengths.client() as client:
        try:
            assert client.get(f"/?11,{form}").status == 500
        except (Truncated, ConnectionResetError):
            pass
    assert lengths.get("/?10,list").body == b"1234567890"


# --- Fields that would split the response


@pytest.fixture(scope="module")
def fields() -> Iterator[Server]:
    with Server("fields:app") as running:
        yield running


SPLITTING = {
    "crlf": "X-A=a%0d%0aX-Injected:%201",
    "lf": "X-A=a%0aX-Injected:%201",
    "cr": "X-A=a%0dX-Injected:%201",
    "nul": "X-A=a%00b",
    "control": "X-A=a%01b",
    "delete": "X-A=a%7fb",
    "whole-response": "X-A=%0d%0a%0d%0aHTTP/1.1%20200%20OK",
    "name-with-crlf": "X-A%0d%0aX-Injected=1",
    "name-with-colon": "X-A:%20b=1",
    "name-with-space": "X%20A=1",
    "name-empty": "=1",
    "length-not-a-number": "Content-Length=x",
    "length-negative": "Content-Length=-1",
    "lengths-that-differ": "Content-Length=8&Content-Length=9",
}


@pytest.mark.parametrize("query", SPLITTING.values(), ids=SPLITTING.keys())
def test_splitting_is_a_500_and_nothing_leaks(fields: Server, query: str) -> None:
    with fields.client() as client:
        answer = client.get("/?" + query)
        assert answer.status == 500
        assert answer.get("X-Injected") is None and answer.get("X-Secret") is None
        assert b"the body" not in answer.body and b"Injected" not in answer.body
    fields.wait_for(answer.get("X-Request-ID") or "no id", 10)
    assert fields.get("/?X-Fine=1").get("X-Fine") == "1"


def test_tabs_and_latin_1_are_fine(fields: Server) -> None:
    answer = fields.get("/?X-A=a%09b&X-B=caf%e9")
    assert (answer.get("X-A"), answer.get("X-B")) == ("a\tb", "caf\u00e9")
