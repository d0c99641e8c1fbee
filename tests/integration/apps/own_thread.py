"""Starts a thread that Python waits for at its end."""

import threading
import time

threading.Thread(target=time.sleep, args=(600,)).start()


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
