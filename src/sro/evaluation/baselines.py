"""Rows that every table needs beside the systems: copy, delete, phrase table, and the human reference.

Copying keeps all the meaning, so under some protocols it scores surprisingly high, and a judge that compares a rewrite
with its source must find it as fluent; deleting rude words is what a word list buys, putting civil phrases in the
place of rude ones is what a phrase table buys (English; `sro.rewriting.phrase_table`, from which warm-ups may have
learnt);
people are what the rest is held against. Where the lexicon is the screener's own, `delete` passes that screener by
construction: look at STA.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sro.core.errors import SROError
from sro.rewriting.measures import copy, delete
from sro.rewriting.phrase_table import load_idioms
from sro.screeners.loading import Screener

COPY, DELETE, PHRASES, HUMAN = "copy", "delete", "phrase table", "human reference"
WORD = re.compile(r"\w+(?:['’*@$!.-]\w+)*")  # f*ck and a.s.s are words here


def baselines(sources: Sequence[str], references: Sequence[str] | None, words: Sequence[str]) -> dict[str, list[str]]:
    """Outputs by name: `copy`, `delete` (without `words`, which may be phrases), `phrase table` and, if given,
    `human reference`."""
    table = load_idioms()
    phrased = [(table.variants(source, 1) or [source])[0] for source in sources]
    rows = {COPY: copy(sources), DELETE: delete(sources, words), PHRASES: phrased}
    return rows if references is None else {**rows, HUMAN: list(references)}


def refused_words(texts: Sequence[str], screener: Screener) -> list[str]:
    """The lexicon of a screener: words of `texts`, lower-cased and sorted, that it refuses when they stand alone."""
    words = sorted({word.lower() for text in texts for word in WORD.findall(text)})
    return [word for word, verdict in zip(words, screener.screen(words)) if not verdict.passed]


def read_word_list(path: str | Path) -> list[str]:
    """Words and phrases of a text file, one a line; empty lines are left out.

    Raises:
        SROError: the file cannot be read, or holds no word.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read as a word list: {error}\n  mend: UTF-8, one word a line") from error
    if not (words := [line.strip() for line in lines if line.strip()]):
        raise SROError(f"{path}: holds no word\n  mend: one word or phrase a line")
    return words
