"""Candidates from phrase tables in languages that the leader does not write: `assets/starter/phrases`.

The files have the format of the English table (`sro.rewriting.phrase_table`). A civil form is a whole phrase with its
endings, so it needs no agreement with the words around it.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from sro.rewriting.foreign_deletions import MAX_SENTENCE_CHARACTERS
from sro.rewriting.phrase_rules import read_rules
from sro.rewriting.phrase_table import MAX_VARIANTS, PhraseTable

_FOLDER = resources.files("sro") / "assets/starter/phrases"
TABLES = tuple(sorted(file.name.removesuffix(".txt") for file in _FOLDER.iterdir() if file.name.endswith(".txt")))
"""Languages with a table; they are listed at import, because the help of `--rule_languages` names them."""


def foreign_phrases(sentence: str, language: str) -> list[str]:
    """Up to `MAX_VARIANTS` versions of a sentence without the rude phrases that its language's table knows.

    Args:
        sentence: one sentence, as written.
        language: its code; without a table there are no candidates.
    """
    if language not in TABLES or len(sentence) > MAX_SENTENCE_CHARACTERS:
        return []
    return _table(language).variants(sentence, MAX_VARIANTS)


@cache
def _table(language: str) -> PhraseTable:
    name = f"{language}.txt"
    return PhraseTable.of(read_rules((_FOLDER / name).read_text("utf-8"), name), language)
