"""The report as one HTML page that needs nothing else: no scripts, nothing fetched, light or dark as the reader likes it."""

from __future__ import annotations

import re
from html import escape

from handlers.experiments.claims import Verdict
from handlers.experiments.rows import Row, percent
from handlers.experiments.run import Report
from handlers.experiments.svg import Bar, Group, bars
from handlers.experiments.table import HEAD, cells, duration, facts

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --faint: #6b7280; --rule: #d9dde3;
  --here: #2563a8; --published: #b9c2cf; --held: #2f7d4f; --waited: #c07a12; --cpu: #7a5bb0; --dot: #0b2545;
  --good: #1e7a45; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e9ee; --faint: #98a2b0; --rule: #2d333b;
  --here: #5b9ee6; --published: #55606e; --held: #4fae78; --waited: #e0a040; --cpu: #a78bdb; --dot: #f2f6fb;
  --good: #5cc98a; --bad: #ff8a80; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13.5px; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem; border-bottom: 1px solid var(--rule); }
td:nth-child(3), td:nth-child(4) { white-space: nowrap; }
.warning { border-left: 4px solid var(--waited); padding: .3rem .8rem; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; } .none { color: var(--faint); }
svg { display: block; width: 100%; max-width: 760px; margin: 1rem 0; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .title { font-size: 14px; font-weight: 600; }
svg .value { fill: var(--faint); } svg .axis { stroke: var(--rule); }
svg .dot { fill: none; stroke: var(--dot); stroke-width: 1.2; }
.here { fill: var(--here); color: var(--here); } .published { fill: var(--published); color: var(--published); }
.held { fill: var(--held); color: var(--held); } .waited { fill: var(--waited); color: var(--waited); }
.cpu { fill: var(--cpu); color: var(--cpu); } .key span { margin-right: 1.2rem; } .key span::before { content: "■ "; }
.key b { font-weight: 400; color: var(--ink); }
"""
KIND = {Verdict.REPEATED: "good", Verdict.NOT_REPEATED: "bad", Verdict.NOT_POSSIBLE: "none"}


def words(markdown: str) -> str:
    """Text with `code` in it."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(markdown))


def row_html(row: Row) -> str:
    said = [words(cell) for cell in cells(row)]
    at = HEAD.index("verdict")
    said[at] = f'<span class="{KIND[row.judgement.verdict]}">{said[at]}</span>'
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in said) + "</tr>"


def legend(**series: str) -> str:
    return '<p class="key">' + "".join(f'<span class="{k}"><b>{escape(v)}</b></span>' for k, v in series.items()) + "</p>"


def plain(title: str) -> str:
    return title.replace("`", "")


def countdown_chart(rows: list[Row]) -> str:
    """Each time by the time of one thread: here, and as published."""
    first = rows[0].plan.published.seconds or 1.0
    groups = []
    for row in rows:
        shown = []
        published = row.plan.published.seconds
        if published:
            shown.append(Bar("published", published / first, f"{published / first:.2f}  ({published:.2f} s)"))
        mine, base = row.measurement, rows[0].measurement
        if mine and base:
            each = tuple(a.seconds / b.seconds for a, b in zip(mine.samples, base.samples, strict=True)) if row.ratio else ()
            value = row.ratio or 1.0
            shown.append(Bar("here", value, f"{value:.2f}  ({duration(mine.seconds)})", each))
        groups.append(Group(plain(row.plan.title), tuple(shown)))
    return bars("Countdown: time by the time of one thread", groups)


def cores_chart(rows: list[Row]) -> str:
    """Cores in use."""
    groups = []
    for row in rows:
        shown = []
        if row.plan.published.cores:
            cores, seconds = row.plan.published.cores, row.plan.published.seconds or 0.0
            shown.append(Bar("published", cores, f"{percent(cores)}  ({duration(seconds)})"))
        if mine := row.measurement:
            each = tuple(sample.cpu_use for sample in mine.samples)
            shown.append(Bar("here", mine.cpu_use, f"{percent(mine.cpu_use)}  ({duration(mine.seconds)})", each))
        if shown:
            groups.append(Group(plain(row.plan.title), tuple(shown)))
    return bars("Four threads: CPU in use", groups)


def books_chart(rows: list[Row]) -> str:
    """Seconds, and the books beside them."""
    groups = []
    for row in rows:
        if row.measurement is None:
            continue
        mine = row.measurement
        shown = [Bar("here", mine.seconds, duration(mine.seconds), tuple(sample.seconds for sample in mine.samples))]
        for what in ("held", "waited", "cpu") if mine.keeps_books() else ("cpu",):
            part = mine.part(what)
            shown.append(Bar(what, part * mine.seconds, percent(part)))
        groups.append(Group(plain(row.plan.title).removeprefix("Baton, "), tuple(shown)))
    return bars("Through HTTP: time, and what the books say of it", groups)


def html(report: Report) -> str:
    def of(*groups: str) -> list[Row]:
        return [row for row in report.rows if row.plan.group in groups]

    others = [row for row in report.rows if row.plan.group not in ("countdown", "adding", "free")]
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f"<title>The lab</title><style>{STYLE}</style></head><body>",
        "<h1>The lab: what articles about the GIL claim, on this machine</h1>",
        "<ul>" + "".join(f"<li>{words(fact)}</li>" for fact in facts(report)) + "</ul>",
        *(f'<p class="warning">{words(warning)}</p>' for warning in report.warnings),
        "<h2>Threads and processes</h2>",
        legend(published="published", here="here; a ring is one round"),
        countdown_chart(of("countdown")),
        cores_chart(of("adding", "free")),
        "<h2>Baton</h2>",
        legend(here="time", held="GIL held", waited="GIL waited for", cpu="CPU of the server"),
        books_chart(others),
        "<h2>Every row</h2>",
        '<div class="scroll"><table><thead><tr>' + "".join(f"<th>{name}</th>" for name in HEAD) + "</tr></thead><tbody>",
        *(row_html(row) for row in report.rows),
        "</tbody></table></div>",
        "<p>A claim is about ratios and cores, with its tolerance: the published seconds are those of other machines.</p>",
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"
