"""The house rules: who may include whom, and how long a file may get. The design rests on them, so they are tests."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 450
# Long lists that are data, not code.
MAY_BE_LONGER: set[str] = set()
# What only libbaton-gil.so has, and the format of the books that it writes and `baton probe` reads.
PRELOADED = "interp/gil/preload/"
BOOKS = "server/probe/book.hpp"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def tracked() -> list[Path]:
    """Every file of the tree, as git sees it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [path for name in sorted(set(listed.stdout.splitlines())) if (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = tracked()
    assert len(found) > 50, "this is not the whole tree"
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources(files: list[Path], *folders: str) -> Iterator[tuple[str, list[str]]]:
    """C++ files below these folders, with what they include."""
    count = 0
    for path in files:
        if path.suffix in (".cpp", ".hpp", ".h", ".c") and name(path).startswith(folders):
            count += 1
            yield name(path), INCLUDE.findall(path.read_text())
    assert count, f"no sources in {folders}"


def test_python_h_is_included_in_one_place(files: list[Path]) -> None:
    """In the server; and in one place of the lab's extension, which is no part of the server."""
    places = [file for file, includes in sources(files, "server/", "interp/", "handlers/") if "Python.h" in includes]
    assert sorted(places) == ["handlers/native/python.hpp", "interp/python.hpp"]


def test_the_server_and_the_handlers_do_not_know_each_other(files: list[Path]) -> None:
    """An extension of the lab is loaded by any Python; the server serves anybody's handlers."""
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "server/", "interp/", "handlers/")
        for include in includes
        if include.startswith(("server/", "interp/") if file.startswith("handlers/") else "handlers/")
    ]
    assert guilty == []


def test_the_load_generator_is_a_program_of_its_own(files: list[Path]) -> None:
    """It links nothing of the server, and nobody links anything of it."""
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "server/", "interp/", "handlers/", "loadgen/")
        for include in includes
        if include.startswith("loadgen/") != file.startswith("loadgen/")
        if include.startswith(("server/", "interp/", "handlers/", "loadgen/"))
    ]
    assert guilty == []


def test_only_the_app_room_knows_both_worlds(files: list[Path]) -> None:
    """It puts them together; the rest of the network world does not know Python."""
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "server/")
        for include in includes
        if include.startswith("interp/") and not file.startswith("server/app/")
    ]
    assert guilty == []


def test_nobody_but_main_knows_the_app_room(files: list[Path]) -> None:
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "server/", "interp/")
        for include in includes
        if include.startswith("server/app/") and not file.startswith("server/app/") and file != "server/main.cpp"
    ]
    assert guilty == []


def test_the_python_world_sees_only_the_seam(files: list[Path]) -> None:
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "interp/")
        for include in includes
        if include.startswith("server/") and not include.startswith(("server/dispatch/", "server/http/"))
        if not (include == BOOKS and file.startswith(PRELOADED))
    ]
    assert guilty == []


def test_the_python_world_touches_no_socket(files: list[Path]) -> None:
    sockets = ("boost/asio", "boost/beast/core/tcp", "sys/socket.h", "netinet/", "arpa/", "openssl/")
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "interp/")
        for include in includes
        if include.startswith(sockets)
    ]
    assert guilty == []


def test_the_ledger_needs_the_system_only(files: list[Path]) -> None:
    """It is called from inside pthread functions, before and after everything else lives."""
    standard = re.compile(r"^[a-z_/0-9]+(\.h)?$")
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "interp/gil/", BOOKS)
        for include in includes
        if include.startswith("boost/") or not (include.startswith("interp/gil/") or standard.match(include))
        if not (include == BOOKS and file.startswith(PRELOADED))
    ]
    assert guilty == []


def test_the_ledger_does_not_know_what_is_preloaded(files: list[Path]) -> None:
    guilty = [
        f"{file}: {include}"
        for file, includes in sources(files, "interp/", "server/")
        for include in includes
        if include.startswith(PRELOADED) and not file.startswith(PRELOADED)
    ]
    assert guilty == []


def test_includes_start_at_the_top_of_the_tree(files: list[Path]) -> None:
    # What is below embedded/ is made by the build (cmake/embed.cmake).
    tops = ("server/", "interp/", "tests/", "loadgen/", "handlers/")
    guilty = []
    for path in files:
        if path.suffix not in (".cpp", ".hpp"):
            continue
        for quoted in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.MULTILINE):
            if not quoted.startswith("embedded/") and not (quoted.startswith(tops) and (ROOT / quoted).is_file()):
                guilty.append(f"{name(path)}: {quoted}")
    assert guilty == []


def test_files_have_one_subject(files: list[Path]) -> None:
    code = (".cpp", ".hpp", ".h", ".py", ".sh", ".cmake", "")
    long = {
        name(path): lines
        for path in files
        if path.suffix in code and (lines := path.read_bytes().count(b"\n")) > LONGEST_FILE
    }
    assert {file: lines for file, lines in long.items() if file not in MAY_BE_LONGER} == {}


def test_headers_say_what_they_are(files: list[Path]) -> None:
    guilty = []
    for path in files:
        if path.suffix == ".hpp" and name(path).startswith(("server/", "interp/", "handlers/")):
            text = path.read_text()
            if not text.startswith("// ") or "#pragma once" not in text:
                guilty.append(name(path))
    assert guilty == []


def test_no_path_of_a_machine(files: list[Path]) -> None:
    """A tree that names somebody's folders works in somebody's folders only."""
    home = re.compile(rb"(?<![\w.])/(home|root|Users|work)/[A-Za-z0-9_.-]+")
    here = os.fsencode(ROOT)
    guilty = []
    for path in files:
        content = path.read_bytes()
        if path == Path(__file__) or b"\0" in content:
            continue
        if (found := home.search(content)) or here in content:
            guilty.append(f"{name(path)}: {found.group(0).decode() if found else ROOT}")
    assert guilty == []


def test_nothing_is_left_to_be_done(files: list[Path]) -> None:
    mark = re.compile(rb"\b(TO" rb"DO|FIX" rb"ME|XX" rb"X|HA" rb"CK)\b")
    guilty = [name(path) for path in files if path.suffix in (".cpp", ".hpp", ".py", ".md", ".sh") and mark.search(path.read_bytes())]
    assert guilty == []


def test_scripts_are_strict_and_executable(files: list[Path]) -> None:
    scripts = [path for path in files if path.read_bytes()[:2] == b"#!" and b"bash" in path.read_bytes()[:40]]
    assert len(scripts) >= 2
    for path in scripts:
        assert "set -euo pipefail" in path.read_text(), name(path)
        assert os.access(path, os.X_OK), name(path)
