"""Who may ask at the admin address: programs, whatever they say, and no page of somebody else's in a browser."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from harness.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("lock:app") as running:
        yield running


def ask(where: str, path: str, **fields: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(where, timeout=30)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    text = "" if answer.getheader("Content-Type") == "text/event-stream" else answer.read().decode(errors="replace")
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("path", ["/", "/status.json", "/metrics", "/trace?seconds=0.01", "/events", "/nothing"])
def test_on_loopback_a_name_of_somebody_elses_is_no_name_of_ours(server: Server, path: str) -> None:
    """By DNS rebinding a page reads what its own name leads to, in the browser of whoever looks at it."""
    status, text = ask(server.admin, path, Host="rebound.example:9180")
    assert (status, text.count("\n")) == (421, 1)
    port = server.admin.rpartition(":")[2]
    for name in (server.admin, f"localhost:{port}", "127.0.0.1:1", "[::1]:9180", "baton.localhost"):
        assert ask(server.admin, "/livez", Host=name) == (200, "ok\n")


def test_elsewhere_it_has_the_names_that_it_is_given() -> None:
    with Server("lock:app", admin="0.0.0.0:0") as server:
        port = server.admin.rpartition(":")[2]
        assert ask(f"127.0.0.1:{port}", "/livez", Host="baton:9180") == (200, "ok\n")


@pytest.mark.parametrize("path", ["/trace?seconds=60", "/events"])
def test_no_page_of_another_site_starts_anything(server: Server, path: str) -> None:
    status, text = ask(server.admin, path, Sec_Fetch_Site="cross-site")
    assert (status, text.count("\n")) == (403, 1)
    assert ask(server.admin, "/trace?seconds=0.01")[0] != 409


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_page_and_the_address_bar_do(server: Server, site: str) -> None:
    assert ask(server.admin, "/events", Sec_Fetch_Site=site)[0] == 200
