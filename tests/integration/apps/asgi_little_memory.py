"""An application that has little memory left, and sends more than that."""

import os
import resource

SPARE = 60 << 20


def leave_little() -> None:
    with open("/proc/self/statm") as sizes:
        most = int(sizes.read().split()[0]) * os.sysconf("SC_PAGESIZE") + SPARE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


async def app(scope, receive, send):
    assert scope["type"] == "http"
    value = b"v" * (20 << 20)
    headers = {"/huge-head": [(b"x-huge", value)] * 5}.get(scope["path"], [])
    if scope["path"] == "/limit":
        leave_little()
    if scope["path"] == "/huge-hint":
        await send({"type": "http.response.early_hint", "links": [value] * 5})
    trailers = scope["path"] == "/huge-trailers"
    await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": trailers})
    await send({"type": "http.response.body", "body": b"good"})
    if trailers:
        await send({"type": "http.response.trailers", "headers": [(b"x-huge", value)] * 5})
