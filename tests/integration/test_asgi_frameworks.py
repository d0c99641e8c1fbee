"""Starlette and FastAPI behind Baton, as their users would use them. Django is in test_django.py."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from harness.browser import Browser
from harness.frameworks import lacking, skip_without
from harness.measured import measured
from harness.server import APPS, Server

skip_without("starlette", "anyio", "multipart")
needs_websockets = pytest.mark.skipif(lacking("websockets") is not None, reason=str(lacking("websockets")))
needs_fastapi = pytest.mark.skipif(lacking("fastapi") is not None, reason=str(lacking("fastapi")))
CONTENT = random.Random(5).randbytes(3_000_000)


@pytest.fixture(scope="module", params=["app", "plain"])
def starlette(request: pytest.FixtureRequest, loop: str) -> Iterator[Server]:
    """With middleware of every kind, and without."""
    with Server(f"asgi_starlette:{request.param}", "--loop", loop, "--lifespan", "on") as running:
        yield running


@pytest.fixture(scope="module")
def fastapi(loop: str) -> Iterator[Server]:
    with Server("asgi_fastapi:app", "--loop", loop, "--lifespan", "on") as running:
        yield running


def browser(server: Server) -> Browser:
    return Browser(f"http://127.0.0.1:{server.port}")


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + 20
    while not wanted(found := ask()):
        assert time.monotonic() < end, f"still {found!r}"
        time.sleep(0.02)
    return found


# --- Starlette


def test_starlette_knows_where_it_is_and_has_started(starlette: Server) -> None:
    found = json.loads(browser(starlette).get("/").body)
    assert found == {"url": f"http://127.0.0.1:{starlette.port}/", "client": "127.0.0.1", "started": "yes"}
    assert "starlette: started" in starlette.log and "starlette: ended" not in starlette.log


def test_middleware_of_starlette(loop: str) -> None:
    with Server("asgi_starlette:app", "--loop", loop) as server:
        answer = server.get("/stream/5000", "Accept-Encoding: gzip")
        assert (answer.get("X-Pure"), answer.get("Content-Encoding")) == ("1", "gzip")
        assert gzip.decompress(answer.body).decode() == "".join(f"line {i}\n" for i in range(5000))
        assert float(answer.get("X-Took") or "nothing") > 0
    assert "starlette: ended" in server.log


@pytest.mark.parametrize("target", ["/stream/5000", "/sync-stream"])
def test_starlette_streams(starlette: Server, target: str) -> None:
    count = 5000 if "5000" in target else 100
    with starlette.client() as client:
        for _ in range(2):
            assert client.get(target).text == "".join(f"line {i}\n" for i in range(count))


def test_background_tasks_of_starlette(loop: str) -> None:
    """The answer does not wait for them."""
    with Server("asgi_starlette:plain", "--loop", loop) as server:
        assert server.get("/background").text == "begun"
        assert eventually(lambda: server.get("/finished").json(), lambda found: len(found) == 2) == ["async", "thread"]


def test_server_sent_events_of_starlette(starlette: Server) -> None:
    over = starlette.get("/finished").json().count("events over")
    with starlette.client() as client:
        client.send(b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
        head = client.head()
        assert (head.status, head.get("Content-Type")) == (200, "text/event-stream; charset=utf-8")
        text = b""
        while b"data: 3\n\n" not in text:
            text += client.chunk()
        assert text.startswith(b"event: tick\ndata: 0\n\nevent: tick\ndata: 1\n\n")
    # The client has left: the generator is closed.
    eventually(lambda: starlette.get("/finished").json().count("events over"), lambda found: found == over + 1)


@pytest.mark.parametrize("size", [0, 1000, 3_000_000])
def test_an_upload_to_starlette(starlette: Server, size: int) -> None:
    page = browser(starlette).upload("/upload", "file", "data.bin", CONTENT[:size], {"note": "caf\u00e9"})
    expected = {"name": "data.bin", "size": size, "digest": hashlib.sha256(CONTENT[:size]).hexdigest(), "note": "caf\u00e9"}
    assert json.loads(page.body) == expected


def test_a_streamed_body_in_starlette(starlette: Server) -> None:
    with starlette.client() as client:
        for _ in range(2):
            assert client.post("/body", CONTENT).json() == [len(CONTENT), hashlib.sha256(CONTENT).hexdigest()]


@measured
def test_synchronous_endpoints_run_in_the_thread_pool(starlette: Server) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(starlette.get, ["/threaded"] * 20))
    assert {answer.json()["main"] for answer in answers} == {False}
    assert time.monotonic() - begun < 20 * 0.2, "one after the other"


def test_files_of_starlette(starlette: Server) -> None:
    source = (APPS / "asgi_starlette.py").read_bytes()
    for target in ("/file", "/static/asgi_starlette.py"):
        answer = starlette.get(target)
        assert (answer.status, answer.body) == (200, source)
        assert answer.get("ETag")
    cached = starlette.get("/static/asgi_starlette.py", f"If-None-Match: {answer.get('ETag')}")
    assert (cached.status, cached.body) == (304, b"")
    with starlette.client() as client:
        assert client.request("HEAD", "/file").get("Content-Length") == str(len(source))
        assert client.get("/static/missing").status == 404


def test_errors_in_starlette(starlette: Server) -> None:
    answer = starlette.get("/broken")
    assert answer.status == 500 and "an error in a view" not in answer.text
    starlette.wait_for("RuntimeError: an error in a view", 10)
    assert starlette.get("/nowhere").status == 404
    assert starlette.get("/upload").status == 405
    assert browser(starlette).get("/redirect").url == f"http://127.0.0.1:{starlette.port}/"


def test_contexts_of_starlette(starlette: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: starlette.get(f"/marked?m={i}").json(), range(40)))
    assert found == [[None, str(i)] for i in range(40)]


def test_starlette_below_a_prefix(loop: str) -> None:
    """The path is the whole one, as ASGI has it; Starlette takes root_path off since 0.33, before it wants a Mount."""
    import starlette

    newer = tuple(map(int, starlette.__version__.split(".")[:2])) >= (0, 33)
    name = "plain" if newer else "below"
    with Server("environ:app", "--loop", loop, "--mount", f"/api=asgi_starlette:{name}") as server:
        assert server.get("/elsewhere").json()["PATH_INFO"] == "/elsewhere"
        assert server.get("/api/file").status == 200
        assert server.get("/api/stream/3").text == "line 0\nline 1\nline 2\n"


# --- WebSockets, with a client that others have written


def talk(coroutine: Any) -> Any:
    async def bounded() -> Any:
        return await asyncio.wait_for(coroutine, 30)

    return asyncio.run(bounded())


def connect(server: Server, path: str, **options: Any) -> Any:
    from websockets.client import connect

    return connect(f"ws://127.0.0.1:{server.port}{path}", open_timeout=20, close_timeout=20, max_size=None, **options)


@needs_websockets
def test_websocket_echo(starlette: Server) -> None:
    async def conversation() -> None:
        async with connect(starlette, "/echo", subprotocols=["other", "echo"]) as socket:
            assert socket.subprotocol == "echo"
            messages = ["hello", "caf\u00e9 \U0001f600", "", b"", b"\x00\xff", "x" * 100_000, CONTENT[:1_000_000]]
            for message in messages:
                await socket.send(message)
                assert await socket.recv() == message
            for i in range(200):
                await socket.send(str(i))
            assert [await socket.recv() for _ in range(200)] == [str(i) for i in range(200)]
            await (await socket.ping())

    talk(conversation())
    eventually(lambda: starlette.get("/finished").json(), lambda found: "closed 1000" in found)


@needs_websockets
@pytest.mark.parametrize("compression", ["deflate", None])
def test_websocket_compression(starlette: Server, compression: str | None) -> None:
    async def conversation() -> None:
        async with connect(starlette, "/echo", compression=compression) as socket:
            assert bool(socket.extensions) == (compression is not None)
            for message in ("compressible " * 10_000, CONTENT[:100_000]):
                await socket.send(message)
                assert await socket.recv() == message

    talk(conversation())


@needs_websockets
def test_websocket_broadcast(starlette: Server) -> None:
    async def conversation() -> None:
        sockets = [await connect(starlette, "/room") for _ in range(20)]
        while starlette.get("/present").json() < 20:
            await asyncio.sleep(0.02)
        for i in range(10):
            await sockets[i].send(f"message {i}")
            assert set(await asyncio.gather(*(socket.recv() for socket in sockets))) == {f"message {i}"}
        await asyncio.gather(*(socket.close() for socket in sockets))

    talk(conversation())
    eventually(lambda: starlette.get("/present").json(), lambda found: found == 0)


@needs_websockets
def test_websockets_that_are_refused(starlette: Server) -> None:
    from websockets.exceptions import InvalidStatusCode

    async def conversation(path: str) -> int:
        with pytest.raises(InvalidStatusCode) as refused:
            async with connect(starlette, path):
                pass
        return refused.value.status_code

    assert talk(conversation("/refuse")) == 403
    assert talk(conversation("/nowhere")) == 403
    assert starlette.get("/").status == 200


# --- FastAPI


@needs_fastapi
def test_fastapi_models_and_dependencies(fastapi: Server) -> None:
    with fastapi.client() as client:
        assert client.get("/?token=ada").json() == {"user": "ada"}
        item = {"name": "pen", "price": 1.5, "tags": ["blue"]}
        assert client.request("PUT", "/items/7", "Content-Type: application/json", body=json.dumps(item).encode()).json() == item
        answer = client.get("/items/7")
        assert (answer.json(), answer.get("X-Path")) == (item, "/items/7")
        assert client.get("/items/8").status == 404
        assert client.get("/items/x").status == 422
        assert client.request("PUT", "/items/9", "Content-Type: application/json", body=b"{").status == 422
        log = eventually(lambda: client.get("/log").json(), lambda found: found.count("closed") == found.count("opened"))
        assert log.count("opened") >= 2


@needs_fastapi
def test_fastapi_documents_itself(fastapi: Server) -> None:
    assert "/items/{number}" in fastapi.get("/openapi.json").json()["paths"]
    assert fastapi.get("/docs").status == 200


@needs_fastapi
@measured
def test_fastapi_threads(fastapi: Server) -> None:
    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(fastapi.get, ["/threaded"] * 20))
    assert {answer.status for answer in answers} == {200} and len({answer.json() for answer in answers}) > 1
    assert time.monotonic() - begun < 20 * 0.2


@needs_fastapi
def test_fastapi_uploads_tasks_and_events(fastapi: Server) -> None:
    page = browser(fastapi).upload("/upload", "file", "data.bin", CONTENT, {"note": "caf\u00e9"})
    assert json.loads(page.body) == {"name": "data.bin", "size": len(CONTENT), "note": "caf\u00e9"}
    with fastapi.client() as client:
        assert client.post("/notify", b"").json() == "soon"
        eventually(lambda: client.get("/log").json(), lambda found: "notified" in found)
        assert client.get("/events").text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"


@needs_fastapi
def test_fastapi_errors(fastapi: Server) -> None:
    assert fastapi.get("/broken", "X-Request-ID: a-broken-endpoint").status == 500
    fastapi.wait_for("RuntimeError: an error in an endpoint", 10)
    fastapi.wait_for("a-broken-endpoint", 10)
    assert fastapi.get("/").status == 200


@needs_fastapi
@needs_websockets
def test_fastapi_websockets(fastapi: Server) -> None:
    async def conversation() -> None:
        async with connect(fastapi, "/room/a?token=ada") as one, connect(fastapi, "/room/b?token=grace") as two:
            await two.send("are you there?")
            assert json.loads(await two.recv())["text"] == "are you there?"
            await one.recv()
            await one.send("hello")
            for socket in (one, two):
                assert json.loads(await socket.recv()) == {"room": "a", "user": "ada", "text": "hello"}

    talk(conversation())


@needs_fastapi
def test_fastapi_lifespan(loop: str) -> None:
    with Server("asgi_fastapi:app", "--loop", loop) as server, server.client() as client:
        client.request("PUT", "/items/1", "Content-Type: application/json", body=b'{"name": "pen", "price": 1}')
    assert "fastapi: 1 items at the end" in server.log
