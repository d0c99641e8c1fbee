"""`baton-load diff`: two saved reports beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.load import Done, Target, baton_load


@pytest.fixture(scope="module")
def target():
    with Target() as one:
        yield one


def measured(file: Path, *arguments: str) -> str:
    done = baton_load("run", "--duration", "1", "--live", "off", "--json", str(file), *arguments)
    assert done.status in (0, 4), done.err
    return str(file)


def diff(a: str, b: str) -> Done:
    done = baton_load("diff", a, b)
    assert done.status == 0, done.err
    return done


def row(done: Done, name: str) -> list[str]:
    return next(line for line in done.out.splitlines() if line.strip().startswith(name)).split()


def warnings(done: Done) -> list[str]:
    """About the plans; how busy this machine was is another matter."""
    return [line for line in done.out.splitlines() if line.startswith(("warning: The plans", "warning: The endpoints"))]


def test_two_runs_of_one_plan(target: Target, tmp_path: Path) -> None:
    a = measured(tmp_path / "a.json", "--rate", "100", target.url + "/x")
    b = measured(tmp_path / "b.json", "--rate", "100", target.url + "/x?y")
    done = diff(a, a)
    assert row(done, "rate offered")[-3:] == ["100/s", "100/s", "1.00"]
    assert row(done, "from due p50")[-1] == row(done, "from sent p50")[-1] == "1.00"
    assert "p99" not in done.out, "100 samples bear none"
    assert warnings(done) == []
    assert "may be chance" in done.out
    assert warnings(diff(a, b)) == [
        f"warning: The endpoints differ in path: GET {target.url}/x | GET {target.url}/x?y"
    ]


def test_other_plans_are_said(target: Target, tmp_path: Path) -> None:
    a = measured(tmp_path / "a.json", "--rate", "100", target.url)
    b = measured(tmp_path / "b.json", "--rate", "200", "--timeout", "3", "-X", "GET", "--body", "1234", target.url)
    said = warnings(diff(a, b))
    assert "The plans differ: 100 requests/s" in said[0]
    assert said[1] == "warning: The plans differ: timeouts of 10 s | 3 s"
    assert said[2].startswith("warning: The endpoints differ in size of the body: ")
    closed = measured(tmp_path / "c.json", "--connections", "2", target.url)
    assert "from due" not in diff(a, closed).out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file"),
        ("", "not JSON"),
        ("[]", "an object is expected"),
        ('{"schema": "baton-load/9"}', "schema: "),
        ('{"schema": "baton-load/1"}', "started: is missing"),
    ],
)
def test_what_is_no_report(target: Target, tmp_path: Path, text: str | None, said: str) -> None:
    good = measured(tmp_path / "good.json", "--rate", "20", target.url)
    bad = tmp_path / "bad.json"
    if text is not None:
        bad.write_text(text)
    for files in ((good, str(bad)), (str(bad), good)):
        done = baton_load("diff", *files)
        assert done.status == 2
        assert str(bad) in done.line and said in done.line
        assert done.out == ""


def test_reports_of_an_older_release_can_be_read(target: Target, tmp_path: Path) -> None:
    """Members may be added; those from before have none."""
    new = measured(tmp_path / "new.json", "--rate", "20", target.url)
    document = json.loads(Path(new).read_text())
    for endpoint in document["plan"]["endpoints"]:
        del endpoint["expect"]
    old = tmp_path / "old.json"
    old.write_text(json.dumps(document))
    assert warnings(diff(str(old), new)) == []
