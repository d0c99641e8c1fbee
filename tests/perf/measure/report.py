"""Numbers for people and for programs: medians, spreads, tables in Markdown, JSON."""

from __future__ import annotations

import json
import os
import platform
import shlex
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from measure.contenders import Contender

Result = TypeVar("Result")


def median(results: Iterable[Result], value: Callable[[Result], float]) -> float:
    return statistics.median(value(one) for one in results)


def spread(results: Iterable[Result], value: Callable[[Result], float]) -> float:
    """From the least to the most, as a share of the median."""
    values = [value(one) for one in results]
    return (max(values) - min(values)) / statistics.median(values)


def bounds(results: Iterable[Result], value: Callable[[Result], float]) -> tuple[float, float]:
    values = [value(one) for one in results]
    return min(values), max(values)


def ratio(value: float, of: float | None) -> str:
    return f"{value / of:.2f}" if of else ""


def milliseconds(seconds: float) -> str:
    """With as many digits as mean something: 2.31, 12.3, 107."""
    value = seconds * 1e3
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is a name, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def commands(contenders: Iterable[Contender]) -> str:
    return "\n".join(f"    {one.name}: {one.shown()}" for one in contenders)


def invocation(name: str) -> str:
    words = ["./dev", "bench", *([name] if name else []), *sys.argv[1:]]
    return shlex.join(words)


def machine() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release()}


def write_json(file: Path | None, name: str, contenders: Iterable[Contender], content: dict[str, Any]) -> None:
    if file is None:
        return
    servers = {one.name: one.shown() for one in contenders}
    whole = {"bench": name, "invocation": invocation(name), "machine": machine(), "commands": servers, **content}
    file.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
