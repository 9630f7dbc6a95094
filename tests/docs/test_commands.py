"""Every `sro` command in README and pages is one that the command line takes, and the page of flags is fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_blocks import ROOT, commands

from sro.apps.cli import COMMANDS, main

PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    # Generated, or a record of commands as they were when something was measured.
    if page.name not in ("cli.md", "lab-notes.md") and page.parent.name != "results"
]
CLI = ROOT / "docs" / "reference" / "cli.md"


def section(words: list[str]) -> str:
    """What the page of flags says of a command, with its action (and that one's) if it has one."""
    page = CLI.read_text("utf-8")
    for name in (" ".join(words[:length]) for length in (3, 2, 1)):
        if found := re.search(rf"^##+ sro {re.escape(name)}\n+```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            return found[1]
    raise AssertionError(f"no such command: sro {' '.join(words)}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_taken(page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # for `--config recipes/…`
    for words in commands(page):
        where = f"{page.relative_to(ROOT)}: sro {' '.join(words)}"
        if not words or words[0].startswith("--"):
            assert words in (["--version"], ["--help"]), where
            continue
        known = section(words)
        if "[--config FILE]" in known:
            # Before the first flag: a comment may stand behind the last one, where it would be taken for its value.
            at = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
            with pytest.raises(SystemExit) as end:
                status = main([*words[:at], "--print-config", *words[at:]])
                print(f"{where}: status {status}: {capsys.readouterr().err}", file=sys.stderr)
            assert not end.value.code, where
        for flag in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert flag in known or "[--config FILE]" in known, f"{where}: no flag {flag}"


def test_pages_hold_commands_to_check() -> None:
    assert len([words for page in PAGES for words in commands(page)]) >= 30


def test_the_page_of_flags_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate_cli.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nfix: python docs/generate_cli.py"


def test_the_page_of_flags_has_every_command() -> None:
    page = CLI.read_text("utf-8")
    assert [name for name in COMMANDS if f"\n## sro {name}\n" not in page] == []


def test_nothing_is_installed_from_an_index_that_lacks_it() -> None:
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py")]
    wrong = re.compile(r"pip install (?:-\S+ )*['\"]?sro\b")
    assert [str(file.relative_to(ROOT)) for file in files if wrong.search(file.read_text("utf-8"))] == []
