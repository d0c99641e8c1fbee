"""--mount: several applications in one process, WSGI on threads and ASGI on an event loop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.prometheus import Scrape
from harness.server import Process, Server


@pytest.fixture(scope="module")
def server(loop: str) -> Iterator[Server]:
    """ASGI at the root, WSGI and ASGI below it, WSGI below that."""
    mounts = ("--mount", "/wsgi=environ:app", "--mount", "/state=asgi_lifespan:app", "--mount", "/state/threads=work:app")
    with Server("asgi_scope:app", "--loop", loop, *mounts) as running:
        yield running


@pytest.mark.parametrize("target", ["/", "/x/y?q=1", "/wsgiX", "/wsg", "/other/wsgi", "/STATE"])
def test_the_root_has_what_no_other_has(server: Server, target: str) -> None:
    scope = server.get(target).json()["scope"]
    assert (scope["root_path"], scope["path"]) == ("", target.partition("?")[0])


@pytest.mark.parametrize(("target", "info"), [("/wsgi", ""), ("/wsgi/", "/"), ("/wsgi/a/b?q=1", "/a/b"), ("/wsgi/caf%C3%A9", "/caf\u00c3\u00a9")])
def test_wsgi_below_a_prefix(server: Server, target: str, info: str) -> None:
    environ = server.get(target).json()
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/wsgi", info)
    assert environ["QUERY_STRING"] == target.partition("?")[2]


def test_asgi_below_a_prefix(loop: str) -> None:
    """root_path is the prefix; path stays the whole path, as the specification has it since 2.3."""
    with Server("environ:app", "--loop", loop, "--mount", "/asgi=asgi_scope:app") as running:
        for target in ("/asgi", "/asgi/", "/asgi/a%20b?q=1"):
            scope = running.get(target).json()["scope"]
            raw, _, query = target.partition("?")
            assert scope["root_path"] == "/asgi"
            assert scope["path"] == raw.replace("%20", " ")
            assert (scope["raw_path"]["bytes"], scope["query_string"]["bytes"]) == (raw, query)
        assert running.get("/asgix").json()["PATH_INFO"] == "/asgix"


def test_the_longest_prefix_wins(server: Server) -> None:
    assert server.get("/state").json()["type"] == "dict"
    assert server.get("/state/threadss").json()["type"] == "dict"
    assert "cpu" in server.get("/state/threads/sleep?s=0.001").json()


def test_bodies_and_keep_alive_across_applications(server: Server) -> None:
    """One connection, turn by turn."""
    with server.client() as client:
        for i in range(10):
            assert client.post(f"/{i}", b"x" * 1000 * i).json()["scope"]["path"] == f"/{i}"
            assert client.post(f"/wsgi/{i}", b"x" * 1000 * i).json()["PATH_INFO"] == f"/{i}"
            assert client.get("/state/").json()["number"] == 2
        client.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for path in ("/wsgi/1", "/2", "/wsgi/3", "/4")))
        answers = [client.response().json() for _ in range(4)]
    paths = [answer.get("PATH_INFO") or answer["scope"]["path"] for answer in answers]
    assert paths == ["/1", "/2", "/3", "/4"]


def test_lifespans_are_each_their_own(server: Server) -> None:
    assert server.log.count("application: started up") == 1
    assert "state" not in server.get("/").json()["scope"] or server.get("/").json()["scope"]["state"] == {}


def test_both_at_once(server: Server) -> None:
    """A thread that computes leaves the loop its turns, and the other way round."""
    with ThreadPoolExecutor(12) as pool:
        targets = ["/state/threads/compute?s=0.1", "/", "/wsgi/x", "/state/"] * 6
        assert {answer.status for answer in pool.map(server.get, targets)} == {200}


def test_the_mode_is_told(server: Server) -> None:
    scrape = Scrape(server.metrics())
    assert [labels["mode"] for labels, _ in scrape.select("baton_runtime_info")] == ["mixed"]


def test_one_that_fails_to_start_ends_the_server(loop: str) -> None:
    process = Process(
        "serve", "--bind", "127.0.0.1:0", "--admin", "off", "--loop", loop, "--mount", "/sub=asgi_lifespan:fails", "environ:app"
    )
    assert process.wait() == 3, process.log
    assert "the database is on holiday" in process.stderr


def test_one_without_lifespan_does_not_cut_the_shut_down_of_another(loop: str) -> None:
    server = Server("asgi_lifespan:no_lifespan", "--loop", loop, "--mount", "/state=asgi_lifespan:app")
    server.get("/state/")
    server.stop()
    assert server.log.count("application: shut down\n") == 1, server.log


def test_one_that_cannot_be_loaded_ends_the_server() -> None:
    process = Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", "--mount", "/sub=asgi_scope:missing", "environ:app")
    assert process.wait() == 3, process.log
    assert "missing" in process.stderr


@pytest.mark.parametrize("mount", ["sub=environ:app", "/sub", "/sub=", "=environ:app", "/a=environ"])
def test_unusable_mounts(mount: str) -> None:
    process = Process("serve", "--bind", "127.0.0.1:0", "--admin", "off", "--mount", mount, "asgi_scope:app")
    assert process.wait() == 2, process.log
    assert "mount" in process.stderr


def test_both_are_drained(loop: str) -> None:
    server = Server("work:app", "--loop", loop, "--mount", "/state=asgi_lifespan:app")
    with server.client() as on_a_thread, server.client() as on_the_loop:
        on_a_thread.send(b"GET /sleep?s=2 HTTP/1.1\r\nHost: h\r\n\r\n")
        on_the_loop.send(b"GET /state/sleep HTTP/1.1\r\nHost: h\r\n\r\n")
        server.wait_until_active(2)
        server.signal(signal.SIGTERM)
        assert on_a_thread.response().status == 200
        answer = on_the_loop.response()
    assert answer.status == 200, answer
    assert server.wait() == 0
    assert server.log.count("application: shut down\n") == 1
