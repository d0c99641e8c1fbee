"""The interpreter as a program. Inside a server sys.executable may be the server, and starting that again is no help."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from handlers.lab.registry import NotHere

NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def real_python() -> str:
    """The path of this Python's program."""
    base = Path(sys.base_prefix) / "bin"
    threaded = getattr(sys, "abiflags", "")
    for place in (
        sys.executable,
        getattr(sys, "_base_executable", None),
        base / (NAME + threaded),
        base / NAME,
        shutil.which(NAME),
    ):
        if place and Path(place).name.startswith("python") and os.access(place, os.X_OK):
            return str(place)
    raise NotHere(f"this needs {NAME} as a program, and there is none here: the server has only its library")
