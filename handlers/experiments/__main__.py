"""`python3 -m handlers.experiments`: runs the lab, prints the table, writes Markdown, JSON and HTML."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from handlers.experiments import page, pythons, run, table

ROOT = Path(__file__).resolve().parents[2]
QUICK_SCALE, QUICK_ROUNDS, ROUNDS = 1 / 10, 3, 5
SMALLEST, LARGEST = 1e-5, 1.0


def a_scale(text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        scale = float(above) / (float(below) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        raise argparse.ArgumentTypeError(f"{text} is neither a number nor a fraction such as 1/50") from None
    if not SMALLEST <= scale <= LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is not from {SMALLEST:g} to {LARGEST:g}")
    return scale


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description="Measures on this machine what articles about the GIL claim, and says what was repeated."
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"1/{1 / QUICK_SCALE:g} of the work, {QUICK_ROUNDS} rounds instead of {ROUNDS}"
    )
    parser.add_argument("--out", type=Path, default=Path("build/lab"), metavar="DIR",
                        help="lab.md, lab.json and lab.html go there (default: build/lab)")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="the JSON goes there as well; - prints it instead of the table")
    parser.add_argument("--python", action="append", default=[], metavar="PATH",
                        help="measure this interpreter instead of /usr/bin/python3, or, free-threaded, in the rows for such; "
                             "repeatable")  # fmt: skip
    parser.add_argument("--binary", type=Path, metavar="PATH",
                        help="the Baton of the HTTP rows (default: $BATON_BINARY, build/baton, or the one on PATH)")  # fmt: skip
    parser.add_argument("--scale", type=a_scale, metavar="S", help="this part of the published work, such as 1/50")
    parser.add_argument("--rounds", type=int, choices=range(1, 100), metavar="N", help="measure everything so many times")
    return parser


def find_binary(given: Path | None) -> Path | None:
    named = given or (Path(os.environ["BATON_BINARY"]) if os.environ.get("BATON_BINARY") else None)
    if named is not None:
        return named.absolute()
    built, on_path = ROOT / "build" / "baton", shutil.which("baton")
    if built.is_file():
        return built
    return Path(on_path) if on_path else None


def settings_of(chosen: argparse.Namespace) -> run.Settings:
    for path in chosen.python:
        if pythons.ask(path) is None:
            raise SystemExit(f"lab: --python: {path} does not run Python")
    plain = pythons.find_plain(chosen.python)
    if plain is None:
        raise SystemExit("lab: there is no Python with a lock here: --python names one")
    free_binary = ROOT / "build" / "3.13t" / "baton"
    return run.Settings(
        plain=plain,
        free=pythons.find_free_threaded(ROOT, chosen.python),
        binary=find_binary(chosen.binary),
        free_binary=free_binary if free_binary.is_file() else None,
        root=ROOT,
        scale=chosen.scale or (QUICK_SCALE if chosen.quick else 1.0),
        rounds=chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS),
    )


def main(arguments: list[str]) -> int:
    chosen = options().parse_args(arguments)
    try:  # now, and not after minutes of work
        chosen.out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SystemExit(f"lab: --out: {chosen.out}: {problem.strerror}") from None
    if chosen.json and chosen.json != "-" and not Path(chosen.json).absolute().parent.is_dir():
        raise SystemExit(f"lab: --json: {Path(chosen.json).parent} is not a directory")
    report = run.run(settings_of(chosen))
    text, data = table.markdown(report), json.dumps(table.as_json(report), indent=2) + "\n"
    (chosen.out / "lab.md").write_text(text)
    (chosen.out / "lab.json").write_text(data)
    (chosen.out / "lab.html").write_text(page.html(report))
    if chosen.json and chosen.json != "-":
        Path(chosen.json).write_text(data)
    print(data if chosen.json == "-" else text, end="")
    counts = Counter(row.judgement.verdict for row in report.rows)
    run.say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    run.say(f"see {chosen.out / 'lab.html'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
