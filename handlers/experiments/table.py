"""The report as text: Markdown whose columns also line up in a terminal, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handlers.experiments import machine
from handlers.experiments.claims import cores_text
from handlers.experiments.rows import Row, percent
from handlers.experiments.run import WORK, Report

VERSION = 1
HEAD = ("experiment", "published", "here", "CPU", "verdict", "found", "claim")


def duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def cells(row: Row) -> tuple[str, ...]:
    judgement, mine = row.judgement, row.measurement
    verdict = f"{judgement.verdict}: {judgement.why}" if judgement.why else str(judgement.verdict)
    here, cpu = ("", "") if mine is None else (duration(mine.seconds), percent(mine.cpu_use))
    return row.plan.title, str(row.plan.published), here, cpu, verdict, row.found, row.plan.claim


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Each column as wide as its widest cell."""
    safe = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in safe) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in safe]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def scale_text(scale: float) -> str:
    if scale == 1:
        return "the published amount of work"
    return f"1/{1 / scale:g} of the published work" if scale < 1 else f"{scale:g} times the published work"


def rounds_text(rounds: int) -> str:
    return "one round" if rounds == 1 else f"the median of {rounds} rounds"


def facts(report: Report) -> list[str]:
    """What was run, and where."""
    settings = report.settings
    free = settings.free.name if settings.free else "no free-threaded Python"
    return [
        f"{machine.name()}, {cores_text(report.cores)} to use; {settings.plain.name}; {free}; "
        f"{report.baton or 'no Baton'}",
        f"n = {settings.n:,}: {scale_text(settings.scale)} (n = {WORK:,}); {rounds_text(settings.rounds)}, "
        "each in a fresh process (HTTP: a fresh server for each mode)",
    ]


def markdown(report: Report) -> str:
    lines = ["# The lab", "", *(f"- {fact}" for fact in facts(report)), ""]
    lines += [f"**{warning}**\n" for warning in report.warnings]
    lines += [markdown_table(HEAD, [cells(row) for row in report.rows]), ""]
    lines.append(
        "A claim is about ratios and cores, with its tolerance: the published seconds are those of other machines. "
        "Ratios are medians of the ratios of each round. "
        "Held, waited, server's CPU: seconds of each in /metrics, by the seconds that the row took; the column CPU also counts "
        "the processes that the server started."
    )
    return "\n".join(lines) + "\n"


def row_json(row: Row) -> dict[str, Any]:
    mine = row.measurement
    published = {"seconds": row.plan.published.seconds, "cores": row.plan.published.cores}
    said: dict[str, Any] = {
        "key": row.plan.key,
        "group": row.plan.group,
        "experiment": row.plan.title,
        "claim": row.plan.claim,
        "published": published,
        "verdict": str(row.judgement.verdict),
        "why": row.judgement.why,
        "beside": row.plan.beside,
        "ratio": row.ratio,
        "seconds": None if mine is None else mine.seconds,
        "cpu_cores": None if mine is None else mine.cpu_use,
        "others_cores": None if mine is None else mine.others,
        "rounds": [],
    }
    for sample in [] if mine is None else mine.samples:
        books = sample.books
        said["rounds"].append({
            "seconds": sample.seconds,
            "cpu_seconds": sample.cpu_seconds,
            "others_cores": sample.others,
            "books": None if books is None else {"held": books.held, "waited": books.waited, "cpu": books.cpu},
        })  # fmt: skip
    return said


def as_json(report: Report) -> dict[str, Any]:
    settings = report.settings
    return {
        "version": VERSION,
        "machine": {"processor": machine.name(), "cores": report.cores},
        "python": settings.plain.version,
        "free_threaded_python": settings.free.version if settings.free else None,
        "baton": report.baton,
        "n": settings.n,
        "scale": settings.scale,
        "rounds": settings.rounds,
        "warnings": report.warnings,
        "rows": [row_json(row) for row in report.rows],
    }
