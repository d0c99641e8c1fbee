"""Requests that stay until another one lets them go, in the ways in which a thread can stay: /.../HOW?gate=NAME, /go?gate=NAME."""

import asyncio
import threading
import time
from urllib.parse import parse_qs

AT_MOST_SECONDS = 120
gates = {}
awaited = []


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
    how, body = scope["path"].rpartition("/")[2], b""
    if how == "awaited":  # how many requests do that; who is told it runs after they have begun
        body = b"%d" % len(awaited)
    elif how == "awaiting":
        awaited.append(scope)
        await asyncio.to_thread(gate(scope["query_string"].decode()).wait, AT_MOST_SECONDS)
        awaited.remove(scope)
    else:
        stay(how, gate(scope["query_string"].decode()))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
