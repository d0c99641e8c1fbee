"""Frameworks come as Debian's packages, for Debian's Python. A Baton on another Python may have to do without."""

from __future__ import annotations

import functools
import importlib.util
import subprocess

import pytest

from harness.server import BINARY, usual_environment


@functools.cache
def lacking(module: str, package: str = "") -> str | None:
    """Why that module cannot be used, by the tests or by the server; None when it can."""
    if importlib.util.find_spec(module) is None:
        return f"{package or 'python3-' + module} is not installed"
    if not BINARY.exists():
        return None  # which conftest.py has something to say about
    checked = subprocess.run(
        [BINARY, "check", f"{module}:no_such_name"],
        env=usual_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if f"there is no module '{module}'" in checked.stderr:
        return f"the Python inside {BINARY} has no {module}"
    return None


def skip_without(*modules: str) -> None:
    """Skip the calling test module unless the tests and the server can both import these modules."""
    for module in modules:
        if reason := lacking(module):
            pytest.skip(reason, allow_module_level=True)
