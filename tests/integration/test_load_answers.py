"""What targets may answer, and which failure baton-load makes of it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from harness import certificates
from harness.load import Target, baton_load, run


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
    done = baton_load("run", target.url.replace("http:", "https:"))
    assert done.status == 3
    assert "TLS handshake" in done.line


def test_plain_where_there_is_tls(tls: Target) -> None:
    done = baton_load("run", "--rate", "20", "--duration", "1", tls.url.replace("https:", "http:"))
    assert done.status == 3
    assert "not one of 20 requests was answered" in done.line
