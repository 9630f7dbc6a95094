"""The page at `/`, in a real Chromium, over a canned service."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from time_limits import limited
from web_stand_in import WEB, StandIn

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"> &lt;b&gt; stupid \u202e \ud800 \u2028 \U0001f600 $&"

Open = Callable[..., Any]


def write(page: Any, text: str) -> None:
    """Into the comment, as typed; lone surrogates do not travel to a browser as they are."""
    page.evaluate(
        "text => { const area = document.getElementById('comment-text'); area.focus(); area.value = JSON.parse(text);"
        "area.dispatchEvent(new Event('input', { bubbles: true })); }",
        json.dumps(text),
    )


def load(page: Any, name: str, content: str | bytes) -> None:
    content = content if isinstance(content, bytes) else content.encode()
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": content})
    page.locator("#source", has_text=f"from {name}").wait_for()


def module(page: Any, name: str, expression: str, value: Any = None) -> Any:
    """What an expression gives in which the module is `it` and the value `x`."""
    return page.evaluate(
        f"async text => {{ const it = await import('/{name}'), x = JSON.parse(text); return {expression}; }}",
        json.dumps(value),
    )


# --- without a browser -----------------------------------------------------------------------------------------------


def test_the_page_is_files_that_ask_nobody_and_write_no_markup() -> None:
    sources = {path.name: path.read_text("utf-8") for path in sorted(WEB.iterdir())}
    assert {"index.html", "app.js", "style.css"} <= set(sources)
    for name, source in sources.items():
        assert not re.search(r"(?:https?:)?//[\w.-]+\.\w+/", source.replace("http://www.w3.org/2000/svg", "")), name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|Storage", source
        ), name
        assert len(source.splitlines()) <= 300, name
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! type=\"module\" src=)", sources["index.html"])


def test_the_widget_is_one_small_file_that_cannot_stand_in_the_way_of_a_form() -> None:
    source = (WEB / "widget.js").read_text("utf-8")
    assert len(source.encode()) < 16_000
    assert not re.search(r"^\s*import\b|import\(|require\(", source, re.MULTILINE)
    assert "preventDefault" not in source and ".disabled" not in source


def test_a_page_that_hangs_ends_by_itself(open_page: Open) -> None:
    page = open_page()
    with pytest.raises(TimeoutError, match="the script did not end within 1 s"), limited(1, "the script"):
        page.evaluate("new Promise(() => {})")
    assert page.evaluate("6 * 7") == 42  # and the browser can be used by others


# --- one comment -----------------------------------------------------------------------------------------------------


def test_what_is_refused_shows_while_one_writes(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    page.focus("#comment-text")
    page.keyboard.type("\U0001f600 What a stupid idea", delay=5)
    expect(page.locator("#comment mark")).to_have_text(["stupid"])
    expect(page.locator("#comment .verdict")).to_contain_text("Fails Score 0.98")
    expect(page.locator("#comment .reasons button")).to_have_text(["stupid"])
    expect(page.locator("#said")).to_have_text("Your comment: Fails, for: stupid.")
    asked = service.bodies("/v1/screen")
    assert asked[-1] == {"texts": ["\U0001f600 What a stupid idea"], "spans": True}
    assert len(asked) < 10  # not every keystroke
    page.click("#comment .reasons button")
    chosen = "(({ selectionStart: a, selectionEnd: b, value }) => value.slice(a, b))(document.activeElement)"
    assert page.evaluate(chosen) == "stupid"
    page.keyboard.type("splendid")
    expect(page.locator("#comment .verdict")).to_contain_text("Passes Score 0.02")
    expect(page.locator("#comment mark")).to_have_count(0)
    expect(page.locator("#said")).to_have_text("Your comment: Passes.")
    page.fill("#comment-text", "  ")
    expect(page.locator("#comment .verdict")).to_contain_text("Nothing written yet.")


def test_a_language_that_the_screener_does_not_read_is_said(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    page.fill("#comment-text", "Du bist so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("Not judged")
    expect(page.locator("#comment .language")).to_contain_text("looks like German")
    page.fill("#comment-text", "You are so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("Fails")
    expect(page.locator("#comment .language")).to_be_hidden()


def test_a_screener_of_six_attributes_has_a_bar_for_each(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("Fails")
    expect(page.locator("#comment .attributes")).to_be_hidden()
    service.attributes = {"TOXICITY": 0.91, "INSULT": 0.5, "IDENTITY_ATTACK": 0.03}
    page.fill("#comment-text", "so very stupid")
    expect(page.locator("#comment .attributes dt")).to_have_text(["Toxic", "Insult", "Attack on a group"])
    expect(page.locator("#comment .attributes dd")).to_have_text(["0.91", "0.50", "0.03"])
    widths = page.evaluate(
        "[...document.querySelectorAll('#comment .attributes .bar > span')].map(e => e.style.width)"
    )
    assert widths == ["91%", "50%", "3%"]
    page.fill("#comment-text", "")
    expect(page.locator("#comment .attributes")).to_be_hidden()


def test_an_answer_to_what_the_field_no_longer_says_is_dropped(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {"stupid": 1.0}
    page = open_page()
    write(page, "stupid")
    page.wait_for_timeout(500)
    assert service.bodies("/v1/screen")[-1]["texts"] == ["stupid"]
    write(page, "fine")
    expect(page.locator("#comment")).to_have_attribute("data-state", "pass")
    page.wait_for_timeout(1000)
    expect(page.locator("#comment")).to_have_attribute("data-state", "pass")


@pytest.mark.parametrize("width", [390, 1100])
def test_marks_lie_under_their_words(open_page: Open, expect: Any, width: int) -> None:
    page = open_page(width=width)
    write(
        page, "A comment of many words, so that it is broken into lines \n\n" * 6 + "and stupid at last, " * 3 + "\n"
    )
    expect(page.locator("#comment mark")).to_have_count(3)
    look = """() => ['.mirror', 'textarea'].map((name) => {
        const node = document.querySelector('#comment ' + name), style = getComputedStyle(node);
        const { font, lineHeight, padding, width, letterSpacing } = style;
        return { font, lineHeight, padding, width, letterSpacing, height: node.scrollHeight };
    })"""
    mirror, area = page.evaluate(look)
    assert mirror == area


def test_a_suggestion_is_shown_compared_edited_and_used(service: StandIn, open_page: Open, expect: Any) -> None:
    service.parts["feedback"] = "ready"
    page = open_page()
    page.fill("#comment-text", "What a stupid idea, nobody asked.")
    page.keyboard.press("Control+Enter")
    told = (
        "Another wording was found; it passes with a score of 0.02. How similar it is in meaning, from 0 to 1: 0.86."
    )
    expect(page.locator("#notice")).to_have_text(told)
    expect(page.locator("#suggestion-text")).to_have_value("What a bad idea, nobody asked.")
    expect(page.locator("#difference del")).to_have_text(["stupid"])
    expect(page.locator("#difference ins")).to_have_text(["bad"])
    expect(page.locator("#said")).to_contain_text("Suggested: What a bad idea, nobody asked.")
    page.click("#edit")
    page.keyboard.press("Control+A")
    page.keyboard.type("What a stupid plan, nobody asked.")
    expect(page.locator("#difference ins")).to_have_text(["plan"])
    expect(page.locator("#wording .verdict")).to_contain_text("Fails")
    page.click("#use")
    expect(page.locator("#comment-text")).to_have_value("What a stupid plan, nobody asked.")
    expect(page.locator("#comment-text")).to_be_focused()
    expect(page.locator("#notice")).to_contain_text("stored as feedback")
    [sent] = service.bodies("/v1/feedback")
    assert re.fullmatch("[a-f0-9]{32}", sent.pop("id"))
    comment, suggestion = "What a stupid idea, nobody asked.", "What a bad idea, nobody asked."
    final = "What a stupid plan, nobody asked."
    assert sent == {"source": comment, "suggestion": suggestion, "action": "edited", "final": final}
    page.keyboard.press("Control+Z")
    expect(page.locator("#comment-text")).to_have_value(comment)


@pytest.mark.parametrize(
    ("button", "action", "left"), [("#use", "accepted", "so bad"), ("#keep", "refused", "so stupid")]
)
@pytest.mark.parametrize("feedback", ["ready", "off"])
def test_what_one_chooses_is_sent_only_where_it_is_wanted(
    service: StandIn, open_page: Open, expect: Any, button: str, action: str, left: str, feedback: str
) -> None:
    service.parts["feedback"] = feedback
    service.refuse("/v1/feedback", 503, Retry_After="0")
    page = open_page()
    page.fill("#comment-text", "so stupid")
    page.click("#suggest")
    page.click(button)
    expect(page.locator("#suggestion")).to_be_hidden()
    expect(page.locator("#comment-text")).to_have_value(left)
    if feedback == "ready":
        expect(page.locator("#notice")).to_contain_text("stored as feedback")
        first, second = service.bodies("/v1/feedback")
        assert first == second  # the same id: stored once
        assert (first["action"], "final" in first) == (action, False)
    else:
        page.wait_for_timeout(200)
        assert service.bodies("/v1/feedback") == []


def test_unchanged_and_refused_are_told_in_words(open_page: Open, expect: Any) -> None:
    page = open_page()
    for text, told in (
        ("thanks", "It passes as it is."),
        ("idiot", "Every wording that was tried fails too. Change the underlined words yourself"),
    ):
        page.fill("#comment-text", text)
        page.click("#suggest")
        expect(page.locator("#notice")).to_contain_text(told)
        expect(page.locator("#suggestion")).to_be_hidden()


def test_a_suggestion_that_takes_long_can_be_stopped(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {"so stupid": 5.0}
    page = open_page()
    page.fill("#comment-text", "so stupid")
    page.click("#suggest")
    expect(page.locator("#stop")).to_be_visible()
    page.click("#stop")
    expect(page.locator("#notice")).to_have_text("Stopped.")
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#suggest")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#stop")).to_be_visible()
    page.focus("#comment-text")
    page.keyboard.press("Escape")
    expect(page.locator("#notice")).to_have_text("Stopped.")


def test_a_double_click_asks_once_and_stops_nothing(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {"so stupid": 0.5}
    page = open_page()
    page.fill("#comment-text", "so stupid")
    page.dblclick("#suggest")
    expect(page.locator("#suggestion-text")).to_have_value("so bad")
    assert len(service.bodies("/v1/rewrite")) == 1


def test_a_repeated_word_is_one_reason_and_every_click_goes_to_its_next_place(open_page: Open, expect: Any) -> None:
    page = open_page()
    page.fill("#comment-text", "idiot " * 460)
    expect(page.locator("#comment .reasons button")).to_have_text(["idiot ×460"])
    for at in (0, 6):
        page.click("#comment .reasons button")
        assert page.evaluate("document.activeElement.selectionStart") == at


def test_characters_are_counted_and_bytes_where_they_are_too_many(
    service: StandIn, open_page: Open, expect: Any
) -> None:
    service.max_text = 20
    page = open_page()
    page.fill("#comment-text", "\U0001f600 fine")
    expect(page.locator("#comment .count")).to_have_text("6 characters")
    page.fill("#comment-text", "\U0001f600" * 6)
    expect(page.locator("#comment .count")).to_have_text("6 characters, too long: 24 bytes of at most 20")


def test_why_rewriting_could_not_be_loaded_is_told(service: StandIn, open_page: Open, expect: Any) -> None:
    service.parts["rewrite"] = "failed"
    service.reasons = {"rewrite": "runs/leader: no such folder"}
    expect(open_page().locator("#loading")).to_contain_text("could not be loaded: runs/leader: no such folder")


def test_a_busy_or_loading_service_is_asked_again(service: StandIn, open_page: Open, expect: Any) -> None:
    service.parts["rewrite"] = "loading"
    service.refuse("/v1/screen", 429, 503, Retry_After="1")
    service.refuse("/v1/rewrite", 503, Retry_After="1")
    page = open_page()
    expect(page.locator("#loading")).to_contain_text("still loading")
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("The server is busy: canned. Next try in 1 second.")
    expect(page.locator("#comment .verdict")).to_contain_text("Fails")
    page.click("#suggest")
    expect(page.locator("#notice")).to_contain_text("The server is not ready for this: canned. Next try in 1 second.")
    expect(page.locator("#suggestion-text")).to_have_value("so bad")
    service.parts["rewrite"] = "ready"
    expect(page.locator("#loading")).to_be_hidden()


def test_refusals_for_good_are_told_and_not_repeated(service: StandIn, open_page: Open, expect: Any) -> None:
    service.refuse("/v1/screen", 413)
    page = open_page()
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("This is too long for the server: canned")
    page.wait_for_timeout(300)
    assert len(service.bodies("/v1/screen")) == 1


def test_a_server_that_does_not_answer_is_missed_and_found_again(open_page: Open, expect: Any) -> None:
    page = open_page()
    page.route("**/v1/screen", lambda route: route.abort())
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("The server does not answer. Next try in 2 seconds.")
    page.unroute("**/v1/screen")
    expect(page.locator("#comment .verdict")).to_contain_text("Fails")


def test_a_key_is_asked_for_and_kept_in_memory_only(service: StandIn, open_page: Open, expect: Any) -> None:
    service.key = "sro_key"
    page = open_page()
    page.fill("#comment-text", "so stupid")
    expect(page.locator("#comment .verdict")).to_contain_text("This server needs an API key")
    expect(page.locator("#access")).to_have_attribute("open", "")
    page.fill("#key", "schlüssel")
    page.click("#use-key")
    expect(page.locator("#key-told")).to_contain_text("No key looks like this")
    page.fill("#key", "another")
    page.keyboard.press("Enter")
    expect(page.locator("#key-told")).to_have_text("This server does not know this key.")
    expect(page.locator("#comment .verdict")).to_contain_text("does not know the API key")
    page.fill("#key", "sro_key")
    page.keyboard.press("Enter")
    expect(page.locator("#comment .verdict")).to_contain_text("Fails")
    expect(page.locator("#key-told")).to_have_text("It works.")
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_a_server_that_screens_only_suggests_nothing(service: StandIn, open_page: Open, expect: Any) -> None:
    service.parts["rewrite"] = "off"
    page = open_page()
    expect(page.locator("#suggest")).to_be_hidden()
    expect(page.locator("#loading")).to_contain_text("checks comments only")
    page.click("text=Many comments")
    expect(page.locator("[name=mode][value=rewrite]")).to_be_disabled()
    expect(page.locator("[name=mode][value=screen]")).to_be_checked()


def test_text_is_text(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page()
    write(page, HOSTILE)
    expect(page.locator("#comment mark")).to_have_text(["stupid"])
    page.click("#suggest")
    expect(page.locator("#difference ins")).to_have_text(["bad"])
    assert service.bodies("/v1/rewrite")[0]["texts"] == [HOSTILE]
    assert json.loads(
        page.evaluate("JSON.stringify(document.getElementById('suggestion-text').value)")
    ) == HOSTILE.replace("stupid", "bad")
    page.click("text=Many comments")
    load(page, "x.jsonl", json.dumps({"text": HOSTILE}) + "\n" + json.dumps(HOSTILE))
    page.click("#go")
    expect(page.locator("#rows .tag")).to_have_text(["Rewritten", "Rewritten"])
    assert page.locator("img").count() == 0
    assert page.title() == "Kinder wording – write a comment"


def test_a_line_of_100_kB_is_screened_and_compared(open_page: Open, expect: Any) -> None:
    page = open_page()
    text = "a stupid word " * 7200
    write(page, text)
    expect(page.locator("#comment .reasons li")).to_have_text(["stupid ×7,200"])
    page.click("#suggest")
    expect(page.locator("#difference ins").first).to_be_visible()
    assert page.evaluate("document.getElementById('suggestion-text').value") == text.replace("stupid", "bad")


@contextmanager
def real_service(parts: Any) -> Iterator[str]:
    """The address of the service itself, over these parts."""
    uvicorn = pytest.importorskip("uvicorn")
    from sro.apps.serve.app import make_app
    from sro.apps.serve.settings import Service

    server = uvicorn.Server(uvicorn.Config(make_app(parts, Service()), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


def test_the_page_and_the_service_fit(service: StandIn, open_page: Open, expect: Any, tmp_path: Path) -> None:
    serving = pytest.importorskip("serving", reason="the service's own packages are not installed")
    from sro.apps.serve.feedback import judged_rewrites

    def work(options: Any, texts: Any) -> list[Any]:
        verdicts = serving.RudeWords().screen([text.replace("stupid", "bad") for text in texts])
        return serving.in_english(
            serving.FakeRewrite(text, text.replace("stupid", "bad"), "rewritten", verdict, verdict, 0.9, 1)
            for text, verdict in zip(texts, verdicts)
        )

    with real_service(serving.make_parts(serving.make_lane(work), tmp_path / "feedback.db")) as service.address:
        page = open_page()
        answer = page.reload()
        assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
        expect(page.locator("#state")).to_have_text("Checking: ready · rewriting: ready · feedback: ready")
        write(page, HOSTILE)
        expect(page.locator("#comment mark")).to_have_text(["stupid"])
        expect(page.locator("#comment .verdict")).to_contain_text("Fails Score 0.90")
        page.click("#suggest")
        page.click("#use")
        expect(page.locator("#notice")).to_contain_text("stored as feedback")
        page.click("text=Many comments")
        load(page, "x.txt", "so stupid\n" * 20)
        page.click("#go")
        expect(page.locator("#said")).to_contain_text("Done: 20 of 20 comments")
        drawn = page.locator("#rows .tag").all_text_contents()  # those in sight
        assert drawn and set(drawn) == {"Rewritten"}
    assert [(row["verdict"], row["by"]) for row in judged_rewrites(tmp_path / "feedback.db")] == [("pass", "leader")]


# --- many comments ---------------------------------------------------------------------------------------------------


def test_files_are_read(open_page: Open) -> None:
    page = open_page()
    table = 'id,Comment\r\n1,"a ""b"",\r\nc"\r\n2\r\n\r\n3,"open'
    found = module(
        page,
        "files.js",
        "[it.opened('x.CSV', x)].map(o =>"
        " [o.columns, o.column, o.header, o.rows(1, true).map(r => [r.line, r.text, r.error])])[0]",
        table,
    )
    assert found[:3] == [["id", "Comment"], 1, True]
    assert found[3][0] == [2, 'a "b",\r\nc', None]
    assert [row[:2] for row in found[3][1:]] == [[4, None], [6, None]]
    assert "no such column" in found[3][1][2] and "never closed" in found[3][2][2]
    assert module(
        page, "files.js", "[it.opened('x.csv', x)].map(o => [o.columns, o.column, o.header])[0]", "1;a word;\n2;b;"
    ) == [["1", "a word", ""], 1, False]
    lines = '{"id": 1, "text": "a"}\n\nno\n"b"\n{"text": 3}\n'
    rows = module(page, "files.js", "it.opened('x.jsonl', x).rows(1).map(r => [r.line, r.text, !!r.error])", lines)
    assert rows == [[1, "a", False], [3, None, True], [4, "b", False], [5, None, True]]
    assert module(page, "files.js", "it.lines(x).map(r => [r.line, r.text])", "a\r\n \nb") == [[1, "a"], [3, "b"]]
    for code in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert (
            module(page, "files.js", "it.decoded(new Uint8Array(x))", list("schön – gut".encode(code)))
            == "schön – gut"
        )


def test_a_table_is_worked_through_and_downloaded(service: StandIn, open_page: Open, expect: Any) -> None:
    service.breaks_after = 2
    service.too_long = 60
    page = open_page("#many")
    texts = ["=1+1 stupid", "thanks, all", "you idiot", "x" * 61, '@a "quoted"', "\t-2", "naïve \U0001f600"]
    page.fill("#pasted", "to be replaced")
    load(
        page,
        "mine.csv",
        "n,toxicity,comment\n"
        + "".join('{},0,"{}"\n'.format(i, text.replace('"', '""')) for i, text in enumerate(texts))
        + "8,0\n",
    )
    assert page.input_value("#pasted") == ""
    assert page.locator("#column option:checked").inner_text() == "comment"
    expect(page.locator("#rows .tag")).to_have_text(["Waiting"] * 7 + ["Error"])
    page.click("#go")
    expect(page.locator("#go")).to_have_text("Start again")
    states = ["Rewritten", "Passes", "No rewrite", "Error", "Passes", "Passes", "Passes", "Error"]
    expect(page.locator("#rows .tag")).to_have_text(states)
    expect(page.locator("#progress-told")).to_have_text("8 of 8 comments done")
    expect(page.locator("#rows tr").nth(0)).to_contain_text("Score 0.98 → 0.02Similar in meaning 0.86")
    expect(page.locator("#rows tr").nth(2)).to_contain_text("Every wording that was tried")
    expect(page.locator("#rows tr").nth(3)).to_contain_text("may have 9 bytes")
    page.check("[name=kind][value=error]")
    expect(page.locator("#rows .tag")).to_have_text(["Error", "Error"])

    with page.expect_download() as download:
        page.click("#jsonl")
    assert download.value.suggested_filename == "mine-screened.jsonl"
    lines = [json.loads(line) for line in Path(download.value.path()).read_text("utf-8").splitlines()]
    assert [line["comment"] for line in lines] == [*texts, ""]
    statuses = {"Passes": "unchanged", "No rewrite": "refused"}
    assert [line["status"] for line in lines] == [statuses.get(state, state.lower()) for state in states]
    assert lines[0] | {"line": 2, "rewrite": "=1+1 bad", "score_before": 0.98, "score_after": 0.02} == lines[0]
    assert [(line["n"], line["toxicity"]) for line in lines] == [*((str(i), "0") for i in range(7)), ("8", "0")]
    with page.expect_download() as download:
        page.click("#csv")
    content = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [row["comment"] for row in rows] == ["'=1+1 stupid", *texts[1:4], '\'@a "quoted"', "'\t-2", texts[6], ""]
    assert rows[0]["rewrite"] == "'=1+1 bad"
    assert list(rows[0])[:4] == ["n", "toxicity", "comment", "line"] and rows[3]["n"] == "3"
    assert rows[7]["error"] == "This row has no such column."


def test_what_is_no_text_file_is_told(open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    for name, content, kind in (
        ("x.parquet", b"PAR1\x15", "a Parquet file"),
        ("renamed.csv", b"PAR1\x15", "a Parquet file"),
        ("x.xlsx", b"PK\x03\x04", "a spreadsheet"),
        ("x.txt", b"PK\x03\x04", "not a text file"),
    ):
        page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": content})
        expect(page.locator("#source")).to_contain_text(f"{name} is {kind}, which this page cannot read.")
        expect(page.locator("#rows tr")).to_have_count(0)
    page.click("#go")
    expect(page.locator("#trouble")).to_contain_text("Paste some comments first")


def test_empty_rows_are_no_comments_and_stay_in_the_file(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    load(page, "x.csv", "id,comment,status\na,so stupid,open\nb,,done\nc,  ,\n")
    expect(page.locator("#source")).to_have_text("1 comment and 2 empty rows from x.csv.")
    page.click("#go")
    expect(page.locator("#rows .tag")).to_have_text(["Rewritten", "Empty", "Empty"])
    expect(page.locator("#progress-told")).to_have_text("1 of 1 comment done")
    assert [body["texts"] for body in service.bodies("/v1/rewrite")] == [["so stupid"]]
    with page.expect_download() as download:
        page.click("#csv")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"), newline="")))
    assert [(row["id"], row["status"], row["sro_status"]) for row in rows] == [
        ("a", "open", "rewritten"),
        ("b", "done", "empty"),
        ("c", "", "empty"),
    ]


@pytest.mark.parametrize("mode", ["rewrite", "screen"])
def test_one_long_comment_leaves_the_other_columns_their_width(open_page: Open, expect: Any, mode: str) -> None:
    page = open_page("#many", width=1280)
    page.check(f"[name=mode][value={mode}]")
    load(page, "x.csv", "comment\n" + "stupid " * 900 + "w" * 900 + "\n")
    page.click("#go")
    expect(page.locator("#go")).to_have_text("Start again")
    widths = page.evaluate("[...document.querySelectorAll('thead th')].map(cell => cell.offsetWidth)")
    assert sum(widths) <= 1280 and widths[3] >= 200
    assert widths[1] == widths[2] >= 300 if mode == "rewrite" else (widths[2] == 0 and widths[1] >= 600)


def test_no_cell_of_text_starts_a_formula(open_page: Open) -> None:
    page = open_page()
    starts = ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na", " =a", "\u202e=a", "\u200b\t@a", "＝a", "\ufeff-a"]
    assert module(page, "download.js", "x.map(it.cell)", starts) == [f'"\'{start}"' for start in starts]
    assert module(page, "download.js", "x.map(it.cell)", ["a=", 'a","=b', -0.5, None]) == [
        '"a="',
        '"a"",""=b"',
        "-0.5",
        "",
    ]


def test_work_is_paused_resumed_and_cancelled(service: StandIn, open_page: Open, expect: Any) -> None:
    service.slow = {"stupid 20": 600.0, "stupid 40": 600.0}  # batches of 2, 4, 8, 16, 16 …
    page = open_page("#many")
    page.fill("#pasted", "\n".join(f"stupid {i}" for i in range(1, 65)))
    expect(page.locator("#source")).to_have_text("64 comments, pasted.")
    page.click("#go")
    told = page.locator("#progress-told")
    expect(told).to_contain_text(re.compile(r"14 of 64 comments done · [\d.]+ a second · \d+ \w+ left"))
    page.click("#go")
    expect(told).to_have_text("14 of 64 comments done · paused")
    expect(page.locator("#pasted")).to_be_disabled()
    asked = len(service.bodies("/v1/rewrite"))
    page.wait_for_timeout(500)
    assert len(service.bodies("/v1/rewrite")) == asked
    del service.slow["stupid 20"]
    page.click("#go")
    expect(told).to_contain_text("28 of 64 comments done · ")
    page.click("#cancel")
    expect(page.locator("#go")).to_have_text("Start again")
    expect(page.locator("#go")).to_be_focused()
    expect(page.locator("#pasted")).to_be_enabled()
    expect(page.locator("#csv")).to_be_enabled()
    expect(told).to_have_text("28 of 64 comments done")
    service.slow = {}
    page.click("#go")
    expect(told).to_have_text("64 of 64 comments done")
    assert service.bodies("/v1/rewrite")[-7]["texts"][0] == "stupid 1"


def test_trouble_pauses_the_work_and_loses_nothing(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    service.refuse("/v1/rewrite", 429, Retry_After="1")
    service.refuse("/v1/rewrite", 401)
    page.fill("#pasted", "so stupid\nthanks")
    page.click("#go")
    expect(page.locator("#trouble")).to_contain_text("The server is busy: canned. Next try in 1 second.")
    expect(page.locator("#trouble")).to_contain_text("Paused. This server needs an API key")
    page.click("#go")
    expect(page.locator("#rows .tag")).to_have_text(["Rewritten", "Passes"])
    expect(page.locator("#trouble")).to_be_empty()


def test_100_000_lines_do_not_freeze_the_page(service: StandIn, open_page: Open, expect: Any) -> None:
    page = open_page("#many")
    load(page, "many.txt", "".join(f"comment number {i} is stupid\n" for i in range(100_000)))
    page.check("[name=mode][value=screen]")
    page.evaluate("""() => {
        let last = performance.now();
        window.longest = 0;
        setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 20);
    }""")
    page.click("#go")
    expect(page.locator("#rows mark").first).to_be_visible()
    page.fill("#page", "2")
    page.keyboard.press("Enter")
    page.focus("#box")
    page.keyboard.press("End")
    expect(page.locator("#rows tr").last).to_contain_text("99999")
    expect(page.locator("#progress-told")).to_contain_text("left")
    page.click("#cancel")
    assert page.locator("#rows tr").count() < 60
    assert page.evaluate("longest") < 5000  # milliseconds; a tenth on an idle machine


# --- for everybody ---------------------------------------------------------------------------------------------------

CONTRAST = """() => {
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const ground = (node) => { for (; node; node = node.parentElement) {
        const color = parse(getComputedStyle(node).backgroundColor);
        if (color[3] !== 0) return color; } };
    const found = [];
    for (const node of document.querySelectorAll('body *')) {
        const texts = [...node.childNodes].filter((one) => one.nodeType === 3 && one.data.trim());
        if (!texts.length || !node.checkVisibility()) continue;
        if (node.closest(':disabled, .mirror, :has(> :disabled)')) continue;
        const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort();
        if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) found.push(node.outerHTML.slice(0, 80));
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast_and_fit_a_phone(open_page: Open, expect: Any, scheme: str) -> None:
    page = open_page(width=390, color_scheme=scheme, reduced_motion="reduce", has_touch=True, is_mobile=True)
    page.fill("#comment-text", "a stupid " + "w" * 200)
    page.click("#suggest")
    expect(page.locator("#difference ins")).to_be_visible()
    expect(page.locator("#use")).to_be_in_viewport(ratio=1)
    page.click("#edit")
    expect(page.locator("#wording")).to_have_attribute("data-state", "pass")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(fits)
    assert page.evaluate("getComputedStyle(document.querySelector('.bar > span')).transitionProperty") == "none"
    page.click("text=Many comments")
    load(page, "x.csv", "comment\na stupid " + "w" * 200 + "\nidiot\nthanks\n")
    page.click("#go")
    expect(page.locator("#rows .tag")).to_have_text(["Rewritten", "No rewrite", "Passes"])
    page.locator("#rows").get_by_role("button", name="Accept").first.click()
    page.locator("#rows").get_by_role("button", name="Edit").first.click()
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(fits)
    expect(page.get_by_role("row")).to_have_count(4)  # a table still, though it does not look like one


def test_the_keyboard_goes_from_top_to_bottom_and_everything_has_a_name(open_page: Open, expect: Any) -> None:
    page = open_page()
    page.fill("#comment-text", "so stupid")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#comment .reasons button")).to_be_visible()
    expect(page.locator("#wording")).to_be_hidden()
    page.press("#edit", "Enter")
    expect(page.locator("#suggestion-text")).to_be_focused()
    expect(page.locator("#wording")).to_have_attribute("data-state", "pass")
    page.focus("nav a")
    seen = []
    for _ in range(11):
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        ring = "(n => getComputedStyle(n.closest('.paper') ?? n).outlineStyle)(document.activeElement)"
        assert page.evaluate(ring) != "none", seen
        page.keyboard.press("Tab")
    fields = ["comment-text", "suggest", "stupid", "difference", "use", "edit", "keep", "suggestion-text"]
    assert seen == ["One comment", "Many comments", "example", *fields]
    page.focus("text=Many comments")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Many comments")).to_be_focused()
    nameless = """() => [...document.querySelectorAll('button, input, select, textarea, progress, a')]
        .filter((one) => !one.labels?.length && !one.ariaLabel && !one.textContent.trim()).map((one) => one.id)"""
    assert page.evaluate(nameless) == []
