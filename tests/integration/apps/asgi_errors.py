"""Applications that raise, and applications that get the protocol wrong."""

import asyncio
import sys

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"x-secret", b"secret")]}
PART = {"type": "http.response.body", "body": b"a secret part", "more_body": True}
END = {"type": "http.response.body", "body": b"a secret end"}


class Odd(BaseException):
    """Neither an Exception nor anything that a loop knows."""


class Stubborn(Exception):
    """Cannot be shown."""

    def __str__(self):
        raise ValueError("no words")

    __repr__ = __str__


def start(**changes):
    return {**START, **changes}


def headers(*pairs):
    return start(headers=list(pairs))


# --- Exceptions


async def raises(send):
    raise LookupError("a secret that only the log may tell")


async def raises_later(send):
    await asyncio.sleep(0.01)
    raise LookupError("raised after a while")


async def raises_after_start(send):
    """The head has not gone out before there is a body."""
    await send(START)
    raise LookupError("raised after the start")


async def raises_after_part(send):
    await send(START)
    await send(PART)
    raise LookupError("raised after a part")


async def raises_after_end(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"whole"})
    raise LookupError("raised after the end")


async def chained(send):
    try:
        {}["missing"]
    except KeyError as error:
        raise RuntimeError("the outer one") from error


async def in_a_group(send):
    async def fail():
        raise LookupError("raised in a child")

    async with asyncio.TaskGroup() as group:
        group.create_task(fail())


async def stubborn(send):
    raise Stubborn


async def odd(send):
    raise Odd("not an Exception")


async def system_exit(send):
    sys.exit("leaving from a handler")


async def system_exit_later(send):
    await asyncio.sleep(0.01)
    sys.exit("leaving from a handler")


async def keyboard_interrupt(send):
    raise KeyboardInterrupt


async def cancelled(send):
    raise asyncio.CancelledError


async def recursion(send):
    await recursion(send)


async def lost_task(send):
    """An exception that nobody asks for is told when the task is thrown away."""
    asyncio.get_running_loop().create_task(raises(send))
    await fine(send)


async def callback(send):
    asyncio.get_running_loop().call_soon(lambda: 1 // 0)
    await fine(send)


# --- The protocol: nothing at all, the wrong order, too much


async def nothing(send):
    pass


async def start_only(send):
    await send(START)


async def never_ends(send):
    await send(START)
    await send(PART)


async def body_first(send):
    await send(END)


async def starts_twice(send):
    await send(START)
    await send(START)
    await send(END)


async def starts_again_after_part(send):
    await send(START)
    await send(PART)
    await send(START)
    await send(END)


async def ends_twice(send):
    await fine(send)
    await send(END)


async def starts_after_end(send):
    await fine(send)
    await send(START)


async def swallows(send):
    """Goes on as if nothing had been said."""
    for message in (END, START, START, PART, START, END, END):
        try:
            await send(message)
        except Exception:
            pass


# --- Messages that are none

WRONG = {
    "none": None,
    "text": "http.response.start",
    "number": 7,
    "list": [],
    "empty": {},
    "no-type": {"status": 200},
    "type-bytes": {"type": b"http.response.start", "status": 200},
    "type-none": {"type": None, "status": 200},
    "unknown-type": {"type": "http.response.begin", "status": 200},
    "websocket-type": {"type": "websocket.accept"},
    "lifespan-type": {"type": "lifespan.startup.complete"},
    "no-status": {"type": "http.response.start"},
    "status-text": start(status="200"),
    "status-none": start(status=None),
    "status-float": start(status=200.0),
    "status-small": start(status=99),
    "status-interim": start(status=100),
    "status-large": start(status=1000),
    "status-huge": start(status=1 << 70),
    "status-negative": start(status=-200),
    "headers-none-iterable": start(headers=7),
    "headers-text": headers(("x-a", "b")),
    "headers-name-text": headers(("x-a", b"b")),
    "headers-value-text": headers((b"x-a", "b")),
    "headers-value-number": headers((b"x-a", 7)),
    "headers-single": headers((b"x-a",)),
    "headers-triple": headers((b"x-a", b"b", b"c")),
    "headers-not-a-pair": headers(b"x-a"),
    "headers-crlf": headers((b"x-a", b"b\r\nX-Injected: 1")),
    "headers-lf": headers((b"x-a", b"b\nX-Injected: 1")),
    "headers-nul": headers((b"x-a", b"b\0")),
    "headers-name-crlf": headers((b"x-a\r\nX-Injected", b"1")),
    "headers-name-colon": headers((b"x-a:", b"b")),
    "headers-name-space": headers((b"x a", b"b")),
    "headers-name-empty": headers((b"", b"b")),
    "headers-length-not-a-number": headers((b"content-length", b"many")),
    "headers-length-negative": headers((b"content-length", b"-1")),
    "headers-lengths-differ": headers((b"content-length", b"12"), (b"content-length", b"13")),
}

WRONG_BODY = {
    "body-text": {"type": "http.response.body", "body": "text"},
    "body-none": {"type": "http.response.body", "body": None},
    "body-number": {"type": "http.response.body", "body": 7},
    "body-list": {"type": "http.response.body", "body": [b"a secret part"]},
    "body-type": {"type": "http.response.bodies", "body": b"a secret part"},
}


async def fine(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def app(scope, receive, send):
    assert scope["type"] == "http"
    name = scope["path"][1:]
    if name in WRONG:
        await send(WRONG[name])
        await send(END)
    elif name in WRONG_BODY:
        await send(START)
        await send(WRONG_BODY[name])
    elif name == "body-text-after-part":
        await send(START)
        await send(PART)
        await send(WRONG_BODY["body-text"])
    else:
        await globals()[name.replace("-", "_")](send)


def returns_nothing(scope, receive, send):
    """Has the right arguments, and nothing that could be awaited."""


class Callable:
    """An instance, as frameworks have them."""

    async def __call__(self, scope, receive, send):
        await fine(send)


instance = Callable()
