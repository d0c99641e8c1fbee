"""What the server adds to a response, and what it makes of targets and methods."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app") as running:
        yield running


@pytest.fixture(scope="module")
def free() -> Iterator[Server]:
    """An application that sets whatever fields it is asked for."""
    with Server("fields:app") as running:
        yield running


def test_date_is_now_and_in_the_one_format(server: Server) -> None:
    date = server.get("/").get("Date")
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT", date)
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 30


def test_server_names_the_server(server: Server) -> None:
    assert (server.get("/").get("Server") or "").lower().startswith("baton")


def test_an_applications_own_date_and_server_stay(free: Server) -> None:
    answer = free.get("/?Date=Thu%2C%2001%20Jan%201970%2000%3A00%3A00%20GMT&Server=own")
    assert (answer.get("Date"), answer.get("Server")) == ("Thu, 01 Jan 1970 00:00:00 GMT", "own")


def test_an_application_can_close_the_connection(free: Server) -> None:
    with free.client() as client:
        assert client.get("/?Connection=close").get("Connection") == "close"
        assert client.closed()


@pytest.mark.parametrize("name", ["Keep-Alive", "Upgrade", "TE", "Trailer", "Proxy-Authenticate"])
def test_hop_by_hop_fields_of_the_application_do_not_pass(free: Server, name: str) -> None:
    answer = free.get(f"/?{name}=x")
    assert answer.get(name) is None
    assert (answer.status, answer.body) in ((200, b"the body"), (500, answer.body))


def test_framing_is_the_servers(free: Server) -> None:
    answer = free.get("/?Transfer-Encoding=gzip")
    assert (answer.get("Transfer-Encoding") or "chunked") == "chunked"


# --- Request ids


@pytest.mark.parametrize("given", ["abc", "0af7651916cd43dd8448eb211c80319c", "a-b_c.D9", "x" * 64])
def test_a_good_request_id_comes_back(server: Server, given: str) -> None:
    assert server.get("/", f"X-Request-ID: {given}").get("X-Request-ID") == given


@pytest.mark.parametrize("given", ["", "two words", "<script>", 'quo"te', "x" * 1000, "caf\u00e9", "semi;colon\\"])
def test_a_bad_request_id_is_replaced(server: Server, given: str) -> None:
    ours = server.get("/", f"X-Request-ID: {given}").get("X-Request-ID")
    assert ours != given
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", ours)


def test_every_request_gets_an_id_of_its_own(server: Server) -> None:
    with server.client() as client:
        ids = {client.get("/").get("X-Request-ID") for _ in range(100)}
    assert len(ids) == 100


def test_the_application_sees_the_same_id() -> None:
    with Server("environ:app") as running:
        answer = running.get("/")
        assert answer.json()["REQUEST_ID"] == answer.get("X-Request-ID")


# --- HEAD and other methods


def test_head_is_get_without_the_body(server: Server) -> None:
    with server.client() as client:
        client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345")
        answer = client.response(head_only=True)
        assert (answer.status, answer.get("Content-Length")) == (200, "5")
        assert client.post("/", b"next").body == b"next"


def test_head_of_a_body_of_unknown_length_sends_none() -> None:
    with Server("iterating:app") as running, running.client() as client:
        for _ in range(2):
            assert client.request("HEAD", "/bytes-by-character").status == 200
        assert client.get("/tuple").body == b"atuple"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "x-own_method!"])
def test_any_token_is_a_method(server: Server, method: str) -> None:
    assert server.get("/").get("X-Method") == "GET"
    with server.client() as client:
        answer = client.request(method, "/", body=b"b")
        assert (answer.status, answer.get("X-Method"), answer.body) == (200, method, b"b")


# --- Targets


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/plain?a=b&c", "/plain", "a=b&c"),
        ("/a%20b%2Fc", "/a b/c", ""),
        ("/caf%C3%A9", "/caf\u00c3\u00a9", ""),  # PEP 3333: the bytes, each as a Latin-1 character
        ("/%ff", "/\u00ff", ""),
        ("/a?b?c%20d", "/a", "b?c%20d"),
        ("/a?", "/a", ""),
        ("//double//slash/", "//double//slash/", ""),
        ("/dot/../up/./x", "/dot/../up/./x", ""),
        ("/plus+stays", "/plus+stays", ""),
        ("/semi;colon=1", "/semi;colon=1", ""),
        ("http://example.test/abs?q=1", "/abs", "q=1"),
        ("http://example.test", "/", ""),
        ("HTTP://example.test:81?q", "/", "q"),
        ("/%", "/%", ""),  # not an escape: it stays as it is
        ("/%4/%zz", "/%4/%zz", ""),
    ],
)
def test_targets(environ_server: Server, target: str, path: str, query: str) -> None:
    environ = environ_server.get(target).json()
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (path, query)


@pytest.fixture(scope="module")
def environ_server() -> Iterator[Server]:
    with Server("environ:app") as running:
        yield running


def test_the_host_of_an_absolute_target_wins(environ_server: Server) -> None:
    assert environ_server.get("http://example.test:8080/x").json()["HTTP_HOST"] == "example.test:8080"


def test_options_asterisk(environ_server: Server) -> None:
    with environ_server.client() as client:
        assert client.request("OPTIONS", "*").status == 200


@pytest.mark.parametrize("target", ["nothing", "*", "/%00", "ftp://h/x", "http://", "http://user@h/", "/\x7f", "/a b"])
def test_bad_targets_are_refused(environ_server: Server, target: str) -> None:
    with environ_server.client() as client:
        assert client.get(target).status == 400
        assert client.closed()
