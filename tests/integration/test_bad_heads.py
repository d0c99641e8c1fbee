"""Malformed heads: refused with the right status, then the connection is closed (RFC 9112 sections 2 to 5)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app") as running:
        yield running


def refused(server: Server, data: bytes, *statuses: int) -> None:
    """The bytes get one of these answers and the end of the connection; the server serves on."""
    with server.client() as client:
        client.send(data)
        answer = client.response()
        assert answer.status in statuses, f"{answer.head!r}"
        assert answer.get("Connection") == "close"
        assert client.closed()
    assert server.get("/").status == 200


BAD = {
    "no-version": b"GET /\r\n\r\n",
    "one-word": b"GET\r\n\r\n",
    "four-words": b"GET / HTTP/1.1 x\r\nHost: h\r\n\r\n",
    "two-spaces": b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
    "tab-for-space": b"GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n",
    "leading-space": b" GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "method-not-a-token": b"G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "version-lower-case": b"GET / http/1.1\r\nHost: h\r\n\r\n",
    "version-long": b"GET / HTTP/1.10\r\nHost: h\r\n\r\n",
    "version-without-dot": b"GET / HTTP/11\r\nHost: h\r\n\r\n",
    "other-protocol": b"GET / HTTPS/1.1\r\nHost: h\r\n\r\n",
    "binary": bytes(range(1, 9)) * 8 + b"\r\n\r\n",
    "bare-lf": b"GET / HTTP/1.1\nHost: h\n\n",
    "bare-lf-after-a-field": b"GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
    "bare-cr-in-a-value": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
    "nul-in-the-target": b"GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n",
    "nul-in-a-name": b"GET / HTTP/1.1\r\nHost: h\r\nX\0: y\r\n\r\n",
    "nul-in-a-value": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
    "control-in-a-value": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x01b\r\n\r\n",
    "obs-fold": b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    "fold-at-once": b"GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n",
    "space-before-colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "no-colon": b"GET / HTTP/1.1\r\nHost: h\r\nnothing\r\n\r\n",
    "empty-name": b"GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n",
    "name-not-a-token": b"GET / HTTP/1.1\r\nHost: h\r\nX(y): z\r\n\r\n",
    "host-missing": b"GET / HTTP/1.1\r\n\r\n",
    "host-twice": b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
    "host-with-a-space": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host-with-a-path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host-with-a-user": b"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_malformed(server: Server, data: bytes) -> None:
    refused(server, data, 400)


@pytest.mark.parametrize(
    "data",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        b"GET / HTTP/3.0\r\nHost: h\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: h\r\n\r\n",
    ],
    ids=["http-2-preface", "2.0", "3.0", "0.9"],
)
def test_other_versions(server: Server, data: bytes) -> None:
    refused(server, data, 505)


def test_a_later_minor_version_is_served_as_1_1(server: Server) -> None:
    """RFC 9110 section 2.5: a recipient takes it for the highest minor version it knows; refusing is in order too."""
    with server.client() as client:
        client.send(b"GET / HTTP/1.2\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert client.response().status in (200, 505)
        assert client.closed()


def test_connect_is_not_for_an_origin_server(server: Server) -> None:
    refused(server, b"CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n", 400, 405, 501)


def test_a_good_request_before_a_bad_one_is_answered(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /good HTTP/1.1\r\nHost: h\r\n\r\nGET /bad HTTP/1.1\r\nHost : h\r\n\r\n")
        assert client.response().get("X-Path") == "/good"
        assert client.response().status == 400
        assert client.closed()


def test_what_was_sent_is_not_repeated_to_the_sender(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: h\r\nX : <b>marker</b>\r\n\r\n")
        assert b"script" not in client.rest()


def test_refusals_are_counted(server: Server) -> None:
    from harness.prometheus import Scrape

    before = Scrape(server.metrics()).total("baton_requests_rejected_total", reason="malformed")
    refused(server, BAD["obs-fold"], 400)
    assert Scrape(server.metrics()).total("baton_requests_rejected_total", reason="malformed") == before + 1
