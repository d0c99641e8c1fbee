"""Bar charts as SVG, written by hand: no library, no script. Colours are CSS variables of the page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABEL, VALUE, BAR, GAP, TOP = 760, 300, 120, 12, 12, 34
LINE, WRAP = 15, 44


@dataclass(frozen=True)
class Bar:
    """One length: of which series, and what stands behind it; `dots` are the single rounds."""

    series: str
    value: float
    text: str
    dots: tuple[float, ...] = ()


@dataclass(frozen=True)
class Group:
    """Bars that belong to one label."""

    label: str
    bars: tuple[Bar, ...]


def lines(label: str) -> list[str]:
    return textwrap.wrap(label, WRAP) or [""]


def text(x: float, y: float, kind: str, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def largest(groups: Sequence[Group]) -> float:
    return max((max(bar.value, *bar.dots) if bar.dots else bar.value for group in groups for bar in group.bars), default=0.0)


def one_bar(bar: Bar, y: float, scale: float) -> list[str]:
    wide = max(bar.value * scale, 1.0)
    parts = [f'<rect x="{LABEL}" y="{y:.1f}" width="{wide:.1f}" height="{BAR}" rx="2" class="{escape(bar.series)}"/>']
    end = wide
    for dot in bar.dots:
        end = max(end, dot * scale)
        parts.append(f'<circle cx="{LABEL + dot * scale:.1f}" cy="{y + BAR / 2:.1f}" r="2.5" class="dot"/>')
    return [*parts, text(LABEL + end + 7, y + BAR - 2, "value", bar.text)]


def bars(title: str, groups: Sequence[Group]) -> str:
    """A chart of horizontal bars, all on one scale."""
    most = largest(groups) or 1.0
    scale = (WIDTH - LABEL - VALUE) / most
    parts, y = [text(0, 18, "title", title)], float(TOP)
    for group in groups:
        words = lines(group.label)
        tall = max(len(group.bars) * (BAR + 2), len(words) * LINE)
        for i, line in enumerate(words):
            parts.append(text(LABEL - 10, y + (tall - len(words) * LINE) / 2 + (i + 1) * LINE - 4, "label", line, "end"))
        first = y + (tall - len(group.bars) * (BAR + 2)) / 2
        for i, bar in enumerate(group.bars):
            parts += one_bar(bar, first + i * (BAR + 2), scale)
        y += tall + GAP
    parts.append(f'<line x1="{LABEL}" y1="{TOP - 6}" x2="{LABEL}" y2="{y:.1f}" class="axis"/>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 6:.0f}" role="img" aria-label="{escape(title)}">'
    return "\n".join([head, *parts, "</svg>"])
