"""Requests that go wrong in Python."""

import os
import sys
import threading


class Stubborn(Exception):
    """Its text cannot be had."""

    def __str__(self):
        raise RuntimeError("no text")


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise LookupError("a secret that only the log may tell")
    if path == "/raise-after-start":
        start_response("200 OK", [("Content-Type", "text/plain")])
        raise LookupError("raised after start_response")
    if path == "/raise-chained":
        try:
            {}["missing"]
        except KeyError as error:
            raise RuntimeError("the outer one") from error
    if path == "/stubborn":
        raise Stubborn
    if path == "/system-exit":
        sys.exit(7)
    if path == "/keyboard-interrupt":
        raise KeyboardInterrupt
    if path == "/base":
        raise BaseException("not an Exception")
    if path == "/recursion":
        return app(environ, start_response)
    if path == "/errors-stream":
        print("a line through wsgi.errors", file=environ["wsgi.errors"], flush=True)
    if path == "/print":
        print("a line through print", flush=True)
    if path == "/thread":
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"] if path != "/pid" else [str(os.getpid()).encode()[:2]]
