"""Applications that know the lifespan protocol, each in its own way."""

import asyncio
import json
import sys


def say(*words):
    """In one write: the server's own lines go to the same place."""
    sys.stderr.write(" ".join(map(str, words)) + "\n")


async def answer(send, content):
    body = json.dumps(content).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Full:
    """Knows all of it, and says what happens."""

    def __init__(self):
        self.shutdowns = 0
        self.started = False

    async def lifespan(self, scope, receive, send):
        assert set(scope["asgi"]) >= {"version", "spec_version"}, scope
        message = await receive()
        assert message == {"type": "lifespan.startup"}, message
        await asyncio.sleep(0.05)
        scope["state"]["shared"] = {"count": 0}
        scope["state"]["number"] = 1
        self.started = True
        self.loop = asyncio.get_running_loop()
        say("application: started up")
        await send({"type": "lifespan.startup.complete"})
        message = await receive()
        assert message == {"type": "lifespan.shutdown"}, message
        self.shutdowns += 1
        say(f"application: shutting down, {self.shutdowns}")
        await asyncio.sleep(0.1)
        await send({"type": "lifespan.shutdown.complete"})
        say("application: shut down")

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.lifespan(scope, receive, send)
        assert self.started, "a request before the start-up is complete"
        assert self.loop is asyncio.get_running_loop()
        if scope["path"].endswith("/sleep"):
            await asyncio.sleep(2)
            say("application: slept")
        state = scope["state"]
        state["shared"]["count"] += 1  # one for all
        state["number"] += 1  # each its own
        found = {"count": state["shared"]["count"], "number": state["number"], "own": "own" in state, "type": type(state).__name__}
        state["own"] = True
        await answer(send, found)


app = Full()


async def no_lifespan(scope, receive, send):
    """What a plain application does with a scope that it does not know."""
    assert scope["type"] == "http", scope["type"]
    await answer(send, "state" in scope)


async def returns_at_once(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await answer(send, "served")


async def raises_after_receive(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        raise RuntimeError("no lifespan here")
    await answer(send, "served")


async def fails(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "the database is on holiday"})
        return
    await answer(send, "served")


async def raises_after_complete(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise RuntimeError("while shutting down")
    await answer(send, "served")


async def shutdown_fails(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "the cache is sulking"})
        return
    await answer(send, "served")


async def leaves_after_complete(scope, receive, send):
    """Nothing to do at the end, and it does not wait for it."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        return
    await answer(send, "served")


async def nonsense(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "http.response.start", "status": 200})
        return
    await answer(send, "served")


async def exits(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        sys.exit("leaving before it begins")
    await answer(send, "served")


async def slow_start(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        say("application: starting slowly")
        await asyncio.sleep(60)
    await answer(send, "served")


async def endless_shutdown(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.sleep(600)
    await answer(send, "served")
