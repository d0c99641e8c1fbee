"""A Starlette application as people write them: middleware, background tasks, streams, uploads, WebSockets, lifespan."""

import asyncio
import contextlib
import contextvars
import hashlib
import os
import threading
import time

from starlette.applications import Starlette
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocketDisconnect

HERE = os.path.dirname(__file__)
mark = contextvars.ContextVar("mark", default=None)
done = []


async def home(request):
    return JSONResponse({"url": str(request.url), "client": request.client.host, "started": request.app.state.started})


async def background(request):
    async def slowly(word):
        await asyncio.sleep(0.1)
        done.append(word)

    tasks = BackgroundTasks()
    tasks.add_task(slowly, "async")
    tasks.add_task(lambda: (time.sleep(0.1), done.append("thread")))
    return PlainTextResponse("begun", background=tasks)


async def finished(request):
    return JSONResponse(done)


async def stream(request):
    async def lines():
        for i in range(int(request.path_params["count"])):
            yield f"line {i}\n"

    return StreamingResponse(lines(), media_type="text/plain")


def sync_stream(request):
    """An ordinary generator: anyio's thread pool iterates it."""
    return StreamingResponse((f"line {i}\n" for i in range(100)), media_type="text/plain")


async def events(request):
    """Server-sent events, until the client leaves."""

    async def produce():
        number = 0
        try:
            while True:
                yield f"event: tick\ndata: {number}\n\n"
                number += 1
                await asyncio.sleep(0.02)
        finally:
            done.append("events over")

    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(produce(), media_type="text/event-stream", headers=headers, background=BackgroundTask(lambda: None))


async def upload(request):
    form = await request.form()
    content = await form["file"].read()
    result = {"name": form["file"].filename, "size": len(content), "digest": hashlib.sha256(content).hexdigest(), "note": form["note"]}
    return JSONResponse(result)


async def body(request):
    digest, total = hashlib.sha256(), 0
    async for part in request.stream():
        digest.update(part)
        total += len(part)
    return JSONResponse([total, digest.hexdigest()])


def threaded(request):
    time.sleep(0.2)
    return JSONResponse({"main": threading.current_thread() is threading.main_thread(), "name": threading.current_thread().name})


async def file(request):
    return FileResponse(os.path.join(HERE, "asgi_starlette.py"), media_type="text/x-python")


async def broken(request):
    raise RuntimeError("an error in a view")


async def redirect(request):
    return RedirectResponse(request.url_for("home"))


async def marked(request):
    before = mark.get()
    mark.set(request.query_params["m"])
    await asyncio.sleep(0.01)
    return JSONResponse([before, mark.get()])


async def echo(websocket):
    await websocket.accept(subprotocol="echo" if "echo" in websocket.scope["subprotocols"] else None)
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                done.append(f"closed {message['code']}")
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])


class Room:
    """All who are there hear what one says."""

    def __init__(self):
        self.members = set()

    async def __call__(self, websocket):
        await websocket.accept()
        self.members.add(websocket)
        try:
            while True:
                text = await websocket.receive_text()
                await asyncio.gather(*(member.send_text(text) for member in self.members))
        except WebSocketDisconnect:
            self.members.discard(websocket)


room = Room()


async def present(request):
    return JSONResponse(len(room.members))


async def refuse(websocket):
    await websocket.close(1008)


class Timing(BaseHTTPMiddleware):
    """Middleware of the kind that wraps receive and send in streams."""

    async def dispatch(self, request, call_next):
        begun = time.perf_counter()
        response = await call_next(request)
        response.headers["X-Took"] = f"{time.perf_counter() - begun:.6f}"
        return response


class Pure:
    """Middleware in plain ASGI."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def marking(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-pure", b"1")]}
            await send(message)

        await self.app(scope, receive, marking)


@contextlib.asynccontextmanager
async def lifespan(app):
    app.state.started = "yes"
    print("starlette: started", flush=True)
    yield
    print("starlette: ended", flush=True)


ROUTES = [
    Route("/", home, name="home"),
    Route("/background", background),
    Route("/finished", finished),
    Route("/stream/{count:int}", stream),
    Route("/sync-stream", sync_stream),
    Route("/events", events),
    Route("/upload", upload, methods=["POST"]),
    Route("/body", body, methods=["POST"]),
    Route("/threaded", threaded),
    Route("/file", file),
    Route("/broken", broken),
    Route("/redirect", redirect),
    Route("/marked", marked),
    Route("/present", present),
    WebSocketRoute("/echo", echo),
    WebSocketRoute("/room", room.__call__),
    WebSocketRoute("/refuse", refuse),
    Mount("/static", StaticFiles(directory=HERE)),
]

app = Starlette(routes=ROUTES, lifespan=lifespan, middleware=[Middleware(Pure), Middleware(Timing), Middleware(GZipMiddleware)])
plain = Starlette(routes=ROUTES, lifespan=lifespan)
below = Starlette(routes=[Mount("/api", routes=ROUTES)])
