"""wsgi.file_wrapper: files with a descriptor are sent by the I/O threads, everything else is read in blocks."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.server import Server

SMALL = b"hello file\n"
BIG = random.Random(1).randbytes(1 << 20) * 24  # far more than any socket buffer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    (made / "small").write_bytes(SMALL)
    (made / "big").write_bytes(BIG)
    (made / "empty").write_bytes(b"")
    return made


@pytest.fixture(scope="module", params=["app", "validated"])
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[Server]:
    with Server(f"files:{request.param}", env={"TEST_FILES": str(folder)}) as running:
        yield running


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/?small", SMALL),
        ("/?empty", b""),
        ("/with-length?small", SMALL),
        ("/with-length?empty", b""),
        ("/part-by-length?small", SMALL[:4]),
        ("/from-the-middle?small", SMALL[6:]),
        ("/kept?small", SMALL),
        ("/unnumbered", b"no descriptor here"),
        ("/slow", b"only read() here"),
    ],
)
def test_content(server: Server, target: str, body: bytes) -> None:
    with server.client() as client:
        for _ in range(3):
            answer = client.get(target)
            assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize("way", ["/", "/with-length"])
def test_a_big_file_arrives_unchanged(server: Server, way: str) -> None:
    answer = server.get(f"{way}?big")
    assert len(answer.body) == len(BIG)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(BIG).digest()


def test_head_sends_no_file(server: Server) -> None:
    with server.client() as client:
        assert client.request("HEAD", "/with-length?big").get("Content-Length") == str(len(BIG))
        assert client.get("/?small").body == SMALL


def test_files_are_closed(server: Server) -> None:
    server.get("/watched?small")
    server.get("/unnumbered")
    names = server.get("/closed").text.split(",")
    assert "watched" in names and "unnumbered" in names


def test_descriptors_do_not_pile_up(server: Server) -> None:
    descriptors = Path(f"/proc/{server.pid}/fd")
    with server.client() as client:
        client.get("/?small")
        before = len(list(descriptors.iterdir()))
        for _ in range(50):
            client.get("/?small")
            client.get("/from-the-middle?small")
        assert len(list(descriptors.iterdir())) <= before + 2


def test_a_client_that_goes_away_in_the_middle_of_a_file(server: Server) -> None:
    for _ in range(5):
        client = server.client()
        client.send(b"GET /?big HTTP/1.1\r\nHost: h\r\n\r\n")
        client.exactly(1000)
        client.reset()
    assert server.get("/?small").body == SMALL
