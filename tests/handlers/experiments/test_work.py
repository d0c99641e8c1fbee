"""The work in processes of its own, as a measurement runs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from handlers.experiments.measure import WORK

RUN = """
import multiprocessing, runpy, sys
multiprocessing.set_start_method(sys.argv.pop(1))
program, *sys.argv[1:] = sys.argv[1:]
runpy.run_path(program, run_name="__main__")
"""


def cpu_seconds(method: str, experiment: str) -> float:
    command = [sys.executable, "-I", "-c", RUN, method, str(WORK), experiment, "4000000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)["cpu_seconds"]


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_what_processes_compute_is_counted(method: str) -> None:
    """Whatever the default is: 3.14 has another than those before."""
    assert cpu_seconds(method, "countdown_processes") > cpu_seconds(method, "countdown_one") / 2
