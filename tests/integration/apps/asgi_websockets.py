"""WebSocket applications, chosen by path. What happened to each connection can be asked for at /log."""

import asyncio
import contextlib
import json

events = []
crowd = set()


def note(scope, event):
    events.append([scope["path"], scope["query_string"].decode(), event])


async def report(send):
    # Whatever was noted: one event of one test must not cost all others their log.
    body = json.dumps(events, default=repr).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def until_gone(scope, receive):
    """Drops messages until the end, and notes that."""
    while (event := await receive())["type"] != "websocket.disconnect":
        pass
    note(scope, event)


async def echo(scope, receive, send):
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})
    note(scope, event)


async def events_only(scope, receive, send):
    """Answers each event with its JSON, keys and types included."""
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        shown = {key: [type(value).__name__, repr(value)] for key, value in event.items()}
        await send({"type": "websocket.send", "text": json.dumps(shown)})
    note(scope, event)
    note(scope, await receive())


async def show_scope(scope, receive, send):
    shown = {key: repr(value) for key, value in scope.items()}
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": json.dumps(shown)})
    await until_gone(scope, receive)


async def subprotocol(scope, receive, send):
    choice = scope["query_string"].decode() or None
    headers = [(b"X-Mine", b"one"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"7")]
    await send({"type": "websocket.accept", "subprotocol": choice, "headers": headers})
    await until_gone(scope, receive)


async def bad_header(scope, receive, send):
    name = scope["query_string"]
    try:
        await send({"type": "websocket.accept", "headers": [(name, b"x")]})
    except ValueError as error:
        note(scope, str(error))
    await send({"type": "websocket.close"})


async def refuse(scope, receive, send):
    await send({"type": "websocket.close"})
    note(scope, await receive())


async def refuse_silently(scope, receive, send):
    return


async def raise_early(scope, receive, send):
    raise ValueError("before the accept")


async def deny(scope, receive, send):
    assert "websocket.http.response" in scope["extensions"]
    await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Basic")]})
    await send({"type": "websocket.http.response.body", "body": b"who ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"are you"})
    note(scope, await receive())


async def deny_whole(scope, receive, send):
    await send({"type": "websocket.http.response.start", "status": 404, "headers": [(b"content-length", b"2")]})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def deny_half(scope, receive, send):
    await send({"type": "websocket.http.response.start", "status": 401})
    await send({"type": "websocket.http.response.body", "body": b"half", "more_body": True})


async def close(scope, receive, send):
    """?CODE[,REASON] closes with it, after one message. What the client sent before that is still to be received."""
    code, _, reason = scope["query_string"].decode().partition(",")
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "last"})
    message = {"type": "websocket.close"}
    if code:
        message["code"] = int(code)
    if reason:
        message["reason"] = "ä" * int(reason[1:]) if reason.startswith("*") else reason
    try:
        await send(message)
    except ValueError as error:
        note(scope, str(error))
        return
    await until_gone(scope, receive)


async def finish(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "last"})


async def fail(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "last"})
    raise ValueError("after the accept")


ORDERS = {
    "send_first": [{"type": "websocket.send", "text": "x"}],
    "accept_twice": [{"type": "websocket.accept"}, {"type": "websocket.accept"}],
    "http": [{"type": "http.response.start", "status": 200}],
    "after_close": [{"type": "websocket.accept"}, {"type": "websocket.close"}, {"type": "websocket.send", "text": "x"}],
    "close_twice": [{"type": "websocket.accept"}, {"type": "websocket.close"}, {"type": "websocket.close"}],
    "accept_after_refusal": [{"type": "websocket.close"}, {"type": "websocket.accept"}],
    "deny_after_accept": [{"type": "websocket.accept"}, {"type": "websocket.http.response.start", "status": 400}],
    "no_content": [{"type": "websocket.accept"}, {"type": "websocket.send"}],
    "wrong_text": [{"type": "websocket.accept"}, {"type": "websocket.send", "text": b"bytes"}],
    "wrong_bytes": [{"type": "websocket.accept"}, {"type": "websocket.send", "bytes": "text"}],
    "surrogate": [{"type": "websocket.accept"}, {"type": "websocket.send", "text": "\ud800"}],
    "not_offered": [{"type": "websocket.accept", "subprotocol": "chat"}],
}


async def order(scope, receive, send):
    try:
        for message in ORDERS[scope["query_string"].decode()]:
            await send(message)
    except Exception as error:
        note(scope, f"{type(error).__name__}: {error}")
        raise


async def gone(scope, receive, send):
    """What the application sees that goes on sending after its client has left."""
    await send({"type": "websocket.accept"})
    await until_gone(scope, receive)
    try:
        await send({"type": "websocket.send", "text": "x"})
    except OSError as error:
        note(scope, type(error).__name__)
    await send({"type": "websocket.close"})
    note(scope, "closed in vain")


async def flood(scope, receive, send):
    """Sends until it is made to wait for long, or the client is given up, and tells how much that was."""
    await send({"type": "websocket.accept"})
    sent = 0
    try:
        while True:
            await asyncio.wait_for(asyncio.ensure_future(send({"type": "websocket.send", "bytes": bytes(65536)})), 1)
            sent += 65536
    except (TimeoutError, OSError):
        note(scope, sent)
    await until_gone(scope, receive)


async def deaf(scope, receive, send):
    """Takes nothing until it is told to by a request for /go."""
    await send({"type": "websocket.accept"})
    await go.wait()
    count = size = 0
    while (event := await receive())["type"] == "websocket.receive":
        count += 1
        size += len(event["bytes"])
        if event["bytes"] == b"end":
            await send({"type": "websocket.send", "text": f"{count} {size}"})
    note(scope, event)


async def pass_on(send, message):
    with contextlib.suppress(OSError):
        await send(message)


async def broadcast(scope, receive, send):
    await send({"type": "websocket.accept"})
    crowd.add(send)
    await send({"type": "websocket.send", "text": "joined"})
    try:
        while (event := await receive())["type"] == "websocket.receive":
            message = {"type": "websocket.send", "text": event["text"]}
            # Some may have left, and their application not have heard of it.
            await asyncio.gather(*[pass_on(other, message) for other in crowd])
    finally:
        crowd.discard(send)


async def two_tasks(scope, receive, send):
    """One task reads, another writes at the same time; cancelled when the reader ends."""
    await send({"type": "websocket.accept"})

    async def tick():
        n = 0
        while True:
            await send({"type": "websocket.send", "text": f"tick {(n := n + 1)}"})
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    await until_gone(scope, receive)
    ticking.cancel()
    try:
        await ticking
    except (asyncio.CancelledError, OSError):
        note(scope, "ticker ended")


go = asyncio.Event()
APPS = {
    "/echo": echo, "/events": events_only, "/scope": show_scope, "/subprotocol": subprotocol, "/bad_header": bad_header,
    "/refuse": refuse, "/refuse_silently": refuse_silently, "/raise_early": raise_early, "/deny": deny,
    "/deny_whole": deny_whole, "/deny_half": deny_half, "/close": close, "/finish": finish, "/fail": fail,
    "/order": order, "/gone": gone, "/flood": flood, "/deaf": deaf, "/broadcast": broadcast, "/two_tasks": two_tasks,
}  # fmt: skip


async def slow(scope, receive, send):
    """Accepts when its client has left, or sends something."""
    event = await receive()
    note(scope, event)
    event = await receive()
    note(scope, event)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "http":
        if scope["path"] == "/go":
            go.set()
        return await report(send)
    if scope["path"] == "/slow":
        return await slow(scope, receive, send)
    event = await receive()
    assert event == {"type": "websocket.connect"}, event
    await APPS[scope["path"]](scope, receive, send)
