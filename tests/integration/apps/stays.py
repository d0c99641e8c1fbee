"""Requests that stay until another one lets them go, in the ways in which a thread can stay: /.../HOW?gate=NAME, /go?gate=NAME."""

import asyncio
import threading
import time
from urllib.parse import parse_qs

AT_MOST_SECONDS = 120
gates = {}


def gate(query):
    return gates.setdefault(parse_qs(query)["gate"][0], threading.Event())


def stay(how, opened):
    end = time.monotonic() + AT_MOST_SECONDS
    if how == "locked":
        opened.wait(AT_MOST_SECONDS)
    elif how == "asleep":
        while not opened.is_set() and time.monotonic() < end:
            time.sleep(0.05)
    elif how == "computing":
        while not opened.is_set() and time.monotonic() < end:
            pass
    else:
        opened.set()


def app(environ, start_response):
    stay(environ["PATH_INFO"].rpartition("/")[2], gate(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", "0")])
    return []


async def on_loop(scope, receive, send):
    if scope["type"] != "http":
        return
    how, opened = scope["path"].rpartition("/")[2], gate(scope["query_string"].decode())
    if how == "awaiting":
        await asyncio.to_thread(opened.wait, AT_MOST_SECONDS)
    else:
        stay(how, opened)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
