"""The lab's C++ extension. It is built with the server (target lab_native) and found beside it.

`lab` is the extension, or None where it is not built for this Python.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sysconfig
from pathlib import Path
from types import ModuleType


def _places() -> list[Path]:
    """Where a build leaves the extension. Its file name says for which Python it is, so the wrong one is never taken."""
    tree = Path(__file__).resolve().parents[2]
    places = [tree / "build", tree / "build" / str(sysconfig.get_config_var("LDVERSION"))]
    with contextlib.suppress(OSError):  # no /proc: the others have to do
        places.insert(0, Path(os.readlink("/proc/self/exe")).parent)  # the server's own build
    # Installed, it lies beside this file, where every import looks first.
    return [place / "handlers" / "native" for place in places]


def _load() -> ModuleType | None:
    __path__.extend(str(place) for place in _places() if place.is_dir())
    try:
        return importlib.import_module("handlers.native._native")
    except ImportError:
        return None


lab = _load()
HOW = "the native extension is not built for this Python: ./dev build, or cmake --build BUILD --target lab_native"
