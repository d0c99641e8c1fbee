"""Request bodies: read in every way, and not read at all. /state tells what went on in requests that had no answer."""

import asyncio
import hashlib
import json

state = {}
gate = asyncio.Event()


async def answer(send, content, status=200):
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read(receive):
    """The whole body by its digest, and how it came."""
    digest, total, messages, largest, empty = hashlib.sha256(), 0, 0, 0, 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return {"disconnected": True, "total": total}
        assert message["type"] == "http.request", message
        body, more = message.get("body", b""), message.get("more_body", False)
        assert type(body) is bytes and type(more) is bool
        digest.update(body)
        total += len(body)
        messages += 1
        largest = max(largest, len(body))
        empty += more and not body
        if not more:
            return {"total": total, "digest": digest.hexdigest(), "messages": messages, "largest": largest, "empty": empty}


async def digest(scope, receive, send):
    await answer(send, await read(receive))


async def echo(scope, receive, send):
    """Each part is sent back before the next one is asked for."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})


async def never(scope, receive, send):
    await answer(send, "not read")


async def a_little(scope, receive, send):
    message = await receive()
    await answer(send, [len(message["body"]), message["more_body"]])


async def late(scope, receive, send):
    """Not before /open has been asked for."""
    state["late"] = "waiting"
    await gate.wait()
    await answer(send, await read(receive))


async def open_gate(scope, receive, send):
    gate.set()
    await answer(send, "open")


async def head_first(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"head first, ", "more_body": True})
    total = (await read(receive))["total"]
    await send({"type": "http.response.body", "body": str(total).encode()})


async def after_the_end(scope, receive, send):
    """Once the body is over, receive() has nothing to tell until the client leaves or the response is complete."""
    await read(receive)
    try:
        early = await asyncio.wait_for(receive(), 0.1)
    except TimeoutError:
        early = None
    await answer(send, early)
    state["after"] = [await asyncio.wait_for(receive(), 10) for _ in range(3)]


async def disconnected(scope, receive, send):
    """The client leaves in the middle of its body."""
    state["disconnected"] = "waiting"
    outcome = await read(receive)
    again = await asyncio.wait_for(receive(), 10)
    state["disconnected"] = [outcome, again]


async def timid(scope, receive, send):
    """receive() is given up several times before there is anything; nothing is lost by that."""
    given_up = 0
    parts = []
    more = True
    while more:
        try:
            message = await asyncio.wait_for(receive(), 0.02)
        except TimeoutError:
            given_up += 1
            continue
        parts.append(message["body"])
        more = message["more_body"]
    await answer(send, {"given_up": given_up, "body": b"".join(parts).decode()})


async def show(scope, receive, send):
    await answer(send, state)


WAYS = {
    "/digest": digest, "/echo": echo, "/never": never, "/a-little": a_little, "/late": late, "/open": open_gate,
    "/head-first": head_first, "/after-the-end": after_the_end, "/disconnected": disconnected, "/timid": timid,
    "/state": show,
}  # fmt: skip


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await WAYS[scope["path"]](scope, receive, send)
