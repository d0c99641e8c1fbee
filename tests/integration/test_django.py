"""Django behind Baton, on threads and on an event loop: ORM on SQLite, the admin, forms and CSRF, used as a browser would."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.browser import Browser, Page
from harness.frameworks import lacking, skip_without
from harness.server import APPS, Server

skip_without("django")


def manage(data: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "TEST_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "django_site.settings",
        "DJANGO_SUPERUSER_PASSWORD": "swordfish",
        "PYTHONPATH": str(APPS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = ["/usr/bin/python3", "-m", "django", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the administrator in it."""
    made = tmp_path_factory.mktemp("django")
    manage(made, "migrate", "--run-syncdb", "--verbosity=0")
    manage(made, "createsuperuser", "--noinput", "--username=root", "--email=root@example.test")
    return made


WAYS = {
    "wsgi": ("django_site.wsgi:application", "--threads", "4"),
    "asgi-asyncio": ("django_site.asgi:application", "--loop", "asyncio"),
    "asgi-uvloop": ("django_site.asgi:application", "--loop", "uvloop"),
}


@pytest.fixture(scope="module", params=WAYS)
def server(request: pytest.FixtureRequest, data: Path) -> Iterator[Server]:
    if "uvloop" in request.param and (reason := lacking("uvloop")):
        pytest.skip(reason)
    with Server(*WAYS[request.param], env={"TEST_DATA": str(data)}) as running:
        yield running


@pytest.fixture
def browser(server: Server) -> Browser:
    return Browser(f"http://127.0.0.1:{server.port}")


def on_a_loop(server: Server) -> bool:
    return "django_site.asgi:application" in server.arguments


def token(page: Page) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found.group(1)


def add_note(browser: Browser, title: str, text: str = "") -> Page:
    form = {"csrfmiddlewaretoken": token(browser.get("/")), "title": title, "text": text}
    return browser.post("/", form)


def test_a_note_is_kept(browser: Browser) -> None:
    page = add_note(browser, "Caf\u00e9 <b>", "Two\nlines")
    assert re.search(r"/notes/\d+/$", page.url)
    assert "<title>Caf\u00e9 &lt;b&gt;</title>" in page.text
    assert "Caf\u00e9 &lt;b&gt;" in browser.get("/").text


def test_a_form_says_what_is_wrong(browser: Browser) -> None:
    page = add_note(browser, "", "no title")
    assert page.status == 200 and "This field is required" in page.text


def test_a_forged_form_is_refused(browser: Browser) -> None:
    before = browser.get("/").text.count("<li>")
    assert browser.post("/", {"title": "forged", "csrfmiddlewaretoken": "x" * 64}).status == 403
    assert Browser(browser.base).post("/", {"title": "forged"}).status == 403
    assert browser.get("/").text.count("<li>") == before


def test_the_admin(browser: Browser) -> None:
    page = browser.get("/admin/")
    assert "/admin/login/" in page.url
    form = {"csrfmiddlewaretoken": token(page), "username": "root", "password": "wrong", "next": "/admin/"}
    assert "Please enter the correct username" in browser.post(page.url, form).text
    page = browser.post(page.url, {**form, "csrfmiddlewaretoken": token(browser.get(page.url)), "password": "swordfish"})
    assert page.status == 200 and page.url.endswith("/admin/") and "Site administration" in page.text
    page = browser.get("/admin/notes/note/add/")
    page = browser.post(page.url, {"csrfmiddlewaretoken": token(page), "title": "By the admin", "text": "x"})
    assert page.url.endswith("/admin/notes/note/") and "was added successfully" in page.text
    assert "/admin/login/" in Browser(browser.base).get("/admin/notes/note/").url


def test_streaming_from_the_database(server: Server, browser: Browser) -> None:
    if on_a_loop(server):
        pytest.skip("Django before 4.2 iterates over it on the loop, where it forbids itself the database")
    add_note(browser, "to be exported")
    assert "to be exported\n" in browser.get("/export/").text


def test_a_file_response(browser: Browser) -> None:
    assert browser.get("/file/").body == b"from a file " * 50_000


def test_many_visitors_at_once(browser: Browser) -> None:
    """Every thread has a connection to the database; SQLite lets one write at a time."""

    def visit(i: int) -> bool:
        return f"visitor {i}" in add_note(Browser(browser.base), f"visitor {i}").text

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(visit, range(24)))
    listed = browser.get("/").text
    assert all(f"visitor {i}<" in listed for i in range(24))


def test_not_found(browser: Browser) -> None:
    assert browser.get("/notes/999999/").status == 404


# --- Views that are coroutines


def test_an_async_view(server: Server, browser: Browser) -> None:
    found = json.loads(browser.get("/async/gathered/").body)
    assert found["asgi"] == on_a_loop(server)
    assert 0.1 <= found["took"] < 1.0  # not ten times as long: they sleep at the same time


@pytest.mark.parametrize("size", [0, 1000, 5_000_000])
def test_an_upload(browser: Browser, size: int) -> None:
    content = random.Random(size).randbytes(size)
    found = json.loads(browser.upload("/async/upload/", "file", "data.bin", content).body)
    assert found == {"name": "data.bin", "size": size, "digest": hashlib.sha256(content).hexdigest()}


def test_a_view_that_is_no_coroutine_is_not_run_on_the_loop(browser: Browser) -> None:
    assert json.loads(browser.get("/async/threaded/").body)["loop"] is False


def test_an_exception_in_an_async_view(server: Server, browser: Browser) -> None:
    assert browser.get("/async/broken/").status == 500
    server.wait_for("RuntimeError: an error in an async view", 10)
    assert browser.get("/").status == 200
