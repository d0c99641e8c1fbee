"""No client of the lab can ask for more than the machine bears: ranges, and refusals of too much at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.server import REPOSITORY, Server


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with Server(
        "handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", "--threads=16", cwd=REPOSITORY
    ) as running:
        yield running


@pytest.mark.parametrize("prefix", ["", "/asgi"])
@pytest.mark.parametrize(
    ("path", "name", "least", "most"),
    [
        ("/cpu/countdown", "n", 0, 100_000_000),
        ("/cpu/primes", "n", 0, 500_000),
        ("/cpu/fib", "n", 0, 32),
        ("/cpu/json", "records", 1, 50_000),
        ("/io/sleep", "ms", 0, 10_000),
        ("/io/upstream", "ms", 0, 10_000),
        ("/io/file", "kb", 1, 4096),
        ("/io/db", "rows", 1, 5_000_000),
        ("/native/hash", "mb", 1, 1024),
        ("/native/compress", "mb", 1, 64),
        ("/native/matmul", "size", 1, 800),
        ("/race", "threads", 1, 8),
        ("/race", "n", 1, 1_000_000),
        ("/threads/countdown", "threads", 1, 8),
        ("/threads/countdown", "n", 0, 20_000_000),
        ("/pool", "workers", 1, 8),
        ("/processes/countdown", "workers", 1, 4),
        ("/processes/countdown", "n", 0, 50_000_000),
        ("/processes/counter", "workers", 1, 4),
        ("/processes/counter", "n", 1, 200_000),
        ("/subprocess", "n", 0, 20_000_000),
        ("/asyncio/gather", "n", 1, 10_000),
        ("/asyncio/gather", "ms", 0, 5000),
        ("/asyncio/blocking", "ms", 0, 2000),
        ("/interpreters/countdown", "workers", 1, 4),
        ("/interpreters/countdown", "n", 0, 20_000_000),
        ("/freethreaded", "threads", 1, 8),
        ("/freethreaded", "n", 0, 20_000_000),
        ("/refcount", "n", 0, 100_000),
        ("/switch", "interval", 10, 100_000),
        ("/switch", "n", 1, 10_000_000),
    ],
)
def test_numbers_out_of_range_get_the_range(
    lab: Server, prefix: str, path: str, name: str, least: int, most: int
) -> None:
    for wrong in (least - 1, most + 1, "1e3", "%D9%A1", "", "many", "9" * 5000):
        answer = lab.get(f"{prefix}{path}?{name}={wrong}")
        assert (answer.status, answer.text) == (
            400,
            f"{name} must be a whole number from {least} to {most}\n",
        ), wrong


@pytest.mark.parametrize("prefix", ["", "/asgi"])
@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("/race?lock=2", "0, 1"),
        ("/race?how=other", "plain, call"),
        ("/pool?work=", "io, cpu"),
        ("/processes/counter?lock=yes", "1, 0"),
        ("/native/hash?release=2", "1, 0"),
        ("/native/hash?with=zlib", "extension, hashlib"),
        ("/native/compress?with=hashlib", "extension, zlib"),
        ("/native/matmul?with=cupy", "extension, numpy"),
    ],
)
def test_choices_are_listed(lab: Server, prefix: str, target: str, options: str) -> None:
    answer = lab.get(prefix + target)
    assert answer.status == 400 and answer.text.endswith(f"must be one of {options}\n")


@pytest.mark.parametrize("target", ["/processes/countdown?n=3000000", "/subprocess?n=5000000"])
def test_too_much_at_once_is_refused(lab: Server, target: str) -> None:
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda _: lab.get(target), range(12)))
    assert {answer.status for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert answer.get("Retry-After") == "1" and "try again" in answer.text
    assert lab.get(target).status == 200  # what was taken is given back


def test_a_range_error_gives_its_slot_back(lab: Server) -> None:
    for _ in range(20):
        assert lab.get("/subprocess?n=x").status == 400
        assert lab.get("/processes/counter?n=x").status == 400
    assert lab.get("/subprocess?n=1").status == 200
    assert lab.get("/processes/counter?n=1").status == 200


def test_a_loop_collects_no_endless_body(lab: Server) -> None:
    with lab.client() as client:
        assert client.post("/asgi/echo", bytes(16 * 1024 * 1024)).status == 200
    with lab.client() as client:
        client.send(
            b"POST /asgi/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16777217\r\n\r\n"
            + bytes(16777217)
        )
        assert client.response().status == 400


def test_requests_do_not_disturb_each_other(lab: Server) -> None:
    """Each race has a global of its own, each counter is another."""

    def lost(target: str) -> str:
        return lab.get(target).text

    with ThreadPoolExecutor(4) as crowd:
        texts = list(crowd.map(lost, ["/race?threads=4&n=20000&lock=1"] * 4))
    assert all("expected 80000, got 80000" in text for text in texts)
