"""Frameworks come as Debian's packages, for Debian's Python. A Baton on another Python may have to do without."""

from __future__ import annotations

import subprocess

import pytest
from harness.server import BINARY, usual_environment


def skip_without(module: str) -> None:
    """Skip the calling test module unless the tests and the server can both import that module."""
    pytest.importorskip(module, reason=f"python3-{module} is not installed")
    if not BINARY.exists():
        return  # which conftest.py has something to say about
    checked = subprocess.run(
        [BINARY, "check", f"{module}:no_such_name"],
        env=usual_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if f"there is no module '{module}'" in checked.stderr:
        pytest.skip(f"the Python inside {BINARY} has no {module}", allow_module_level=True)
