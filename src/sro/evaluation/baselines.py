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
from collections.abc import Iterable, Sequence

from sro.comments.words import COMBINING_MARKS
from sro.rewriting.phrase_table import load_phrase_table
from sro.screeners.base import Screener

COPY, DELETE, PHRASES, HUMAN = "copy", "delete", "phrase table", "human reference"
WORD = re.compile(rf"[\w{COMBINING_MARKS}]+(?:['’*@$!.-][\w{COMBINING_MARKS}]+)*")  # f*ck and a.s.s are words here


def baselines(sources: Sequence[str], references: Sequence[str] | None, words: Sequence[str]) -> dict[str, list[str]]:
    """Outputs by name: `copy`, `delete` (without `words`, which may be phrases), `phrase table` and, if given,
    `human reference`."""
    table = load_phrase_table()
    phrased = [(table.variants(source, 1) or [source])[0] for source in sources]
    rows = {COPY: copy(sources), DELETE: delete(sources, words), PHRASES: phrased}
    return rows if references is None else {**rows, HUMAN: list(references)}


def refused_words(texts: Sequence[str], screener: Screener) -> list[str]:
    """The lexicon of a screener: words of `texts`, lower-cased and sorted, that it refuses when they stand alone."""
    words = sorted({word.lower() for text in texts for word in WORD.findall(text)})
    return [word for word, verdict in zip(words, screener.screen(words)) if not verdict.passed]


def copy(sources: Sequence[str]) -> list[str]:
    """Change nothing: the best similarity there is, and what the judge lets through as it stands."""
    return list(sources)


def delete(sources: Sequence[str], words: Iterable[str]) -> list[str]:
    """Leave out the words and phrases of a list, whatever their case; white space is folded."""
    longest_first = sorted({" ".join(word.split()) for word in words} - {""}, key=len, reverse=True)
    if not longest_first:
        return copy(sources)
    whole = re.compile("|".join(map(_as_words, longest_first)), re.IGNORECASE)
    return [" ".join(whole.sub("", source).split()) for source in sources]


UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
"""Thai, Lao, Burmese, Khmer, Kana and Han have no spaces between words, so a word of the list may stand anywhere."""


def _as_words(phrase: str) -> str:
    """The pattern of a phrase, which is no part of a longer word in scripts that divide words."""
    listed = r"\s+".join(map(re.escape, phrase.split()))
    return listed if UNSPACED.search(phrase) else rf"(?<![\w{COMBINING_MARKS}]){listed}(?![\w{COMBINING_MARKS}])"
