"""The lab as a script, end to end with very little work: its files, its rows, and what is not possible."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

from harness.server import BINARY, REPOSITORY, usual_environment

PYTHON = "/usr/bin/python3"
MODULE = (PYTHON, "-m", "handlers.experiments")
VERDICTS = {"repeated", "not repeated", "not possible here"}


def lab(*arguments: str, command: tuple[str, ...] = MODULE, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments], cwd=cwd, env=usual_environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def rows(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in data["rows"]}


def test_a_quick_run_writes_everything(tmp_path: Path) -> None:
    out, extra = tmp_path / "deep" / "out", tmp_path / "more.json"
    arguments = ("--quick", "--scale", "1/200", "--rounds", "2", "--binary", str(BINARY), "--out", str(out))
    ended = lab(*arguments, "--json", str(extra))
    assert ended.returncode == 0, ended.stderr
    assert (out / "lab.md").read_text() == ended.stdout
    assert "1/200 of the published work" in ended.stdout
    assert (out / "lab.json").read_text() == extra.read_text()
    page = (out / "lab.html").read_text()
    assert xml.fromstring(page.partition("\n")[2]).tag == "html"

    data = json.loads(extra.read_text())
    assert data["n"] == 500_000
    found = rows(data)
    assert {row["verdict"] for row in data["rows"]} <= VERDICTS
    measured = ["countdown_one"]
    if data["machine"]["cores"] >= 2:
        measured += ["countdown_threads", "countdown_processes", "add_global", "add_local"]
    whats = ("one", "two") if data["machine"]["cores"] >= 2 else ("one",)
    measured += [f"http_{mode}_{what}" for mode in ("threads", "cpython", "loop") for what in whats]
    for key in measured:
        assert len(found[key]["rounds"]) == 2, (key, found[key]["why"])
        assert found[key]["seconds"] > 0
        assert found[key]["cpu_cores"] >= 0
    for key in (key for key in measured if key.startswith("http_")):
        books = found[key]["rounds"][0]["books"]
        assert books["cpu"] >= 0
        assert books["waited"] >= 0
        # Counting to half a million takes a while, whatever the machine; and it is done with the lock.
        assert books["held"] > 0.001, key


def test_without_a_server_its_rows_say_so(tmp_path: Path) -> None:
    nothing = tmp_path / "no-such-baton"
    arguments = ("--scale", "1/100000", "--rounds", "1", "--out", str(tmp_path), "--json", "-", "--binary", str(nothing))
    ended = lab(*arguments)
    assert ended.returncode == 0, ended.stderr
    found = rows(json.loads(ended.stdout))
    assert found["http_threads_one"]["verdict"] == "not possible here"
    assert str(nothing) in found["http_threads_one"]["why"]
    assert found["http_loop_two"]["rounds"] == []
    assert len(found["countdown_one"]["rounds"]) == 1


def test_installed_beside_baton(tmp_path: Path) -> None:
    """As `cmake --install` puts it: the program in bin, the handlers in lib/baton."""
    program = tmp_path / "bin" / "baton-lab"
    program.parent.mkdir()
    shutil.copy(REPOSITORY / "handlers" / "experiments" / "baton-lab", program)
    alone = lab("--help", command=(str(program),), cwd=tmp_path)
    assert alone.returncode == 1
    assert "handlers.experiments is not in" in alone.stderr
    shutil.copytree(REPOSITORY / "handlers", tmp_path / "lib" / "baton" / "handlers")
    os.symlink(BINARY, tmp_path / "bin" / "baton")
    ended = lab("--scale", "1/10000", "--rounds", "1", "--json", "-", command=(str(program),), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "build" / "lab" / "lab.html").is_file()
    found = rows(json.loads(ended.stdout))
    assert len(found["http_threads_one"]["rounds"]) == 1, found["http_threads_one"]["why"]


def test_what_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    for arguments, said in (
        (("--python", str(tmp_path / "nothing")), "does not run Python"),
        (("--out", "/dev/null/lab"), "--out"),
        (("--json", "/dev/null/lab.json"), "--json"),
    ):
        ended = lab(*arguments)
        assert ended.returncode == 1
        assert said in ended.stderr
        assert ended.stdout == ""
    assert lab("--scale", "7").returncode == 2
