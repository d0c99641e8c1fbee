"""`baton-load coordinate` and `agent`: several machines, one schedule, one report."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
from harness.load import LIMIT_SECONDS, LOAD, Target, baton_load, eventually, run
from harness.server import usual_environment


class Load:
    """A baton-load in the background; ended, if it has not, when the test is over."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        self.popen = subprocess.Popen(
            [str(LOAD), *arguments], env={**usual_environment(), **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=self._out, stderr=self._err,
        )  # fmt: skip

    @staticmethod
    def _text(file: object) -> str:
        file.seek(0)  # type: ignore[attr-defined]
        return file.read().decode()  # type: ignore[attr-defined]

    @property
    def out(self) -> str:
        return self._text(self._out)

    @property
    def err(self) -> str:
        return self._text(self._err)

    def says(self, pattern: str) -> re.Match[str]:
        """Waits for it on standard error."""
        eventually(lambda: re.search(pattern, self.err) is not None or self.popen.poll() is not None)
        found = re.search(pattern, self.err)
        assert found, f"no {pattern!r}; it ended with {self.popen.poll()}:\n{self.err}"
        return found

    def status(self) -> int:
        return self.popen.wait(LIMIT_SECONDS)

    def __enter__(self) -> Load:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


class Fleet:
    """A coordinator on a free port, and what dials it."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path, agents: int, *arguments: str, **environment: str) -> None:
        self._stack = stack
        self.file = folder / "fleet.json"
        self.coordinator = stack.enter_context(
            Load("coordinate", "--listen", "127.0.0.1:0", "--agents", str(agents), "--json", str(self.file), "--live", "off",
                 *arguments, env=environment)
        )  # fmt: skip
        self.address = self.coordinator.says(r"waiting for \d+ agents? at (\S+)").group(1)

    def agent(self, name: str, *arguments: str, **environment: str) -> Load:
        return self._stack.enter_context(Load("agent", self.address, "--name", name, *arguments, env=environment))

    def connect(self) -> socket.socket:
        host, port = self.address.split(":")
        return self._stack.enter_context(socket.create_connection((host, int(port)), timeout=LIMIT_SECONDS))

    def report(self) -> dict:
        return json.loads(self.file.read_text())


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


SCENARIO = """
[[endpoint]]
url = "{url}/often"
weight = 5

[[endpoint]]
url = "{url}/seldom"
weight = 1
method = "POST"
body = "a body"
"""


def test_each_request_of_the_one_schedule_is_sent_by_one_agent(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    """Which endpoint a request goes to hangs on its number, so the same counts take the same numbers, each once."""
    counts = []
    for fleet_size in (0, 3):
        with Target() as target:
            scenario = tmp_path / "scenario.toml"
            scenario.write_text(SCENARIO.format(url=target.url))
            load = ["--scenario", str(scenario), "--rate", "200", "--duration", "2", "--connections", "30"]
            if fleet_size == 0:
                assert run(*load).report is not None
            else:
                fleet = Fleet(stack, tmp_path, fleet_size, *load)
                agents = [fleet.agent(f"agent{i}") for i in range(fleet_size)]
                assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
                assert [agent.status() for agent in agents] == [0] * fleet_size
            counts.append((dict(target.seen.paths), dict(target.seen.bodies)))
    assert counts[0] == counts[1]
    assert sum(counts[1][0].values()) == 400
    report = fleet.report()
    assert report["totals"]["due"] == report["totals"]["answered"] == 400
    assert sorted(agent["due"] for agent in report["agents"]) == [133, 133, 134]
    assert {agent["name"] for agent in report["agents"]} == {"agent0", "agent1", "agent2"}
    assert "agent1" in fleet.coordinator.out


def test_agents_may_be_there_first(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with socket.socket() as reserved, Target() as target:
        # Nobody else gets this port meanwhile, neither to listen nor as one of the kernel's choice.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        agent = stack.enter_context(Load("agent", f"127.0.0.1:{port}"))
        done = baton_load("coordinate", "--listen", f"127.0.0.1:{port}", "--agents", "1", "--duration", "1", target.url)
        assert done.status in (0, 4), done.err
        assert agent.status() == 0
        assert target.seen.paths["/"] > 0


def test_agents_whose_clocks_differ_start_together(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 3, "--rate", "100", "--duration", "1", target.url)
        skews = {"right": 0.0, "ahead": 100.0, "behind": -100.0}
        for name, skew in skews.items():
            fleet.agent(name, "--clock-offset", str(skew))
        assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
        assert target.seen.paths["/"] == 100
        assert max(target.seen.times) - min(target.seen.times) < 60
    for agent in fleet.report()["agents"]:
        assert agent["clock_ahead"] == pytest.approx(-skews[agent["name"]], abs=max(agent["round_trip"], 0.001))


def test_connections_are_shared_out(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--connections", "5", "--duration", "1", target.url + "/?ms=5")
        for name in "ab":
            fleet.agent(name)
        assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
        # Beside them each agent looks once whether the target is there.
        assert target.seen.connections == 5 + 2
    assert fleet.report()["generator"]["opened"] == 5


def test_thresholds_are_the_coordinators(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--duration", "1", "--threshold", "p50<1us", target.url)
        for name in "ab":
            fleet.agent(name)
        assert fleet.coordinator.status() in (1, 4)
    assert [each["kept"] for each in fleet.report()["verdict"]["thresholds"]] == [False]


def test_a_killed_agent_fails_the_run(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 3, "--rate", "200", "--duration", "100", target.url)
        agents = [fleet.agent(name) for name in "abc"]
        eventually(lambda: target.seen.paths["/"] > 300)
        agents[1].popen.kill()
        assert fleet.coordinator.status() == 4
        assert [agents[0].status(), agents[2].status()] == [4, 4]
    fleet.coordinator.says(r"agent b \(\S+\) was lost")
    assert "agent b" in agents[0].says("the coordinator ended the run: .*").group()
    report = fleet.report()
    assert 0 < report["totals"]["answered"] < 20_000
    assert "partial" in report["verdict"]["bottlenecks"][0]
    assert "partial" in fleet.coordinator.out


def test_of_a_part_of_the_load_no_threshold_says_anything(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--rate", "100", "--duration", "100", "--threshold", "max<1us", target.url)
        agents = [fleet.agent(name) for name in "ab"]
        eventually(lambda: target.seen.paths["/"] > 50)
        agents[0].popen.kill()
        assert fleet.coordinator.status() == 4
    verdict = fleet.report()["verdict"]
    assert verdict["own"] is True
    assert [each["kept"] for each in verdict["thresholds"]] == [False]


def test_an_agent_can_be_interrupted_while_it_looks_for_its_target(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    """One that accepts connections and says nothing, not even in TLS."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        fleet = Fleet(stack, tmp_path, 1, "--duration", "1", "--timeout", "1h", url)
        agent = fleet.agent("a")
        agent.says(r"part 1 of 1: ")
        mute.settimeout(LIMIT_SECONDS)
        stack.enter_context(mute.accept()[0])
        agent.popen.send_signal(signal.SIGTERM)
        assert agent.status() == 4
        assert fleet.coordinator.status() == 4
    fleet.coordinator.says(r"agent a \(\S+\).*interrupted")


def test_a_silent_agent_fails_the_run(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--rate", "100", "--duration", "100", target.url)
        agents = [fleet.agent(name) for name in "ab"]
        eventually(lambda: target.seen.paths["/"] > 50)
        agents[1].popen.send_signal(signal.SIGSTOP)
        assert fleet.coordinator.status() == 4
        fleet.coordinator.says(r"agent b \(\S+\) was lost: silent")


def test_a_vanished_coordinator_ends_the_agents(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--rate", "100", "--duration", "100", target.url)
        agents = [fleet.agent(name) for name in "ab"]
        eventually(lambda: target.seen.paths["/"] > 50)
        fleet.coordinator.popen.kill()
        assert [agent.status() for agent in agents] == [4, 4]
        agents[0].says("the coordinator is gone")


def test_an_interrupt_ends_all_properly(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--rate", "100", "--duration", "100", target.url)
        agents = [fleet.agent(name) for name in "ab"]
        eventually(lambda: target.seen.paths["/"] > 150)
        fleet.coordinator.popen.send_signal(signal.SIGINT)
        assert fleet.coordinator.status() in (0, 4)
        assert [agent.status() for agent in agents] == [0, 0]
        totals = fleet.report()["totals"]
        assert totals["answered"] == totals["due"] == target.seen.paths["/"]
    assert any("interrupted" in warning for warning in fleet.report()["verdict"]["warnings"])


def test_an_interrupted_agent_fails_the_run(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--rate", "100", "--duration", "100", target.url)
        agents = [fleet.agent(name) for name in "ab"]
        eventually(lambda: target.seen.paths["/"] > 50)
        agents[0].popen.send_signal(signal.SIGTERM)
        assert fleet.coordinator.status() == 4
        assert agents[0].status() == 4
    fleet.coordinator.says(r"agent a \(\S+\) was lost: it was interrupted")


def test_an_agent_that_leaves_before_the_start_makes_room(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 2, "--duration", "1", target.url)
        gone = fleet.agent("gone")
        fleet.coordinator.says(r"agent gone \(\S+\) is here")
        gone.popen.kill()
        fleet.coordinator.says(r"agent gone \(\S+\) has left")
        for name in "ab":
            fleet.agent(name)
        assert fleet.coordinator.status() in (0, 4)
    assert {agent["name"] for agent in fleet.report()["agents"]} == {"a", "b"}


def test_a_target_that_an_agent_does_not_reach(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        fleet = Fleet(stack, tmp_path, 2, "--duration", "1", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        agents = [fleet.agent(name) for name in "ab"]
        assert fleet.coordinator.status() == 3
        assert {agent.status() for agent in agents} <= {3, 4}
    fleet.coordinator.says(r"baton-load: agent [ab] \(\S+\): .*refused")
    assert not fleet.file.exists()


# --- Who may


def test_both_sides_have_to_know_the_token(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 1, "--duration", "1", target.url, BATON_LOAD_TOKEN="a secret of ours")
        for wrong in (["--token", "another"], []):
            stranger = fleet.agent("stranger", *wrong)
            assert stranger.status() == 2
            stranger.says("the coordinator refuses: its token is not the coordinator's")
        right = fleet.agent("right", "--token", "a secret of ours")
        assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
        assert right.status() == 0
    assert [agent["name"] for agent in fleet.report()["agents"]] == ["right"]


def test_the_token_is_in_no_report(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 1, "--token", "unspeakable", "--duration", "1", target.url)
        fleet.agent("a", "--token=unspeakable")
        assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
    assert "unspeakable" not in fleet.file.read_text() + fleet.coordinator.err + fleet.coordinator.out


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\n\n\n",
    b"{}\n",
    b"[" * 3000 + b"\n",
    b"x" * 100_000,
    b"\xff\xfe\x00\n",
    b'{"type":"alive"}\n',
    b'{"type":"seen","interval":{}}\n',
    b'{"type":"hello","protocol":2,"name":"n","nonce":"","proof":""}\n',
    b'{"type":"hello","protocol":99,"name":"n","nonce":"","proof":""}\n',
    b"",
]


def test_garbage_on_the_port_is_survived(tmp_path: Path, stack: contextlib.ExitStack) -> None:
    with Target() as target:
        fleet = Fleet(stack, tmp_path, 1, "--duration", "1", target.url)
        for garbage in GARBAGE:
            with fleet.connect() as stranger:
                # It is told why, and hung up on, perhaps before it has said all.
                with contextlib.suppress(OSError):
                    stranger.sendall(garbage)
                    stranger.shutdown(socket.SHUT_WR)
                    while stranger.recv(65536):
                        pass
        agent = fleet.agent("good")
        assert fleet.coordinator.status() in (0, 4), fleet.coordinator.err
        assert agent.status() == 0
    assert fleet.coordinator.err.count("was turned away") == len(GARBAGE)


def test_an_agent_does_not_trust_whoever_listens(stack: contextlib.ExitStack) -> None:
    """It is told to send requests, so it wants to know by whom."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        agent = stack.enter_context(Load("agent", f"127.0.0.1:{listener.getsockname()[1]}", "--token", "ours"))
        peer = stack.enter_context(listener.accept()[0])
        peer.sendall(json.dumps({"type": "greeting", "protocol": 2, "nonce": "0" * 32}).encode() + b"\n")
        hello = json.loads(peer.makefile().readline())
        assert hello["type"] == "hello" and "ours" not in json.dumps(hello)
        # Its own proof, sent back.
        peer.sendall(json.dumps({"type": "welcome", "proof": hello["proof"]}).encode() + b"\n")
        assert agent.status() == 2
        agent.says("does not know the token")


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"x" * 100_000, b'{"type":"job","plan":{}}\n'])
def test_an_agent_that_dialled_somebody_else_ends(stack: contextlib.ExitStack, words: bytes) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        agent = stack.enter_context(Load("agent", f"127.0.0.1:{listener.getsockname()[1]}"))
        peer = stack.enter_context(listener.accept()[0])
        with contextlib.suppress(ConnectionError):
            peer.sendall(words)
        assert agent.status() == 4
        assert len(agent.err.splitlines()) == 1


# --- What cannot be


URL = "http://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--agents", "1", "--listen", "0.0.0.0:0", URL], "--token"),
        (["--agents", "1", "--listen", "nonsense", URL], "--listen"),
        (["--agents", "1", "--listen", "::1:9190", URL], "--listen"),
        (["--agents", "0", URL], "--agents"),
        ([URL], "--agents"),
        (["--agents", "3", "--connections", "2", URL], "--connections"),
        (["--agents", "1000", "--threads", "8", "--connections", "1000", URL], "--threads"),
        (["--agents", "2", "--ca", "ca.pem", URL], "--ca"),
        (["--agents", "2"], "URL"),
    ],
)
def test_unusable_options(arguments: list[str], words: str) -> None:
    done = baton_load("coordinate", *arguments)
    assert done.status == 2
    assert words in done.line


def test_a_body_that_is_too_long_for_agents(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"x" * (7 << 20))  # more than 8 MiB in base64
    done = baton_load("coordinate", "--agents", "1", "--body-file", str(body), URL)
    assert done.status == 2
    assert "8 MiB" in done.line


def test_nobody_comes() -> None:
    done = baton_load("coordinate", "--listen", "127.0.0.1:0", "--agents", "2", "--wait", "200ms", URL)
    assert done.status == 4
    assert "0 of 2 agents came within 200 ms" in done.err


def test_no_coordinator_is_there() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = baton_load("agent", f"127.0.0.1:{nobody.getsockname()[1]}", "--wait", "300ms")
    assert done.status == 3
    assert "no coordinator at" in done.err
