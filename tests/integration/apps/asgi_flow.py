"""Who waits for whom: send() for a slow client, receive() for one that leaves. /state tells what became of them."""

import asyncio
import json

BLOCK = bytes(range(256)) * 256  # 64 KiB
state = {}


async def answer(send, content):
    body = json.dumps(content).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def note(name, value):
    state[name] = value


async def stream(name, count, scope, receive, send):
    """COUNT blocks, as fast as send() lets them go."""
    note(name, 0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for i in range(count):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
        note(name, i + 1)
    await send({"type": "http.response.body"})
    note(name, "done")


async def one_large(name, count, scope, receive, send):
    """The same in one message."""
    note(name, "sending")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": BLOCK * count})
    note(name, "done")


async def until_error(name, count, scope, receive, send):
    """Sends until send() raises: what, and is it an OSError?"""
    note(name, "sending")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    except BaseException as error:
        note(name, [type(error).__name__, isinstance(error, OSError)])
        raise


async def wait_for_disconnect(name, count, scope, receive, send):
    """What a long poll does: nothing to say, but it wants to know when nobody listens any more."""
    note(name, "waiting")
    messages = [(await receive())["type"]]
    while messages[-1] != "http.disconnect":
        messages.append((await receive())["type"])
    messages.append((await asyncio.wait_for(receive(), 10))["type"])
    try:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"too late"})
        error = None
    except BaseException as caught:
        error = [type(caught).__name__, isinstance(caught, OSError)]
    note(name, {"messages": messages, "error": error})


async def disconnect_while_streaming(name, count, scope, receive, send):
    """What Starlette's StreamingResponse does: one task sends, one waits for the end of the client."""

    async def listen():
        while (await receive())["type"] != "http.disconnect":
            pass
        return "disconnected"

    async def produce():
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for i in range(10_000):
            await send({"type": "http.response.body", "body": b"tick %d\n" % i, "more_body": True})
            note(name, "ticking")
            await asyncio.sleep(0.01)
        return "produced"

    tasks = [asyncio.ensure_future(listen()), asyncio.ensure_future(produce())]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    note(name, [one if isinstance(one, str) else type(one).__name__ for one in outcomes])


async def cancelled_send(name, count, scope, receive, send):
    """send() that waits for a slow client can be given up; the connection is of no more use then, or in order."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        async with asyncio.timeout(0.5):
            while True:
                await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    except TimeoutError:
        note(name, "timeout")
        raise


async def never_answers(name, count, scope, receive, send):
    note(name, "waiting")
    try:
        await asyncio.sleep(float(count))
        note(name, "slept")
    except asyncio.CancelledError:
        note(name, "cancelled")
        raise
    await answer(send, "slept")


async def show(name, count, scope, receive, send):
    await answer(send, state.get(name))


WAYS = {
    "/stream": stream, "/one-large": one_large, "/until-error": until_error, "/wait": wait_for_disconnect,
    "/events": disconnect_while_streaming, "/cancelled-send": cancelled_send, "/sleep": never_answers, "/state": show,
}  # fmt: skip


async def app(scope, receive, send):
    """/WAY?NAME,COUNT: what it notes goes under that name."""
    assert scope["type"] == "http"
    name, _, count = scope["query_string"].decode().partition(",")
    await WAYS[scope["path"]](name, int(count or 0), scope, receive, send)
