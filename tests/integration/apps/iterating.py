"""Bodies that come block by block, and what becomes of them; /closed tells which of them were closed."""

import json
import threading
import time

closed: list[str] = []
gates = {name: threading.Event() for name in ("a", "b", "c")}


class Body:
    """An iterable that writes down when it is closed."""

    def __init__(self, name, blocks):
        self.name = name
        self.blocks = blocks

    def __iter__(self):
        return iter(self.blocks)

    def close(self):
        closed.append(self.name)


def gated():
    """Each block waits until the client has seen the one before and says so."""
    yield b"first"
    gates["a"].wait(20)
    yield b"second"
    gates["b"].wait(20)
    yield b"third"


def endless(name):
    try:
        while True:
            yield b"x" * 16384
    finally:
        closed.append(name)


def trickle(name):
    try:
        for _ in range(500):
            yield b"tick\n"
            time.sleep(0.02)
    finally:
        closed.append(name)


def slowly():
    for i in range(5):
        yield b"block %d\n" % i
        time.sleep(0.2)


def failing(name):
    yield b"a good block "
    raise RuntimeError(f"broken in the middle of {name}")


def empty_blocks():
    yield b""
    yield b"after an empty one"
    yield b""


class BrokenClose(Body):
    def close(self):
        super().close()
        raise RuntimeError("close() is broken")


def answer(start_response, body):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return body


def app(environ, start_response):
    path, name = environ["PATH_INFO"], environ["QUERY_STRING"]
    if path == "/closed":
        return answer(start_response, [json.dumps(closed).encode()])
    if path == "/gate":
        gates[name].set()
        return answer(start_response, [b"open"])
    if path == "/raise-at-once":
        answer(start_response, [])
        return Body(name, failing_at_once())
    bodies = {
        "/gated": gated,
        "/endless": lambda: endless(name),
        "/trickle": lambda: trickle(name),
        "/slowly": slowly,
        "/failing": lambda: Body(name, failing(name)),
        "/normal": lambda: Body(name, [b"one", b"two"]),
        "/empty": lambda: Body(name, []),
        "/empty-blocks": empty_blocks,
        "/broken-close": lambda: BrokenClose(name, [b"fine until closed"]),
        "/tuple": lambda: (b"a", b"tuple"),
        "/bytes-by-character": lambda: [b"%d" % i for i in range(1000)],
    }
    return answer(start_response, bodies[path]())


def failing_at_once():
    raise RuntimeError("broken before the first block")
    yield b""
