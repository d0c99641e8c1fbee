"""Fixtures that all integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.devtools import Chromium
from harness.frameworks import lacking
from harness.server import BINARY, Process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a server there is nothing to test, and silence would look like success."""
    if items and not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: ./dev build, or set BATON_BINARY", returncode=3)


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loops that ASGI applications run on."""
    if request.param == "uvloop" and (reason := lacking("uvloop")):
        pytest.skip(reason)
    return request.param


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests: its start is what takes long."""
    with Chromium() as browser:
        yield browser


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Show what the servers of a failed test had to say."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Process):
                report.sections.append((f"log of {name}", value.log[-4000:]))
