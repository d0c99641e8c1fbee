"""start_response: used well, and misused in every way that PEP 3333 forbids."""

import sys
from wsgiref.validate import validator

PLAIN = [("Content-Type", "text/plain")]


def app(environ, start_response):
    return WAYS[environ["PATH_INFO"]](start_response)


def list_body(start):
    start("200 OK", list(PLAIN))
    return [b"one", b"", b"two"]


def write_only(start):
    write = start("200 OK", list(PLAIN))
    write(b"written ")
    write(b"twice")
    return []


def write_and_return(start):
    write = start("200 OK", list(PLAIN))
    write(b"written, ")
    return [b"returned"]


def odd_status(start):
    start("299 Something Of Our Own", list(PLAIN))
    return [b"x"]


def two_cookies(start):
    start("200 OK", [*PLAIN, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"x"]


def no_content(start):
    start("204 No Content", [])
    return []


def not_modified(start):
    start("304 Not Modified", [("ETag", '"x"')])
    return []


def exc_info_before_body(start):
    start("200 OK", list(PLAIN))
    try:
        raise ValueError("found out late")
    except ValueError:
        start("500 Replaced", [("Content-Type", "text/plain"), ("X-Replaced", "1")], sys.exc_info())
    return [b"replaced"]


def late(start):
    """Called when the first block is asked for: allowed, as it is a generator."""
    start("200 OK", list(PLAIN))
    yield b"late"


VALID = {
    "/list": list_body,
    "/write": write_only,
    "/write-and-return": write_and_return,
    "/odd-status": odd_status,
    "/cookies": two_cookies,
    "/no-content": no_content,
    "/not-modified": not_modified,
    "/exc-info": exc_info_before_body,
}


def never(start):
    return [b"no start_response"]


def twice(start):
    start("200 OK", list(PLAIN))
    start("200 OK", list(PLAIN))
    return [b"x"]


def exc_info_after_body(start):
    """The head has gone out: start_response must raise what it was given."""
    start("200 OK", list(PLAIN))
    yield b"first "
    try:
        raise ValueError("too late to replace the head")
    except ValueError:
        start("500 Replaced", list(PLAIN), sys.exc_info())
    yield b"never sent"


def missing_reason(start):
    start("200", list(PLAIN))
    return [b"x"]


def wordy_status(start):
    start("OK 200", list(PLAIN))
    return [b"x"]


def bytes_status(start):
    start(b"200 OK", list(PLAIN))
    return [b"x"]


def int_status(start):
    start(200, list(PLAIN))
    return [b"x"]


def status_with_newline(start):
    start("200 OK\r\nX-Injected: 1", list(PLAIN))
    return [b"x"]


def interim_status(start):
    start("100 Continue", [])
    return [b"x"]


def headers_none(start):
    start("200 OK", None)
    return [b"x"]


def header_not_a_pair(start):
    start("200 OK", [("Content-Type",)])
    return [b"x"]


def header_bytes(start):
    start("200 OK", [(b"Content-Type", b"text/plain")])
    return [b"x"]


def header_int(start):
    start("200 OK", [("Content-Length", 1)])
    return [b"x"]


def header_beyond_latin_1(start):
    start("200 OK", [("X-Euro", "\u20ac")])
    return [b"x"]


def text_body(start):
    start("200 OK", list(PLAIN))
    return ["text, not bytes"]


def none_body(start):
    start("200 OK", list(PLAIN))
    return None


def number_body(start):
    start("200 OK", list(PLAIN))
    return 42


def write_text(start):
    start("200 OK", list(PLAIN))("text")
    return []


MISUSED = {
    "/never": never,
    "/twice": twice,
    "/wordy-status": wordy_status,
    "/bytes-status": bytes_status,
    "/int-status": int_status,
    "/status-with-newline": status_with_newline,
    "/interim-status": interim_status,
    "/headers-none": headers_none,
    "/header-not-a-pair": header_not_a_pair,
    "/header-bytes": header_bytes,
    "/header-int": header_int,
    "/header-beyond-latin-1": header_beyond_latin_1,
    "/text-body": text_body,
    "/none-body": none_body,
    "/number-body": number_body,
    "/write-text": write_text,
}
WAYS = {**VALID, **MISUSED, "/late": late, "/exc-info-after-body": exc_info_after_body, "/missing-reason": missing_reason}

validated = validator(app)
