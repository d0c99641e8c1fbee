"""Several applications in one process, of one interface or of both, each below its prefix."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.server import Process, Server, direct

MIXED = ("--mount", "/api=mounted:asgi", "--mount", "/api/old=mounted:wsgi", "--mount", "/more=mounted:make()", "mounted:wsgi")


def threads(server: Server) -> set[str]:
    """Their names, as the system has them, without numbers."""
    names = {path.read_text().strip() for path in Path(f"/proc/{server.pid}/task").glob("*/comm")}
    return {name.rstrip("0123456789").rstrip("-") for name in names}


def runtime(server: Server) -> tuple[str, str]:
    with direct.open(f"http://{server.admin}/status.json", timeout=10) as answer:
        status = json.load(answer)
    return status["mode"], status["interface"]


@pytest.fixture(scope="module")
def mixed(loop: str) -> Iterator[Server]:
    *options, application = MIXED
    with Server(application, *options, "--loop", loop) as server:
        yield server


def seen(server: Server, target: str) -> list[str]:
    with server.client() as client:
        return json.loads(client.get(target).body)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", ["wsgi", "", "/"]),
        ("/api", ["asgi", "/api", "/api"]),
        ("/api/x", ["asgi", "/api", "/api/x"]),
        ("/%61pi/x", ["asgi", "/api", "/api/x"]),
        ("/apis", ["wsgi", "", "/apis"]),
        ("/x/api", ["wsgi", "", "/x/api"]),
        ("/api/old", ["wsgi", "/api/old", ""]),
        ("/api/old/y", ["wsgi", "/api/old", "/y"]),
        ("/api/older", ["asgi", "/api", "/api/older"]),
        ("/more/", ["other", "/more", "/"]),
        ("/more/more", ["other", "/more", "/more"]),
    ],
)
def test_the_longest_prefix_says_who_serves(mixed: Server, target: str, expected: list[str]) -> None:
    assert seen(mixed, target) == expected


def test_one_connection_goes_to_all_of_them(mixed: Server) -> None:
    with mixed.client() as client:
        for _ in range(3):
            for target, who in (("/a", "wsgi"), ("/api/a", "asgi"), ("/more/a", "other"), ("/api/old/a", "wsgi")):
                assert json.loads(client.get(target).body)[0] == who


def test_threads_that_sleep_do_not_hold_up_the_loop(mixed: Server) -> None:
    """Were both on the same threads, the loop's request would come after the sleep."""
    ended = threading.Event()

    def sleep() -> None:
        seen(mixed, "/sleep?2")
        ended.set()

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    assert seen(mixed, "/api/x")[0] == "asgi"
    before_the_end = not ended.is_set()
    sleeper.join()
    assert before_the_end


def test_both_engines_run_and_are_named(mixed: Server) -> None:
    assert runtime(mixed) == ("mixed", "mixed")
    assert {"baton-py", "baton-loop"} <= threads(mixed)


def test_a_loop_alone_has_no_interpreter_threads(loop: str) -> None:
    with Server("mounted:asgi", "--mount", "/b=mounted:asgi", "--loop", loop) as server:
        assert seen(server, "/b/x") == ["asgi", "/b", "/b/x"]
        assert runtime(server) == ("event-loop", "asgi")
        assert "baton-py" not in threads(server)


def test_threads_alone_have_no_loop() -> None:
    with Server("mounted:wsgi", "--mount", "/b=mounted:other_wsgi") as server:
        assert seen(server, "/b/x") == ["other", "/b", "/x"]
        assert seen(server, "/x") == ["wsgi", "", "/x"]
        assert runtime(server) == ("threads", "wsgi")
        assert "baton-loop" not in threads(server)


def test_mounts_from_the_environment() -> None:
    with Server("mounted:wsgi", env={"BATON_MOUNT": "/b=mounted:other_wsgi,/c=mounted:asgi"}) as server:
        assert [seen(server, path)[0] for path in ("/b", "/c", "/d")] == ["other", "asgi", "wsgi"]


def test_check_describes_each_of_them() -> None:
    checked = Process("check", *MIXED)
    assert checked.wait() == 0
    assert checked.stdout.splitlines() == [
        "WSGI application mounted:wsgi, function wsgi",
        "/api: ASGI application mounted:asgi, function asgi",
        "/api/old: WSGI application mounted:wsgi, function wsgi",
        "/more: WSGI application mounted:make(), function other_wsgi",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--mount", "/a=mounted:nothing", "mounted:wsgi"), 3, ("--mount /a: ", "has no attribute 'nothing'")),
        (("--mount", "/a=mounted:old", "mounted:wsgi"), 3, ("--mount /a: ", "ASGI 3", "guarantee_single_callable")),
        (("--interface", "wsgi", "mounted:asgi"), 3, ("of ASGI", "WSGI was asked for")),
        (("--interface", "asgi", "--mount", "/a=mounted:asgi", "mounted:wsgi"), 3, ("of WSGI", "ASGI was asked for")),
        (("--mount", "/a=mounted:broken_start", "mounted:wsgi"), 3, ("no database",)),
        (("--mount", "/a/=mounted:asgi", "mounted:wsgi"), 2, ("--mount: a prefix has no slash at its end",)),
        (("--mount", "/a=mounted:asgi", "--mount", "/a=mounted:wsgi", "mounted:wsgi"), 2, ('--mount: "/a" is given twice',)),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_is(arguments: tuple[str, ...], status: int, words: tuple[str, ...]) -> None:
    server = Process("serve", "--bind", "127.0.0.1:0", "--admin", "127.0.0.1:0", *arguments)
    assert server.wait() == status
    assert "baton: serving" not in server.log
    for word in words:
        assert word in server.stderr, server.stderr
