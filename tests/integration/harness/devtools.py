"""Chromium without a window, driven through its DevTools protocol: pages are opened, looked at, clicked and photographed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from harness.required import lacking
from harness.server import direct
from harness.web_socket import WebSocket

# Generous: a first start has taken a minute on a busy machine.
START_SECONDS = 180.0
LIMIT_SECONDS = 90.0


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (program := shutil.which(name)) is not None:
            return program
    lacking("no chromium here (apt-get install chromium, or BATON_CI=1 ./dev test): NO PAGE HAS BEEN LOOKED AT")


class Tab:
    """One page. What it complained of is in `trouble`, whom it asked in `asked`."""

    def __init__(self, url: str):
        self.url = url
        host, _, target = url.removeprefix("ws://").partition("/")
        name, _, port = host.rpartition(":")
        self.socket = WebSocket((name, int(port)), "/" + target, timeout=LIMIT_SECONDS)
        self.trouble: list[str] = []
        self.asked: list[str] = []
        self._number = 0
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self._note(message.get("method", ""), message.get("params", {}))

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            self.trouble.append(json.dumps(parameters["exceptionDetails"])[:2000])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.trouble.append(json.dumps(parameters["args"])[:2000])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.trouble.append(json.dumps(parameters["entry"])[:2000])
        elif method == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])

    def before_scripts(self, script: str) -> None:
        """Runs in every page that is opened from now on, before its own scripts do."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def without_scripts(self) -> None:
        """Pages run none from now on; evaluate() still does."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait_until("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_until(self, expression: str, seconds: float = LIMIT_SECONDS) -> Any:
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"never true: {expression}; trouble: {self.trouble}"
            time.sleep(0.1)
        return value

    def text(self, selector: str) -> str:
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")

    def click(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def click_at(self, x: float, y: float) -> None:
        """A real press of the mouse, at a point of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def wheel(self, x: float, y: float, by: float, *, ctrl: bool = False) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by, modifiers=2 if ctrl else 0)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key)

    def looks(self, width: int, height: int, *, dark: bool = False) -> None:
        """The size of the window, and what its owner prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def photograph(self, path: Path, *, window: bool = False) -> bytes:
        """The whole page, as long as it is; or what is to be seen in its window."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=not window)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = base64.b64decode(shot["data"])
        path.write_bytes(picture)
        return picture

    def close(self) -> None:
        """The page goes, too: one that is left behind would go on listening to its server."""
        host, _, target = self.url.removeprefix("ws://").partition("/")
        with direct.open(f"http://{host}/json/close/{target.rpartition('/')[2]}", timeout=LIMIT_SECONDS) as answer:
            answer.read()
        self.socket.client.close()

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Chromium:
    """A browser of the test's own, with a profile of its own; ends with the test."""

    def __init__(self) -> None:
        program = find_chromium()
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Without its sandbox, which does not start for root; it opens nothing but pages of this tree.
        self._process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
             f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._port = self._find_port()
        except BaseException:
            self.close()
            raise

    def _find_port(self) -> int:
        told = Path(self._profile.name) / "DevToolsActivePort"
        end = time.monotonic() + START_SECONDS
        while not (told.exists() and "\n" in (text := told.read_text())):
            assert self._process.poll() is None, "chromium has ended"
            assert time.monotonic() < end, "chromium did not start"
            time.sleep(0.05)
        return int(text.split("\n")[0])

    def tab(self) -> Tab:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new", method="PUT")
        with direct.open(request, timeout=LIMIT_SECONDS) as answer:
            return Tab(json.load(answer)["webSocketDebuggerUrl"])

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
