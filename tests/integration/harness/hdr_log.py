"""A reader of HdrHistogram logs (.hlog, V2 encoding) that shares nothing with the writer: the format, byte by byte."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMPRESSED = 0x1C849314
ENCODED = 0x1C849313


@dataclass
class Histogram:
    lowest: int
    highest: int
    digits: int
    counts: dict[int, int]  # by the upper end of a cell

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def at(self, fraction: float) -> int:
        """The value that `fraction` of all are not above, as far as the cells tell."""
        seen = 0
        wanted = fraction * self.total
        for value, count in sorted(self.counts.items()):
            seen += count
            if seen >= wanted:
                return value
        raise ValueError("empty")


@dataclass
class Line:
    tag: str
    start: float
    length: float
    most: float
    histogram: Histogram


@dataclass
class Log:
    head: list[str]
    lines: list[Line]

    def of(self, tag: str) -> list[Line]:
        return [line for line in self.lines if line.tag == tag]


def words(data: bytes) -> Iterator[int]:
    """ZigZag LEB128, in which a ninth byte has eight bits."""
    at = 0
    while at < len(data):
        value = shift = 0
        for place in range(9):
            byte = data[at]
            at += 1
            value |= (byte if place == 8 else byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield (value >> 1) ^ -(value & 1)


def upper_ends(lowest: int, digits: int) -> Iterator[int]:
    """Of all cells, from the first: 2 * 10^digits steps of one unit, rounded up to a power of two; then half as many,
    each twice as wide, and so on."""
    width = 1
    while width * 2 <= lowest:
        width *= 2
    steps = 1
    while steps < 2 * 10**digits:
        steps *= 2
    value = 0
    for _ in range(steps):
        value += width
        yield value - 1
    while True:
        width *= 2
        for _ in range(steps // 2):
            value += width
            yield value - 1


def decode(text: str) -> Histogram:
    outer = base64.b64decode(text, validate=True)
    cookie, size = struct.unpack(">II", outer[:8])
    assert cookie == COMPRESSED and size == len(outer) - 8
    inner = zlib.decompress(outer[8:])
    cookie, size, offset, digits, lowest, highest, ratio = struct.unpack(">IIiiqqd", inner[:40])
    assert cookie == ENCODED and size == len(inner) - 40 and offset == 0 and ratio == 1.0
    ends = upper_ends(lowest, digits)
    counts: dict[int, int] = {}
    for word in words(inner[40:]):
        if word <= 0:
            for _ in range(max(-word, 1)):
                next(ends)
        else:
            counts[next(ends)] = word
    return Histogram(lowest, highest, digits, counts)


def read(path: Path) -> Log:
    text = path.read_text().splitlines()
    head = [line for line in text if line.startswith(("#", '"'))]
    lines = []
    for line in text[len(head) :]:
        tag = ""
        if line.startswith("Tag="):
            tag, line = line.removeprefix("Tag=").split(",", 1)
        start, length, most, payload = line.split(",")
        lines.append(Line(tag, float(start), float(length), float(most), decode(payload)))
    return Log(head, lines)
