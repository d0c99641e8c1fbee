"""What a query's values are made of, by the suffixes of its metrics: seconds and bytes, each to a power.

The expression is evaluated with dimensions instead of numbers: its metrics become values of a class of our own, what does
not change a dimension is left out, and the rest of PromQL that is in use here is Python's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SUFFIXES = ("_total", "_sum", "_count", "_bucket")


@dataclass(frozen=True)
class Dimension:
    seconds: int = 0
    bytes: int = 0
    free: bool = False  # a number of the query's own, which goes with all

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(self.seconds + other.seconds, self.bytes + other.bytes, self.free and other.free)

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(self.seconds - other.seconds, self.bytes - other.bytes, self.free and other.free)

    def __add__(self, other: Dimension) -> Dimension:
        if self.free or other.free:
            return self if other.free else other
        if self != other:
            raise ValueError(f"{self} and {other} do not go together")
        return self

    __sub__ = __add__


NUMBER = Dimension(free=True)


def of_metric(name: str) -> Dimension:
    if ":" in name:  # a recording rule: LEVEL:METRIC:OPERATION
        if ":ratio_" not in name:
            raise ValueError(f"{name}: only ratios are understood here")
        return Dimension()
    if name.endswith(("_count", "_bucket")):
        return Dimension()
    stem = next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)
    return Dimension(int(stem.endswith("_seconds")), int(stem.endswith("_bytes")))


def per_second(of: Dimension) -> Dimension:
    return of / Dimension(seconds=1)


def histogram_quantile(_: Dimension, buckets: Dimension) -> Dimension:
    """Of a histogram of seconds; there are no others."""
    assert buckets.seconds == -1 and buckets.bytes == 0, "a rate of buckets"
    return Dimension(seconds=1)


def same(*of: Dimension) -> Dimension:
    return of[0]


def last(*of: Dimension) -> Dimension:
    return of[-1]


FUNCTIONS = {
    "rate": per_second, "histogram_quantile": histogram_quantile, "topk": last, "clamp_min": same, "vector": same,
    "time": lambda: Dimension(seconds=1), **dict.fromkeys(("sum", "min", "max", "avg", "count", "increase"), same),
}  # fmt: skip
TOKEN = re.compile(r"[A-Za-z_:][\w:]*|\d+(?:\.\d+)?|[()+*/,-]")


def dimension(expr: str) -> tuple[int, int]:
    """Seconds and bytes, each to which power."""
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expr)
    text = re.sub(r"\b(?:by|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", text)
    text = re.sub(r"[><]=?\s*[\d.]+", "", text)
    text = re.sub(r"\bor\b", "+", text)
    names: dict[str, object] = {}
    words = []
    for token in TOKEN.findall(text):
        if token in FUNCTIONS:
            names[token] = FUNCTIONS[token]
        elif token[0].isdigit():
            token, names["number"] = "number", NUMBER
        elif token[0].isalpha() or token[0] in "_:":
            value = of_metric(token)
            token = re.sub(r"\W", "_", token)
            names[token] = value
        words.append(token)
    found = eval(" ".join(words), {"__builtins__": {}}, names)  # our own queries, and names of ours
    return found.seconds, found.bytes
