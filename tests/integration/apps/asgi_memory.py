"""Large bodies in both directions on an event loop, kept nowhere."""

import json
import zlib

BLOCK = bytes(range(256)) * 1024  # 256 KiB


async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["method"] == "POST":
        total, check, more = 0, 0, True
        while more:
            message = await receive()
            total += len(message["body"])
            check = zlib.crc32(message["body"], check)
            more = message["more_body"]
        body = json.dumps([total, check]).encode()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": body})
        return
    count = int(scope["query_string"])
    headers = [(b"content-length", b"%d" % (count * len(BLOCK)))] if scope["path"] == "/sized" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(count):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
    await send({"type": "http.response.body"})
