"""Too large: heads 431, targets 414, bodies 413; and what is just within the limits passes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.prometheus import Scrape
from harness.server import Server

HEAD_LIMIT, BODY_LIMIT = 4096, 10_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("echo:app", "--max-header-bytes", str(HEAD_LIMIT), "--max-body-bytes", str(BODY_LIMIT)) as running:
        yield running


@pytest.fixture(scope="module")
def usual() -> Iterator[Server]:
    """With the limits that it has by itself."""
    with Server("echo:app") as running:
        yield running


def rejected(server: Server, reason: str) -> float:
    return Scrape(server.metrics()).total("baton_requests_rejected_total", reason=reason)


def test_a_head_within_the_limit(server: Server) -> None:
    assert server.get("/", "X-Long: " + "x" * (HEAD_LIMIT - 200)).status == 200


def test_a_head_beyond_the_limit(server: Server) -> None:
    before = rejected(server, "header_too_large")
    with server.client() as client:
        assert client.get("/", "X-Long: " + "x" * HEAD_LIMIT).status == 431
        assert client.closed()
    assert rejected(server, "header_too_large") == before + 1


def test_a_head_that_never_ends_is_refused_at_the_limit(server: Server) -> None:
    with server.client() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * (HEAD_LIMIT + 1))
        assert client.response().status == 431
        assert client.closed()


def test_too_many_fields(usual: Server) -> None:
    with usual.client() as client:
        assert client.get("/", *(f"X-{i}: 1" for i in range(150))).status == 200
        assert client.get("/", *(f"X-{i}: 1" for i in range(1000))).status == 431
        assert client.closed()


def test_a_target_beyond_the_limit(usual: Server) -> None:
    with usual.client() as client:
        assert client.get("/" + "x" * 8000).status == 200
        assert client.get("/" + "x" * 20_000).status == 414
        assert client.closed()


def test_a_body_within_the_limit(server: Server) -> None:
    body = b"x" * BODY_LIMIT
    with server.client() as client:
        assert client.post("/", body).body == body
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert client.response().body == body


def test_a_declared_body_beyond_the_limit_is_refused_before_it_comes(server: Server) -> None:
    before = rejected(server, "body_too_large")
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1))
        assert client.response().status == 413
        assert client.closed()
    assert rejected(server, "body_too_large") == before + 1


def test_expect_gets_413_instead_of_100(server: Server) -> None:
    with server.client() as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (BODY_LIMIT + 1)
        )
        answer = client.response()
        assert (answer.status, answer.interim) == (413, [])


def test_a_chunked_body_is_refused_where_it_exceeds(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send((b"1000\r\n" + b"x" * 0x1000 + b"\r\n") * 2)
        client.send(b"1000\r\n" + b"x" * 0x1000)
        assert client.response().status == 413
    assert server.get("/").status == 200


def test_a_chunk_extension_without_end_is_refused(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;" + b"x" * 100_000)
        assert client.response().status in (400, 413, 431)
    assert server.get("/").status == 200


def test_a_trailer_without_end_is_refused(server: Server) -> None:
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000)
        assert client.response().status in (400, 413, 431)
    assert server.get("/").status == 200


def test_the_413_arrives_although_the_client_keeps_sending(server: Server) -> None:
    """Closing with unread data resets the connection and takes the answer along (RFC 9112 section 9.6)."""
    with server.client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 200_000)
        assert client.response().status == 413


@pytest.mark.parametrize("options", [(), ("--max-header-bytes", "1M")], ids=["usual-limits", "large-heads"])
@pytest.mark.parametrize("before", [0, 300_000], ids=["buffered", "streamed"])
@pytest.mark.parametrize(
    "framing", [b"3;" + b"x" * 2_000_000, b"0\r\n" + b"X: y\r\n" * 400_000], ids=["chunk-head", "trailers"]
)
def test_endless_framing_does_not_occupy_the_server(options: tuple[str, ...], before: int, framing: bytes) -> None:
    """With limits at which one piece of what is read holds nothing but an unfinished chunk head."""
    with Server("echo:app", *options) as usual:
        with usual.client() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            if before:
                client.send(b"%x\r\n%s\r\n" % (before, b"x" * before))
            try:
                client.send(framing)
            except ConnectionError:
                pass  # refused before all of it was sent
            assert usual.get("/").status == 200
            try:
                assert client.response().status == 400
            except ConnectionError:
                pass
