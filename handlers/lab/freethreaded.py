"""A CPython without a GIL, if this is one."""

from __future__ import annotations

import sys
import sysconfig

from handlers.lab.registry import WORKERS, Environ, endpoint, number
from handlers.lab.threads import in_threads


def kind() -> str:
    """What this build is, and what it does."""
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this build has a GIL (3.13t and later can do without: ./dev build --python 3.13t)"
    enabled = sys._is_gil_enabled()  # type: ignore[attr-defined]
    return "this is a free-threaded build, and its GIL is " + (
        "on: something that was imported needs it" if enabled else "off"
    )


@endpoint(
    "/freethreaded",
    "?threads=2&n=2000000",
    "whether this Python has a GIL, and the countdown in threads",
    "cpython_gil_enabled; without a GIL there is no gil-hold, and the threads are faster than one",
    on_loop="thread",
)
def freethreaded(environ: Environ) -> bytes:
    """Say what it is, then measure."""
    threads = number(environ, "threads", 2, 1, 8)
    n = number(environ, "n", 1_000_000, 0, 20_000_000)
    with WORKERS.taken():
        one, several = in_threads(n, 1), in_threads(n, threads)
    return (
        f"CPython {sys.version.split()[0]}: {kind()}\n"
        f"counting down from {n}: {one:.3f} s in 1 thread, {several:.3f} s divided among {threads}\n"
    ).encode()
