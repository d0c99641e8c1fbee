#!/usr/bin/env python3
"""Writes the dashboards beside itself: python3 dashboards/grafana/generate.py. What they show is in boards/."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from boards import gil, load_test, overview, runtime  # noqa: E402
from boards.parts import to_json  # noqa: E402

BOARDS = (overview.BOARD, gil.BOARD, runtime.BOARD, load_test.BOARD)


def files() -> dict[str, str]:
    """The content of each file by its name."""
    return {f"{board.uid}.json": json.dumps(to_json(board), indent=1) + "\n" for board in BOARDS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE, metavar="DIR", help="instead of beside this script")
    folder = parser.parse_args().into
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
