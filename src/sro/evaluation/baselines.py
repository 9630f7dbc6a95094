"""Rows that every table needs beside the systems: copy, delete, phrase table, and the human reference.

- `copy` keeps all the meaning, so it scores surprisingly high under some protocols. A judge that compares a rewrite
  with its source must find a copy equally fluent.
- `delete` removes rude words: it shows what a word list achieves.
- `phrase table` replaces rude phrases by civil ones: it shows what a phrase table achieves (English;
  `sro.rewriting.phrase_table`; warm-ups may have learnt from this table).
- `human reference` is the standard for all other rows.

If the lexicon is the screener's own, `delete` passes that screener by construction: look at STA.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sro.comments.words import COMBINING_MARKS
from sro.rewriting.phrase_table import load_phrase_table
from sro.screeners.base import Screener

COPY, DELETE, PHRASES, HUMAN = "copy", "delete", "phrase table", "human reference"
WORD = re.compile(rf"[\w{COMBINING_MARKS}]+(?:['’*@$!.-][\w{COMBINING_MARKS}]+)*")  # f*ck and a.s.s are words here
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
"""Thai, Lao, Burmese, Khmer, Kana and Han have no spaces between words, so a word of the list may occur anywhere."""


def baselines(sources: Sequence[str], references: Sequence[str] | None, words: Sequence[str]) -> dict[str, list[str]]:
    """Outputs by name: `copy`, `delete` (without `words`, which may be phrases), `phrase table` and, if given,
    `human reference`."""
    table = load_phrase_table()
    phrased = [(table.variants(source, 1) or [source])[0] for source in sources]
    rows = {COPY: copy(sources), DELETE: delete(sources, words), PHRASES: phrased}
    return rows if references is None else {**rows, HUMAN: list(references)}


def refused_words(texts: Sequence[str], screener: Screener) -> list[str]:
    """The lexicon of a screener: words of `texts`, lower-cased and sorted, that it refuses on their own.

    There are none in scripts without spaces between words. A whole clause would count as a word there, and `delete`
    would leave out every rude clause, which no word list does.
    """
    found = {word.lower() for text in texts for word in WORD.findall(text)}
    words = sorted(word for word in found if not UNSPACED.search(word))
    return [word for word, verdict in zip(words, screener.screen(words)) if not verdict.passed]


def copy(sources: Sequence[str]) -> list[str]:
    """Change nothing: this gives the highest similarity, and shows what the judge passes without a rewrite."""
    return list(sources)


def delete(sources: Sequence[str], words: Iterable[str]) -> list[str]:
    """Leave out the words and phrases of a list in upper or lower case; runs of white space become one space."""
    longest_first = sorted({" ".join(word.split()) for word in words} - {""}, key=len, reverse=True)
    if not longest_first:
        return copy(sources)
    whole = re.compile("|".join(map(_as_words, longest_first)), re.IGNORECASE)
    return [" ".join(whole.sub("", source).split()) for source in sources]


def _as_words(phrase: str) -> str:
    """The pattern of a phrase. In scripts with spaces between words it does not match a part of a longer word."""
    listed = r"\s+".join(map(re.escape, phrase.split()))
    return listed if UNSPACED.search(phrase) else rf"(?<![\w{COMBINING_MARKS}]){listed}(?![\w{COMBINING_MARKS}])"
