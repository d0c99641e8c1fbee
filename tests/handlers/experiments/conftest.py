"""Every test here is told that the machine has two cores, whatever it has."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
