"""TLS: versions, client certificates, broken handshakes. The authority is made on the spot."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.certificates import make, options, trust
from harness.client import Client, Truncated
from harness.server import Server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(certificates: Path) -> Iterator[Server]:
    more = ("--log-level", "debug", "--header-timeout", "700ms")
    with Server("environ:validated", *options(certificates, *more)) as running:
        yield running


def test_the_address_says_https(server: Server) -> None:
    assert server.scheme == "https://"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(server: Server, certificates: Path, version: ssl.TLSVersion) -> None:
    with Client(server.address, tls=trust(certificates, version)) as client:
        for _ in range(3):
            environ = client.get("/").json()
            assert environ["wsgi.url_scheme"] == "https"
        assert client.socket.version() == ("TLSv1.2" if version == ssl.TLSVersion.TLSv1_2 else "TLSv1.3")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_versions_are_refused(server: Server, certificates: Path) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Client(server.address, tls=trust(certificates, ssl.TLSVersion.TLSv1_1))


def test_min_version_1_3_refuses_1_2(certificates: Path) -> None:
    with Server("environ:app", *options(certificates, "--tls-min-version", "1.3")) as strict:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Client(strict.address, tls=trust(certificates, ssl.TLSVersion.TLSv1_2))
        with Client(strict.address, tls=trust(certificates)) as client:
            assert client.get("/").status == 200


def test_alpn_offers_http_1_1(server: Server, certificates: Path) -> None:
    context = trust(certificates)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with Client(server.address, tls=context) as client:
        assert client.socket.selected_alpn_protocol() in ("http/1.1", None)
        assert client.get("/").status == 200


def test_large_bodies(certificates: Path) -> None:
    body = bytes(range(256)) * 20_000
    with Server("echo:app", *options(certificates)) as running:
        with Client(running.address, tls=trust(certificates)) as client:
            assert client.post("/", body).body == body


def test_files(certificates: Path, tmp_path: Path) -> None:
    """sendfile() cannot encrypt: files over TLS go another way."""
    (tmp_path / "big").write_bytes(b"0123456789abcdef" * 100_000)
    with Server("files:app", *options(certificates), env={"TEST_FILES": str(tmp_path)}) as running:
        with Client(running.address, tls=trust(certificates)) as client:
            assert client.get("/?big").body == b"0123456789abcdef" * 100_000


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_a_client_that_is_still_sending_gets_its_answer(certificates: Path, encrypted: bool) -> None:
    """What it sends is read on for a moment: unread bytes would reset the connection and take the answer along."""
    given = options(certificates) if encrypted else ()
    with Server("starting:app", *given, "--max-body-bytes", "1M") as running:
        for length in (1_000_000, 2_000_000):  # ignored, refused
            with Client(running.address, tls=trust(certificates) if encrypted else None) as client:
                client.send(b"POST /list HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % length)
                for _ in range(9):
                    client.send(b"x" * 100_000)
                    time.sleep(0.02)
                assert client.response().status == (200 if length == 1_000_000 else 413)


def test_a_clean_close_says_so(server: Server, certificates: Path) -> None:
    with Client(server.address, tls=trust(certificates)) as client:
        client.get("/", "Connection: close")
        assert client.socket.recv(1) == b""  # an SSLEOFError without close_notify


def test_client_certificates_are_required(certificates: Path) -> None:
    with Server("environ:app", *options(certificates, "--tls-ca", str(certificates / "ca.pem"))) as strict:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with Client(strict.address, tls=trust(certificates, version, "client")) as client:
                assert client.get("/").status == 200
            for other in ("", "stranger"):
                # In TLS 1.3 the client learns of the refusal only when it reads.
                with pytest.raises((ssl.SSLError, ConnectionError, Truncated)):
                    with Client(strict.address, tls=trust(certificates, version, other)) as client:
                        client.get("/")
        assert "Traceback" not in strict.log


def plain_bytes(server: Server, data: bytes) -> bytes:
    """What the TLS port has to say to bytes that are no handshake."""
    with socket.create_connection(server.address, timeout=20) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while got := connection.recv(4096):
                answer += got
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100, b"SSH-2.0-client\r\n"],
    ids=["http", "broken-hello", "zeros", "ssh"],
)
def test_what_is_not_tls_is_closed_without_noise(server: Server, certificates: Path, data: bytes) -> None:
    before = len(server.log)
    answer = plain_bytes(server, data)
    assert b"environ" not in answer and b"200 OK" not in answer
    with Client(server.address, tls=trust(certificates)) as client:
        assert client.get("/").status == 200
    loud = [line for line in server.log[before:].splitlines() if any(w in line.lower() for w in ("[error]", "[warning]"))]
    assert loud == []


def test_a_handshake_that_stops_is_given_up(server: Server) -> None:
    begun = time.monotonic()
    with socket.create_connection(server.address, timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01")
        try:
            connection.recv(4096)
        except ConnectionResetError:
            pass
    assert time.monotonic() - begun >= 0.6


def test_a_certificate_that_cannot_be_read_is_an_unusable_option(certificates: Path) -> None:
    from harness.server import Process

    (certificates / "broken.pem").write_text("not a certificate")
    process = Process(
        "serve", "--bind", "127.0.0.1:0", "--admin", "off", "--tls-cert", str(certificates / "broken.pem"),
        "--tls-key", str(certificates / "server.key"), "environ:app",
    )  # fmt: skip
    assert process.wait() == 2
    assert "broken.pem" in process.stderr
