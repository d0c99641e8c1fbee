#!/usr/bin/env python3
"""clang-tidy over many sources, in batches: `tidy.py BUILD FILE...`; exit status 1 when there is a complaint.

Most of what clang-tidy does on a file it does on the headers of Boost and the standard library, again for every file.
Here the files of a folder that are compiled alike are read as one, each still itself: what is found is reported in its own
file and line. A file that cannot be read after its neighbours (both have a helper of the same name, each local to its
file) goes to a batch of its own. bugprone-suspicious-include, which would object to the batches themselves, runs on nothing.

What was clean once is not read again while neither it, nor a header that it includes, nor the checks have changed: the
preprocessed text is remembered by its hash, in $XDG_CACHE_HOME/baton-tidy or ~/.cache/baton-tidy. A complaint is not remembered.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# More would save nothing more, and takes memory: about 150 MB for every file that includes Asio.
LARGEST = 16
# The compiler is g++: clang does not know all of its warning flags, and finds a deprecated call in libstdc++.
EXTRA = ["-Wno-unknown-warning-option", "-Wno-deprecated-declarations"]
NOISE = re.compile(r"^\d+ warnings? |^Suppressed |^Use -header-filter|^Found compiler error|^Error while processing ")
# What clang reports when a file cannot be read, as opposed to what the checks find in it.
CLASH = re.compile(r"^(\S+?):\d+:\d+: (?:fatal )?error: .*\[clang-diagnostic-error", re.MULTILINE)


CLEAN = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "baton-tidy"


@dataclass(frozen=True)
class Batch:
    """Files of one folder, and the one command that compiles each of them."""

    arguments: tuple[str, ...]
    directory: str
    files: tuple[str, ...]

    def apart(self, clashing: set[str]) -> list[Batch]:
        """Those files and the others; two halves when that would part nothing."""
        first = [name for name in self.files if name not in clashing]
        if len(first) in (0, len(self.files)):
            first = list(self.files[: len(self.files) // 2])
        second = [name for name in self.files if name not in first]
        return [Batch(self.arguments, self.directory, tuple(files)) for files in (first, second)]


def without_names(arguments: list[str], source: str) -> tuple[str, ...]:
    """A compiler's command less the source and the object."""
    left = []
    words = iter(arguments)
    for word in words:
        if word == "-o":
            next(words)
        elif word not in (source, "-c"):
            left.append(word)
    return tuple(left)


def batches(build: Path, wanted: Iterable[str]) -> list[Batch]:
    """The wanted files by folder and command. What no target compiles cannot be checked, and is an error."""
    commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    alike: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for name in wanted:
        source = str(Path(name).resolve())
        if source not in commands:
            raise SystemExit(f"tidy.py: {name} belongs to no target of {build}")
        entry = commands[source]
        arguments = without_names(shlex.split(entry["command"]), source)
        alike.setdefault((os.path.dirname(source), arguments, entry["directory"]), []).append(source)
    found = []
    for (_, arguments, directory), files in alike.items():
        for start in range(0, len(files), LARGEST):
            found.append(Batch(arguments, directory, tuple(files[start : start + LARGEST])))
    # The longest first, so that none is left over for the end.
    return sorted(found, key=lambda batch: -len(batch.files))


@functools.cache
def checks() -> bytes:
    """What is looked for, and by whom."""
    version = subprocess.run(["clang-tidy-19", "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    return version + (ROOT / ".clang-tidy").read_bytes() + Path(__file__).read_bytes()


def mark_of(batch: Batch) -> Path | None:
    """The file that is there when this very text was clean; None when it cannot be preprocessed."""
    text = "".join(f'#include "{name}"\n' for name in batch.files)
    # Comments stay: NOLINT is one.
    command = [*batch.arguments, "-E", "-C", "-x", "c++", "-o", "-", "-"]
    done = subprocess.run(command, cwd=batch.directory, input=text.encode(), capture_output=True)
    if done.returncode != 0:
        return None
    seen = hashlib.sha256(checks())
    for part in ("\0".join(batch.arguments[1:]).encode(), done.stdout):
        seen.update(part.replace(str(ROOT).encode(), b"."))
    return CLEAN / seen.hexdigest()


def clang_tidy(batch: Batch) -> tuple[bool, str]:
    """Whether it is clean, and what was printed."""
    mark = mark_of(batch)
    if mark and mark.exists():
        return True, ""
    clean, said = clang_tidy_itself(batch)
    if clean and mark:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return clean, said


def clang_tidy_itself(batch: Batch) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as folder:
        source = batch.files[0]
        extra = [f"--extra-arg={word}" for word in EXTRA]
        if len(batch.files) > 1:
            source = f"{folder}/batch.cpp"
            Path(source).write_text("".join(f'#include "{name}"\n' for name in batch.files))
            # A name that hides another file's is no fault; within a file g++ finds it.
            extra += ["--checks=-bugprone-suspicious-include", "--extra-arg=-Wno-shadow"]
        command = {"directory": batch.directory, "file": source, "arguments": [*batch.arguments, "-c", source]}
        Path(folder, "compile_commands.json").write_text(json.dumps([command]))
        run = ["clang-tidy-19", "-p", folder, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", *extra, source]
        done = subprocess.run(run, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, "".join(line for line in done.stdout.splitlines(True) if not NOISE.match(line))


def complaints(batch: Batch) -> str:
    """What there is to say of a batch, taken apart while its files cannot be read together."""
    clean, said = clang_tidy(batch)
    if clean:
        return ""
    clashing = set(CLASH.findall(said))
    if clashing and len(batch.files) > 1:
        return "".join(complaints(part) for part in batch.apart(clashing))
    # Killed, or anything else that it did not put into words, is no silence.
    return said or f"clang-tidy failed on {' '.join(batch.files)}\n"


def main() -> int:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    status = 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        for said in workers.map(complaints, batches(Path(sys.argv[1]), sys.argv[2:])):
            if said:
                status = 1
                print(said, end="", flush=True)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
