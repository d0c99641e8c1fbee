"""A recording for which the memory was not enough."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from harness.prometheus import Scrape
from harness.server import BINARY, Server, usual_environment
from harness.timeline import last_instant

SAID = re.compile(
    r"baton: (\S+) seconds of the GIL's timeline are in gil\.pftrace .*\n"
    r"baton: the recording was full after (\S+) of (\d+) seconds: it ends there, (\d+) changes are not in it\n"
)


def baton_trace(server: Server, seconds: int, folder: Path) -> str:
    command = [str(BINARY), "trace", server.admin, "--seconds", str(seconds), "-o", "gil.pftrace"]
    done = subprocess.run(command, cwd=folder, env=usual_environment(), capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.decode()


def test_it_says_so(tmp_path: Path) -> None:
    """In the file and on standard error: otherwise it would look like a server that came to rest."""
    with Server("crowd:app") as server:
        if not Scrape(server.metrics()).total("cpython_gil_enabled"):
            pytest.skip("without a GIL there is nothing to record")
        server.get("/switch?threads=1")
        for seconds in (5, 20, 60):
            said = SAID.fullmatch(text := baton_trace(server, seconds, tmp_path))
            if said:
                break
        server.get("/end")
    assert said, text
    assert said[1] == said[2] and 0 < float(said[2]) < int(said[3]) == seconds
    file = tmp_path / "gil.pftrace"
    assert last_instant(file.read_bytes()) == ("the recording ends here: its memory is full", int(said[4]))
    file.unlink()  # it is large
