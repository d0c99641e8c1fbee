"""What the tests of the queries share; skipped, and said so, where there is no Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.load import LOAD
from harness.server import BINARY
from watched import Scene, need_prometheus, play


@pytest.fixture(scope="session")
def prometheus_is_here() -> None:
    need_prometheus()


# Of these tests only: server, Prometheus and load are gone before others are run.
@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    need_prometheus()
    if not BINARY.exists() or not LOAD.exists():
        pytest.fail(f"{BINARY} or {LOAD} is not there: ./dev build, or set BATON_BINARY")
    with play() as seen:
        yield seen
