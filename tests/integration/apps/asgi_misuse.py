"""What applications do to the loop and to their awaitables that no server expects of them."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import json
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
MEBIBYTE = 1 << 20
notes: list[Any] = []


async def answer(send: Send, value: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


async def cancels_itself(send: Send) -> None:
    """A callback that takes itself back while it runs, and is all that refers to what it runs."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    handle: Any = None
    calls = 0

    def judge(_: object) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            handle.cancel()
            asyncio.get_running_loop().call_later(0.05, over.set_result, None)
        return calls == 3

    handle = asyncio.get_running_loop().call_soon(filter(judge, [object(), object(), object()]).__next__)
    await over
    await answer(send, [calls, handle.cancelled()])


async def runs_cancelled(send: Send) -> None:
    handle = asyncio.get_running_loop().call_soon(notes.append, "never")
    handle.cancel()
    if hasattr(handle, "_run"):
        handle._run()
    await answer(send, "never" in notes)


async def stops_loop(send: Send) -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0.05)
    await answer(send, "stopped")


async def taken_back(receive: Receive, send: Send) -> None:
    """Two calls of receive() that nobody waits for take nothing."""
    task = asyncio.ensure_future(receive())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    try:
        await asyncio.wait_for(receive(), 0)
    except TimeoutError:
        pass
    event = await receive()
    await answer(send, [event["type"], event.get("body", b"").decode()])


async def impatient(send: Send, *, last: bool) -> None:
    """Gives up waiting for a slow client in the middle of a piece."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if not last:
        await send({"type": "http.response.body", "body": b"begin", "more_body": True})
    huge = {"type": "http.response.body", "body": b"x" * 32 * MEBIBYTE, "more_body": not last}
    try:
        await asyncio.wait_for(send(huge), 0.2)
    except TimeoutError:
        notes.append("gave up")
    if not last:
        await send({"type": "http.response.body", "body": b"end"})


async def together(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    pieces = [bytes([letter]) * 4 * MEBIBYTE for letter in b"abcd"]
    await asyncio.gather(*(send({"type": "http.response.body", "body": p, "more_body": True}) for p in pieces))
    await send({"type": "http.response.body", "body": b""})


async def debugged(send: Send) -> None:
    """An error of a callback in a loop whose debugging has been switched on while it ran."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    await asyncio.sleep(0)
    loop.call_soon(functools.partial(int, "the error that must be seen"))
    await asyncio.sleep(0.05)
    loop.set_debug(False)
    await answer(send, None)


FACTORIES: dict[str, Any] = {
    "none": None,
    "legacy": lambda loop, coro: asyncio.Task(coro, loop=loop),
    "modern": lambda loop, coro, **named: asyncio.Task(coro, loop=loop, **named),
    "apart": lambda loop, coro, **_: asyncio.Task(coro, loop=loop, context=contextvars.Context()),
    "eager": getattr(asyncio, "eager_task_factory", None),
    "broken": lambda loop, coro, **_: 1 / 0,
}


async def respond(path: str, receive: Receive, send: Send) -> None:
    if path.startswith("/factory/"):
        await answer(send, path)
        asyncio.get_running_loop().set_task_factory(FACTORIES[path.rpartition("/")[2]])
    elif path == "/cancels-itself":
        await cancels_itself(send)
    elif path == "/runs-cancelled":
        await runs_cancelled(send)
    elif path == "/stops":
        await stops_loop(send)
    elif path == "/taken-back":
        await taken_back(receive, send)
    elif path.startswith("/impatient"):
        await impatient(send, last=path == "/impatient-last")
    elif path == "/together":
        await together(send)
    elif path == "/debugged":
        await debugged(send)
    elif path == "/notes":
        await answer(send, notes)
    else:
        await answer(send, "hello")


class Finalized:
    """Garbage that queues a callback when it is collected."""

    def __init__(self, number: str) -> None:
        self.cycle = self
        self.number = number

    def __del__(self) -> None:
        asyncio.get_running_loop().call_soon(notes.append, self.number)


def app(scope: dict[str, Any], receive: Receive, send: Send) -> Awaitable[None]:
    path = scope["path"]
    response = respond(path, receive, send)
    if path.startswith("/garbage/"):
        gc.collect()
        number = path.rpartition("/")[2]
        Finalized(number)
        gc.set_threshold(gc.get_count()[0] + int(number))
    return response


class Threaded:
    """A lifespan whose message comes from a thread."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)
        await receive()
        try:
            await asyncio.to_thread(send, {"type": "lifespan.startup.complete"})
        except RuntimeError as error:
            notes.append(str(error))
        await send({"type": "lifespan.startup.complete"})
        await receive()


threaded = Threaded()
