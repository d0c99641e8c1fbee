"""environ: what PEP 3333 promises, and Baton's own keys."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.client import Client
from harness.server import Server


@pytest.fixture(scope="module", params=["app", "validated"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(f"environ:{request.param}", "--threads", "3") as running:
        yield running


def test_required_variables(server: Server) -> None:
    environ = server.get("/path?query=1").json()
    expected = {
        "type of environ": "dict",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/path",
        "QUERY_STRING": "query=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_PORT": str(server.port),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": [1, 0],
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    assert {key: environ.get(key) for key in expected} == expected
    assert environ["SERVER_NAME"]
    assert environ["wsgi.input"] and environ["wsgi.errors"] and environ["wsgi.file_wrapper"]


def test_remote_port_is_the_clients(server: Server) -> None:
    with server.client() as client:
        assert client.get("/").json()["REMOTE_PORT"] == str(client.socket.getsockname()[1])


def test_one_thread_is_not_many() -> None:
    with Server("environ:app", "--threads", "1") as single:
        assert single.get("/").json()["wsgi.multithread"] is False


def test_absent_entity_fields_are_absent_or_empty(server: Server) -> None:
    environ = server.get("/").json()
    assert environ.get("CONTENT_TYPE", "") == ""
    assert environ.get("CONTENT_LENGTH", "") == ""


def test_entity_fields_lose_their_prefix(server: Server) -> None:
    with server.client() as client:
        environ = client.post("/", b"{}", "Content-Type: application/json").json()
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("application/json", "2")
    assert "HTTP_CONTENT_TYPE" not in environ and "HTTP_CONTENT_LENGTH" not in environ


def test_fields_become_variables(server: Server) -> None:
    environ = server.get("/", "X-Mixed-Case: A value, \t with blanks  ", "accept:*/*", "X-Empty:").json()
    assert environ["HTTP_X_MIXED_CASE"] == "A value, \t with blanks"
    assert environ["HTTP_ACCEPT"] == "*/*"
    assert environ["HTTP_X_EMPTY"] == ""


def test_repeated_fields_are_joined(server: Server) -> None:
    environ = server.get("/", "X-Many: 1", "X-Other: o", "x-many: 2").json()
    assert environ["HTTP_X_MANY"].replace(" ", "") == "1,2"


def test_repeated_cookies_are_joined_by_semicolons(server: Server) -> None:
    """RFC 9113 section 8.2.3 has the reason: a comma would be part of a cookie's value."""
    environ = server.get("/", "Cookie: a=1", "Cookie: b=2").json()
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


def test_values_are_latin_1(server: Server) -> None:
    assert server.get("/", "X-Name: caf\u00e9").json()["HTTP_X_NAME"] == "caf\u00e9"


def test_fields_with_underscores_cannot_pretend_to_be_others(server: Server) -> None:
    """X_Real_IP and X-Real-IP have one variable: a proxy that guards the one would let the other pass."""
    environ = server.get("/", "X-Real-IP: true", "X_Real_IP: false").json()
    assert environ["HTTP_X_REAL_IP"] == "true"


def test_the_proxy_field_does_not_become_http_proxy(server: Server) -> None:
    """CVE-2016-5385: client libraries take HTTP_PROXY of the environment for their proxy."""
    assert "HTTP_PROXY" not in server.get("/", "Proxy: http://evil.test").json()


def test_the_process_environment_does_not_leak(server: Server) -> None:
    environ = server.get("/").json()
    assert "PATH" not in environ and "HOME" not in environ


def test_each_request_has_an_environ_of_its_own(server: Server) -> None:
    with server.client() as client:
        for i in range(20):
            environ = client.get(f"/{i}", *(["X-Sometimes: 1"] if i % 2 else [])).json()
            assert environ["fresh"] is True
            assert ("HTTP_X_SOMETIMES" in environ) == bool(i % 2)


def test_chunked_bodies_have_no_length(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        environ = client.response().json()
        assert environ.get("CONTENT_LENGTH", "") in ("", "0")
        assert environ["wsgi.input_terminated"] is True


def test_http_1_0_says_so(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        environ = client.response().json()
        assert environ["SERVER_PROTOCOL"] == "HTTP/1.0"
        assert environ["SERVER_NAME"]


def test_a_unix_socket_has_no_remote_port(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with Server("environ:validated", bind=f"unix:{path}") as running, Client(running.address) as client:
        environ = client.get("/").json()
        assert environ.get("REMOTE_ADDR", "") == ""
        assert environ["SERVER_NAME"] and "SERVER_PORT" in environ


def test_ipv6_addresses_are_bare() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with Server("environ:app", bind="[::1]:0") as running:
        assert running.get("/").json()["REMOTE_ADDR"] == "::1"
