"""The commands of image and Compose file, by the programs themselves: options, applications and scenarios are there."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from dockerfile import arguments, instructions
from harness.load import LOAD, baton_load
from harness.server import BINARY, usual_environment
from test_compose import SERVICES, mounts

ROOT = Path(__file__).resolve().parents[2]
UNREACHABLE = 3  # baton-load's status when all is understood, and nobody is there
IMAGE = [arguments(rest) for word, rest in instructions((ROOT / "docker" / "Dockerfile").read_text()) if word == "CMD"][-1]


def defaults(words: list[str]) -> list[str]:
    """As Compose has them when nothing is set."""
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word) for word in words]


COMMANDS = {"image": IMAGE, "compose": defaults(SERVICES["baton"]["command"])}


def understood(words: list[str]) -> tuple[bool, str]:
    """By `baton check`, which takes the same options and loads the applications."""
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not there: ./dev build, or set BATON_BINARY")
    assert words[0] == "serve"
    ended = subprocess.run(
        [BINARY, "check", *words[1:]], cwd=ROOT, env={**usual_environment(), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("of", COMMANDS)
def test_baton_understands_it(of: str) -> None:
    well, said = understood(COMMANDS[of])
    assert well, said


@pytest.mark.parametrize(
    ("old", "new"),
    [("handlers.lab:app", "handlers.labb:app"), ("--server-timing", "--server-timming"), ("/asgi=handlers.lab:asgi", "/asgi=handlers.lab:asig")],
)
def test_baton_would_say_what_is_wrong(old: str, new: str) -> None:
    assert old in COMMANDS["compose"]
    assert not understood([new if word == old else word for word in COMMANDS["compose"]])[0]


def load_command(folder: Path) -> list[str]:
    """With the scenario where it comes from, and at ports where nobody is."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        nobody = one.getsockname()[1]
    words = [re.sub(r":9180$", f":{nobody}", re.sub(r"^0\.0\.0\.0:9191$", "127.0.0.1:0", word)) for word in SERVICES["load"]["command"]]
    for inside, outside in mounts("load").items():
        here = folder / inside.strip("/")
        shutil.copytree(outside, here)
        for file in here.glob("*.toml"):
            file.write_text(file.read_text().replace(":8000", f":{nobody}"))
        words = [word.replace(inside, str(here)) for word in words]
    return words


def test_baton_load_understands_it(tmp_path: Path) -> None:
    if not LOAD.exists():
        pytest.fail(f"{LOAD} is not there: ./dev build")
    assert SERVICES["load"]["entrypoint"] == ["baton-load"]
    done = baton_load(*load_command(tmp_path))
    assert done.status == UNREACHABLE, done.err


@pytest.mark.parametrize(("old", "new"), [("lab.toml", "labb.toml"), ("--live", "--life"), ("24h", "24j")])
def test_baton_load_would_say_what_is_wrong(old: str, new: str, tmp_path: Path) -> None:
    command = load_command(tmp_path)
    wrong = [word.replace(old, new) for word in command]
    assert wrong != command
    assert baton_load(*wrong).status not in (0, UNREACHABLE)


def test_the_load_goes_to_the_server_and_says_its_figures_where_they_are_asked_for() -> None:
    words = SERVICES["load"]["command"]
    port = words[words.index("--metrics") + 1].rpartition(":")[2]
    assert f"baton:{port}" in (mounts("prometheus")["/etc/prometheus/targets"] / "baton-load.json").read_text()
    assert SERVICES["load"]["network_mode"] == "service:baton"
    base = re.search(r'^base = "http://127\.0\.0\.1:(\d+)"', (mounts("load")["/scenarios"] / "lab.toml").read_text(), re.MULTILINE)
    assert base and any(port.endswith(f":{base[1]}") for port in SERVICES["baton"]["ports"])
