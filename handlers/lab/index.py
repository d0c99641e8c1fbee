"""The page at /: every endpoint with its curl line, what it shows, and what to watch in the books."""

from __future__ import annotations

import html
import re

from handlers.lab.registry import ENDPOINTS, Endpoint, Environ, Html, endpoint

INTRODUCTION = """\
Baton's lab. Each endpoint meets the GIL in a way of its own, and the books say how: the response header Server-Timing
(baton serve --server-timing) for this one request, /metrics on the admin address for all of them."""

ON_A_LOOP = """\
These run on an event loop, where what computes keeps all others waiting (they are in `ready`). What waits for threads,
processes or files of its own does so in a thread beside the loop, and is off-gil here."""
ON_THREADS = """\
The same on an event loop is below /asgi when the server was started with --mount /asgi=handlers.lab:asgi, as
./dev run does: {base}/asgi/"""

STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
td { padding: .45rem .9rem .45rem 0; vertical-align: top; border-top: 1px solid #8884 }
code { font: 13px ui-monospace, monospace }"""

# What a Host field may say and still be put into a line for the shell.
HOST = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")


def base_of(environ: Environ) -> str:
    """The address under which the client reached us."""
    host = environ.get("HTTP_HOST", "")
    safe = host if HOST.fullmatch(host) else "127.0.0.1:8000"
    return f"{environ['wsgi.url_scheme']}://{safe}{environ.get('SCRIPT_NAME', '')}"


def curl(each: Endpoint, base: str) -> str:
    """The line for the shell."""
    body = "-d 'any body' " if each.method == "POST" else ""
    return f"curl -si {body}'{base}{each.path}{each.query}'"


def plain(base: str, note: str) -> str:
    """For a terminal."""
    lines = [INTRODUCTION, ""]
    for each in ENDPOINTS.values():
        if each.path != "/":
            lines += [f"  {curl(each, base)}", f"      {each.shows}", f"      watch: {each.watch}"]
    return "\n".join([*lines, "", note, ""])


def page(base: str, note: str) -> str:
    """For a browser."""
    rows = []
    for each in ENDPOINTS.values():
        if each.path != "/":
            line = f"<code>{html.escape(curl(each, base))}</code>"
            if each.method == "GET":
                line = f'<a href="{html.escape(base + each.path + each.query)}">{line}</a>'
            rows.append(f"<tr><td>{line}<td>{html.escape(each.shows)}<td>{html.escape(each.watch)}\n")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Baton's lab</title><style>{STYLE}</style><h1>Baton's lab</h1><p>{html.escape(INTRODUCTION)}"
        f"<table><tr><th align=left>try<th align=left>what it shows<th align=left>watch\n{''.join(rows)}</table>"
        f"<p>{html.escape(note)}"
    )


@endpoint("/", "", "this list", "")
def index(environ: Environ) -> bytes:
    """List the endpoints, for a browser as a page."""
    base = base_of(environ)
    note = ON_A_LOOP if environ.get("baton.loop") else ON_THREADS.format(base=base)
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        return Html(page(base, note).encode())
    return plain(base, note).encode()
