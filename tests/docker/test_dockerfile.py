"""docker/Dockerfile without building it: who it runs as, and its health check, run here as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from dockerfile import arguments, instructions

ROOT = Path(__file__).resolve().parents[2]
ALL = instructions((ROOT / "docker" / "Dockerfile").read_text())
LAST = ALL[max(number for number, (word, _) in enumerate(ALL) if word == "FROM") :]
ADMIN_PAGES = (ROOT / "server" / "admin" / "pages.cpp").read_text()


def of(word: str) -> list[str]:
    """What follows this word in the last stage."""
    return [rest for each, rest in LAST if each == word]


def check() -> list[str]:
    [health] = of("HEALTHCHECK")
    return arguments(health.partition("CMD ")[2])


def test_it_is_nobody_special() -> None:
    [user] = of("USER")
    assert user.isdecimal() and int(user) >= 1000, "by number: an orchestrator has to see that it is not root"
    behind = [word for word, _ in LAST[[word for word, _ in LAST].index("USER") + 1 :]]
    assert "RUN" not in behind and "COPY" not in behind
    assert any(f"--uid {user} " in rest for rest in of("RUN"))


def test_addresses_are_those_that_are_exposed() -> None:
    env = " ".join(of("ENV"))
    ports = re.findall(r"BATON_(?:BIND|ADMIN)=0\.0\.0\.0:(\d+)", env)
    assert [" ".join(ports)] == of("EXPOSE")


@contextmanager
def admin(status: int) -> Iterator[tuple[int, list[str]]]:
    """Something at a port of loopback that answers so; the port, and what was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def healthy(**env: str) -> bool:
    words = check()
    assert words[0] == "python3"
    ended = subprocess.run([sys.executable, *words[1:]], env={"PATH": os.environ["PATH"], **env}, capture_output=True, timeout=60)
    return ended.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "127.0.0.1", ""])
def test_it_asks_at_the_port_of_the_admin_address(host: str) -> None:
    with admin(200) as (port, asked):
        assert healthy(BATON_ADMIN=f"{host}:{port}")
    assert asked == ["/readyz"]
    assert '{"/readyz",' in ADMIN_PAGES


def test_it_goes_through_no_proxy() -> None:
    """Docker puts one into the environment of each container where its client is configured so."""
    nobody = "http://127.0.0.1:1"
    with admin(200) as (port, _):
        assert healthy(BATON_ADMIN=f"0.0.0.0:{port}", http_proxy=nobody, HTTP_PROXY=nobody, all_proxy=nobody)


def test_what_is_no_health_is_said() -> None:
    with admin(503) as (port, _):
        assert not healthy(BATON_ADMIN=f"0.0.0.0:{port}")
    assert not healthy(BATON_ADMIN=f"0.0.0.0:{port}")
