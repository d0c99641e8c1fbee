"""Processes that end with us, however we end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PR_SET_PDEATHSIG = 1
PATIENCE = 10.0
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something could not be started; the text is for the user."""


def _end_with_parent() -> None:
    """In the child: even if the parent is killed, this one gets a SIGTERM."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process in a session of its own, so that Ctrl-C reaches us only, and we end it in our order.

    What it says goes to a file. Used as a context manager, it has ended when the block has.
    """

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None,
                 cwd: Path | None = None) -> None:  # fmt: skip
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self, limit: int = 2000) -> str:
        return self.log.read_bytes()[-limit:].decode(errors="replace").strip()

    def wait_for(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Until it is ready; its last words when it is not."""
        end = time.monotonic() + seconds
        while not ready():
            if self.ended:
                raise Failure(f"{self.name} has ended with {self._process.returncode}:\n{self.said()}")
            if time.monotonic() > end:
                raise Failure(f"{self.name} is not ready after {seconds:g} s:\n{self.said()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if not self.ended:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
