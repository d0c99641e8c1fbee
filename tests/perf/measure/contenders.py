"""The servers that are compared: how each is started on a port, and what it needs to be there."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = "/usr/bin/python3"
HELLO = "handlers.hello:app"
HELLO_ASGI = "handlers.hello_asgi:app"
LAB = "handlers.lab:app"


@dataclass(frozen=True)
class Place:
    """Where one process serves: its port, the port of its admin address, a folder of its own."""

    port: int
    admin: int
    folder: Path


@dataclass(frozen=True)
class Contender:
    """A server under a name; `needs` are a program or Python modules."""

    name: str
    command: Callable[[Place], list[str]]
    needs: tuple[str, ...] = ()
    path: str = "/"
    expected: bytes = b"Hello, World!"

    def missing(self) -> list[str]:
        return [need for need in self.needs if not shutil.which(need) and not importlib.util.find_spec(need)]

    def shown(self) -> str:
        """The command as a reader would type it."""
        place = Place(11111, 22222, Path("FOLDER"))
        text = shlex.join(self.command(place))
        return text.replace("11111", "PORT").replace("22222", "ADMIN").replace(str(Path.cwd()) + "/", "")


def baton(binary: Path, application: str, options: Sequence[str] = ()) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        addresses = ["--bind", f"127.0.0.1:{place.port}", "--admin", f"127.0.0.1:{place.admin}"]
        return [str(binary), "serve", *addresses, *options, application]

    return command


NGINX = """daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 100000000; default_type text/plain;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "Hello, World!"; }} }}
}}
"""


def nginx(place: Place) -> list[str]:
    config = place.folder / "nginx.conf"
    if place.folder.is_dir():
        config.write_text(NGINX.format(folder=place.folder, port=place.port))
    return ["nginx", "-c", str(config), "-e", str(place.folder / "error.log")]


def gunicorn(application: str, *options: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        bind = ["-w", "1", "-b", f"127.0.0.1:{place.port}", "--log-level", "error"]
        return [PYTHON, "-m", "gunicorn", *bind, *options, application]

    return command


def gthread(application: str, threads: int) -> Callable[[Place], list[str]]:
    return gunicorn(application, "-k", "gthread", "--threads", str(threads))


def waitress(application: str, threads: int) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        return [PYTHON, "-m", "waitress", f"--listen=127.0.0.1:{place.port}", f"--threads={threads}", application]

    return command


def cheroot(application: str, threads: int) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        return [PYTHON, "-m", "cheroot", "--bind", f"127.0.0.1:{place.port}", "--threads", str(threads), application]

    return command


def uvicorn(application: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        quiet = ["--log-level", "error", "--no-access-log", "--lifespan", "off"]
        fast = ["--loop", "uvloop", "--http", "httptools"]
        where = ["--host", "127.0.0.1", "--port", str(place.port)]
        return [PYTHON, "-m", "uvicorn", *where, *fast, *quiet, application]

    return command


def choose(known: list[Contender], wanted: str) -> list[Contender]:
    """Those whose names begin with one of the wanted; one that is not installed is left out, and that is said."""
    chosen = []
    for prefix in wanted.split(","):
        named = [one for one in known if one.name.startswith(prefix)]
        if not named:
            sys.exit(f"bench: no server {prefix!r}; there are: {'; '.join(one.name for one in known)}")
        chosen += [one for one in named if one not in chosen]
    for one in list(chosen):
        if missing := one.missing():
            print(f"bench: {one.name} is left out: not installed: {', '.join(missing)}", file=sys.stderr)
            chosen.remove(one)
    if not chosen:
        sys.exit("bench: nothing to measure")
    return chosen


def knows(binary: Path, *words: str) -> bool:
    """Does `baton WORDS[:-1] --help` speak of the last word?"""
    asked = [str(binary), *words[:-1], "--help"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    return words[-1] in said.stdout + said.stderr
