"""Takes time in a known way and says how long it took by its own clock."""

import hashlib
import json
import threading
import time
from urllib.parse import parse_qs

BUFFER = bytes(8 << 20)
released = threading.Event()
entered = threading.Event()


def compute(seconds):
    end = time.thread_time() + seconds
    n = 0
    while time.thread_time() < end:
        n += 1


def native(seconds):
    """SHA-256 of 8 MiB: hashlib lets go of the GIL for it."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(BUFFER)


def lock(seconds):
    """Waits for a threading.Lock that another thread gives back later."""
    held = threading.Lock()
    held.acquire()
    timer = threading.Timer(seconds, held.release)
    timer.start()
    held.acquire()
    timer.join()


def wait(_seconds):
    """In flight until somebody asks for /release."""
    entered.set()
    released.wait(30)


def release(_seconds):
    released.set()


def is_waiting(_seconds):
    entered.wait(20)


def forever(_seconds):
    entered.set()
    while True:
        time.sleep(0.01)


def nothing(_seconds):
    pass


WAYS = {
    "/compute": compute,
    "/native": native,
    "/sleep": time.sleep,
    "/lock": lock,
    "/wait": wait,
    "/release": release,
    "/is-waiting": is_waiting,
    "/forever": forever,
    "/": nothing,
}


def app(environ, start_response):
    seconds = float(parse_qs(environ["QUERY_STRING"]).get("s", ["0"])[0])
    wall, cpu = time.perf_counter(), time.thread_time()
    WAYS[environ["PATH_INFO"]](seconds)
    took = {"wall": time.perf_counter() - wall, "cpu": time.thread_time() - cpu}
    body = json.dumps(took).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
