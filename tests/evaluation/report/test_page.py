"""The page of a folder: whole, quiet, and made of text."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.apps.cli import main
from sro.core.provenance import write_manifest
from sro.evaluation.report import page as page_module
from sro.evaluation.report.page import page, write_report
from sro.evaluation.report.results_folder import MOST_ROWS, read_results
from sro.evaluation.report.sheet import Line, write_sheet

HOSTILE = (
    "</script><img src=x onerror=\"document.title='owned'\">\u2028&lt;b&gt; <!--<script> \ud800 \0 ' ]]> $& \u202e"
)
VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """The tags of a page, the text inside each kind of them, and whether all were closed."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    def text(self, name: str) -> list[str]:
        return [data for tag, data in self.texts if tag == name and data]

    @property
    def data(self) -> dict[str, Any]:
        script = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.rawdata_source, re.S)
        assert script
        assert not re.search("[<>&]", script[1])  # in a script element, `<!--<script ` alone would swallow the page
        found: dict[str, Any] = json.loads(script[1])
        return found

    rawdata_source = ""


def parsed(path: Path) -> Page:
    source = path.read_text(encoding="utf-8")
    found = Page(source)
    found.rawdata_source = source
    assert not found.open
    return found


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress(b"".join(b"\0" + b"\x7f" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def lines(rows: int = 3) -> list[Line]:
    return [
        Line(system, row, f"you idiot {row}", f"you {system} {row}", f"you are wrong {row}", scores)
        for system, scores in (("ours", {"sta": 0.9, "sim": 0.8, "j": 0.5, "pass": 1.0}), ("BART", {"j": 0.25}))
        for row in range(1, rows + 1)
    ]


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    folder = tmp_path / "peers"
    command = ["/usr/bin/sro", "experiment", "peers", "--beta", "0.2", "--note", "it's <b>"]
    write_manifest(folder, command, {"beta": 0.2, "steps": 3, "note": "it's <b>"}, {"a.txt": "ab" * 32}, 7)
    (folder / "table.md").write_text(
        "# Peers & others\n\nJudged by `embedded`.\n\n| system | J [95 %] | n |\n| --- | --: | --: |\n"
        "| **ours** | 0.612 [0.590, 0.634] | 1,000 |\n| a\\|b | – | 20 |\n"
    )
    (folder / "table.csv").write_text("the same again\n1\n")
    (folder / "seeds.csv").write_text("seed,system,j\n0,ours,0.5\n1,ours,-0.25\n")
    (folder / "curves.png").write_bytes(png())
    write_sheet(folder, lines())
    return folder


def test_every_part_of_an_experiment_is_there(experiment: Path) -> None:
    found = parsed(write_report(experiment))
    assert [tag["id"] for tag in found.all("section")] == ["tables", "plots", "gallery", "sheet"]
    assert [link["href"] for link in found.all("a")] == ["#tables", "#plots", "#gallery", "#sheet"]
    assert found.text("h1") == ["peers"]
    assert "".join(found.text("title")) == "peers – sro report"
    assert found.text("h3") == ["Peers & others", "seeds"]  # table.csv is table.md again
    assert found.text("code") == ["embedded"] and found.text("strong") == ["ours"]
    assert "insults, slurs, threats" in "".join(found.text("p"))
    (image,) = found.all("img")
    assert (image["width"], image["height"]) == ("3", "2")
    assert base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,")) == png()


def test_the_command_can_be_pasted_and_its_settings_stand_out(experiment: Path) -> None:
    source = write_report(experiment).read_text()
    command = re.search(r'<pre[^>]*id="command">(.*?)</pre>', source)
    assert command
    assert re.sub("<[^>]*>", "", command[1]) == (
        "sro experiment peers --beta 0.2 --note &#x27;it&#x27;&quot;&#x27;&quot;&#x27;s &lt;b&gt;&#x27;"
    )
    assert '<p class="kicker">sro experiment peers</p>' in source
    assert "3 settings, 2 given" in source
    assert re.findall(r'<div class="given"><dt>(\w+)', source) == ["beta", "note"]


def test_nothing_can_be_fetched_and_only_the_pages_own_script_runs(experiment: Path) -> None:
    path = write_report(experiment)
    source, found = path.read_text(), parsed(path)
    (policy,) = (tag["content"] for tag in found.all("meta") if tag.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        assert str(attributes.get("src", "data:")).startswith("data:")
        assert str(attributes.get("href", "#")).startswith("#")
    assert source.index("Content-Security-Policy") < source.index("<style>")
    assert not re.search(r"https?:|//\w+\.\w|url\(|@import|fetch\(|XMLHttp|WebSocket|sendBeacon|import\(", source)


def test_the_script_never_reads_text_as_markup() -> None:
    script = page_module._asset("report.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(", script
    )


def test_hostile_text_is_text_wherever_it_comes_from(tmp_path: Path) -> None:
    folder = tmp_path / "a<b>&'c"
    clean = HOSTILE.replace("\ud800", "")  # UTF-8 files cannot hold it; JSON can, as an escape
    write_manifest(folder, ["sro", clean], {clean: clean}, {clean: "00"}, 1)
    (folder / "t.md").write_text(f"# {clean}\n\n{clean}\n\n| {clean} | n |\n|---|---|\n| {clean} | 1 |\n")
    (folder / "c<i>.csv").write_text(f"h\n{clean.replace(chr(34), '')}\n")
    (folder / "p<i>.png").write_bytes(png())
    write_sheet(folder, [Line(HOSTILE, 1, HOSTILE, HOSTILE, HOSTILE, {HOSTILE: 1.0}), Line("b", 1, HOSTILE, "x")])
    found = parsed(write_report(folder))
    assert len(found.all("script")) == 2 and len(found.all("img")) == 1 and not found.all("b") and not found.all("i")
    assert not found.all("img")[0].get("onerror")
    assert found.text("h1") == ["a<b>&'c"]
    carried = found.data
    shown = HOSTILE.replace("\ud800", "\N{REPLACEMENT CHARACTER}")
    assert carried["systems"][0] == carried["sentences"][0][1] == carried["lines"][0][2] == shown
    assert carried["scores"] == [shown]


def test_the_page_is_utf_8_even_where_a_table_is_not(experiment: Path) -> None:
    found = read_results(experiment)
    broken = type(found)("\ud800 x \U0001f600", found.manifest, found.documents, found.plots, [], {})
    source = page(broken)
    assert "<h1>\N{REPLACEMENT CHARACTER} x \U0001f600</h1>" in source
    assert source.encode("utf-8")


def test_the_sheet_goes_into_the_page_and_comes_out_again(experiment: Path) -> None:
    carried = parsed(write_report(experiment)).data
    again = [
        Line(
            carried["systems"][system],
            carried["sentences"][place][0],
            carried["sentences"][place][1],
            rewrite,
            carried["sentences"][place][2],
            {name: value for name, value in zip(carried["scores"], scores) if value is not None},
        )
        for system, place, rewrite, _, scores in carried["lines"]
    ]
    assert sorted(again, key=str) == sorted(lines(), key=str)


def test_tables_are_tables_that_can_be_sorted(experiment: Path) -> None:
    found = parsed(write_report(experiment))
    heads = found.all("th")
    assert all(head["scope"] == "col" and head["aria-sort"] == "none" for head in heads)
    assert [head.get("class") for head in heads] == [None, "n", "n", "n", None, "n"]
    assert found.text("button")[1:4] == ["system", "J [95 %]", "n"]
    cells = [(cell.get("class"), cell.get("data-value")) for cell in found.all("td")]
    assert cells[:6] == [(None, None), ("n", "0.612"), ("n", "1000.0"), (None, None), ("n", None), ("n", "20.0")]
    assert cells[-1] == ("n", "-0.25")
    assert "a|b" in found.text("td")
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in found.all("div") if box.get("class") == "box")


def test_every_control_has_a_label(experiment: Path) -> None:
    source = write_report(experiment).read_text()
    for control in ("find", "system", "order"):
        assert re.search(rf'<label>\w+ <(input|select)[^>]*id="{control}"', source)
    assert '<p id="count" role="status">' in source


def test_one_system_has_no_gallery(tmp_path: Path) -> None:
    write_sheet(tmp_path, [line for line in lines() if line.system == "ours"])
    assert [tag["id"] for tag in parsed(write_report(tmp_path)).all("section")] == ["sheet"]


def test_a_score_that_is_not_finite_is_none(tmp_path: Path) -> None:
    (tmp_path / "sheet.jsonl").write_text(
        '{"system": "s", "row": 1, "source": "a", "rewrite": "b", "scores": {"j": NaN, "sim": 0.5, "fl": null}}\n'
    )
    carried = parsed(write_report(tmp_path)).data
    assert dict(zip(carried["scores"], carried["lines"][0][4])) == {"j": None, "sim": 0.5}


# --- other folders ---------------------------------------------------------------------------------------------------


def test_a_training_run(tmp_path: Path) -> None:
    rows = [("you idiot", "You idiot!", "you are wrong"), ("shut up\u2028now", "be quiet", "wait")]
    (tmp_path / "rewrites.jsonl").write_text(
        "".join(json.dumps(dict(zip(("comment", "before", "after"), row)), ensure_ascii=False) + "\n" for row in rows)
    )
    (tmp_path / "quarantine_0.jsonl").write_text('{"reason": "duplicate"}\n{"reason": "duplicate"}\n')
    (tmp_path / "quarantine_1.jsonl").write_text('{"reason": "too_short"}\n')
    path = write_report(tmp_path)
    found = parsed(path).data
    assert found["systems"] == ["after (SRO)", "before (start)"]
    assert [[row, text] for row, text, _ in found["sentences"]] == [[1, "you idiot"], [2, "shut up\u2028now"]]
    assert found["lines"][0][1:4] == [0, "You idiot!", ["copy"]]
    assert "2 duplicate, 1 too_short" in path.read_text()
    assert "copies come first" in path.read_text()


def test_an_evaluation_has_its_references_as_a_system(tmp_path: Path) -> None:
    rows = [
        {"system": system, "row": 1, "source": "you idiot", "text": text, "sta": 0.5, "j": j}
        for system, text, j in (("ours", "you", 0.25), ("human reference", "you are wrong", 0.75))
    ]
    (tmp_path / "sentences.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = parsed(write_report(tmp_path)).data
    assert found["sentences"] == [[1, "you idiot", "you are wrong"]]
    assert found["lines"][0] == [0, 0, "you", [], [0.5, 0.25]]
    assert found["rivals"] == [0]


class Fakes:
    """A screener that refuses `idiot`, and an encoder to which all is half the same."""

    name = "fake"

    def screen(self, texts: list[str], *, sources: list[str] | None = None) -> list[Any]:
        assert sources is not None and len(sources) == len(texts)
        return [type("Verdict", (), {"passed": "idiot" not in text}) for text in texts]

    def similarity(self, texts: list[str], sources: list[str]) -> np.ndarray:
        return np.full(len(texts), 0.5)


def test_scores_by_the_runs_own_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sro.screeners.loading
    import sro.screeners.similarity

    asked: list[Any] = []

    def screener(name: str, **policy: list[str]) -> Fakes:
        asked.extend([name, policy])
        return Fakes()

    monkeypatch.setattr(sro.screeners.loading, "load_screener", screener)
    monkeypatch.setattr(sro.screeners.similarity, "SentenceEncoder", lambda name: asked.append(name) or Fakes())
    write_manifest(tmp_path, ["sro"], {"screener": "mine", "toxic_labels": ["rude"]}, {}, None)
    row = {"comment": "you idiot", "before": "an idiot", "after": "you"}
    (tmp_path / "rewrites.jsonl").write_text(json.dumps(row))
    found = parsed(write_report(tmp_path, score=True)).data
    assert asked == ["mine", {"toxic_labels": ["rude"], "fail_on": []}, "embedded"]
    assert found["scores"] == ["pass", "sim"]
    assert found["lines"] == [[1, 0, "an idiot", ["failed"], [0.0, 0.5]], [0, 0, "you", [], [1.0, 0.5]]]


def test_known_scores_stay(experiment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "scored", None)  # would be called
    assert parsed(write_report(experiment, score=True)).data["scores"] == ["sta", "sim", "j", "pass"]


def test_a_long_csv_is_cut_and_says_so(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["n", "text"], *([i, "two\nlines, one cell"] for i in range(MOST_ROWS + 1))])
    (tmp_path / "long.csv").write_text(out.getvalue())
    found = parsed(write_report(tmp_path))
    assert len(found.all("tr")) == MOST_ROWS + 1
    assert f"The first {MOST_ROWS} of {MOST_ROWS + 1} rows; all are in long.csv." in found.text("p")


def test_the_command_line(experiment: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(experiment)]) == 0
    assert capsys.readouterr().out == f"{experiment}/report.html\n"
    assert main(["report", str(experiment), "--output", str(tmp_path / "sub" / "page.html")]) == 0
    assert (tmp_path / "sub" / "page.html").read_text() == (experiment / "report.html").read_text()
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    assert "fix:" in capsys.readouterr().err


def test_a_page_is_written_without_torch(experiment: Path) -> None:
    program = "import sys; from sro.apps.cli import main; "
    program += f"main(['report', {str(experiment)!r}]); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_browser_draws_the_sheet_and_nothing_hostile_happens(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    folder = tmp_path / "run"
    many = [
        Line("ours", row, "you stupid idiot", "you wrong person", scores={"j": row / 500}) for row in range(1, 301)
    ]
    write_sheet(folder, [*many, Line("peer", 300, "you stupid idiot", HOSTILE, f"x {HOSTILE}", {"j": 0.0})])
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    address = write_report(folder).as_uri()
    drawn = subprocess.run([chromium, *flags, address], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "<title>run – sro report</title>" in drawn  # a script among the texts would have renamed it
    cases = drawn.split('id="cases"')[1].split("</ol>")[0]
    assert cases.count("<li>") == 200 and "200 of 300 shown" in drawn
    assert re.search(r'<button[^>]*id="more">100 more</button>', drawn)
    assert "<del>stupid idiot</del>" in cases and "<ins>wrong person</ins>" in cases
    assert "<img" not in cases and drawn.count("&lt;img src=x onerror=") == 2  # rewrite and reference, in the gallery
