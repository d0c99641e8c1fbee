"""Reads the Prometheus text format (version 0.0.4), strictly enough to notice when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (\d+))?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')

Labels = dict[str, str]


@dataclass
class Family:
    name: str
    type: str = "untyped"
    help: str = ""
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)


def _labels(text: str) -> Labels:
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"labels {text!r}"
        found[match.group(1)] = match.group(2).replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        at = match.end()
    return found


class Scrape:
    """All families of one answer of /metrics."""

    def __init__(self, text: str):
        self.families: dict[str, Family] = {}
        for line in text.splitlines():
            self._line(line)

    def _line(self, line: str) -> None:
        if line.startswith(("# HELP ", "# TYPE ")):
            _, kind, name, *rest = line.split(" ", 3)
            family = self.families.setdefault(name, Family(name))
            setattr(family, kind.lower(), rest[0] if rest else "")
        elif line and not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, f"sample {line!r}"
            name = match.group(1)
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            owner = base if self.families.get(base, Family("")).type in ("histogram", "summary") else name
            self.families.setdefault(owner, Family(owner)).samples.append(
                (name, _labels(match.group(2) or ""), float(match.group(3)))
            )

    def select(self, name: str, **labels: str) -> Iterator[tuple[Labels, float]]:
        family = self.families.get(name) or self.families.get(re.sub(r"_(bucket|sum|count)$", "", name))
        for sample, given, value in family.samples if family else ():
            if sample == name and labels.items() <= given.items():
                yield given, value

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series with these labels; 0 when there is none."""
        return sum(value for _, value in self.select(name, **labels))
