"""Reference counts, and why the lock exists."""

from __future__ import annotations

import sys

from handlers.lab.registry import Environ, endpoint, number

WHY = """\
An object counts who refers to it, and goes when nobody does. Assignments, calls and lists write to these counts
without an atomic instruction: two threads at once would lose updates, as /race does, and free what is in use. The GIL is the
lock that makes all of them right, for the price of one. A build without it counts in another way: each object has
an owner, whose counting stays cheap, and others count atomically.
"""


@endpoint(
    "/refcount",
    "?n=1000",
    "what sys.getrefcount says of an object before, while and after n others refer to it",
    "gil-hold: every count is changed under the lock",
)
def refcount(environ: Environ) -> bytes:
    """Refer to one object so many times, and let go again."""
    n = number(environ, "n", 1000, 0, 100_000)
    one = object()
    before = sys.getrefcount(one)
    others = [one] * n
    during = sys.getrefcount(one)
    del others
    after = sys.getrefcount(one)
    lasting = f"of None it says {sys.getrefcount(None)}" + (
        ": None is immortal and not counted (3.12)" if sys.version_info >= (3, 12) else ""
    )
    return (
        f"sys.getrefcount: {before} before, {during} with {n} more, {after} after; {lasting}\n{WHY}".encode()
    )
