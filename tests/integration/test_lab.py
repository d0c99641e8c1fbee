"""The handlers that ship."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.prometheus import Scrape
from harness.server import REPOSITORY, Server


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with Server("handlers.lab:app", "--server-timing", cwd=REPOSITORY) as running:
        yield running


def test_hello() -> None:
    with Server("handlers.hello:app", cwd=REPOSITORY) as running:
        answer = running.get("/")
        assert (answer.status, answer.body, answer.get("Content-Type")) == (200, b"Hello, World!", "text/plain")


def test_the_index_lists_every_endpoint(lab: Server) -> None:
    text = lab.get("/").text
    for target in re.findall(r"http://localhost(/[^\s']+)", text):
        assert lab.get(target).status in (200, 405), target
    assert "/io/sleep" in text and "/cpu/countdown" in text


def test_echo(lab: Server) -> None:
    with lab.client() as client:
        assert client.post("/echo", b"\x00any\xffbytes").body == b"\x00any\xffbytes"
        assert client.get("/echo").status == 405


@pytest.mark.parametrize(
    ("target", "limits"),
    [
        ("/io/sleep?ms=-1", "0 to 10000"),
        ("/io/sleep?ms=10001", "0 to 10000"),
        ("/io/sleep?ms=1e3", "0 to 10000"),
        ("/io/sleep?ms=%D9%A1", "0 to 10000"),
        ("/io/sleep?ms=", "0 to 10000"),
        ("/cpu/countdown?n=100000001", "0 to 100000000"),
        ("/cpu/countdown?n=" + "9" * 5000, "0 to 100000000"),
        ("/cpu/countdown?n=many", "0 to 100000000"),
    ],
)
def test_inputs_are_bounded(lab: Server, target: str, limits: str) -> None:
    answer = lab.get(target)
    assert answer.status == 400 and limits in answer.text


def test_edges_of_the_ranges(lab: Server) -> None:
    assert lab.get("/io/sleep?ms=0").status == 200
    assert lab.get("/cpu/countdown?n=0").text == "counted down from 0\n"


def test_unknown_paths(lab: Server) -> None:
    assert lab.get("/nothing/here").status == 404


def test_routes_are_named(lab: Server) -> None:
    lab.get("/io/sleep?ms=1")
    routes = {labels["http_route"] for labels, _ in Scrape(lab.metrics()).select("baton_request_phase_seconds_sum")}
    assert "/io/sleep" in routes
