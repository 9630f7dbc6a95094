"""The pages: Python blocks run, and the site that is made of them loads nothing from the network."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from markdown_blocks import ROOT, blocks

NEEDS_A_SERVER = {"serve.md"}  # a client of Google's, with a key; tests/apps/serve/test_clients.py runs it
PAGES = [
    page
    for page in sorted((ROOT / "docs").rglob("*.md"))
    if page.name not in NEEDS_A_SERVER and any(block.language == "python" for block in blocks(page))
]
LEADER = 'LeaderArguments(adapter="embedded/warmup")'


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_causal: Any, saved: Any
) -> None:
    from rewriting_stand_ins import Half, Milder, Words

    from sro import Rewriter

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Rewriter, "load", lambda: Rewriter(Milder(), Words(), Half()))
    for block in blocks(page):
        if block.language == "python":
            code = block.code
            if LEADER in code:
                leader = saved(tmp_path / "leader", *tiny_causal())
                code = code.replace(LEADER, f'LeaderArguments({str(leader)!r}, adapter="none")')
            exec(compile(code, f"{page.name} line {block.line}", "exec"), {"__name__": "__main__"})


def test_every_reason_of_a_refusal_is_explained() -> None:
    from typing import get_args

    from sro.rewriting.result import Reason

    page = (ROOT / "docs" / "tutorials" / "rewrite.md").read_text("utf-8")
    explained = {word for line in page.splitlines() if line.startswith("| `") for word in re.findall(r"`(\w+)`", line)}
    assert explained == set(get_args(Reason))


def test_every_public_name_is_in_the_reference() -> None:
    import sro

    page = (ROOT / "docs" / "reference" / "api.md").read_text("utf-8")
    assert set(re.findall(r"^::: (\S+)$", page, re.MULTILINE)) == {
        f"{module}.{name}" for name, module in sro._MODULE_OF.items()
    }


def test_each_member_of_the_panel_is_on_its_page_with_its_default() -> None:
    from sro.screeners.config import ScreenerArguments
    from sro.screeners.follower import FollowerArguments

    page = (ROOT / "docs" / "concepts" / "follower.md").read_text("utf-8")
    told = dict(re.findall(r"^\| [^|]+ \| `--(\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    shown = {True: "on", False: "off", "none": "off"}
    settings = {field.name: field.default for field in fields(FollowerArguments)}
    no_members = {*(field.name for field in fields(ScreenerArguments)), "similarity", "fluency_slack"}
    no_members |= {"only_best", "flip_verdicts", "flip_seed"}
    assert set(told) == set(settings) - no_members | {"screener"}
    for name, default in told.items():
        assert default.strip("`") == str(shown.get(settings[name], settings[name])), name


def test_each_extra_is_in_the_table() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8").partition("[project.optional-dependencies]")[2]
    extras = set(re.findall(r"^(\w+) = \[", project.partition("\n[")[0], re.MULTILINE))
    page = (ROOT / "docs" / "index.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == extras - {"clients"}  # which a test alone needs


def test_there_are_pages_with_python() -> None:
    assert {page.name for page in PAGES} >= {"rewrite.md", "train.md", "screener.md"}


@pytest.mark.slow
def test_the_site_loads_nothing_from_the_network(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the site needs mkdocs-material: pip install -e '.[docs]'")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loads = re.compile(
        r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//|<link[^>]+rel="stylesheet"[^>]+href="(?:https?:)?//'
    )
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    assert [page.name for page in pages if loads.search(page.read_text("utf-8"))] == []
    styles = [sheet.read_text("utf-8") for sheet in (tmp_path / "site").rglob("*.css")]
    assert not any(re.search(r"@import|url\((?:https?:)?//", style) for style in styles)
