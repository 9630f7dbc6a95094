"""The README does what it shows: its blocks run, its figures are those of the results, and it stays short."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from markdown_blocks import ROOT, blocks, commands

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")
BLOCKS = blocks(README)
LEADER = 'LeaderArguments(adapter="embedded/warmup")'


def block(holds: str) -> str:
    """The one block that holds this text."""
    [found] = [b.code for b in BLOCKS if holds in b.code]
    return found


def run(code: str) -> dict[str, Any]:
    """Run a block as if it was pasted."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "README.md", "exec"), names)
    return names


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 150
    assert len(TEXT.split()) <= 1200


def test_its_sections_come_in_the_order_of_somebody_in_a_hurry() -> None:
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE) == [
        "Install",
        "Two commands",
        "Python",
        "Train",
        "Serve",
        "Results",
        "Where things are",
        "Documentation",
    ]
    assert [b.language for b in BLOCKS] == ["console", "sh", "sh", "python", "python", "sh", "sh", "text"]


def test_the_python_block_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from rewriting_stand_ins import Half, Milder, Words

    from sro import Rewriter

    monkeypatch.setattr(Rewriter, "load", lambda: Rewriter(Milder(), Words(), Half()))
    run(block("Rewriter.load()"))
    assert capsys.readouterr().out == "unchanged Thank you for the edit.\nrewritten You are an person.\n"


def test_the_training_block_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_causal: Any, saved: Any
) -> None:
    folder = saved(tmp_path / "leader", *tiny_causal())
    monkeypatch.chdir(tmp_path)
    code = block("SROTrainer(")
    assert code.count(LEADER) == 1
    names = run(code.replace(LEADER, f'LeaderArguments({str(folder)!r}, adapter="none")'))
    assert names["trainer"].state.global_step == 2
    assert {row["comment"] for row in names["trainer"].train_dataset} == set(names["comments"])


@pytest.mark.slow
def test_the_training_block_runs_on_the_embedded_leader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run(block("SROTrainer("))
    assert names["trainer"].state.global_step == 2


@pytest.mark.slow
def test_the_command_line_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from sro.apps.cli import main

    shown = BLOCKS[0].code.replace("\\\n", " ").splitlines()
    assert shown[0].startswith("$ sro rewrite ")
    assert main(shlex.split(shown[0])[2:]) == 0
    assert capsys.readouterr().out.splitlines() == shown[1:]


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"\bmake ([a-z-]+)", TEXT)
    assert {"demo", "test", "docs"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_its_extras_and_files_exist() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    [extras] = re.findall(r'-e "\.\[([a-z,]+)\]"', TEXT)
    for extra in extras.split(","):
        assert f"\n{extra} = [" in project
    for name in re.findall(r"-[cr] (\S+\.txt)", TEXT):
        assert (ROOT / name).is_file(), name


def test_the_request_to_the_service_is_one_it_takes() -> None:
    from sro.apps.serve.schemas import RewriteRequest

    [curl] = [line for line in block("curl ").splitlines() if line.startswith("curl ")]
    words = shlex.split(curl)
    request = RewriteRequest.model_validate(json.loads(words[words.index("-d") + 1]))
    assert request.texts == ["you are an idiot"]


def test_the_rooms_are_those_of_the_package() -> None:
    named = re.findall(r"^(\w+)/ ", block("core/ "), re.MULTILINE)
    there = {f.parent.name for f in (ROOT / "src" / "sro").glob("*/__init__.py")}
    assert set(named) == there


def test_the_table_is_that_of_the_results() -> None:
    rows = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
    head, _, *rows = rows
    assert 1 <= len(rows) <= 8
    results = [
        line.strip("| ").split(" | ")
        for line in (ROOT / "docs" / "results" / "peers_paradetox.md").read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    columns = [results[0].index(name) for name in head]
    scored = {row[0]: [row[c] for c in columns] for row in results if len(row) == len(results[0])}
    for row in rows:
        assert row == scored[row[0]]


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "tutorials" / "evaluate.md"], ids=lambda page: page.name)
def test_the_table_is_of_the_shipped_screener_or_it_is_said_of_which(page: Path) -> None:
    results = (ROOT / "docs" / "results" / "peers_paradetox.md").read_text("utf-8")
    [measured] = re.findall(r"the screener encoder ([0-9a-f]{8}) passes", results)
    card = ROOT / "packages" / "sro-embedded" / "sro_embedded" / "encoder" / "encoder.json"
    shipped = json.loads(card.read_text("utf-8"))["sha256"][:8]
    assert measured == shipped or f"the shipped one (`{measured}`)" in page.read_text("utf-8")


def test_its_readings_are_those_of_the_results() -> None:
    table = (ROOT / "docs" / "results" / "readings.md").read_text("utf-8")
    unseen = next(line for line in table.splitlines() if "Wikipedia" in line)
    known = next(line for line in table.splitlines() if "ParaDetox test set, drawn anew" in line)
    for pair in ("46 and 52", "23 and 25", "49 and 49", "63 and 66"):
        assert pair in TEXT and f"| {pair} |" in unseen
    for pair in ("39 and 40", "29 and 27"):
        assert pair in TEXT and f"| {pair} |" in known


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_lead_to_files(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_names_commands() -> None:
    assert {words[0] for words in commands(README)} >= {"rewrite", "doctor", "serve", "experiment"}
