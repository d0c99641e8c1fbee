"""What a recording says of requests whose clients choose odd paths and ids."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from harness.prometheus import Scrape
from harness.recording import Recording
from harness.server import REPOSITORY, Server
from harness.timeline import READERS, Timeline

FORMATS = sorted(READERS)
LONGEST_PATH = 64


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with Server("handlers.lab:app", "--mount=/asgi=handlers.lab:asgi", "--threads=2", cwd=REPOSITORY) as running:
        if not Scrape(running.metrics()).total("cpython_gil_enabled"):
            pytest.skip("without a GIL there is nothing to record")
        for prefix in ("", "/asgi"):  # imports, and routes that the server has not seen
            assert running.get(f"{prefix}/io/sleep?ms=1").status == 200
        yield running


def recorded(server: Server, kind: str, *requests: tuple[str, str]) -> Timeline:
    """These (target, id), one after the other, within one recording."""
    for seconds in (1.0, 4.0, 16.0):
        recording = Recording(server, seconds, kind)
        for target, name in requests:
            assert server.get(target, f"X-Request-ID: {name}").get("X-Request-ID") == name
        within = recording.goes_on()
        timeline = recording.finish()
        if within:
            return timeline
    pytest.fail("the machine is too slow for this")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("prefix", ["", "/asgi"])
def test_paths_are_text_whatever_their_bytes(lab: Server, kind: str, prefix: str) -> None:
    """Strings of both formats have to be UTF-8; readers refuse the whole file otherwise."""
    cyrillic = [f"{prefix}/{more}{'д' * 50}" for more in ("", "x")]  # for one of them 64 bytes end within a character
    paths = [f"{prefix}/%ff", f"{prefix}/a%e2%82%ac%e2%82", *map(quote, cyrillic)]
    timeline = recorded(lab, kind, *((path, f"odd-{number}") for number, path in enumerate(paths)))
    seen = {each.request: each.path for each in timeline.all() if each.request}
    kept = [path.encode()[:LONGEST_PATH].decode(errors="ignore") for path in cyrillic]
    assert len({len(path.encode()) for path in kept}) == 2
    assert [seen[f"odd-{number}"] for number in range(4)] == [f"{prefix}/\ufffd", f"{prefix}/a€\ufffd\ufffd", *kept]


def test_requests_of_one_id_are_not_one_request(lab: Server) -> None:
    """Clients choose ids. Arrows lead from turn to turn of one request on an event loop, and nowhere else."""
    targets = ["/io/sleep?ms=5", "/asgi/io/sleep?ms=5", "/io/sleep?ms=5", "/asgi/io/sleep?ms=5"]
    timeline = recorded(lab, "perfetto", *((target, "the-same") for target in targets))
    on_loop = [each.begin for each in timeline.all("holding") if each.request == "the-same" and each.route == "/asgi/io/sleep"]
    assert len(on_loop) >= 4, "each of the two has at least two turns"
    flows = [flow for flow in timeline.flows.values() if {each.request for each in flow} == {"the-same"}]
    assert {each.route for flow in flows for each in flow} == {"/asgi/io/sleep"}
    assert len(flows) == 2
    first, second = sorted([each.begin for each in flow] for flow in flows)
    assert max(first) < min(second), "they were one after the other"
