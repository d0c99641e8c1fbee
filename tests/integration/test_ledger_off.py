"""A Python on which the books cannot be exact: they are closed, one line says why, and everything else works.

No such CPython is at hand, so a library loaded ahead of libpython makes one: every take of the GIL takes it twice. That is
what a release that locks in another way would look like to the self-test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.prometheus import Scrape
from harness.server import Server, direct
from harness.timing import phases

TAKES_TWICE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>

void PyEval_RestoreThread(void* state) {
    void (*take)(void*) = (void (*)(void*))dlsym(RTLD_NEXT, "PyEval_RestoreThread");
    void* (*let_go)(void) = (void* (*)(void))dlsym(RTLD_NEXT, "PyEval_SaveThread");
    take(state);
    take(let_go());
}
"""
REASONS = ("the GIL ledger is off: takes counted", "this free-threaded CPython runs without a GIL")


@pytest.fixture(scope="module")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "no C compiler, though Baton was built with one"
    (folder / "twice.c").write_text(TAKES_TWICE)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", "twice.so", "twice.c", "-ldl"],
        cwd=folder, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return folder / "twice.so"


@pytest.fixture(scope="module")
def server(other_python: Path) -> Iterator[Server]:
    environment = {"LD_PRELOAD": str(other_python)}
    with Server("lock:app", "--server-timing", "--threads", "4", env=environment) as running:
        yield running


def gil(server: Server) -> dict:
    with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
        return json.load(answer)["gil"]


def test_it_serves(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.get("/"), range(200)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_it_says_so_once(server: Server) -> None:
    lines = [line for line in server.stderr.splitlines() if any(reason in line for reason in REASONS)]
    assert len(lines) == 1, server.stderr
    assert lines[0].count("ledger is off") <= 1


def test_status_says_why(server: Server) -> None:
    assert gil(server)["ledger"].startswith(REASONS)
    assert [set(one) for one in gil(server)["interpreters"]] == [{"interpreter", "enabled"}]


def test_there_is_no_timeline_and_it_says_why(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        direct.open(f"http://{server.admin}/trace?seconds=0.01", timeout=10)
    assert refused.value.code == 503
    said = refused.value.read().decode()
    assert said == f"there is no recording: {gil(server)['ledger']}\n"


def test_the_series_of_the_books_are_absent(server: Server) -> None:
    enabled = 1 if server.get("/").body == b"with" else 0
    scrape = Scrape(server.metrics())
    samples = [sample for name, family in scrape.families.items() if "gil" in name for sample in family.samples]
    assert samples == [("cpython_gil_enabled", {"interpreter": "main"}, enabled)]
    assert gil(server)["interpreters"][0]["enabled"] is bool(enabled)


def test_the_phases_still_add_up(server: Server) -> None:
    """What cannot be told apart is not held and not waited for: it is all in off_gil."""
    parts = phases(server.get("/"))
    assert parts["off-gil"] > 0
    assert parts["gil-wait"] == parts["gil-hold"] == parts["lock-wait"] == 0
    scrape = Scrape(server.metrics())
    spent = scrape.total("baton_request_phase_seconds_sum")
    assert spent == pytest.approx(scrape.total("http_server_request_duration_seconds_sum"), rel=0.01)


def test_both_interfaces_are_served_without_books(other_python: Path) -> None:
    with (
        Server("mounted:wsgi", "--mount", "/api=mounted:asgi", env={"LD_PRELOAD": str(other_python)}) as mixed,
        mixed.client() as client,
    ):
        assert gil(mixed)["ledger"].startswith(REASONS)
        for _ in range(3):
            assert json.loads(client.get("/a").body) == ["wsgi", "", "/a"]
            assert json.loads(client.get("/api/a").body) == ["asgi", "/api", "/api/a"]
