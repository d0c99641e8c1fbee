"""An event loop that stands still on demand, so that what comes next waits in the queue. /ran tells who had a turn."""

import os
import time

ran = []


async def answer(send, body):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def stand_still(folder):
    open(os.path.join(folder, "standing"), "x").close()
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.005)


async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/stand":
        stand_still(scope["query_string"].decode())
    elif scope["path"] != "/ran":
        ran.append(scope["path"])
    await answer(send, " ".join(ran).encode())
