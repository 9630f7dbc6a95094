"""The widget beside a comment box, in a real Chromium: on the example page over a canned service, and across origins
on a service of ours with keys."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import uvicorn
from serving import make_parts
from web_stand_in import StandIn

from sro.apps.serve.app import make_app
from sro.apps.serve.keys import digest
from sro.apps.serve.settings import Service

SECONDS = 60  # for what takes milliseconds, on a machine that has other things to do
pytestmark = pytest.mark.slow  # a minute and a half
STUPID = "What a stupid idea"
AWAY = "Not checked: the check does not answer. You can post all the same."

Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, service: StandIn) -> Iterator[Open]:
    """Opens the example page, after the test has set the service up. Fails the test if a script did."""
    wrong, contexts = [], []

    def start(width: int = 1000, url: str | None = None, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(1000 * SECONDS)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url or f"{service.address}widget.html")
        page.wait_for_function("Boolean(customElements.get('sro-widget'))")
        return page

    yield start
    for context in contexts:
        context.close()
    assert wrong == []


def write(page: Any, text: str) -> None:
    page.focus("#comment")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def post(page: Any) -> list[str]:
    """What stands among the posts after a click on the platform's button."""
    page.get_by_role("button", name="Post").click()
    return page.locator("#posted li").all_inner_texts()


# --- while one writes ------------------------------------------------------------------------------------------------


def test_words_and_attribute_show_while_one_writes(service: StandIn, open_page: Open, expect: Any) -> None:
    service.attributes = {"TOXICITY": 0.97, "INSULT": 0.91, "THREAT": 0.6, "PROFANITY": 0.2}
    page = open_page()
    status = page.locator("sro-widget .status")
    expect(status).to_have_text("Your comment is checked while you write.")
    page.focus("#comment")
    page.keyboard.type("\U0001f600 What a stupid, Stupid idea", delay=5)
    expect(status).to_have_text("This may come across as an insult and a threat:stupid")
    [asked] = {json.dumps(body) for body in service.bodies("/v1/screen")}  # at the end, not at every keystroke
    assert json.loads(asked) == {"texts": ["\U0001f600 What a stupid, Stupid idea"], "spans": True}
    chosen = "(({ selectionStart: a, selectionEnd: b, value }) => value.slice(a, b))(document.activeElement)"
    page.focus("#comment")
    page.keyboard.press("Control+Home")
    for word in ("stupid", "Stupid", "stupid"):  # every click goes to the next place
        page.get_by_role("button", name="Select in your comment: stupid").click()
        assert page.evaluate(chosen) == word
    write(page, "What a splendid idea")
    expect(status).to_have_text("Nothing to object to.")
    expect(page.locator("sro-widget .status button")).to_have_count(0)
    service.attributes = None
    write(page, "so stupid")
    expect(status).to_have_text("This may come across as hurtful:stupid")
    write(page, " ")
    expect(status).to_have_text("Your comment is checked while you write.")


def test_what_is_in_a_language_that_is_not_read_is_not_judged(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    write(page, "Du bist so stupid")
    expect(page.locator("sro-widget .status")).to_have_text("Not checked: this language is not read here.")
    expect(page.locator("sro-widget .live")).to_have_text("Not checked: this language is not read here.")
    expect(page.locator("sro-widget .status button")).to_have_count(0)
    page.wait_for_timeout(1500)
    assert service.bodies("/v1/rewrite") == []
    write(page, "Du bist nett")
    page.wait_for_timeout(1500)
    expect(page.locator("sro-widget .status")).to_have_text("Not checked: this language is not read here.")


def test_an_older_request_is_aborted(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {"stupid": 3.0}
    page = open_page()
    aborted: list[str] = []
    page.on("requestfailed", lambda request: aborted.append(f"{request.post_data} {request.failure}"))
    with page.expect_request("**/v1/screen"):
        write(page, "stupid")
    write(page, "fine")
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")
    assert len(aborted) == 1 and '"stupid"' in aborted[0] and "ERR_ABORTED" in aborted[0]
    page.wait_for_timeout(3000)
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")


# --- another wording -------------------------------------------------------------------------------------------------


def test_one_click_takes_the_wording_and_one_undoes_it(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    page.evaluate("""() => { window.told = [];
        const tell = (name, { suggestion, label }) => told.push([name, suggestion ?? label]);
        for (const name of ['verdict', 'take', 'undo', 'keep'])
            document.addEventListener(`sro-${name}`, ({ detail }) => tell(name, detail));
        window.inputs = 0; document.getElementById('comment').addEventListener('input', () => inputs++); }""")
    write(page, STUPID)
    expect(page.locator("sro-widget .new")).to_have_text("What a bad idea")
    expect(page.locator("sro-widget .new ins")).to_have_text(["bad"])
    inputs = page.evaluate("inputs")
    page.click("text=Use this wording")
    expect(page.locator("#comment")).to_have_value("What a bad idea")
    expect(page.locator("#comment")).to_be_focused()
    assert page.evaluate("inputs") > inputs  # the platform's scripts hear of it
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")
    expect(page.locator("sro-widget .note")).to_have_text("Your comment was replaced.")
    page.click("text=Undo")
    expect(page.locator("#comment")).to_have_value(STUPID)
    expect(page.locator("sro-widget .status")).to_contain_text("hurtful")
    page.wait_for_timeout(1500)
    expect(page.locator("sro-widget .new")).to_be_hidden()  # it was declined, and is not pressed upon anybody
    page.click("text=Suggest another wording")
    page.click("text=Use this wording")
    page.keyboard.press("Control+Z")
    expect(page.locator("#comment")).to_have_value(STUPID)
    expect(page.locator("text=Undo")).to_be_hidden()
    told = [["verdict", "fail"], ["take", "What a bad idea"], ["verdict", "pass"], ["undo", "What a bad idea"]]
    assert page.evaluate("told")[:4] == told


def test_a_wording_for_another_text_is_never_put_into_the_box(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {STUPID: 1.0}
    page = open_page()
    with page.expect_request("**/v1/rewrite"):
        write(page, STUPID)
    page.keyboard.insert_text(" of yours")
    expect(page.locator("sro-widget .new")).to_have_text("What a bad idea of yours")
    page.locator("text=Use this wording").focus()
    page.evaluate("document.getElementById('comment').value = 'something else'")  # by a script, unheard
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_have_value("something else")


def test_what_cannot_be_helped_is_said(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    write(page, "you idiot")
    expect(page.locator("sro-widget .note")).to_have_text("No other wording was found. You could change it yourself.")
    service.refuse("/v1/rewrite", 503, 404)
    write(page, STUPID)
    expect(page.locator("sro-widget .note")).to_have_text("Another wording could not be looked for just now.")
    page.click("text=Suggest another wording")  # a server that screens only
    expect(page.locator("sro-widget .note")).to_have_text("")
    expect(page.locator("text=Suggest another wording")).to_be_hidden()
    asked = len(service.bodies("/v1/rewrite"))
    write(page, "so stupid")
    page.wait_for_timeout(2000)
    assert len(service.bodies("/v1/rewrite")) == asked
    service.too_long = 5
    write(page, "very long indeed")
    expect(page.locator("sro-widget .status")).to_have_text("Too long to be checked. You can post it all the same.")


def test_on_click_the_server_is_asked_for_no_wording_before(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    page.evaluate("document.querySelector('sro-widget').setAttribute('suggest', 'click')")
    write(page, STUPID)
    expect(page.locator("text=Suggest another wording")).to_be_visible()
    page.wait_for_timeout(1500)
    assert service.bodies("/v1/rewrite") == []
    page.click("text=Suggest another wording")
    expect(page.locator("sro-widget .new")).to_have_text("What a bad idea")


# --- posting is never held up ----------------------------------------------------------------------------------------


def test_a_server_that_is_away_holds_nobody_up_and_is_asked_again(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    page = open_page()
    page.route("**/v1/*", lambda route: route.abort())
    write(page, STUPID)
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)
    assert post(page) == [STUPID]
    expect(page.locator("sro-widget .status")).to_have_text("Your comment is checked while you write.")
    write(page, "so stupid")
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)
    page.unroute("**/v1/*")  # it is back, and nobody has to type for it
    expect(page.locator("sro-widget .status")).to_contain_text("hurtful")
    assert post(page) == [STUPID, "so stupid"]


def test_a_server_that_hangs_holds_nobody_up(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {STUPID: 30.0}
    page = open_page()
    page.clock.install()
    with page.expect_request("**/v1/screen"):
        write(page, STUPID)
        page.clock.run_for(500)
    page.clock.run_for(1000)
    assert post(page) == [STUPID]
    with page.expect_request("**/v1/screen"):
        write(page, STUPID)
        page.clock.run_for(500)
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)  # it is not waited for
    assert post(page) == [STUPID, STUPID]


def test_a_busy_server_is_left_alone_as_long_as_it_asks_for(service: StandIn, open_page: Open, expect: Any) -> None:
    service.refuse("/v1/screen", 429, Retry_After="3")
    page = open_page()
    write(page, STUPID)
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)
    since = time.monotonic()
    write(page, "so stupid")
    expect(page.locator("sro-widget .status")).to_contain_text("hurtful")
    assert time.monotonic() - since > 1.5
    assert [body["texts"] for body in service.bodies("/v1/screen")] == [[STUPID], ["so stupid"]]


def test_with_a_wrong_key_nobody_is_asked_twice(service: StandIn, open_page: Open, expect: Any) -> None:
    service.key = "right"
    page = open_page()
    warnings: list[str] = []
    page.on("console", lambda message: message.type == "warning" and warnings.append(message.text))
    write(page, STUPID)
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)
    write(page, "so stupid")
    page.wait_for_timeout(1500)
    assert len(service.bodies("/v1/screen")) == 1
    assert len(warnings) == 1 and "answered 401" in warnings[0] and "fix:" in warnings[0]
    assert post(page) == ["so stupid"]
    write(page, STUPID)
    page.click("text=The server asks for an API key")
    page.fill("#key", "right")
    page.keyboard.press("Tab")
    expect(page.locator("sro-widget .status")).to_contain_text("hurtful")


def test_without_a_box_it_says_so_and_nothing_breaks(open_page: Open, expect: Any) -> None:
    page = open_page()
    with page.expect_console_message(lambda message: "no element has the id" in message.text):
        page.evaluate("document.querySelector('sro-widget').setAttribute('for', 'nowhere')")
    write(page, STUPID)
    assert post(page) == [STUPID]
    page.evaluate("document.querySelector('sro-widget').setAttribute('for', 'comment')")
    write(page, STUPID)
    expect(page.locator("sro-widget .status")).to_contain_text("hurtful")
    page.evaluate("document.querySelector('sro-widget').remove()")
    write(page, "so stupid")
    assert post(page)[-1] == "so stupid"


# --- for everybody ---------------------------------------------------------------------------------------------------


def test_the_keyboard_alone_will_do(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    write(page, STUPID)
    expect(page.locator("text=Use this wording")).to_be_visible()
    seen, active = [], "(n => (n.shadowRoot?.activeElement ?? n))(document.activeElement)"
    for _ in range(6):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(f"(n => n.ariaLabel || n.textContent)({active})"))
        assert page.evaluate(f"getComputedStyle({active}).outlineStyle") != "none", seen
    assert seen[2:] == ["Check of your comment", "Select in your comment: stupid", "Use this wording", "Keep mine"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_have_value("What a bad idea")
    expect(page.locator("#comment")).to_be_focused()
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")  # and has no more words to go to
    for _ in range(4):  # past Post, the example, and what there is to read
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_have_value(STUPID)
    write(page, "so stupid")
    take = page.locator("text=Use this wording")
    expect(take).to_be_visible()
    take.focus()
    expect(take).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#comment")).to_be_focused()
    expect(page.locator("text=Use this wording")).to_be_hidden()
    expect(page.locator("#comment")).to_have_value("so stupid")


def test_a_screen_reader_is_told_once_and_in_sentences(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    live = page.locator("sro-widget .live")
    assert (live.get_attribute("role"), live.get_attribute("aria-live")) == ("status", "polite")
    write(page, "fine")
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")
    page.wait_for_timeout(1000)
    expect(live).to_have_text("")  # nobody is told that nothing is wrong
    page.evaluate("""() => { window.said = [];
        const live = document.querySelector('sro-widget').shadowRoot.querySelector('.live');
        new MutationObserver(() => said.push(live.textContent)).observe(live, { childList: true }); }""")
    write(page, STUPID)
    blamed = "This may come across as hurtful: stupid."
    expect(live).to_have_text(f"{blamed} You could say: What a bad idea")
    page.click("text=Use this wording")
    expect(live).to_have_text("Nothing to object to. Your comment was replaced.")
    said = page.evaluate("said")
    assert len(said) == len(set(said)) and blamed in said, said
    page.route("**/v1/*", lambda route: route.abort())
    write(page, "so stupid")
    expect(live).to_have_text(AWAY)
    expect(page.get_by_role("group", name="Check of your comment")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_moves(service: StandIn, open_page: Open, expect: Any, width: int) -> None:
    """Whatever it says, it takes the same room."""
    page = open_page(width)
    places = """() => ['#comment', '#example', 'sro-widget', 'h2'].map((name) => {
        const { x, y, width, height } = document.querySelector(name).getBoundingClientRect();
        return [name, x, y + scrollY, width, height]; })"""
    before = page.evaluate(places)
    write(page, "What a stupid idea. Did you even read the stupid article before you wrote this?")
    expect(page.locator("sro-widget .new")).to_be_visible()
    assert page.evaluate(
        "(n => n.scrollHeight <= n.clientHeight)(document.querySelector('sro-widget').shadowRoot"
        ".querySelector('.read'))"
    )  # so much is seen without scrolling
    assert page.evaluate(places) == before
    long = "a stupid " + "w" * 200 + " and so on " * 60
    write(page, long)
    expect(page.locator("sro-widget .new")).to_contain_text("a bad")
    assert page.evaluate(places) == before
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    page.click("text=Use this wording")
    expect(page.locator("text=Undo")).to_be_visible()
    assert page.evaluate(places) == before
    write(page, "you idiot")
    expect(page.locator("sro-widget .note")).to_contain_text("No other wording")
    assert page.evaluate(places) == before
    page.route("**/v1/*", lambda route: route.abort())
    write(page, STUPID)
    expect(page.locator("sro-widget .status")).to_have_text(AWAY)
    assert page.evaluate(places) == before


# --- from another origin ---------------------------------------------------------------------------------------------

PLATFORM = """<!doctype html><title>a forum</title><form><textarea id="comment"></textarea></form>
<sro-widget for="comment" key="{key}"></sro-widget><script type="module" src="{service}/widget.js"></script>"""


class Platform(ThreadingHTTPServer):
    """A page of somebody else's at an origin of its own, with a strict policy, as platforms have it."""

    page, policy = "", "default-src 'self'"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PlatformHandler(BaseHTTPRequestHandler):
    server: Platform

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(self.server.page.encode())


@contextmanager
def platform_and_service(key: str, **settings: Any) -> Iterator[Platform]:
    """The platform, whose page takes the widget from a service of ours that knows the key `right`."""
    platform = Platform(("127.0.0.1", 0), PlatformHandler)
    listening = socket.create_server(("127.0.0.1", 0))
    app = make_app(make_parts(), Service(cors=[platform.origin], **settings), keys={digest("right"): "forum"})
    uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    threads = [
        threading.Thread(target=platform.serve_forever, daemon=True),
        threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]}, daemon=True),
    ]
    for thread in threads:
        thread.start()
    at = f"http://127.0.0.1:{listening.getsockname()[1]}"
    platform.page = PLATFORM.format(key=key, service=at)
    platform.policy = f"default-src 'self'; script-src {at}; connect-src {at}"
    try:
        yield platform
    finally:
        uvicorn_server.should_exit = True
        platform.shutdown()
        platform.server_close()
        for thread in threads:
            thread.join(SECONDS)


def test_a_platform_of_another_origin_needs_cors_and_a_key_and_no_more(open_page: Open, expect: Any) -> None:
    with platform_and_service("right") as platform:
        page = open_page(url=platform.origin)
        write(page, STUPID)
        expect(page.locator("sro-widget .status")).to_have_text("This may come across as hurtful:stupid")
        expect(page.locator("sro-widget .note")).to_have_text(
            "No other wording was found. You could change it yourself."
        )
        box, shadow = page.evaluate("""() => [document.querySelector('sro-widget').getBoundingClientRect().height,
            getComputedStyle(document.querySelector('sro-widget').shadowRoot.querySelector('.read')).overflowY]""")
        assert (box > 100, shadow) == (True, "auto")  # its style is there under a policy without inline styles


def test_the_limit_of_a_public_key_is_heard_across_origins(open_page: Open, expect: Any) -> None:
    with platform_and_service("right", rate=1) as platform:
        page = open_page(url=platform.origin)
        write(page, "fine")
        expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")
        with page.expect_response("**/v1/screen") as second:
            write(page, STUPID)
        assert (second.value.status, second.value.headers["retry-after"].isdigit()) == (429, True)
        expect(page.locator("sro-widget .status")).to_have_text(AWAY)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        write(page, "so stupid")
        page.wait_for_timeout(3000)
        assert asked == []  # the limit is for a minute
