"""Has many objects, and has the garbage collector look at all of them for each request."""

import gc

KEPT = [[number] for number in range(300_000)]


def app(environ, start_response):
    gc.collect()
    start_response("200 OK", [("Content-Length", "0")])
    return []
