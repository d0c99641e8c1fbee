"""What the tests of the queries share; skipped, and said so, where there is no Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dashboards.demo.monitor import available
from harness.load import LOAD
from harness.server import BINARY
from watched import NO_PROMETHEUS, Scene, play


@pytest.fixture(scope="session")
def scene() -> Iterator[Scene]:
    if not available():
        pytest.skip(NO_PROMETHEUS)
    if not BINARY.exists() or not LOAD.exists():
        pytest.fail(f"{BINARY} or {LOAD} is not there: ./dev build, or set BATON_BINARY")
    with play() as seen:
        yield seen
