"""Scenarios: weighted endpoints, expectations, WebSockets, slow clients, uploads."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.load import LOAD, Done, Target, baton_load, run
from harness.prometheus import Scrape
from harness.server import REPOSITORY, Server


@pytest.fixture(scope="module")
def target():
    with Target() as one:
        yield one


def played(folder: Path, text: str, *flags: str) -> Done:
    """A run of this scenario."""
    file = folder / "scenario.toml"
    file.write_text(text)
    done = run("--scenario", str(file), *flags)
    assert done.report is not None, done.err
    return done


def by_name(done: Done) -> dict[str, dict]:
    return {one["name"]: one for one in done.report["endpoints"]}


def test_weights_are_shares(target: Target, tmp_path: Path) -> None:
    done = played(tmp_path, f"""
        base = "{target.url}"
        [load]
        rate = 1000
        duration = 1
        [[endpoint]]
        path = "/often"
        weight = 9
        [[endpoint]]
        path = "/seldom"
        """)
    shares = by_name(done)
    assert shares["/often"]["due"] + shares["/seldom"]["due"] == 1000
    # Fair dice: 100 expected, with a deviation of 9.5.
    assert 50 < shares["/seldom"]["due"] < 160


def test_flags_win_over_the_file(target: Target, tmp_path: Path) -> None:
    done = played(tmp_path, f'base = "{target.url}"\nload = {{ rate = 10, duration = 60 }}\nendpoint = [{{ path = "/" }}]\n',
                  "--rate", "50", "--duration", "1")  # fmt: skip
    assert done.report["totals"]["due"] == 50


def test_thresholds_of_one_endpoint(target: Target, tmp_path: Path) -> None:
    text = f"""
        base = "{target.url}"
        [load]
        rate = 100
        duration = 1
        thresholds = ["/slow:p50>=30ms", "errors<=0%"]
        [[endpoint]]
        path = "/quick"
        [[endpoint]]
        path = "/slow?ms=30"
        """
    kept = played(tmp_path, text, "--threshold", "/quick:service-max<60s")
    assert [each["kept"] for each in kept.report["verdict"]["thresholds"]] == [True, True, True]
    assert kept.status_is(0), kept.err
    failed = played(tmp_path, text, "--threshold", "/slow:max<30ms")
    assert [each["kept"] for each in failed.report["verdict"]["thresholds"]] == [True, True, False]
    assert failed.status_is(1), failed.out
    assert "/slow:max<30ms" in failed.out + failed.err


def test_expectations_make_errors(target: Target, tmp_path: Path) -> None:
    done = played(tmp_path, f"""
        base = "{target.url}"
        load = {{ rate = 100, duration = 1 }}
        [[endpoint]]
        name = "as expected"
        path = "/?status=404"
        expect = {{ status = 404, body-contains = "o", body-bytes = 2, within = "30s" }}
        [[endpoint]]
        name = "another status"
        path = "/?status=200"
        expect = {{ status = 404 }}
        [[endpoint]]
        name = "another text"
        path = "/"
        expect = {{ body-contains = "not there" }}
        [[endpoint]]
        name = "too late"
        path = "/?ms=20"
        expect = {{ within = "10ms" }}
        """)
    ends = by_name(done)
    assert ends["as expected"]["errors"] == 0
    for name in ("another status", "another text", "too late"):
        assert ends[name]["failures"] == {"unexpected": ends[name]["due"]}, name
        # An answer that came too late stays among the latencies, or the tail would look good.
        assert ends[name]["response" if name == "too late" else "failed"]["n"] == ends[name]["due"]


def test_bodies_go_out_as_described(target: Target, tmp_path: Path) -> None:
    (tmp_path / "body.txt").write_bytes(b"from a file")
    done = played(tmp_path, f"""
        base = "{target.url}"
        load = {{ rate = 40, duration = 1 }}
        [[endpoint]]
        path = "/json"
        json = {{ b = [1, 2.5], a = "x" }}
        [[endpoint]]
        path = "/file"
        body-file = "body.txt"
        [[endpoint]]
        path = "/chunked"
        method = "PUT"
        body-bytes = "100k"
        chunked = true
        """)
    assert done.report["totals"]["errors"] == 0
    lengths = {len(body) for body in target.seen.bodies}
    assert target.seen.bodies[b'{"a":"x","b":[1,2.5]}'] > 0
    assert target.seen.bodies[b"from a file"] > 0
    assert 100 << 10 in lengths


def test_slow_clients_take_their_time(target: Target, tmp_path: Path) -> None:
    """1000 bytes at 2000 a second."""
    done = played(tmp_path, f"""
        base = "{target.url}"
        load = {{ rate = 4, duration = 1 }}
        [[endpoint]]
        name = "sends slowly"
        path = "/"
        body-bytes = 1000
        send-pace = 2000
        [[endpoint]]
        name = "receives slowly"
        path = "/bytes?n=1000"
        receive-pace = 2000
        first-byte = true
        """)
    assert done.report["totals"]["errors"] == 0
    for end in by_name(done).values():
        assert end["due"] == 0 or end["service"]["max"] >= 0.4, end["name"]


def test_the_first_byte_is_recorded(target: Target, tmp_path: Path) -> None:
    done = played(tmp_path, f"""
        base = "{target.url}"
        load = {{ rate = 10, duration = 1 }}
        [[endpoint]]
        path = "/pieces?gap=50"
        first-byte = true
        """)
    end = by_name(done)["/pieces"]
    assert end["first_byte"]["n"] == 10
    assert end["first_byte"]["max"] < end["service"]["max"]
    assert end["service"]["max"] >= 0.29


@pytest.mark.parametrize("fresh", ["true", "false"])
def test_websockets_echo(tmp_path: Path, fresh: str) -> None:
    with Server("asgi_websockets:app") as server:
        done = played(tmp_path, f"""
            load = {{ rate = 50, duration = 1 }}
            [[endpoint]]
            name = "chat"
            url = "ws://127.0.0.1:{server.port}/echo"
            websocket = {{ messages = 5, bytes = 70000 }}
            fresh-connection = {fresh}
            """)
        received = Scrape(server.metrics()).total("baton_websocket_messages_total", direction="received")
    end = by_name(done)["chat"]
    assert end["answered"] == 50 and end["errors"] == 0
    assert end["bytes_in"] == end["bytes_out"] == 50 * 5 * 70000
    assert received == 250
    if fresh == "true":
        assert done.report["generator"]["opened"] == 50


def test_websocket_headers_go_out_as_often_as_they_are_given(tmp_path: Path) -> None:
    with Target() as target:
        played(tmp_path, f"""
            load = {{ rate = 20, duration = 1 }}
            [[endpoint]]
            url = "{target.url}/"
            [[endpoint]]
            url = "{target.url.replace("http:", "ws:")}/chat?status=403"
            headers = {{ "X-Tag" = ["a", "b"], Host = "other.test", User-Agent = "ours" }}
            """)
        head = next(head for head in target.seen.heads if head.startswith("GET /chat"))
    fields = [line for line in head.split("\r\n") if line.lower().startswith(("x-tag:", "host:", "user-agent:"))]
    assert sorted(fields) == ["Host: other.test", "User-Agent: ours", "X-Tag: a", "X-Tag: b"]


def test_a_websocket_that_is_refused(target: Target, tmp_path: Path) -> None:
    """Where there is only HTTP."""
    done = played(tmp_path, f"""
        load = {{ rate = 20, duration = 1 }}
        [[endpoint]]
        name = "fine"
        url = "{target.url}/"
        [[endpoint]]
        name = "chat"
        url = "{target.url.replace("http:", "ws:")}/?status=403"
        """)
    assert by_name(done)["chat"]["failures"].keys() == {"unexpected"}
    assert by_name(done)["chat"]["statuses"].keys() == {"403"}


ONE = "[[endpoint]]\nurl = 'http://x/'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[endpoint]]\nurl = 'http://x/'\nwieght = 1\n", ':3:1: there is no key "wieght"'),
        ("[[endpoint]]\nurl = 'http://x/'\nweight = 'much'\n", ":3:10: "),
        ("[[endpoint]\n", ":1:"),
        ("", "endpoint"),
        ("load = { rate = -1 }\n[[endpoint]]\nurl = 'http://x/'\n", ":1:17: "),
        # What is wrong only together with the rest.
        (ONE + "[load]\nrate = 5\nduration = 2\nramp = '20s'\n", "wrong.toml:6:8: the ramp takes longer than the run"),
        (ONE + "[load]\nrate = 5\nstep = '10:1s:3'\n", "wrong.toml:5:8: the step leads away from its limit"),
        (ONE + "[load]\narrival = 'poisson'\n", "wrong.toml:4:11: arrival shapes the open model: say rate as well"),
        (ONE + "[load]\nramp = '1s'\n", "wrong.toml:4:8: ramp shapes the open model"),
        (ONE + "[load]\nstep = '1:1s'\n", "wrong.toml:4:8: step shapes the open model"),
        (ONE + "[load]\nthresholds = ['p99<1s',\n  '/y:p99<1s']\n", 'wrong.toml:5:3: the threshold "/y:p99<1s" is of "/y"'),
        (ONE + "[load]\nthresholds = ['rate>=99%']\n", 'wrong.toml:4:15: the threshold "rate>=99%" is a share'),
    ],
)
def test_mistakes_have_a_line_and_a_column(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    done = baton_load("run", "--scenario", str(file))
    assert done.status == 2
    assert "wrong.toml" in done.line and said in done.line


def test_what_a_flag_says_has_no_place_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "right.toml"
    file.write_text(ONE + "[load]\nrate = 5\nduration = 2\nramp = '1s'\nthresholds = ['p99<1s']\n")
    longer = baton_load("run", "--scenario", str(file), "--ramp", "20s")
    assert longer.status == 2
    assert longer.line == "baton-load: the ramp takes longer than the run, which would never reach its rate"
    unknown = baton_load("run", "--scenario", str(file), "--threshold", "/y:p99<1s")
    assert unknown.status == 2
    assert unknown.line.startswith('baton-load: the threshold "/y:p99<1s" is of "/y"')
    # The file's ramp, in a run that the command line has made too short for it.
    shorter = baton_load("run", "--scenario", str(file), "--duration", "500ms")
    assert shorter.status == 2
    assert "right.toml:6:8: the ramp takes longer than the run" in shorter.line


def test_the_shipped_scenario_runs(tmp_path: Path) -> None:
    """As ./dev run serves it."""
    with Server("handlers.lab:app", "--mount", "/asgi=handlers.lab:asgi", cwd=REPOSITORY) as server:
        text = (REPOSITORY / "loadgen" / "scenarios" / "lab.toml").read_text()
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        done = played(tmp_path, text, "--duration", "2", "--timeout", "60")
    assert done.report["totals"]["errors"] == 0, done.report["totals"]
    assert LOAD.exists()
