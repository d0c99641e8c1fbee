"""What is read of the machine, of interpreters and of a server's answers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from handlers.experiments import machine, pythons, served
from handlers.experiments.__main__ import options
from handlers.experiments.measure import Books, Impossible

METRICS = """\
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 7.5
cpython_gil_held_seconds_total{interpreter="0"} 3.0
cpython_gil_held_seconds_total{interpreter="1"} 1.0
cpython_gil_waiting_seconds_total{interpreter="0"} 0.25
"""


def test_the_limit_of_a_container() -> None:
    assert machine.quota("max 100000\n") is None
    assert machine.quota("150000 100000\n") == 1.5


def test_what_others_leave() -> None:
    assert machine.free_cores(2.0, 0.0) == 2.0
    assert machine.free_cores(1.0, 3.0) == 0.0
    # A container that may use half a core of a machine that is not full.
    assert machine.free_cores(0.5, 1.5) == 0.5


def test_steal_counts_as_busy() -> None:
    ticks = machine.TICKS
    line = f"cpu {ticks} 0 {2 * ticks} 900 50 0 0 {ticks} 0 0"
    assert machine.busy_seconds(line) == 4.0


def test_books_are_sums_and_differences() -> None:
    books = served.parse(METRICS)
    assert books == Books(4.0, 0.25, 7.5)
    assert served.between(Books(1.0, 0.0, 5.0), books) == Books(3.0, 0.25, 2.5)


def test_without_a_lock_there_are_no_books_but_cpu() -> None:
    books = served.parse("process_cpu_seconds_total 7.5\n")
    assert books == Books(None, None, 7.5)
    assert served.between(books, books) == Books(None, None, 0.0)
    with pytest.raises(Impossible):
        served.parse("nothing 1\n")


def test_what_an_answer_says_of_itself() -> None:
    answer = b"counting down from 10000000: 0.181 s here, 0.102 s divided among 2 processes, which took 0.09 s to start\n"
    assert served.said_of_itself("/processes/countdown?workers=2", answer) == (0.181, 0.102)
    assert served.said_of_itself("/cpu/countdown?n=1", b"counted down from 1\n") is None
    for useless in (b"done\n", b"0.000 s in 1 thread, 0.001 s divided among 2\n"):
        with pytest.raises(Impossible):
            served.said_of_itself("/threads/countdown", useless)


def test_interpreters_are_asked_what_they_are(tmp_path: Path) -> None:
    found = pythons.ask(sys.executable)
    assert found is not None
    assert found.version == sys.version.split()[0]
    assert pythons.ask(str(tmp_path / "nothing")) is None
    assert pythons.ask("/bin/true") is None


def test_the_interpreter_of_a_build(tmp_path: Path) -> None:
    cache = tmp_path / "CMakeCache.txt"
    assert pythons.from_build(cache) is None
    cache.write_text("A:STRING=b\nBATON_PYTHON:STRING=/opt/python3.13t\n")
    assert pythons.from_build(cache) == "/opt/python3.13t"


@pytest.mark.parametrize(("text", "scale"), [("1/50", 0.02), ("0.5", 0.5), ("1", 1.0)])
def test_scales(text: str, scale: float) -> None:
    assert options().parse_args(["--scale", text]).scale == scale


@pytest.mark.parametrize("text", ["0", "-1", "2", "1/0", "half", "nan"])
def test_no_scales(text: str) -> None:
    with pytest.raises(SystemExit) as ended:
        options().parse_args(["--scale", text])
    assert ended.value.code == 2
