"""Reads wsgi.input in the way that the path names, and answers with what each read gave."""

import json
from wsgiref.validate import validator


def until_empty(read):
    parts = []
    while part := read():
        parts.append(part)
    return parts


WAYS = {
    "/read-all": lambda f: [f.read(-1)],
    "/read-none": lambda f: [],
    "/read-0": lambda f: [f.read(0), f.read(-1)],
    "/read-3": lambda f: until_empty(lambda: f.read(3)),
    "/read-64k": lambda f: until_empty(lambda: f.read(65536)),
    "/readline": lambda f: until_empty(f.readline),
    "/readline-4": lambda f: until_empty(lambda: f.readline(4)),
    "/readlines": lambda f: f.readlines(),
    "/readlines-hint": lambda f: f.readlines(4),
    "/iterate": lambda f: list(f),
    "/mixed": lambda f: [f.readline(), f.read(2), *f],
    "/past-the-end": lambda f: [f.read(-1), f.read(10), f.readline(), *f],
}


def app(environ, start_response):
    parts = WAYS[environ["PATH_INFO"]](environ["wsgi.input"])
    assert all(type(part) is bytes for part in parts)
    body = json.dumps([part.decode("latin-1") for part in parts]).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


validated = validator(app)


def unsized(environ, start_response):
    """PEP 3333 lets a server ask for a size; almost every application relies on read() without one."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read()]


def count(environ, start_response):
    """Counts a body that is too big to keep."""
    total = 0
    while part := environ["wsgi.input"].read(1 << 20):
        total += len(part)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(total).encode()]
