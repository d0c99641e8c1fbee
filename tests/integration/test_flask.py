"""Flask behind Baton, used as a browser would."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
from collections.abc import Iterator

import pytest
from harness.browser import Browser
from harness.frameworks import skip_without
from harness.server import Server

skip_without("flask")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("flask_app:app") as running:
        yield running


@pytest.fixture
def browser(server: Server) -> Browser:
    return Browser(f"http://127.0.0.1:{server.port}")


def test_a_session_lasts_and_ends(browser: Browser) -> None:
    assert "Who are you?" in browser.get("/").text
    page = browser.post("/login", {"name": "Ada <3"})
    assert page.url.endswith("/")
    assert "Hello, Ada &lt;3! You were here 2 times." in page.text
    assert "You were here 3 times." in browser.get("/").text
    assert "Who are you?" in browser.get("/logout").text


def test_two_visitors_do_not_share_a_session(server: Server, browser: Browser) -> None:
    other = Browser(browser.base)
    browser.post("/login", {"name": "Ada"})
    other.post("/login", {"name": "Grace"})
    assert "Hello, Ada" in browser.get("/").text
    assert "Hello, Grace" in other.get("/").text


@pytest.mark.parametrize("size", [0, 1000, 3_000_000])
def test_an_upload(browser: Browser, size: int) -> None:
    content = random.Random(size).randbytes(size)
    page = browser.upload("/upload", "file", "data.bin", content, {"note": "caf\u00e9"})
    assert json.loads(page.body) == {
        "name": "data.bin",
        "size": size,
        "digest": hashlib.sha256(content).hexdigest(),
        "note": "caf\u00e9",
    }


def test_streaming(browser: Browser) -> None:
    assert browser.get("/stream/5000").text == "".join(f"line {i}\n" for i in range(5000))


def test_json(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for number in range(5):  # one connection
        connection.request("POST", "/json", json.dumps({"number": number}), {"Content-Type": "application/json"})
        assert json.loads(connection.getresponse().read()) == {"doubled": number * 2}
    connection.close()


def test_errors(server: Server, browser: Browser) -> None:
    assert browser.get("/broken").status == 500
    server.wait_for("RuntimeError: an error in a view", 10)
    assert browser.get("/teapot").status == 418
    assert browser.get("/nowhere").status == 404
    assert browser.get("/login").status == 405


def test_the_application_knows_where_it_is(server: Server, browser: Browser) -> None:
    assert json.loads(browser.get("/where").body) == {
        "url": f"http://127.0.0.1:{server.port}/where",
        "remote": "127.0.0.1",
        "scheme": "http",
    }
