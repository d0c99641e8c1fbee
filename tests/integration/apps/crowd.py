"""Threads of the application's own that compute, fork, and never end: what a scheduler of the GIL has to live with."""

import json
import multiprocessing
import os
import sys
import threading
import time
from urllib.parse import parse_qs

stop = threading.Event()
turns = [0]


def spin():
    while not stop.is_set():
        turns[0] += 1


def start(query):
    """Computing threads that nobody will ever join."""
    for _ in range(int(query["threads"])):
        threading.Thread(target=spin, name="spinner", daemon=True).start()
    return {"threads": threading.active_count()}


def switch():
    with open(os.devnull) as file:
        while not stop.is_set():
            os.lseek(file.fileno(), 0, os.SEEK_SET)


def start_switching(query):
    """Threads that let go of the lock and take it again, as often as they can."""
    for _ in range(int(query["threads"])):
        threading.Thread(target=switch, name="switcher", daemon=True).start()
    return {"threads": threading.active_count()}


def end(_query):
    stop.set()
    return {"turns": turns[0]}


def compute(query):
    until = time.thread_time() + float(query["s"])
    while time.thread_time() < until:
        pass
    return {}


def short(_query):
    time.sleep(0.002)
    return {}


def fork(_query):
    """A child that takes and releases the lock many times, among threads that do not exist there."""
    child = os.fork()
    if child == 0:
        worker = threading.Thread(target=lambda: [time.sleep(0.0001) for _ in range(50)])
        worker.start()
        worker.join()
        os._exit(7)
    return {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}


def pool(_query):
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return {"squares": workers.map(abs, range(-20, 0))}


def lives(query):
    """Threads that begin, take the lock a few times, and end."""
    for _ in range(int(query["n"])):
        batch = [threading.Thread(target=lambda: [time.sleep(0) for _ in range(20)]) for _ in range(20)]
        for thread in batch:
            thread.start()
        for thread in batch:
            thread.join()
    return {}


def interval(query):
    sys.setswitchinterval(float(query["s"]))
    return {"interval": sys.getswitchinterval()}


WAYS = {
    "/start": start,
    "/switch": start_switching,
    "/end": end,
    "/compute": compute,
    "/short": short,
    "/fork": fork,
    "/pool": pool,
    "/lives": lives,
    "/interval": interval,
}


def app(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    body = json.dumps(WAYS[environ["PATH_INFO"]](query)).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
