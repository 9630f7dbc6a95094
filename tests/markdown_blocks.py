"""The code blocks of Markdown files, and the `sro` commands that stand in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}\S.*\n?)+", re.MULTILINE)
ENDS_A_COMMAND = {"&&", "||", "|", ";", ">", ">>"}


@dataclass(frozen=True)
class Block:
    """A code block: the language after the fence, the code, and the line of the file where the code begins."""

    language: str
    code: str
    line: int


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file, in order."""
    text = path.read_text("utf-8")
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in FENCE.finditer(text)]


def commands(path: Path) -> Iterator[list[str]]:
    """The words behind `sro` of every command in the blocks of a file, fenced or indented."""
    text = path.read_text("utf-8")
    shell = [m[2] for m in FENCE.finditer(text) if m[1] in ("", "sh", "console")]
    shell += [m[0] for m in INDENTED.finditer(FENCE.sub("", text))]
    for code in shell:
        for line in code.replace("\\\n", " ").splitlines():
            yield from _commands(line.strip().removeprefix("$ "))


def _commands(line: str) -> Iterator[list[str]]:
    # Only lines that begin a command are read as shell; what a command prints may hold a lone quotation mark.
    if not re.match(r"([A-Z_]+=\S+ )*(sro|python -m sro|accelerate launch|cd|git|pip|make|curl|OMP)\b", line):
        return
    words = shlex.split(line, comments=True)
    for index, word in enumerate(words):
        first = index == 0 or words[index - 1] in {*ENDS_A_COMMAND, "-m"} or "=" in words[index - 1]
        if word == "sro" and first:
            rest = words[index + 1 :]
            end = next((i for i, w in enumerate(rest) if w in ENDS_A_COMMAND), len(rest))
            yield rest[:end]
