"""Leaves garbage behind that takes a while to end and is collected when the server makes the next environ."""

import gc
import time

BODY, FIELDS = [b"x"], [("Content-Type", "text/plain")]
kept = []  # an old environ's memory, used again, would spare the interpreter the collector


class Garbage:
    def __init__(self):
        self.me = self

    def __del__(self):
        time.sleep(0.001)


def app(environ, start_response):
    kept.append(environ)
    start_response("200 OK", FIELDS)
    gc.disable()
    Garbage()
    gc.enable()
    return BODY


gc.set_threshold(1)
