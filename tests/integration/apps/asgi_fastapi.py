"""A FastAPI application with dependencies, models, forms, sync and async endpoints, WebSockets and lifespan events."""

import asyncio
import threading
import time

from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    File,
    Form,
    HTTPException,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI(title="Test")
log = []


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


@app.on_event("startup")
async def start():
    app.state.items = {}
    app.state.loop = asyncio.get_running_loop()


@app.on_event("shutdown")
async def end():
    print(f"fastapi: {len(app.state.items)} items at the end", flush=True)


async def current_user(token: str = "nobody"):
    await asyncio.sleep(0)
    return token


def connection():
    """A dependency with an end, in the thread pool."""
    log.append("opened")
    try:
        yield "connection"
    finally:
        log.append("closed")


@app.get("/")
async def home(user: str = Depends(current_user)):
    return {"user": user}


@app.put("/items/{number}")
async def put(number: int, item: Item):
    app.state.items[number] = item
    return item


@app.get("/items/{number}", response_model=Item)
def get(number: int, _=Depends(connection)):
    if number not in app.state.items:
        raise HTTPException(404, "no such item")
    return app.state.items[number]


@app.get("/log")
async def show():
    return log


@app.get("/threaded")
def threaded():
    """Many at once: each waits in a thread of anyio's pool."""
    time.sleep(0.2)
    return threading.get_ident()


@app.post("/upload")
async def upload(file: UploadFile = File(), note: str = Form()):
    return {"name": file.filename, "size": len(await file.read()), "note": note}


@app.post("/notify")
async def notify(tasks: BackgroundTasks):
    tasks.add_task(log.append, "notified")
    return "soon"


@app.get("/events")
async def events():
    async def produce():
        for i in range(3):
            yield f"data: {i}\n\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(produce(), media_type="text/event-stream")


@app.get("/broken")
async def broken():
    raise RuntimeError("an error in an endpoint")


@app.middleware("http")
async def count(request, call_next):
    response = await call_next(request)
    response.headers["X-Path"] = request.url.path
    return response


members: list[WebSocket] = []


@app.websocket("/room/{name}")
async def room(websocket: WebSocket, name: str, user: str = Depends(current_user)):
    await websocket.accept()
    members.append(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            for member in members:
                await member.send_json({"room": name, "user": user, "text": text})
    except WebSocketDisconnect:
        members.remove(websocket)
