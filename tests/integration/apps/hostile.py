"""An application as it must not be: what it keeps, forks, interrupts and mutates is its own trouble alone."""

import gc
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from urllib.parse import parse_qs

PLAIN = [("Content-Type", "text/plain")]


def app(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    return WAYS[environ["PATH_INFO"]](environ, start_response, query)


def good(environ, start, query):
    start("200 OK", list(PLAIN))
    return [b"good"]


# --- start_response and write() at the wrong time


class StartsWhenClosed:
    """Its iteration fails, so the 500 is out; then close() makes a head of its own."""

    def __init__(self, start):
        self.start = start

    def __iter__(self):
        raise ValueError("no body")

    def close(self):
        time.sleep(0.05)  # the head is being sent
        self.start("200 OK", [("X-Late", "x" * 5000)])


def start_in_close(environ, start, query):
    return StartsWhenClosed(start)


class WritesWhenClosed:
    def __init__(self, write):
        self.write = write

    def __iter__(self):
        raise ValueError("no body")

    def close(self):
        time.sleep(0.05)
        self.write(b"behind the response")


def write_in_close(environ, start, query):
    return WritesWhenClosed(start("200 OK", list(PLAIN)))


def write_without_head(environ, start, query):
    """The second start_response fails, and takes the first head with it."""
    write = start("200 OK", list(PLAIN))
    try:
        start("500 Bad", [("Bad Name", "x")], (ValueError, ValueError("found out late"), None))
    except ValueError:
        pass
    write(b"a body without a head")
    return []


# --- Objects that change, or are gone, while the server looks at them


class Evil(str):
    """Whoever asks for its repr loses the list that it is in."""

    fields = None

    def __repr__(self):
        self.fields.clear()
        gc.collect()
        [("y" * 50, "z" * 50) for _ in range(1000)]
        return "Evil"


def shrinking_fields(environ, start, query):
    fields = []
    name = Evil("Bad Name")
    name.fields = fields
    fields.append((name, "".join(["v"] * 40 + ["\0"])))
    start("200 OK", fields)
    return [b"x"]


class SlowRepr(str):
    def __repr__(self):
        time.sleep(0.3)
        return "slow"


def start_from_thread(environ, start, query):
    """A thread is still inside start_response when the request ends."""
    thread = threading.Thread(target=lambda: start("200 OK", [(SlowRepr("Bad Name"), "x")]))
    thread.start()
    time.sleep(0.1)
    raise ValueError("the request ends")


# --- Processes


def forked_child_returns(environ, start, query):
    start("200 OK", list(PLAIN))
    pid = os.fork()
    if pid == 0:
        return [b"from the child"]
    return [b"%d" % pid]


def forked_child_raises(environ, start, query):
    pid = os.fork()
    if pid == 0:
        raise RuntimeError("in the child")
    start("200 OK", list(PLAIN))
    return [b"%d" % pid]


def forked_child_exits(environ, start, query):
    pid = os.fork()
    if pid == 0:
        sys.exit(7)
    start("200 OK", list(PLAIN))
    _, status = os.waitpid(pid, 0)
    return [b"%d" % os.waitstatus_to_exitcode(status)]


def reap(environ, start, query):
    """How a child ended: its exit status, or nothing while it lives."""
    pid, status = os.waitpid(int(query["pid"]), os.WNOHANG)
    start("200 OK", list(PLAIN))
    return [b"%d" % os.waitstatus_to_exitcode(status) if pid else b""]


def double(number):
    return 2 * number


def pool(environ, start, query):
    with multiprocessing.get_context("fork").Pool(2) as workers:
        numbers = workers.map(double, range(5))
    start("200 OK", list(PLAIN))
    return [repr(numbers).encode()]


def terminate(environ, start, query):
    """A child process that is asked to end."""
    with subprocess.Popen(["sleep", "20"]) as child:
        child.terminate()
        try:
            status = child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            status = "it did not"
    start("200 OK", list(PLAIN))
    return [str(status).encode()]


# --- The interpreter's own affairs


def recursion(environ, start, query):
    return recursion(environ, start, query)


def no_memory(environ, start, query):
    return [b"x" * (1 << 62)]


def limit(environ, start, query):
    """From now on there are 60 MB left."""
    with open("/proc/self/statm") as sizes:
        most = int(sizes.read().split()[0]) * os.sysconf("SC_PAGESIZE") + (60 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return good(environ, start, query)


def huge_head(environ, start, query):
    start("200 OK", [("X-Huge", "v" * (20 << 20))] * 5)
    return [b"x"]


def whole_body(environ, start, query):
    start("200 OK", list(PLAIN))
    return [b"%d" % len(environ["wsgi.input"].read())]


def exits(environ, start, query):
    sys.exit(3)


def interrupted(environ, start, query):
    raise KeyboardInterrupt


class OddError(BaseException):
    def __str__(self):
        raise SystemExit("in __str__")

    __repr__ = __str__


def odd_error(environ, start, query):
    raise OddError


def traced(environ, start, query):
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
    threading.setprofile(lambda *_: None)
    return good(environ, start, query)


def exit_in_thread(environ, start, query):
    thread = threading.Thread(target=sys.exit, args=(9,))
    thread.start()
    thread.join()
    return good(environ, start, query)


class Key(str):
    def __hash__(self):
        return hash("baton.route")

    def __eq__(self, other):
        raise ValueError("not to be compared")


def odd_environ(environ, start, query):
    environ.clear()
    environ[Key("x")] = 1
    environ["self"] = environ
    return good(environ, start, query)


def many_fields(environ, start, query):
    start("200 OK", PLAIN + [(f"X-{i}", "v") for i in range(20_000)])
    return [b"many"]


class Bytes(bytes):
    pass


class Str(str):
    pass


def subclasses(environ, start, query):
    start(Str("200 OK"), [(Str("X-Sub"), Str("class"))])
    return [Bytes(b"sub"), Bytes(b"class")]


def returns(environ, start, query):
    start("200 OK", list(PLAIN))
    return {"none": None, "str": "text", "int": 7, "list": [1], "self": good, "type": bytes}[query["what"]]


class CloseRaises:
    def __iter__(self):
        return iter([b"all of it"])

    def __getattr__(self, name):
        raise ZeroDivisionError(name)


def close_raises(environ, start, query):
    start("200 OK", list(PLAIN))
    return CloseRaises()


def generator_exit(environ, start, query):
    start("200 OK", list(PLAIN))
    try:
        yield b"one"
        yield b"two"
    finally:
        raise OddError


WAYS = {
    "/" + name.replace("_", "-"): way
    for name, way in list(globals().items())
    if callable(way) and getattr(way, "__module__", "") == __name__ and name.islower() and name != "app"
}
