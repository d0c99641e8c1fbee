"""Starts processes of its own and says how they fared."""

import multiprocessing
import subprocess
import time


def program():
    """A program that is asked to end: its status, and what it would not hear."""
    started = subprocess.Popen(["sleep", "30"])
    with open(f"/proc/{started.pid}/status") as facts:
        blocked = next(line.split()[1] for line in facts if line.startswith("SigBlk:"))
    started.terminate()
    return f"{started.wait()} {int(blocked, 16)}"


def fork():
    """A copy of this process that is asked to end."""
    started = multiprocessing.get_context("fork").Process(target=time.sleep, args=(30,))
    started.start()
    time.sleep(0.1)
    started.terminate()
    started.join()
    return str(started.exitcode)


def sockets():
    """Descriptors of sockets in a program that got whatever is inheritable."""
    listing = subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=False, capture_output=True, check=True)
    return str(listing.stdout.count(b"socket:"))


def app(environ, start_response):
    way = {"/program": program, "/fork": fork, "/sockets": sockets}[environ["PATH_INFO"]]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [way().encode()]
