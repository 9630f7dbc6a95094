"""axe-core over every state of the page and of the widget's example page: light, dark, wide, and as on a phone.

npm install axe-core
SRO_AXE=node_modules/axe-core python -m pytest -m slow tests/apps/serve/test_accessibility.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web_stand_in import StandIn

pytestmark = pytest.mark.slow  # some minutes
Open = Callable[..., Any]
State = Callable[[Any, StandIn, Any], None]
WIDE, PHONE = {"width": 1100, "height": 850}, {"width": 360, "height": 740}
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (WIDE, PHONE)]
FOUND = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.flat().join(' ')}: ${failureSummary}`))"""
ATTRIBUTES = {"TOXICITY": 0.98, "INSULT": 0.91, "IDENTITY_ATTACK": 0.03, "PROFANITY": 0.4, "THREAT": 0.1}


@pytest.fixture(scope="module")
def axe() -> str:
    """Its source."""
    folder = os.environ.get("SRO_AXE")
    if not folder:
        pytest.skip("SRO_AXE names no folder of axe-core (npm install axe-core)")
    return (Path(folder) / "axe.min.js").read_text("utf-8")


@pytest.fixture
def violations(axe: str) -> Iterator[Callable[[Any], list[str]]]:
    """What axe-core finds on a page as it stands, in every look."""

    def find(page: Any) -> list[str]:
        page.evaluate(f"() => {{ {axe} }}")
        found = []
        for scheme, size in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(size)
            found += [f"{scheme}, {size['width']} pixels: {one}" for one in page.evaluate(FOUND)]
        page.set_viewport_size(WIDE)  # for the next test, which takes the same page
        return found

    yield find


def with_feedback(page: Any, service: StandIn, expect: Any) -> None:
    service.parts["feedback"] = "ready"
    page.reload()
    expect(page.locator("#state")).to_contain_text("feedback: ready")


# --- one comment -----------------------------------------------------------------------------------------------------


def nothing_written(page: Any, service: StandIn, expect: Any) -> None:
    expect(page.locator("#comment .verdict")).to_contain_text("Nothing written yet.")


def passes(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment-text", "thanks")
    expect(page.locator("#comment .verdict")).to_contain_text("Passes")


def fails_with_attributes(page: Any, service: StandIn, expect: Any) -> None:
    service.attributes = ATTRIBUTES
    page.fill("#comment-text", "What a stupid, stupid idea, you idiot")
    expect(page.locator("#comment .attributes dt")).to_have_count(5)
    expect(page.locator("#comment mark")).to_have_count(3)


def in_another_language(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment-text", "Du bist so stupid")
    expect(page.locator("#comment .language")).to_be_visible()


def too_long(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment-text", "ü" * 20_000)
    expect(page.locator("#comment .count")).to_contain_text("too long")


def looked_for(page: Any, service: StandIn, expect: Any) -> None:
    service.slow = {"so stupid": 60.0}
    page.fill("#comment-text", "so stupid")
    page.click("#suggest")
    expect(page.locator("#stop")).to_be_visible()


def suggested_and_edited(page: Any, service: StandIn, expect: Any) -> None:
    with_feedback(page, service, expect)
    page.fill("#comment-text", "What a stupid idea, nobody asked. " + "It was fine before. " * 80)
    page.click("#suggest")
    expect(page.locator("#difference ins")).to_be_visible()
    page.click("#edit")
    page.fill("#suggestion-text", "What a stupid plan, nobody asked.")
    expect(page.locator("#wording .verdict")).to_contain_text("Fails")


def suggested_for_what_it_was(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment-text", "so stupid")
    page.click("#suggest")
    expect(page.locator("#difference ins")).to_be_visible()
    page.fill("#comment-text", "very stupid")
    expect(page.locator("#stale")).to_be_visible()


def refused(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment-text", "you idiot")
    page.click("#suggest")
    expect(page.locator("#notice")).to_contain_text("Every wording that was tried fails too.")


def key_wanted(page: Any, service: StandIn, expect: Any) -> None:
    service.key = "sro_key"
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#access")).to_have_attribute("open", "")
    page.fill("#key", "another")
    page.keyboard.press("Enter")
    expect(page.locator("#key-told")).to_have_text("This server does not know this key.")


def server_away(page: Any, service: StandIn, expect: Any) -> None:
    service.refuse("/v1/screen", 503, Retry_After="600")
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("Next try in")


# --- many comments ---------------------------------------------------------------------------------------------------

LONG = f"{'stupid ' * 200}\nf,{'ü' * 800}"
TABLE = f"who,comment\na,so stupid\nb,you idiot\nc,thanks\nd,\ne,{LONG}\ng,how stupid\nh,stupid\n"


def work(page: Any, expect: Any, table: str = TABLE, mode: str = "rewrite") -> None:
    page.click("text=Many comments")
    page.check(f"[name=mode][value={mode}]")
    page.set_input_files("#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": table.encode()})
    page.locator("#source", has_text="from x.csv").wait_for()
    page.click("#go")


def nothing_to_work_on(page: Any, service: StandIn, expect: Any) -> None:
    page.click("text=Many comments")
    page.click("#go")
    expect(page.locator("#trouble")).to_contain_text("Paste some comments first")


def file_chosen(page: Any, service: StandIn, expect: Any) -> None:
    page.click("text=Many comments")
    page.set_input_files("#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": TABLE.encode()})
    expect(page.locator("#of-column")).to_be_visible()


def at_work(page: Any, service: StandIn, expect: Any) -> None:
    service.slow = {"how stupid": 60.0}
    work(page, expect)
    expect(page.locator("#rows .tag").first).to_have_text("Rewritten")


def paused_by_trouble(page: Any, service: StandIn, expect: Any) -> None:
    service.refuse("/v1/rewrite", 403)
    work(page, expect)
    expect(page.locator("#trouble")).to_contain_text("Paused.")


def decided_and_edited(page: Any, service: StandIn, expect: Any) -> None:
    service.max_text = 1500
    service.attributes = ATTRIBUTES
    service.refuse("/v1/feedback", 403)
    with_feedback(page, service, expect)
    work(page, expect)
    expect(page.locator("#go")).to_have_text("Start again")
    page.focus("#box")
    for key in "arr":
        page.keyboard.press(key)
    page.locator("#rows").get_by_role("button", name="Edit").nth(1).click()
    expect(page.locator("#rows textarea")).to_be_focused()
    expect(page.locator("#unsent")).to_be_visible()
    expect(page.locator("#rows mark").first).to_be_visible()


def checked_only(page: Any, service: StandIn, expect: Any) -> None:
    work(page, expect, mode="screen")
    expect(page.locator("#go")).to_have_text("Start again")
    page.select_option("#order", "score")
    expect(page.locator("#rows mark").first).to_be_visible()


def all_accepted(page: Any, service: StandIn, expect: Any) -> None:
    work(page, expect)
    expect(page.locator("#go")).to_have_text("Start again")
    page.click("#accept-all")
    expect(page.locator("#undo-all")).to_be_visible()


def no_row_left(page: Any, service: StandIn, expect: Any) -> None:
    work(page, expect)
    expect(page.locator("#go")).to_have_text("Start again")
    page.select_option("#decision", "refused")
    expect(page.locator("#rows tr")).to_have_count(0)


def keys_listed(page: Any, service: StandIn, expect: Any) -> None:
    work(page, expect)
    expect(page.locator("#go")).to_have_text("Start again")
    page.focus("#box")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog")).to_be_visible()


def of_several_parts(page: Any, service: StandIn, expect: Any) -> None:
    page.click("text=Many comments")
    table = "comment\n" + "thanks\n" * 50_001
    page.set_input_files("#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": table.encode()})
    expect(page.locator("#pager")).to_be_visible()


STATES: list[State] = [
    *(nothing_written, passes, fails_with_attributes, in_another_language, too_long, looked_for),
    *(suggested_and_edited, suggested_for_what_it_was, refused, key_wanted, server_away),
    *(nothing_to_work_on, file_chosen, at_work, paused_by_trouble, decided_and_edited, checked_only, all_accepted),
    *(no_row_left, keys_listed, of_several_parts),
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_the_page(state: State, service: StandIn, open_page: Open, expect: Any, violations: Any) -> None:
    page = open_page()
    state(page, service, expect)
    assert violations(page) == []


@pytest.mark.parametrize("part", ["off", "failed", "loading"])
def test_the_page_where_nothing_rewrites(part: str, service: StandIn, open_page: Open, violations: Any) -> None:
    service.parts["rewrite"] = part
    service.reasons = {"rewrite": "runs/leader: no such folder"}
    assert violations(open_page()) == []


# --- the widget ------------------------------------------------------------------------------------------------------


def untouched(page: Any, service: StandIn, expect: Any) -> None:
    expect(page.locator("sro-widget .status")).to_have_text("Your comment is checked while you write.")


def fine(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment", "fine")
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")


def offered(page: Any, service: StandIn, expect: Any) -> None:
    service.attributes = ATTRIBUTES
    page.fill("#comment", "What a stupid idea")
    expect(page.locator("sro-widget .new ins")).to_have_text(["bad"])


def taken_and_posted(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment", "fine")
    page.get_by_role("button", name="Post").click()
    page.fill("#comment", "so stupid")
    page.click("text=Use this wording")
    expect(page.locator("sro-widget .status")).to_have_text("Nothing to object to.")
    expect(page.locator("text=Undo")).to_be_visible()


def none_found(page: Any, service: StandIn, expect: Any) -> None:
    page.fill("#comment", "you idiot")
    expect(page.locator("sro-widget .note")).to_contain_text("No other wording was found.")


def wanted_by_click(page: Any, service: StandIn, expect: Any) -> None:
    page.evaluate("document.querySelector('sro-widget').setAttribute('suggest', 'click')")
    page.fill("#comment", "so stupid")
    expect(page.locator("text=Suggest another wording")).to_be_visible()


def not_answered(page: Any, service: StandIn, expect: Any) -> None:
    service.key = "right"
    page.fill("#comment", "so stupid")
    expect(page.locator("sro-widget .status")).to_contain_text("Not checked")
    page.click("text=The server asks for an API key")


WIDGETS: list[State] = [untouched, fine, offered, taken_and_posted, none_found, wanted_by_click, not_answered]


@pytest.mark.parametrize("state", WIDGETS, ids=lambda state: state.__name__)
def test_the_widget(state: State, service: StandIn, page_of: Any, expect: Any, violations: Any) -> None:
    page = page_of()
    page.goto(f"{service.address}widget.html")
    page.wait_for_function("Boolean(customElements.get('sro-widget'))")
    state(page, service, expect)
    assert violations(page) == []
    page.goto("about:blank")
