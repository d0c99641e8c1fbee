"""./dev demo: the lab under a mixed load, with Prometheus beside it, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from dashboards.demo.children import Failure
from dashboards.demo.phases import Phase
from dashboards.demo.stage import ROOT, Plan, Stage

HEAD = """
  server      {plan.url}/
  live page   http://{plan.admin}/
  Prometheus  http://{plan.prometheus}/graph   rules: /rules, alerts: /alerts
  load        http://{plan.load}/metrics
  Grafana     is in the Compose file only; or import dashboards/grafana/*.json: docs/dashboards.md

  --gil-policy {plan.gil_policy}; start it again with {other} to see the difference. Ctrl-C ends everything.
"""


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--gil-policy", choices=("latency", "cpython"), default="latency", help="with cpython the convoy appears")
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself after so long")
    parser.add_argument("--phase", type=float, default=30.0, metavar="S", help="how long each phase of the load takes (30)")
    parser.add_argument("--rate", type=float, default=60.0, metavar="N", help="requests per second of the mixed load (60)")
    parser.add_argument("--host", default="127.0.0.1", help="for all addresses (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="of the server (8000)")
    parser.add_argument("--admin-port", type=int, default=9180, help="of its metrics and its live page (9180)")
    parser.add_argument("--load-port", type=int, default=9191, help="of the load generator's metrics (9191)")
    parser.add_argument("--prometheus-port", type=int, default=9090, help="of Prometheus (9090)")
    parser.add_argument("--build", type=Path, default=ROOT / "build", metavar="DIR", help="where baton and baton-load are")
    return parser.parse_args(arguments)


def plan_of(options: argparse.Namespace) -> Plan:
    """A Failure when a program is missing, or a port is somebody else's."""
    for program in ("baton", "baton-load"):
        if not (options.build / program).exists():
            raise Failure(f"{options.build / program} is not there; ./dev demo builds it")
    taken = [flag for flag in ("port", "admin_port", "load_port", "prometheus_port") if in_use(options.host, getattr(options, flag))]
    if taken:
        flags = ", ".join(f"--{flag.replace('_', '-')} (now {getattr(options, flag)})" for flag in taken)
        raise Failure(f"somebody is at these ports of {options.host} already; choose others: {flags}")
    at = f"{options.host}:{{}}".format
    return Plan(
        options.build.resolve(), at(options.port), at(options.admin_port), at(options.load_port), at(options.prometheus_port),
        options.gil_policy, options.rate, options.phase, options.seconds,
    )  # fmt: skip


def in_use(host: str, port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return True
    return False


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def say(phase: Phase) -> None:
    print(f"  {phase.name}: {phase.look}", flush=True)


def main() -> int:
    options = parsed()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        plan = plan_of(options)
        with tempfile.TemporaryDirectory(prefix="baton-demo-") as folder, Stage(plan, Path(folder)) as stage:
            other = "latency" if plan.gil_policy == "cpython" else "cpython"
            print(HEAD.format(plan=plan, other=other), flush=True)
            stage.perform(say)
    except KeyboardInterrupt:
        print("\n  ended", flush=True)
    except Failure as failure:
        print(f"./dev demo: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
