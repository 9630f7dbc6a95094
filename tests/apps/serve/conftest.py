"""The page and the widget in a real Chromium, over a canned service."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from time_limits import limited
from web_stand_in import Server, StandIn, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 60  # for what takes milliseconds, on a machine that has other things to do
LONGEST = 5 * SECONDS  # of a test with a browser

Open = Callable[..., Any]


@pytest.fixture(autouse=True)
def ends_by_itself(request: pytest.FixtureRequest) -> Iterator[None]:
    """A page that hangs costs its test, and not the run."""
    if "browser" not in request.fixturenames:
        yield
        return
    with limited(LONGEST, request.node.name):
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    sync_api.expect.set_options(timeout=1000 * SECONDS)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--disable-gpu", "--disable-dev-shm-usage"],
            timeout=1000 * SECONDS,
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page_of(browser: Any) -> Iterator[Callable[..., Any]]:
    """A page for every width and every option, one for all tests: it keeps nothing, and costs a second."""
    pages: dict[str, Any] = {}

    def find(**options: Any) -> Any:
        name = json.dumps(options, sort_keys=True)
        if name not in pages:
            context = browser.new_context(**options)
            context.set_default_timeout(1000 * SECONDS)
            pages[name] = context.new_page()
        return pages[name]

    yield find
    for page in pages.values():
        page.context.close()


@pytest.fixture
def expect() -> Any:
    return pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def service(server: Server) -> StandIn:
    """What the page talks to; every test orders its own."""
    server.stand_in = StandIn(server.address)
    return server.stand_in


@pytest.fixture
def open_page(page_of: Callable[..., Any], service: StandIn, expect: Any) -> Iterator[Open]:
    """Opens the page, after the test has set the service up. Fails the test if a script or the policy did."""
    wrong, pages = [], []

    def log(message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def fail(error: Any) -> None:
        wrong.append(str(error))

    def request(one: Any) -> None:
        if not one.url.startswith((service.address, "blob:")):
            wrong.append(one.url)

    def start(view: str = "", width: int = 1100, **options: Any) -> Any:
        page = page_of(viewport={"width": width, "height": 850}, **options)
        pages.append(page)
        for name, listener in (("console", log), ("pageerror", fail), ("request", request)):
            page.on(name, listener)
        page.goto(service.address + view)
        expect(page.locator("#state")).to_contain_text("Checking: ")
        return page

    yield start
    for page in pages:
        for name, listener in (("console", log), ("pageerror", fail), ("request", request)):
            page.remove_listener(name, listener)
        page.goto("about:blank")
    assert wrong == []
