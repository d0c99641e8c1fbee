"""The scope of a request: what ASGI 3.0 promises (HTTP, spec_version 2.4 and later), and the tls extension."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import make, options, trust
from harness.client import Client, Response
from harness.server import Server


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    with Server("asgi_scope:app", "--loop", loop) as running:
        yield running


def scope(answer: Response) -> dict[str, Any]:
    assert answer.status == 200
    return answer.json()["scope"]


def fields(answer: Response) -> list[tuple[str, str]]:
    return [(name["bytes"], value["bytes"]) for name, value in scope(answer)["headers"]]


def test_required_keys(server: Server) -> None:
    with server.client() as client:
        answer = client.get("/some/path?a=1&b=%20")
        port = client.socket.getsockname()[1]
    expected = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/some/path",
        "raw_path": {"bytes": "/some/path"},
        "query_string": {"bytes": "a=1&b=%20"},
        "root_path": "",
        "client": ["127.0.0.1", port],
        "server": ["127.0.0.1", server.port],
    }
    found = scope(answer)
    assert {key: found.get(key) for key in expected} == expected
    assert found["asgi"]["version"] == "3.0"
    # pathsend came with 2.4 of the HTTP specification, and so did the OSError of send().
    assert tuple(map(int, found["asgi"]["spec_version"].split("."))) >= (2, 4)


def test_types(server: Server) -> None:
    types = server.get("/path?q").json()["types"]
    expected = {
        "type": "str", "http_version": "str", "method": "str", "scheme": "str", "path": "str", "raw_path": "bytes",
        "query_string": "bytes", "root_path": "str", "client": ["str", "int"], "server": ["str", "int"],
        "asgi": {"version": "str", "spec_version": "str"},
    }  # fmt: skip
    assert {key: types.get(key) for key in expected} == expected


def test_extensions_are_named(server: Server) -> None:
    extensions = scope(server.get("/"))["extensions"]
    assert {"http.response.pathsend", "http.response.early_hint"} <= set(extensions)
    assert all(value == {} for value in extensions.values())
    assert "tls" not in extensions


def test_trailers_are_offered_to_those_who_take_them(server: Server) -> None:
    assert "http.response.trailers" in scope(server.get("/", "TE: trailers", "Connection: TE"))["extensions"]


def test_header_names_are_lower_cased_and_values_are_not(server: Server) -> None:
    answer = server.get("/", "X-Mixed-CASE: A Value, \t with blanks  ", "accept:*/*", "X-Empty:", "X_Under_Score: u")
    found = fields(answer)
    assert found[0] == ("host", "localhost")
    for pair in (("x-mixed-case", "A Value, \t with blanks"), ("accept", "*/*"), ("x-empty", "")):
        assert pair in found
    assert {tuple(pair) for pair in answer.json()["pairs"]} == {("bytes", "bytes")}


def test_headers_that_occur_twice_stay_two_in_their_order(server: Server) -> None:
    found = fields(server.get("/", "X-Many: 1", "Cookie: a=1", "X-Other: o", "x-many: 2", "Cookie: b=2"))
    assert [value for name, value in found if name == "x-many"] == ["1", "2"]
    assert [value for name, value in found if name == "cookie"] == ["a=1", "b=2"]
    assert [name for name, _ in found] == ["host", "x-many", "cookie", "x-other", "x-many", "cookie"]


def test_header_values_are_the_bytes_that_came(server: Server) -> None:
    with server.client() as client:
        client.send("GET / HTTP/1.1\r\nHost: h\r\nX-Name: café\r\nX-Latin: ".encode() + b"caf\xe9\r\n\r\n")
        found = fields(client.response())
    assert ("x-name", "café".encode().decode("latin-1")) in found
    assert ("x-latin", "caf\xe9") in found


@pytest.mark.parametrize(
    ("target", "path", "raw", "query"),
    [
        ("/", "/", "/", ""),
        ("/?", "/", "/", ""),
        ("/?x", "/", "/", "x"),
        ("/a%20b", "/a b", "/a%20b", ""),
        ("/caf%C3%A9?caf%C3%A9", "/café", "/caf%C3%A9", "caf%C3%A9"),
        ("/%E2%82%AC%F0%9F%98%80", "/\u20ac\U0001f600", "/%E2%82%AC%F0%9F%98%80", ""),
        ("/a%2Fb/", "/a/b/", "/a%2Fb/", ""),
        ("//double//slash", "//double//slash", "//double//slash", ""),
        ("/q?a=1?b=2&c=%26", "/q", "/q", "a=1?b=2&c=%26"),
        ("/plus+sign", "/plus+sign", "/plus+sign", ""),
        ("/semi;colon=1", "/semi;colon=1", "/semi;colon=1", ""),
    ],
)
def test_paths(server: Server, target: str, path: str, raw: str, query: str) -> None:
    found = scope(server.get(target))
    assert (found["path"], found["raw_path"]["bytes"], found["query_string"]["bytes"]) == (path, raw, query)


def test_a_path_that_is_not_utf_8_is_no_crash(server: Server) -> None:
    """How it is decoded is left open; raw_path tells the truth."""
    answer = server.get("/caf%E9")
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert scope(answer)["raw_path"]["bytes"] == "/caf%E9"
    assert server.get("/").status == 200


def test_an_absolute_target_is_a_path_as_well(server: Server) -> None:
    found = scope(server.get("http://localhost/absolute?q=1"))
    assert (found["path"], found["query_string"]["bytes"]) == ("/absolute", "q=1")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_methods(server: Server, method: str) -> None:
    with server.client() as client:
        assert scope(client.request(method, "/", body=b""))["method"] == method


def test_http_1_0(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert scope(client.response())["http_version"] == "1.0"


def test_the_body_has_its_headers(server: Server) -> None:
    with server.client() as client:
        found = fields(client.post("/", b"{}", "Content-Type: application/json"))
        assert ("content-type", "application/json") in found and ("content-length", "2") in found


def test_each_request_has_a_scope_of_its_own(server: Server) -> None:
    """The application has made a mess of the ones before."""
    with server.client() as client:
        for i in range(20):
            answer = client.get(f"/{i}", *(["X-Sometimes: 1"] if i % 2 else []))
            assert answer.json()["fresh"] is True
            assert ("x-sometimes" in dict(fields(answer))) == bool(i % 2)
            assert scope(answer)["path"] == f"/{i}"


def test_a_unix_socket(loop: str, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with Server("asgi_scope:app", "--loop", loop, bind=f"unix:{path}") as running, Client(running.address) as client:
        found = scope(client.get("/"))
    assert found["scheme"] == "http"
    assert found.get("client") is None
    assert found.get("server") in (None, [path, None])


def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with Server("asgi_scope:app", bind="[::1]:0") as running:
        found = scope(running.get("/"))
        assert (found["client"][0], found["server"]) == ("::1", ["::1", running.port])


# --- TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("tls"))


VERSIONS = {ssl.TLSVersion.TLSv1_2: 0x0303, ssl.TLSVersion.TLSv1_3: 0x0304}


@pytest.fixture(scope="module")
def encrypted(loop: str, certificates: Path) -> Iterator[Server]:
    asks = ("--loop", loop, "--tls-ca", str(certificates / "ca.pem"))
    with Server("asgi_scope:app", *options(certificates), *asks) as running:
        yield running


@pytest.mark.parametrize("version", VERSIONS)
def test_tls_and_its_extension(encrypted: Server, certificates: Path, version: ssl.TLSVersion) -> None:
    with Client(encrypted.address, tls=trust(certificates, version, "client")) as client:
        answer = client.get("/")
        cipher = client.socket.cipher()
    found = scope(answer)
    assert found["scheme"] == "https"
    tls = found["extensions"]["tls"]
    # The keys of the extension's specification; a server that does not know one says None.
    assert {"server_cert", "client_cert_chain", "client_cert_name", "client_cert_error", "tls_version", "cipher_suite"} <= set(tls)
    assert tls["tls_version"] in (VERSIONS[version], None) and type(tls["tls_version"]) in (int, type(None))
    assert type(tls["cipher_suite"]) in (int, type(None))
    if tls["cipher_suite"] is not None and cipher[0] == "TLS_AES_256_GCM_SHA384":
        assert tls["cipher_suite"] == 0x1302
    assert tls["client_cert_error"] is None
    assert tls["client_cert_name"] is None or re.search(r"CN ?= ?A Client", tls["client_cert_name"])
    assert type(tls["client_cert_chain"]) is list


def test_tls_without_a_client_certificate(loop: str, certificates: Path) -> None:
    with Server("asgi_scope:app", "--loop", loop, *options(certificates)) as running:
        with Client(running.address, tls=trust(certificates)) as client:
            found = scope(client.get("/"))
    assert found["scheme"] == "https"
    assert found["extensions"]["tls"]["client_cert_name"] is None
    assert found["extensions"]["tls"]["client_cert_chain"] == []
