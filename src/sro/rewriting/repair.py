"""Correct a sentence after words were cut: commas, spaces, articles, the capital, quotes and brackets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sro.comments.words import with_capital_of, word_set
from sro.rewriting.deletions import fix_articles
from sro.rewriting.english_tokens import (
    AUXILIARIES,
    DETERMINERS,
    JOINS,
    Token,
    is_inflected,
    word_at,
    words_of,
)

_RELATIVES = word_set("who which whose like being proving")


def without_tokens(sentence: str, tokens: Sequence[Token], first: int, last: int) -> str:
    """The sentence without these tokens, with its commas, spaces, articles and capital corrected."""
    opens = first == 0
    if opens:
        last = _next_clause(tokens, last)
    elif tokens[first - 1].is_comma and _is_stop_or_end(tokens, last):
        inserted = last < len(tokens) and tokens[last].text == "," and _is_inserted(tokens, first, last)
        first, last = first - 1, last + inserted
    before, behind = sentence[: tokens[first].start].rstrip(), sentence[tokens[last - 1].end :].lstrip()
    if word_at(tokens, first - 1) in ("a", "an") and not opens:
        before = _with_article(before, tokens[first - 1], behind, shouted=shouts(sentence))
    return tidied(f"{before} {behind}".lstrip(" ,;:") if opens else f"{before} {behind}", sentence)


def _is_stop_or_end(tokens: Sequence[Token], place: int) -> bool:
    """Whether a stop or the end of the sentence is at this place."""
    return place >= len(tokens) or tokens[place].is_stop


def _next_clause(tokens: Sequence[Token], place: int) -> int:
    """The next place after stops and joining words, with which no sentence begins."""
    while place < len(tokens):
        sign = tokens[place].is_stop and tokens[place].text[0] not in '("“'
        join = tokens[place].word in JOINS and word_at(tokens, place + 1) != "of"  # "because of"
        if not (sign or join):
            break
        place += 1
    return place


def _is_inserted(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether these tokens between commas are a relative clause or an apposition; then both commas are removed too."""
    verbless = not any(token.word in AUXILIARIES or is_inflected(token.word) for token in tokens[first:last])
    return tokens[first].word in _RELATIVES or (tokens[first].word in DETERMINERS and verbless)


def _with_article(before: str, article: Token, behind: str, *, shouted: bool) -> str:
    """Make the article at the end of the text before a cut fit the next word; initials are left unchanged."""
    following = behind.split(" ", 1)[0]
    initials = following.isupper() and len(following) > 1
    if not shouted and (is_letter(article) or initials):
        return before
    return before[: article.start] + fix_articles(f"{article.text} {following}").split(" ", 1)[0]


def is_letter(token: Token) -> bool:
    """Whether an "A" is not an article, as in "plan A", in a sentence that is not in capitals."""
    return token.text == "A" and token.start > 0


def tidied(text: str, like: str) -> str:
    """Correct a changed sentence: single spaces, no space before a sign unless `like` has some, and its capital."""
    text = " ".join(text.split())
    if not re.search(r" [.,!?;:…]", like):
        text = re.sub(r" (?=[.,!?;:…])", "", text)
    return with_capital_of(text, like)


def shouts(sentence: str) -> bool:
    """Whether a sentence of several words is in capitals."""
    return sentence.isupper() and len(words_of(sentence)) > 2


_HOLLOW = re.compile(r"[\"“][^\w\"“”]{0,4}[\"”]|\([^\w()]{0,4}\)|\[[^\w\[\]]{0,4}\]|\*\s{1,4}\*|_\s{1,4}_|`\s{1,4}`")
_PAIRED = ('"', "*", "_", "`")


def keeps_pairs(text: str, sentence: str) -> bool:
    """Whether quotes, brackets and marks of a changed sentence are paired as before, and no pair has become empty."""
    return _unpaired(text) == _unpaired(sentence) and len(_HOLLOW.findall(text)) <= len(_HOLLOW.findall(sentence))


def _unpaired(text: str) -> list[int]:
    """Number of unpaired signs for each kind of pair."""
    signs = Counter(text)
    runs = [sum(token.startswith(sign) for token in re.findall(r'"+|\*+|_+|`+', text)) % 2 for sign in _PAIRED]
    return [*runs, signs["("] - signs[")"], signs["["] - signs["]"], signs["“"] - signs["”"]]
