"""docker/Dockerfile without Docker: its own steps in a root directory of the release it names, and the result started.

It takes a quarter of an hour, root, mmdebstrap and a network, so it runs only when asked: BATON_IMAGE_TEST=1.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from dockerfile import Builder, Stage

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if os.environ.get("BATON_IMAGE_TEST") != "1":
        pytest.skip("takes a quarter of an hour: BATON_IMAGE_TEST=1 runs it")
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.fail("needs root and mmdebstrap")
    work = Path(os.environ.get("BATON_IMAGE_DIR") or tmp_path_factory.mktemp("image"))
    for stale in ("build", "1"):
        shutil.rmtree(work / stale, ignore_errors=True)
    yield Builder(ROOT, work).build(ROOT / "docker" / "Dockerfile")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Container:
    """What `docker run` would start, on ports of loopback."""

    def __init__(self, image: Stage, *words: str) -> None:
        self.port, self.admin = free_port(), free_port()
        image.env.update(BATON_BIND=f"127.0.0.1:{self.port}", BATON_ADMIN=f"127.0.0.1:{self.admin}")
        self.image = image
        command = image.inside([*image.entrypoint, *(words or image.command)])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def get(self, port: int, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read()

    def healthy(self) -> bool:
        """By the image's own check."""
        return subprocess.run(self.image.inside(self.image.health), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def __enter__(self) -> Container:
        end = time.monotonic() + START_SECONDS
        while not self.healthy():
            assert self.process.poll() is None, "it ended by itself"
            assert time.monotonic() < end, "it did not become healthy"
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def test_it_serves_the_lab_on_debians_newest_python(image: Stage) -> None:
    with Container(image) as container:
        assert container.get(container.port, "/hello") == b"Hello, World!"
        assert container.get(container.port, "/asgi/hello") == b"Hello, World!"
        assert b'python_version="3.13' in container.get(container.admin, "/metrics")
        assert container.get(container.port, "/native/hash?mb=1")


def test_it_is_nobody_special(image: Stage) -> None:
    assert image.user == "10001"
    with Container(image) as container:
        owner = Path(f"/proc/{container.process.pid}/status").read_text()
        assert "Uid:\t10001\t10001" in owner


def test_it_ends_when_it_is_told(image: Stage) -> None:
    with Container(image) as container:
        container.process.send_signal(signal.SIGTERM)
        assert container.process.wait(60) == 0


def test_what_is_no_health_is_said(image: Stage) -> None:
    with Container(image) as container:
        pass
    assert not container.healthy()


def test_the_load_generator_is_there(image: Stage) -> None:
    with Container(image) as container:
        command = image.inside(["baton-load", "run", "--rate", "50", "--duration", "1", "--live", "off",
                                f"http://127.0.0.1:{container.port}/hello"])  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert "50 answered" in done.stdout, done.stderr
