#!/usr/bin/env python3
"""`./dev bench [NAME] [OPTIONS]`: finds the bench of that name, which is the program beside this one, and becomes it."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEFAULT = "hello"


def known() -> dict[str, Path]:
    """The programs beside this one, by name."""
    return {file.stem: file for file in sorted(HERE.glob("*.py")) if file.stem != "bench" and not file.stem.startswith("test_")}


def about(file: Path) -> str:
    """The first line of what a program says about itself."""
    return (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0]


def usage() -> str:
    names = known()
    width = max(map(len, names))
    lines = [f"  {name:{width}}  {about(file)}" for name, file in names.items()]
    return "\n".join([
        f"Usage: ./dev bench [NAME] [OPTIONS]     without a name: {DEFAULT}",
        "",
        *lines,
        "",
        "./dev bench NAME --help lists the options of each.",
    ])  # fmt: skip


def main(arguments: list[str]) -> int:
    if arguments[:1] in (["--help"], ["-h"], ["help"]):
        print(usage())
        return 0
    name, options = DEFAULT, arguments
    if arguments and not arguments[0].startswith("-"):
        name, options = arguments[0], arguments[1:]
    if name not in known():
        print(f"bench: there is no {name}\n\n{usage()}", file=sys.stderr)
        return 2
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, str(known()[name]), *options])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
