"""What targets may answer, and which failure baton-load makes of it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
from harness import certificates
from harness.load import Target, baton_load, run
from harness.server import Server


@pytest.fixture(scope="module")
def target():
    with Target() as one:
        yield one


def failures(*arguments: str) -> dict[str, int]:
    """Beside requests that go well, so that there is a report."""
    done = run("--rate", "40", "--duration", "1", "--timeout", "2s", *arguments)
    assert done.report is not None, done.err
    assert done.report["endpoints"][0]["errors"] == 0
    return done.report["endpoints"][1]["failures"]


@pytest.mark.parametrize(
    "path", ["/interim", "/chunked", "/until-closed", "/closing", "/unasked", "/no-content", "/pieces", "/bytes?n=300000"]
)
def test_answers_that_are_fine(target: Target, path: str) -> None:
    assert failures(target.url + "/ok", target.url + path) == {}


@pytest.mark.parametrize(
    ("path", "failure"),
    [
        ("/half", "incomplete"),
        ("/half-head", "incomplete"),
        ("/nothing", "reset"),
        ("/garbage", "malformed"),
        ("/switching", "malformed"),
        ("/endless-head", "malformed"),
        ("/?status=500", "unexpected"),
        ("/?status=404", "unexpected"),
    ],
)
def test_answers_that_are_not(target: Target, path: str, failure: str) -> None:
    assert failures(target.url + "/ok", target.url + path).keys() == {failure}


def test_one_line_when_nobody_is_there() -> None:
    done = baton_load("run", "http://127.0.0.1:1/")
    assert done.status == 3
    assert done.line == "baton-load: 127.0.0.1:1: Connection refused"


def test_one_line_when_there_is_no_such_name() -> None:
    done = baton_load("run", "http://no-such-host.invalid/")
    assert done.status == 3
    assert "no-such-host.invalid: Host not found" in done.line


def test_one_line_when_all_is_garbage(target: Target) -> None:
    done = baton_load("run", "--rate", "20", "--duration", "1", target.url + "/garbage")
    assert done.status == 3
    assert "not one of 20 requests was answered: malformed" in done.line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a URL, please"),
        (("ftp://x/",), "ftp"),
        (("http://",), "host"),
        (("http://127.0.0.1:99999/",), "99999"),
        (("--rate", "0", "http://127.0.0.1:1/"), "--rate"),
        (("--rate", "many", "http://127.0.0.1:1/"), "--rate"),
        (("--duration", "-1", "http://127.0.0.1:1/"), "--duration"),
        (("--connections", "0", "http://127.0.0.1:1/"), "--connections"),
        (("--rate", "5", "--ramp", "20s", "--duration", "2", "http://127.0.0.1:1/"), "the ramp takes longer than the run"),
        (("--arrival", "random", "--rate", "1", "http://127.0.0.1:1/"), "uniform or poisson"),
        (("--ramp", "1s", "http://127.0.0.1:1/"), "say --rate as well"),
        (("--threshold", "p99", "http://127.0.0.1:1/"), "--threshold"),
        (("--threshold", "/x:p99<1s", "http://127.0.0.1:1/"), "/x"),
        (("-H", "no colon", "http://127.0.0.1:1/"), "--header"),
        (("-H", "Content-Length: 3", "http://127.0.0.1:1/"), "Content-Length"),
        (("--scenario", "/no/such/file", ), "/no/such/file"),
        (("--json", "/no/such/folder/x", "http://127.0.0.1:1/"), "/no/such/folder"),
        (("--admin", "https://127.0.0.1:1", "http://127.0.0.1:1/"), "--admin"),
        (("--live", "yes", "http://127.0.0.1:1/"), "--live"),
        (("--no-such-option", "http://127.0.0.1:1/"), "--no-such-option"),
        (("--ca", "/no/such/ca.pem", "https://127.0.0.1:1/"), "/no/such/ca.pem"),
    ],
)  # fmt: skip
def test_one_line_for_unusable_options(arguments: tuple[str, ...], said: str) -> None:
    done = baton_load("run", *arguments)
    assert done.status == 2, done.err
    assert said in done.line


def test_a_command_that_there_is_not() -> None:
    done = baton_load("runn", "http://127.0.0.1:1/")
    assert done.status == 2
    assert done.line.startswith('baton-load: there is no command "runn"; there are: run, find-max')


# --- TLS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls(folder: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with Target(tls=context) as one:
        yield one


def test_tls_with_a_trusted_authority(tls: Target, folder: Path) -> None:
    done = run("--rate", "50", "--duration", "1", "--ca", str(folder / "ca.pem"), tls.url + "/bytes?n=100000")
    assert done.report is not None, done.err
    assert done.report["totals"]["answered"] == 50


def test_tls_with_an_authority_that_nobody_knows(tls: Target) -> None:
    done = baton_load("run", tls.url)
    assert done.status == 3
    assert "the certificate is not accepted: unable to get local issuer certificate" in done.line


def test_tls_that_trusts_anybody(tls: Target) -> None:
    done = run("--rate", "20", "--duration", "1", "--insecure", tls.url)
    assert done.report is not None, done.err


def test_tls_where_there_is_none(target: Target) -> None:
    done = baton_load("run", "--timeout", "1s", target.url.replace("http:", "https:"))
    assert done.status == 3
    assert "TLS handshake" in done.line


def test_plain_where_there_is_tls(tls: Target) -> None:
    done = baton_load("run", "--rate", "20", "--duration", "1", tls.url.replace("https:", "http:"))
    assert done.status == 3
    assert "not one of 20 requests was answered" in done.line


def test_tls_with_a_certificate_for_somebody_else(folder: Path) -> None:
    certificates.sign(folder, "other", "/CN=elsewhere.test", authority="ca", extra="subjectAltName=DNS:elsewhere.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "other.pem", folder / "other.key")
    with Target(tls=context) as other:
        done = baton_load("run", "--ca", str(folder / "ca.pem"), other.url)
        assert done.status == 3
        assert "the certificate is not accepted: IP address mismatch" in done.line
        named = baton_load("run", "--ca", str(folder / "ca.pem"), other.url.replace("127.0.0.1", "localhost"))
        assert named.status == 3
        assert "the certificate is not accepted: hostname mismatch" in named.line.lower()
        trusting = run("--rate", "20", "--duration", "1", "--insecure", other.url)
        assert trusting.report is not None, trusting.err
        assert other.seen.paths["/"] == 20


@pytest.fixture
def suspicious(folder: Path):
    """A target that wants to see a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Target(tls=context) as one:
        yield one


def test_tls_with_a_certificate_of_the_client(suspicious: Target, folder: Path) -> None:
    own = ("--cert", str(folder / "client.pem"), "--key", str(folder / "client.key"))
    done = run("--rate", "20", "--duration", "1", "--ca", str(folder / "ca.pem"), *own, suspicious.url)
    assert done.report is not None, done.err
    assert done.report["totals"]["answered"] == suspicious.seen.paths["/"] == 20


def test_tls_without_the_certificate_that_is_asked_for(suspicious: Target, folder: Path) -> None:
    done = baton_load("run", "--rate", "20", "--duration", "1", "--ca", str(folder / "ca.pem"), suspicious.url)
    assert done.status == 3
    assert suspicious.url.removeprefix("https://") in done.line or "not one of 20 requests was answered" in done.line
    assert suspicious.seen.paths["/"] == 0


@pytest.mark.parametrize("files", [("client.pem", "server.key"), ("ca.key", "client.key"), ("client.pem", "ca.pem")])
def test_certificates_that_cannot_be_used(folder: Path, files: tuple[str, str]) -> None:
    done = baton_load("run", "--cert", str(folder / files[0]), "--key", str(folder / files[1]), "https://127.0.0.1:1/")
    assert done.status == 2
    assert str(folder) in done.line


def test_tls_over_a_unix_socket(folder: Path, tmp_path: Path) -> None:
    """There is no name that a certificate could be for; who signed it counts all the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with Target(tls=context, unix=tmp_path / "s") as target:
        done = run("--rate", "20", "--duration", "1", "--ca", str(folder / "ca.pem"), target.url + "/a")
        assert done.report is not None, done.err
        assert done.report["totals"]["answered"] == target.seen.paths["/a"] == 20
        unknown = baton_load("run", target.url + "/a")
        assert unknown.status == 3
        assert "the certificate is not accepted" in unknown.line


def test_web_sockets_over_tls(folder: Path) -> None:
    with Server("asgi_websockets:app", *certificates.options(folder)) as server:
        url = f"wss://127.0.0.1:{server.port}/echo"
        done = run("--rate", "20", "--duration", "1", "--ca", str(folder / "ca.pem"), url)
        assert done.report is not None, done.err
        assert done.report["totals"]["answered"] == 20
        assert done.report["totals"]["bytes_in"] == 20 * 32
        stranger = baton_load("run", "--rate", "20", "--duration", "1", url)
        assert stranger.status == 3
        assert "the certificate is not accepted" in stranger.line


def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"NOTHING HAS BEEN SENT OVER IPv6: {error}")
    with Target(host="::1") as target:
        done = run("--rate", "20", "--duration", "1", target.url + "/a")
        assert done.report is not None, done.err
        assert target.seen.paths["/a"] == 20
        assert f"\r\nHost: [::1]:{target.port}\r\n" in target.seen.heads[0]
