"""A real Baton process: started on free loopback ports, stopped by its own process id, everything it said kept."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from harness.client import Address, Client, Response
from harness.prometheus import Scrape

REPOSITORY = Path(__file__).resolve().parents[3]
APPS = REPOSITORY / "tests" / "integration" / "apps"
BINARY = Path(os.environ.get("BATON_BINARY", REPOSITORY / "build" / "baton")).resolve()
# Generous: a loaded machine may be slow, but a test must end.
START_SECONDS = 30.0
STOP_SECONDS = 30.0

# Who is started in the background ignores Ctrl-C, and hands that on to what is started here; tests send it on purpose.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Loopback is never behind a proxy, whatever the environment says.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def usual_environment() -> dict[str, str]:
    """Ours without what would configure a server."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return {**ours, "PYTHONDONTWRITEBYTECODE": "1"}


class Process:
    """A started baton and its two output streams, which go to files so that nobody has to read along."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path = APPS,
        env: dict[str, str] | None = None,
        fds: tuple[int, ...] = (),
        limits: dict[int, tuple[int, int]] | None = None,
    ):
        self.arguments = arguments
        self._out = tempfile.TemporaryFile()  # noqa: SIM115
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        self.popen = subprocess.Popen(
            [str(BINARY), *arguments],
            cwd=cwd,
            env={**usual_environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            pass_fds=fds,
            preexec_fn=None if limits is None else lambda: [resource.setrlimit(*limit) for limit in limits.items()],
        )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def stdout(self) -> str:
        return os.pread(self._out.fileno(), 1 << 24, 0).decode(errors="replace")

    @property
    def stderr(self) -> str:
        return os.pread(self._err.fileno(), 1 << 24, 0).decode(errors="replace")

    @property
    def log(self) -> str:
        return self.stdout + self.stderr

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """Wait until a line of the log matches."""
        end = time.monotonic() + seconds
        while True:
            ended = self.popen.poll() is not None  # before the look at the log, so that its last line counts
            found = re.search(pattern, self.log, re.MULTILINE)
            if found:
                return found
            if ended or time.monotonic() > end:
                state = f"it ended with {self.popen.returncode}" if ended else f"not within {seconds} s"
                raise AssertionError(f"no line like {pattern!r} ({state}); the log:\n{self.log[-8000:]}")
            time.sleep(0.01)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for the end; a process that does not end is killed and fails the test."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"baton did not end within {seconds} s; its log:\n{self.log[-8000:]}") from None

    def signal(self, number: int) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def resident_bytes(self, field: str = "VmRSS") -> int:
        """Resident memory now, or its highest value with field="VmHWM"."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {field} for {self.pid}")


class Server(Process):
    """`baton serve APPLICATION`, waited for until it is ready."""

    def __init__(
        self,
        application: str,
        *options: str,
        bind: str = "127.0.0.1:0",
        admin: str = "127.0.0.1:0",
        cwd: Path = APPS,
        env: dict[str, str] | None = None,
        fds: tuple[int, ...] = (),
        limits: dict[int, tuple[int, int]] | None = None,
    ):
        super().__init__(
            "serve", "--bind", bind, "--admin", admin, *options, application,
            cwd=cwd, env=env, fds=fds, limits=limits,
        )  # fmt: skip
        try:
            self.admin = self.wait_for(r"baton: admin on http://(\S+)").group(1).rstrip("/")
            found = self.wait_for(r"baton: serving (https?://|unix:|fd:)(\S+)")
            self.scheme, where = found.group(1), found.group(2)
            self.address: Address = where if self.scheme == "unix:" else self._inet(where)
            self._wait_until_ready()
        except BaseException:
            self.popen.kill()
            self.popen.wait()
            raise

    @staticmethod
    def _inet(where: str) -> tuple[str, int]:
        host, _, port = where.rstrip("/").rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def port(self) -> int:
        assert isinstance(self.address, tuple)
        return self.address[1]

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while self.readyz() != 200:
            if self.popen.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"baton did not become ready; its log:\n{self.log[-8000:]}")
            time.sleep(0.01)

    def readyz(self) -> int:
        """The status of /readyz; 0 when nobody answers."""
        try:
            with direct.open(f"http://{self.admin}/readyz", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def metrics(self) -> str:
        with direct.open(f"http://{self.admin}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def wait_until_active(self, count: int) -> None:
        """Until that many requests are in flight, those in the queue included."""
        end = time.monotonic() + START_SECONDS
        while (active := Scrape(self.metrics()).total("http_server_active_requests")) < count:
            assert time.monotonic() < end, f"{active} requests in flight, not {count}"
            time.sleep(0.01)

    def wait_until_counted(self, count: int = 1, **labels: str) -> None:
        """Until so many requests are in the books, which each is a moment after its response."""
        end = time.monotonic() + START_SECONDS
        while (counted := Scrape(self.metrics()).total("http_server_request_duration_seconds_count", **labels)) < count:
            assert time.monotonic() < end, f"{counted} requests are in the books, not {count}"
            time.sleep(0.01)

    def client(self, timeout: float = 20.0) -> Client:
        return Client(self.address, timeout=timeout)

    def get(self, target: str, *fields: str) -> Response:
        """One GET on a connection of its own."""
        with self.client() as client:
            return client.get(target, *fields)

    def stop(self, expect: int = 0) -> None:
        """End by SIGTERM, as a supervisor would, and check how it ended."""
        self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == expect, f"exit status {status}, not {expect}; the log:\n{self.log[-8000:]}"

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.stop()
            return
        # The test has failed already: end quietly, but show what the server had to say.
        self.signal(signal.SIGTERM)
        try:
            self.popen.wait(5)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        print(self.log[-8000:])
