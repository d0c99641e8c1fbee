"""The interpreters that the lab makes: few, however many requests there are."""

from __future__ import annotations

import pytest

from handlers.lab import interpreters


class Counted:
    """What any Python can make."""

    made = 0
    closed = 0
    scripts: list[str] = []

    def __init__(self) -> None:
        Counted.made += 1

    def run(self, script: str) -> None:
        Counted.scripts.append(script)
        if "countdown(13)" in script:
            raise RuntimeError("unlucky")

    def close(self) -> None:
        Counted.closed += 1


def test_interpreters_are_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "Interpreter", Counted)
    monkeypatch.setattr(interpreters, "_idle", [])
    for _ in range(5):
        interpreters.in_interpreters([3, 4])
    interpreters.in_interpreters([5, 6, 7])
    with pytest.raises(interpreters.Failed, match="unlucky"):
        interpreters.in_interpreters([13])
    assert interpreters.in_interpreters([1]) >= 0
    assert len(Counted.scripts) == 15
    assert (Counted.made, Counted.closed) == (3, 0)
    interpreters.close_idle()
    assert Counted.closed == 3
