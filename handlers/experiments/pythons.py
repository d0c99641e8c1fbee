"""Which interpreters are there: the plain one, and a free-threaded 3.13 or later."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PLAIN = "/usr/bin/python3"
FREE = "python3.13t"
ASK = """
import json, platform, sysconfig
print(json.dumps([platform.python_version(), bool(sysconfig.get_config_var("Py_GIL_DISABLED"))]))
"""


@dataclass(frozen=True)
class Interpreter:
    path: str
    version: str
    free_threaded: bool

    @property
    def name(self) -> str:
        return f"Python {self.version}{' free-threaded' if self.free_threaded else ''}"


def ask(path: str) -> Interpreter | None:
    """What is that? None when it does not run Python."""
    try:
        said = subprocess.run([path, "-I", "-c", ASK], capture_output=True, text=True, timeout=30, check=True).stdout
        version, free_threaded = json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(path, version, free_threaded)


def from_build(cache: Path) -> str | None:
    """The interpreter that a build was configured for."""
    try:
        found = re.search(r"^BATON_PYTHON:\w+=(.+)$", cache.read_text(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found else None


def candidates(root: Path, given: Iterable[str]) -> list[str]:
    """Where a free-threaded one may be, the one that was asked for first."""
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "baton" / "python" / "3.13t" / "bin" / FREE
    places = [*given, from_build(root / "build" / "3.13t" / "CMakeCache.txt"), shutil.which(FREE), str(kept)]
    return [place for place in places if place]


def find_free_threaded(root: Path, given: Iterable[str]) -> Interpreter | None:
    found = (ask(path) for path in candidates(root, given))
    return next((python for python in found if python and python.free_threaded), None)


def find_plain(given: Iterable[str]) -> Interpreter | None:
    """The first with a lock: of those asked for, then the system's, then the one that runs this."""
    found = (ask(path) for path in (*given, PLAIN, sys.executable))
    return next((python for python in found if python and not python.free_threaded), None)
