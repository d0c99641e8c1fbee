"""`baton-load upstream` as a process on a free port."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from types import TracebackType

from harness.load import LIMIT_SECONDS, LOAD
from harness.server import usual_environment


class Upstream:
    """Started, waited for until it listens, ended by SIGTERM."""

    def __init__(self, *options: str) -> None:
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.popen = subprocess.Popen(
            [str(LOAD), "upstream", "--port", "0", *options], env=usual_environment(),
            stdin=subprocess.DEVNULL, stdout=self._out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.port = int(self._wait_for(r"^baton-load: upstream on http://\S+:(\d+)$"))

    def said(self) -> str:
        """All of it."""
        self._out.seek(0)
        return self._out.read()

    def _wait_for(self, pattern: str) -> str:
        end = time.monotonic() + LIMIT_SECONDS
        while not (found := re.search(pattern, self.said(), re.MULTILINE)):
            assert self.popen.poll() is None and time.monotonic() < end, self.said()
            time.sleep(0.01)
        return found[1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit status."""
        self.popen.send_signal(number)
        return self.popen.wait(LIMIT_SECONDS)

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
