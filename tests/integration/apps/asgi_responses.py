"""Responses of every form, and the extensions that make some."""

import asyncio
import os
from urllib.parse import parse_qs


def start(status=200, headers=(), **more):
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(content=b"", more_body=False):
    return {"type": "http.response.body", "body": content, "more_body": more_body}


async def whole(send, content, headers=()):
    await send(start(headers=[(b"content-length", b"%d" % len(content)), *headers]))
    await send(body(content))


async def bare(scope, send):
    """Nothing but what the specification requires; everything else has a default."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


async def sized(scope, send):
    await whole(send, b"a body")


async def unsized(scope, send):
    await send(start())
    await send(body(b"a body"))


async def chunks(scope, send):
    await send(start())
    for i in range(5):
        await send(body(b"part %d\n" % i, True))
    await send(body(b"the end"))


async def closed_by_nothing(scope, send):
    await send(start())
    await send(body(b"a body", True))
    await send(body())


async def empty_parts(scope, send):
    """A part without bytes is not the end of a chunked body."""
    await send(start())
    for part in (b"", b"one", b"", b"two", b""):
        await send(body(part, True))
    await send(body(b""))


async def many(scope, send):
    await send(start())
    for i in range(20_000):
        await send(body(b"%06d\n" % i, True))
    await send(body())


async def large(scope, send):
    """One part, far larger than any buffer."""
    await whole(send, bytes(range(256)) * 40_000)


async def large_unsized(scope, send):
    await send(start())
    await send(body(bytes(range(256)) * 40_000))


async def slowly(scope, send):
    """Each part has to arrive before the next one is made."""
    await send(start())
    for i in range(4):
        await send(body(b"%d" % i, True))
        await asyncio.sleep(0.05)
    await send(body())


async def head_alone(scope, send):
    await send(start())
    await asyncio.sleep(0.3)
    await send(body(b"later"))


async def other_types(scope, send):
    """bytearray and memoryview; they may be written to once send() has returned."""
    content = bytearray(b"bytearray ")
    await send(start())
    await send(body(content, True))
    content[:] = b"overwritten"
    view = memoryview(bytearray(b"-memoryview-"))
    await send(body(view[1:-1], True))
    view[:] = b"x" * 12
    await send(body(b" bytes"))


async def fields(scope, send):
    """Lists, tuples, a generator; upper case, twice the same, Latin-1."""
    pairs = [[b"X-Upper-Case", b"1"], (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-latin", b"caf\xe9"), (b"x-empty", b"")]
    await send({"type": "http.response.start", "status": 299, "headers": (pair for pair in pairs)})
    await send(body(b"x"))


async def status(scope, send):
    await send(start(int(scope["query_string"])))
    await send(body())


async def bodiless(scope, send):
    """204 and 304 have no body, whatever the application says."""
    await send(start(int(scope["query_string"])))
    await send(body(b"not to be sent", True))
    await send(body(b"nor this"))


async def lengths(scope, send):
    """DECLARED,PART,PART...: numbers of bytes."""
    declared, *parts = map(int, scope["query_string"].split(b","))
    await send(start(headers=[(b"content-length", b"%d" % declared)]))
    for i, size in enumerate(parts):
        await send(body(b"1234567890"[:size], i + 1 < len(parts)))


async def own_date(scope, send):
    await send(start(headers=[(b"date", b"Sun, 06 Nov 1994 08:49:37 GMT"), (b"server", b"own/1"), (b"content-length", b"0")]))
    await send(body())


async def hop_by_hop(scope, send):
    """Framing belongs to the server: "you may send a Transfer-Encoding header, but the server must ignore it"."""
    await send(start(headers=[(b"transfer-encoding", b"chunked"), (b"content-type", b"text/plain")]))
    await send(body(b"a body"))


async def close(scope, send):
    await send(start(headers=[(b"connection", b"close"), (b"content-length", b"0")]))
    await send(body())


async def background(scope, send):
    """The response is complete when it says so, not when the application returns."""
    await whole(send, b"done")
    await asyncio.sleep(0.5)
    background.finished += 1


background.finished = 0


async def finished(scope, send):
    await whole(send, b"%d" % background.finished)


async def same_message(scope, send):
    """One dict for all parts: the server has no reason to keep it, and none to change it."""
    await send(start())
    message = body(b"x", True)
    for _ in range(3):
        await send(message)
    assert message == body(b"x", True)
    message["more_body"] = False
    await send(message)


# --- Extensions


async def pathsend(scope, send):
    """?name=FILE[&status=N][&length=N][&type=...][&etag=...]"""
    query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
    headers = [(b"x-sent", b"by path")]
    for field, name in (("length", b"content-length"), ("type", b"content-type"), ("etag", b"etag")):
        if field in query:
            headers.append((name, query[field].encode()))
    await send(start(int(query.get("status", 200)), headers))
    await send({"type": "http.response.pathsend", "path": os.path.join(os.environ["TEST_FILES"], query["name"])})


async def hints(scope, send):
    """Some before anything else, some later; then the response."""
    await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload; as=style", b"</a.js>; rel=preload"]})
    await asyncio.sleep(0.1)
    await send({"type": "http.response.early_hint", "links": [b"</b.js>; rel=preload"]})
    await whole(send, b"hinted")


async def late_hint(scope, send):
    await send(start())
    await send(body(b"begun ", True))
    try:
        await send({"type": "http.response.early_hint", "links": [b"</late.css>; rel=preload"]})
        await send(body(b"and went on"))
    except Exception:
        await send(body(b"and was told"))


async def trailers(scope, send):
    await send(start(headers=[(b"trailer", b"x-sum, x-more")], trailers=True))
    await send(body(b"one ", True))
    await send(body(b"two"))
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"7")], "more_trailers": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-more", b"yes")]})


async def empty_trailers(scope, send):
    await send(start(trailers=True))
    await send(body(b"body"))
    await send({"type": "http.response.trailers"})


async def app(scope, receive, send):
    assert scope["type"] == "http"
    name = scope["path"][1:].replace("-", "_")
    await globals()[name](scope, send)
