"""What a test needs and a developer's machine may lack: skipped there and said so; under BATON_CI it has to be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    if os.environ.get("BATON_CI"):
        pytest.fail(f"{reason} (BATON_CI is set: nothing may be left out)", pytrace=False)
    pytest.skip(reason)
