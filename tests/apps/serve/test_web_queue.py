"""The moderator's queue of the page at `/`, in a real Chromium, over a canned service."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from web_stand_in import StandIn

Open = Callable[..., Any]
IN_SIGHT = "document.getElementById('rows').childElementCount"
COVERED = """() => {
    const box = document.getElementById('box').getBoundingClientRect();
    const head = document.getElementById('head').offsetHeight;
    const rows = [...document.getElementById('rows').children].map((row) => row.getBoundingClientRect());
    return rows[0].top <= box.top + head + 1 && rows.at(-1).bottom >= box.bottom - 2;
}"""
CURRENT = (
    "document.getElementById(document.getElementById('box').getAttribute('aria-activedescendant'))?.cells[1].innerText"
)


def work(page: Any, expect: Any, table: str, mode: str = "rewrite") -> None:
    """Load a table, do what there is to do, and give the sheet the focus."""
    page.check(f"[name=mode][value={mode}]")
    page.set_input_files("#file", {"name": "x.csv", "mimeType": "text/csv", "buffer": table.encode()})
    page.locator("#source", has_text="from x.csv").wait_for()
    page.click("#go")
    expect(page.locator("#go")).to_have_text("Start again")
    page.focus("#box")


def download(page: Any) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.click("#csv")
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"), newline="")))


def test_5000_rows_are_in_the_sheet_and_those_in_sight_in_the_page(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    page = open_page("#many")
    texts = (f"comment {i} {'stupid ' * (i % 40)}" for i in range(5000))
    work(page, expect, "comment\n" + "".join(f"{text}\n" for text in texts), "screen")
    expect(page.locator("#box")).to_have_attribute("aria-rowcount", "5001")
    assert 5 < page.evaluate(IN_SIGHT) < 80
    page.keyboard.press("End")
    assert page.evaluate(CURRENT).startswith("comment 4999")
    expect(page.locator("#rows tr").last).to_have_attribute("aria-rowindex", "5001")
    expect(page.locator("#rows tr").last).to_be_in_viewport(ratio=0.5)
    page.keyboard.press("k")
    assert page.evaluate(CURRENT).startswith("comment 4998")
    for place in (0.5, 0.2, 0.9, 0.0):
        page.evaluate(
            "place => { const box = document.getElementById('box'); box.scrollTop = place * box.scrollHeight; }", place
        )
        for _ in range(100):
            if page.evaluate(COVERED):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(COVERED), place
        assert page.evaluate(IN_SIGHT) < 80
    page.keyboard.press("Home")
    for i in range(1, 30):  # every one comes into sight, however high those before it are
        page.keyboard.press("j")
        assert page.evaluate(CURRENT).startswith(f"comment {i} ")
    expect(page.locator("#rows tr[aria-selected=true]")).to_be_in_viewport(ratio=0.9)


def test_a_long_comment_is_cut_and_whole_in_the_current_row(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    work(page, expect, f"comment\nfine\n{'so fine ' * 200}\nthanks\n", "screen")
    cut = "(n => n.scrollHeight > n.clientHeight)(document.querySelectorAll('#rows .comment .text')[1])"
    assert page.evaluate(cut)
    page.keyboard.press("j")
    assert not page.evaluate(cut)
    page.keyboard.press("j")
    assert page.evaluate(cut)
    expect(page.locator("#rows tr").last).to_be_in_viewport(ratio=0.9)


def test_a_moderator_decides_by_keyboard_and_the_decisions_go_to_feedback_and_file(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    service.parts["feedback"] = "ready"
    page = open_page("#many")
    work(page, expect, "2024,who,comment\n1,a,so stupid\n2,b,how stupid\n3,c,stupid me\n4,d,idiot\n5,e,thanks\n6,f,\n")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("Accepted, line 2.")
    assert page.evaluate(CURRENT) == "how stupid"  # and on to the next
    page.keyboard.press("e")
    expect(page.locator("#rows textarea")).to_be_focused()
    expect(page.locator("#rows textarea")).to_have_value("how bad")
    page.keyboard.type(", ajr")  # letters, and no keys
    page.keyboard.press("Control+Enter")
    page.keyboard.press("r")
    expect(page.locator("#rows .decision .tag")).to_have_text(["Accepted", "Edited", "Refused"])
    expect(page.locator("#rows tr").nth(1).locator(".decision")).to_contain_text("Passes · Score 0.02")
    page.keyboard.press("a")
    page.keyboard.press("k")
    page.keyboard.press("u")
    assert page.evaluate(CURRENT) == "idiot"  # an undone decision is to be made again
    page.keyboard.press("e")
    page.keyboard.press("Control+A")
    page.keyboard.type("friend")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("a")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("There is no comment in this row.")
    expect(page.locator("#shown")).to_have_text("6 of 6 rows shown · 5 decided")
    rows = download(page)
    assert list(rows[0])[:3] == ["2024", "who", "comment"]
    assert [(row["who"], row["decision"], row["final"]) for row in rows] == [
        ("a", "accepted", "so bad"),
        ("b", "edited", "how bad, ajr"),
        ("c", "refused", ""),
        ("d", "edited", "friend"),
        ("e", "accepted", "thanks"),
        ("f", "", ""),
    ]
    expect(page.locator("#rows .decision", has_text="Stored as feedback")).to_have_count(3)
    sent = sorted(service.bodies("/v1/feedback"), key=lambda body: body["source"])
    assert [(body["source"], body["suggestion"], body["action"], body.get("final")) for body in sent] == [
        ("how stupid", "how bad", "edited", "how bad, ajr"),
        ("so stupid", "so bad", "accepted", None),
        ("stupid me", "bad me", "refused", None),
    ]


def test_a_decision_that_is_undone_in_time_is_never_sent(service: StandIn, open_page: Open, expect: Any) -> None:
    service.parts["feedback"] = "ready"
    page = open_page("#many")
    work(page, expect, "comment\nso stupid\nvery stupid\n")
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.locator("#rows tr").nth(0).get_by_role("button", name="Undo, line 2").click()
    expect(page.locator("#rows .decision", has_text="Stored as feedback")).to_have_count(1)
    assert [body["source"] for body in service.bodies("/v1/feedback")] == ["very stupid"]


def test_decisions_that_cannot_be_stored_wait_until_somebody_tries_again(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    service.parts["feedback"] = "ready"
    service.refuse("/v1/feedback", 403)
    page = open_page("#many")
    work(page, expect, "comment\nso stupid\n")
    page.keyboard.press("a")
    expect(page.locator("#unsent")).to_contain_text(
        "could not be stored as feedback. The server refuses to answer here"
    )
    page.click("#resend")
    expect(page.locator("#rows .decision")).to_contain_text("Stored as feedback")
    expect(page.locator("#unsent")).to_be_hidden()
    assert len(service.bodies("/v1/feedback")) == 2


def test_rows_are_filtered_by_score_attribute_and_decision(service: StandIn, open_page: Open, expect: Any) -> None:
    service.attributes = lambda text: {"TOXICITY": 0.5, "THREAT": 0.7 if "beware" in text else 0.1}
    page = open_page("#many")
    work(page, expect, "comment\nthanks\nstupid\nbeware\nidiot\n")
    shown = page.locator("#rows td.comment")
    page.select_option("#order", "score")
    expect(shown).to_have_text(["stupid", "idiot", "thanks", "beware"])
    page.fill("#from", "0.5")
    page.press("#from", "Enter")
    expect(shown).to_have_text(["stupid", "idiot"])
    assert page.locator("#attribute option").all_inner_texts() == ["the whole comment", "Toxic", "Threat"]
    page.select_option("#attribute", label="Threat")
    expect(shown).to_have_text(["beware"])
    expect(page.locator("#rows .result")).to_contain_text("Threat 0.70")
    expect(page.locator("#shown")).to_contain_text("1 of 4 rows shown")
    page.fill("#from", "0")
    page.fill("#to", "0.2")
    page.press("#to", "Enter")
    expect(shown).to_have_count(3)
    page.locator("#rows").get_by_role("button", name="Refuse, line 5").click()
    page.select_option("#decision", "refused")
    expect(shown).to_have_text(["idiot"])
    page.select_option("#decision", "open")
    expect(shown).to_have_text(["thanks", "stupid"])  # no threats, either of them: the file's order


def test_all_that_pass_are_accepted_at_once_and_opened_again(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    work(page, expect, "comment\nthanks\nso stupid\nidiot\nfine\n")
    page.keyboard.press("r")
    expect(page.locator("#accept-all")).to_have_text("Accept the 2 shown that pass")
    page.click("#accept-all")
    expect(page.locator("#rows .decision .tag")).to_have_text(["Refused", "Accepted", "Accepted"])
    assert [row["final"] for row in download(page)] == ["", "so bad", "", "fine"]  # what fails is for a person to see
    expect(page.locator("#accept-all")).to_be_disabled()
    page.click("#undo-all")
    expect(page.locator("#rows .decision .tag")).to_have_text(["Refused"])
    assert service.bodies("/v1/feedback") == []  # this server takes none


def test_words_are_asked_of_what_is_seen_alone(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    work(page, expect, "comment\n" + "".join(f"stupid {i}\n" for i in range(300)), "screen")
    expect(page.locator("#rows tr").nth(9).locator("mark")).to_have_text(["stupid"])
    page.keyboard.press("End")
    expect(page.locator("#rows tr").last.locator("mark")).to_have_text(["stupid"])
    asked = [text for body in service.bodies("/v1/screen") if body.get("spans") for text in body["texts"]]
    assert "stupid 299" in asked and "stupid 150" not in asked
    assert len(asked) == len(set(asked))


def test_what_has_no_rewrite_shows_its_words_why_and_what_to_do(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    service.max_text = 60
    page = open_page("#many")
    work(page, expect, f"comment\nyou idiot\n{'ü' * 31}\nfine\n")
    first = page.locator("#rows tr").nth(0)
    expect(first.locator("mark")).to_have_text(["idiot"])
    expect(first).to_contain_text("Every wording that was tried fails too. Edit it yourself, or refuse it.")
    expect(page.locator("#rows tr").nth(1)).to_contain_text("Too long for this server: 62 bytes of at most 60.")
    assert [body["texts"] for body in service.bodies("/v1/rewrite")] == [["you idiot", "fine"]]


def test_keys_are_the_sheets_alone_and_are_listed(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    work(page, expect, "comment\nthanks\nso stupid\n", "screen")
    page.focus("#csv")
    page.keyboard.press("a")
    expect(page.locator("#shown")).to_contain_text("0 decided")
    page.focus("#box")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keys of the sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#box")).to_be_focused()
    grid = page.get_by_role("grid", name="Comments, one a row")
    expect(grid.get_by_role("row")).to_have_count(3)
    expect(grid.get_by_role("columnheader").nth(0)).to_have_text("Line")
    expect(grid.get_by_role("row", selected=True)).to_contain_text("thanks")
    page.keyboard.press("e")  # without a column for rewrites it is done below the comment
    page.keyboard.type("!")
    page.keyboard.press("Escape")  # what is written is not lost without a question
    expect(page.locator("#rows textarea")).to_have_value("thanks!")


def test_rows_that_are_decided_are_not_lost_without_a_question(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    work(page, expect, "comment\nthanks\nso stupid\n", "screen")
    page.keyboard.press("a")
    expect(page.locator("#file")).to_be_disabled()
    page.click("#go")
    expect(page.locator("#go")).to_have_text("Start again")
    expect(page.locator("#rows .decision .tag")).to_have_text(["Accepted"])
    asked = [body["texts"] for body in service.bodies("/v1/screen") if "spans" not in body]
    assert asked == [["thanks", "so stupid"], ["so stupid"]]
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#fresh")
    expect(page.locator("#file")).to_be_enabled()
    expect(page.locator("#results")).to_be_hidden()
