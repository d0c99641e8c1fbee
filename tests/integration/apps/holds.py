"""Holds the GIL in known lines, with or without somebody who waits for it, and tells which lines."""

import gc
import inspect
import json
import os
import threading
import time
from urllib.parse import parse_qs

MANY = 5_000_000
stop_waiting = threading.Event()


def in_c(_query):
    line = inspect.currentframe().f_lineno + 1
    sum(range(MANY))
    return [line]


def in_python(_query):
    end = time.thread_time() + 0.3
    line = inspect.currentframe().f_lineno
    while time.thread_time() < end:
        sum(range(10))
    return [line + 1, line + 2]


def beside(work):
    """Does the work beside a thread that asks for the GIL all the time."""
    running, done = threading.Event(), threading.Event()

    def ask():
        running.set()
        while not done.is_set():
            sum(range(10))

    asker = threading.Thread(target=ask, name="asker")
    asker.start()
    running.wait(30)
    try:
        return work(None)
    finally:
        done.set()
        asker.join()


def collect(query):
    gc.collect(int(query["generation"][0]))
    return []


def fork(_query):
    child = os.fork()
    if child == 0:
        sum(range(MANY))
        os._exit(0)
    return [os.waitpid(child, 0)[1]]


def wait(_query):
    thread = threading.Thread(target=stop_waiting.wait, args=(30,), name="sweeper-7")
    thread.start()
    thread.join()
    return []


def release(_query):
    stop_waiting.set()
    return []


VIEWS = {
    "/c": in_c,
    "/c-beside": lambda _: beside(in_c),
    "/python-beside": lambda _: beside(in_python),
    "/collect": collect,
    "/fork": fork,
    "/wait": wait,
    "/release": release,
    "/": lambda _: [],
}


def app(environ, start_response):
    body = json.dumps(VIEWS[environ["PATH_INFO"]](parse_qs(environ["QUERY_STRING"]))).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
