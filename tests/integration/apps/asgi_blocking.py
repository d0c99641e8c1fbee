"""Keeps the event loop for itself, in Python and in C, in tasks and in callbacks."""

import asyncio
import hashlib
import inspect
import json
import time

TEN_MIB = bytes(10 << 20)


def busy(seconds):
    end = time.monotonic() + seconds
    lines = [inspect.currentframe().f_lineno + 2]
    while time.monotonic() < end:
        pass
    return lines


def asleep(seconds):
    """Off the GIL, but on the loop all the same: the usual mistake."""
    time.sleep(seconds); return [inspect.currentframe().f_lineno]  # fmt: skip  # noqa: E702


async def answer(send, content):
    body = json.dumps(content).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def app(scope, receive, send):
    assert scope["type"] == "http"
    path, seconds = scope["path"], 0.3
    if path == "/busy":
        found = busy(seconds)
    elif path == "/asleep":
        found = asleep(seconds)
    elif path == "/callback":
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: future.set_result(busy(seconds)))
        found = await future
    elif path == "/child":

        async def child():
            await asyncio.sleep(0)
            return busy(seconds)

        found = await asyncio.create_task(child())
    elif path == "/patient":
        for _ in range(10):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(hashlib.sha256, TEN_MIB * 4)
        found = []
    else:
        found = []
    await answer(send, found)
