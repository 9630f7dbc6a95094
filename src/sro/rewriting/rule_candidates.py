"""Candidates from rules for a sentence: deletions, the phrase table, and rules that are told which words are rude.

The screener finds the words that fail by themselves, so the rules need no list of insults. Protected text in a
sentence, such as links, is hidden from rules that would cut it up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sro.comments.sentences import without
from sro.rewriting.english_tokens import words_of
from sro.rewriting.parts import RewriterParts
from sro.rewriting.rule_faults import has_fault

SURELY_RUDE = 0.5
"""P(fail) from which a word of another language is rude in any context. "Nazi" and "wrong" are below."""

TextsWithKeptPieces = Sequence[tuple[str, tuple[str, ...]]]
"""Texts, each with its protected pieces, which may not be changed."""


def rule_candidates(parts: RewriterParts, texts: TextsWithKeptPieces) -> list[list[str]]:
    """The rules' candidates for each text, every candidate once, without those that are no sentences any more.

    Args:
        parts: the rules, and the screener, which is asked about single words if rules need to know.
        texts: each with its protected pieces, which may not be changed.
    """
    writers = [writer for writer in (parts.deletion_rules, parts.phrases) if writer is not None]
    blamed = _blamed_words(parts, texts) if parts.word_rules else frozenset[str]()
    found = []
    for text, kept in texts:
        candidates = [candidate for writer in writers for candidate in writer(text)]
        plain, pieces = with_placeholders(text, kept)
        ruled = [candidate for rule in parts.word_rules for candidate in rule(plain, blamed)]
        candidates += [with_pieces(one, pieces) for one in ruled if all(name in one for name in pieces)]
        # Without the rules for English, a phrase table may be of any language, and the faults are those of English.
        english = parts.deletion_rules is not None
        found.append([one for one in dict.fromkeys(candidates) if not (english and has_fault(one, text))])
    return found


def foreign_rule_candidates(parts: RewriterParts, sentences: TextsWithKeptPieces, comment: str) -> list[list[str]]:
    """The rules' candidates for sentences that the leader cannot write. A candidate is dropped if it keeps a word that
    fails by itself, because in these languages the screener understands less of a whole sentence.

    Args:
        parts: the rules for other languages, and the screener.
        sentences: each with its protected pieces, which may not be changed.
        comment: the comment of the sentences; it decides the language of short ones.
    """
    if parts.foreign_rules is None:
        return [[] for _ in sentences]
    found = [(text, kept, parts.foreign_rules(text, comment)) for text, kept in sentences]
    rude = _blamed_words(parts, [(one, kept) for _, kept, some in found for one in some], SURELY_RUDE)
    return [[one for one in some if rude.isdisjoint(words_of(without(one, kept)))] for _, kept, some in found]


def _blamed_words(parts: RewriterParts, texts: TextsWithKeptPieces, least: float = 0.0) -> frozenset[str]:
    """Words of the texts that fail by themselves with at least this probability; words in links do not count."""
    words = sorted({word for text, kept in texts for word in words_of(without(text, kept))})
    verdicts = zip(words, parts.screener.screen(words))
    return frozenset(word for word, one in verdicts if not one.passed and one.probability >= least)


def with_placeholders(sentence: str, kept: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Replace each protected piece by a placeholder word, which rules would cut up; also return the pieces by word.

    >>> with_placeholders("See @ann's page", ["@ann"])
    ("See PIECE1X's page", {'PIECE1X': '@ann'})
    """
    stem = "PIECE"
    while stem in sentence:
        stem += "E"
    pieces: dict[str, str] = {}
    text, at = "", 0
    for number, piece in enumerate(kept, 1):
        found = sentence.find(piece, at)
        if found >= 0:
            name = f"{stem}{number}X"
            text += sentence[at:found] + name
            at = found + len(piece)
            pieces[name] = piece
    return text + sentence[at:], pieces


def with_pieces(text: str, pieces: Mapping[str, str]) -> str:
    """Put the pieces back in place of their placeholder words."""
    if not pieces:
        return text
    return re.sub("|".join(map(re.escape, pieces)), lambda match: pieces[match[0]], text)
