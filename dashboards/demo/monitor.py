"""A Prometheus with the rules of dashboards/prometheus, on targets and at an address of our choice."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboards.demo.children import Child, Failure

RULES = Path(__file__).resolve().parents[1] / "prometheus"
# Loopback is never behind a proxy.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: str, timeout: float = 5.0) -> tuple[int, bytes]:
    """Status and body; 0 when nobody answers."""
    try:
        with _direct.open(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def available() -> bool:
    return shutil.which("prometheus") is not None


class Prometheus(Child):
    """Debian's package, as a process of ours; data and configuration are below `folder`."""

    def __init__(self, folder: Path, address: str, targets: Mapping[str, Sequence[str]], every: str = "1s",
                 renamed: Mapping[str, str] | None = None) -> None:  # fmt: skip
        program = shutil.which("prometheus")
        if program is None:
            raise Failure("there is no prometheus: apt-get install prometheus")
        self.url = f"http://{address}"
        self._configure(folder, targets, every, renamed or {})
        super().__init__(
            "prometheus",
            [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address={address}", "--log.level=warn", "--storage.tsdb.retention.time=1d"],
            folder / "prometheus.log", cwd=folder,
        )  # fmt: skip

    @staticmethod
    def _configure(folder: Path, targets: Mapping[str, Sequence[str]], every: str, renamed: Mapping[str, str]) -> None:
        """The configuration of the tree, with other targets and intervals."""
        shutil.copytree(RULES, folder, dirs_exist_ok=True)
        for job, addresses in targets.items():
            (folder / "targets" / f"{job}.json").write_text(json.dumps([{"targets": list(addresses)}]))
        text = (folder / "prometheus.yml").read_text()
        text = re.sub(r"(scrape|evaluation)_interval: \S+", rf"\1_interval: {every}", text)
        if renamed:
            relabel = "".join(
                f"      - {{source_labels: [__name__], regex: {old}, target_label: __name__, replacement: {new}}}\n"
                for old, new in renamed.items()
            )
            text = re.sub(r"(  - job_name: .*\n)", rf"\1    metric_relabel_configs:\n{relabel}", text)
        (folder / "prometheus.yml").write_text(text)

    def ready(self) -> bool:
        return fetch(f"{self.url}/-/ready")[0] == 200

    def api(self, what: str, **parameters: str | float) -> Any:
        """`data` of an answer of the HTTP API; an error of Prometheus is a Failure with its words."""
        status, body = fetch(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=30)
        answer = json.loads(body) if body else {}
        if status != 200 or answer.get("status") != "success":
            raise Failure(f"{what} {parameters}: {status} {answer.get('error', '')}")
        return answer["data"]

    def value(self, expr: str, **parameters: str | float) -> float:
        """Of a query with one series; NaN when there is none."""
        result = self.api("query", query=expr, **parameters)["result"]
        return float(result[0]["value"][1]) if len(result) == 1 else float("nan")
