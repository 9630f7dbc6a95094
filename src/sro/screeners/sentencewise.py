"""The rule of pass and fail for all commands: a comment fails if the whole comment fails, or one of its sentences.

    >>> from sro.screeners.loading import load_screener
    >>> texts = ["You are an idiot. Thank you for the edit, which I read with care.", "> you idiot\\nPlease be kind."]
    >>> [verdict.label for verdict in screen_comments(load_screener("embedded"), texts)]
    ['fail', 'pass']

The rewriter, `sro screener screen`, folder runs and the service all use this module, so they agree on every comment.
An n-gram screener has to judge the whole and the sentences: it surely fails "You are an idiot." alone, but passes it
after two civil sentences. (We took Wikipedia comments of three or more sentences. Perspective gives less than .3 to
878 of them: none of these fails as a whole, and 9 have a sentence that fails. Perspective gives .5 to .7 to 140 of
them: 11 % of these fail as a whole, and another 39 % have a sentence that fails.)

Text that the author did not write is not judged (`author_text`): block quotes above a reply, and the addresses of
links. A comment without a letter or digit of its author, such as a blank, a link or an emoji, passes with P(fail) 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from sro.comments.clean import letters_and_digits, readable
from sro.comments.normalise import normalise
from sro.comments.sentences import LONGEST_SENTENCE, Segment, segments
from sro.screeners.base import Screener, Verdict, at_threshold, call_with_inner_screener, worst
from sro.screeners.long_comments import (
    MAX_WHOLE_CHARACTERS,
    PASSAGE,
    ReadsExcerpts,
    TextPiece,
    in_groups,
    parts,
    passages_to_read,
)

ADDRESS = re.compile(r"(?:https?://|www\.)")
LABELLED = re.compile(r"!?\[[^\[\]\n]*(\]\([^()\s]*\))")


@dataclass(frozen=True, slots=True)
class SentenceVerdict:
    """The verdict on one sentence, which is `comment[start:end]` in characters (code points)."""

    start: int
    end: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """A screener's verdicts on one comment and its sentences."""

    verdict: Verdict
    """The comment's verdict: the failing verdict with the highest P(fail) among the whole and its sentences. If none
    fails, it is the verdict on the whole."""
    sentences: tuple[SentenceVerdict, ...]
    """Verdicts on the sentences that hold words of the author, in order. If the screener has read only excerpts of a
    long comment, only the sentences in these excerpts."""


def screen_comments(
    screener: Screener,
    texts: Sequence[str],
    *,
    threshold: float | None = None,
    sources: Sequence[str] | None = None,
) -> list[Verdict]:
    """One verdict per comment, in order. Arguments as in `judge_comments`."""
    return [judged.verdict for judged in _judged(screener, texts, threshold, sources, with_sentences=False)]


def judge_comments(
    screener: Screener,
    texts: Sequence[str],
    *,
    threshold: float | None = None,
    sources: Sequence[str] | None = None,
) -> list[Judgement]:
    """The verdict on each comment and on each of its sentences, in order. The screener gets them in large batches.

    Args:
        texts: uncleaned comments, of any length and with any characters; this function cleans them. For long comments
            see `sro.screeners.long_comments`.
        threshold: a text fails if P(fail) is at least this, in (0, 1]; None: the screener's own threshold.
        sources: the comments that `texts` rewrite, one per text, for screeners that compare. Sentences have no
            sources, so with `sources` the sentences are screened in a separate call.
    """
    return list(_judged(screener, texts, threshold, sources, with_sentences=True))


def _judged(
    screener: Screener,
    texts: Sequence[str],
    threshold: float | None,
    sources: Sequence[str] | None,
    with_sentences: bool,
) -> Iterator[Judgement]:
    for places in in_groups(map(len, texts)):
        if len(texts[places[0]]) > MAX_WHOLE_CHARACTERS and sources is None:  # it is alone
            yield _judge_parts(screener, texts[places[0]], threshold, with_sentences)
            continue
        paired = None if sources is None else [sources[place] for place in places]
        yield from _judge(screener, [texts[place] for place in places], threshold, paired)


def _judge_parts(screener: Screener, text: str, threshold: float | None, with_sentences: bool) -> Judgement:
    """Judge a text of any length in parts; it fails if one part fails."""
    verdict: Verdict | None = None
    sentences: list[SentenceVerdict] = []
    for at, part in parts(text):
        [found] = _judge(screener, [part], threshold, None)
        verdict = found.verdict if verdict is None else _graver(verdict, found.verdict)
        if with_sentences:
            sentences += (replace(one, start=at + one.start, end=at + one.end) for one in found.sentences)
    assert verdict is not None
    return Judgement(verdict, tuple(sentences))


class _Questions(NamedTuple):
    """The texts of one comment that a screener judges; none, if the comment has no letters or digits."""

    wholes: list[str]
    """The whole comment; for a long comment, the passages that hold more than their sentences."""
    sentences: list[tuple[int, int, str]]
    long: bool = False


def _judge(
    screener: Screener, texts: Sequence[str], threshold: float | None, sources: Sequence[str] | None
) -> list[Judgement]:
    # One call per text, so that other threads can use the screener in between.
    asked = [call_with_inner_screener(screener, partial(_questions_about, text=text)) for text in texts]
    flat = [words for one in asked for _, _, words in one.sentences if words not in one.wholes]
    questions = [whole for one in asked for whole in one.wholes]
    if sources is None:
        answers = screener.screen([*questions, *flat]) if questions or flat else []
    else:
        paired = [readable(source) for source, one in zip(sources, asked) for _ in one.wholes]
        answers = [
            *(screener.screen(questions, sources=paired) if questions else []),
            *(screener.screen(flat) if flat else []),
        ]
    answers = at_threshold(answers, threshold)
    of_wholes, rest = iter(answers[: len(questions)]), iter(answers[len(questions) :])
    judgements = []
    for one in asked:
        wholes = [next(of_wholes) for _ in one.wholes]
        known = dict(zip(one.wholes, wholes))
        sentence_verdicts = [
            SentenceVerdict(start, end, known[words] if words in known else next(rest))
            for start, end, words in one.sentences
        ]
        verdicts = [*wholes, *(sentence.verdict for sentence in sentence_verdicts)]
        if one.long:  # only its parts are read, so the worst part gives the verdict
            sentence_verdicts = _in_one(sentence_verdicts)
            verdicts.sort(key=_gravity, reverse=True)
        found = _of_comment(*verdicts) if verdicts else Verdict("pass", 0.0, screener.name)
        judgements.append(Judgement(found, tuple(sentence_verdicts)))
    return judgements


def _questions_about(screener: Screener, text: str) -> _Questions:
    whole, sentences = _read(text)
    if not _says_something(whole):
        return _Questions([], [])
    if (
        not isinstance(screener, ReadsExcerpts)
        or len(whole) <= PASSAGE
        or screener.can_read_all([whole, *(words for _, _, words in sentences)])
    ):
        return _Questions([whole], sentences)
    # There may be no pieces: a text of list numbers only has none.
    read = passages_to_read(screener, list(_text_pieces(segments(text))) or [TextPiece(0, len(text), "", whole)])
    wholes = [passage.whole for passage in read if passage.whole is not None]
    return _Questions(wholes, [one for passage in read for one in passage.sentences], long=True)


def _in_one(sentence_verdicts: Sequence[SentenceVerdict]) -> list[SentenceVerdict]:
    """Merge the verdicts on the parts of a long sentence into one: the verdict on its worst part."""
    found: dict[tuple[int, int], SentenceVerdict] = {}
    for one in sorted(sentence_verdicts, key=lambda one: _gravity(one.verdict)):
        found[one.start, one.end] = one
    return sorted(found.values(), key=lambda one: one.start)


def _graver(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=_gravity)


def _gravity(verdict: Verdict) -> tuple[bool, float]:
    """Sort key: fail before pass, then by P(fail)."""
    return not verdict.passed, verdict.probability


def _of_comment(whole: Verdict, *sentences: Verdict) -> Verdict:
    """The worst verdict. If it fails, each attribute gets its highest value among the whole and the failing sentences,
    because one sentence may hold the insult and another the threat."""
    verdict = worst([whole, *sentences])
    if verdict.passed or verdict.attributes is None:
        return verdict
    read = [one.attributes for one in (whole, *sentences) if one is whole or not one.passed]
    known = [attributes for attributes in read if attributes is not None]
    highest = {name: max(attributes[name] for attributes in known) for name in verdict.attributes}
    return replace(verdict, attributes=highest)


def author_text(text: str) -> str:
    """Replace what the author did not write by spaces. The rest keeps its place, so the length stays the same.

    Replaced are the addresses of links, and block quotes if there is a sentence outside them. If a comment adds no
    sentence to a quote (nothing, or only emoji, links and tags), the quote is judged. Otherwise a `>` before an insult
    would be enough to pass. The label of a link is kept.
    """
    return _author_text(segments(text))


def sentence_places(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence that holds words of the author, in order, for a text of any length."""
    return [(start, end) for start, end, _ in _sentences(segments(text))]


def readable_sentences(text: str) -> list[str]:
    """The author's own words in a comment, sentence by sentence, as a screener reads them."""
    return [words for _, _, words in _sentences(segments(text))]


PLAIN = re.compile(r"[A-Za-z](?:[A-WYZa-wyz0-9 ,'\"()$%-]|[xX](?!D))*[.!?]*")
"""Matches a text that is a single plain sentence. Most comments are, and the match is much faster than segmentation,
which takes longer than screening."""


def _read(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The author's text as a screener reads it, and for each sentence its start, end and readable text."""
    bare = text.strip()
    if len(bare) <= LONGEST_SENTENCE and PLAIN.fullmatch(bare):
        words, start = readable(bare), len(text) - len(text.lstrip())
        return words, [(start, start + len(bare), words)]
    pieces = segments(text)
    return readable(_author_text(pieces)), list(_sentences(pieces))


def _author_text(pieces: Sequence[Segment]) -> str:
    return "".join(_own_words(pieces))


def _own_words(pieces: Sequence[Segment]) -> Iterator[str]:
    """Each piece, with spaces in place of text that the author did not write."""
    quotes = any(piece.kind == "quote" for piece in pieces)
    replies = quotes and any(letters_and_digits(normalise(piece.prose)) for piece in pieces)
    only_links = all(piece.kind in ("link", "emoji", "layout") for piece in pieces)
    return (_own_words_of(piece, replies, only_links) for piece in pieces)


def _own_words_of(piece: Segment, replies: bool, only_links: bool) -> str:
    if piece.kind == "quote" and replies:
        return " " * len(piece.text)
    if piece.kind == "link":
        return _without_address(piece.text, "", bare=only_links)
    parts, at = [], 0
    for kept in piece.kept:
        start = piece.text.index(kept, at)
        behind = piece.text[start + len(kept) : start + len(kept) + 1]
        parts += [piece.text[at:start], _without_address(kept, behind, bare=False)]
        at = start + len(kept)
    return "".join(parts) + piece.text[at:]


def _without_address(link: str, behind: str, bare: bool) -> str:
    """A link with its address replaced by spaces. `bare`: also a link such as `example.org`.

    In `mor[o](link)n` the link disguises a word. Its address is kept, so that the screener can undo the disguise.
    """
    if labelled := LABELLED.fullmatch(link):
        start = labelled.start(1)
        return link if behind.isalnum() else link[:start] + " " * (len(link) - start)
    return " " * len(link) if bare or ADDRESS.match(link) else link


def _sentences(pieces: Sequence[Segment]) -> Iterator[tuple[int, int, str]]:
    at = 0
    for piece in pieces:
        if words := readable(piece.prose):
            yield at, at + len(piece.text), words
        at += len(piece.text)


def _text_pieces(pieces: Sequence[Segment]) -> Iterator[TextPiece]:
    """The pieces that hold text of the author: sentences, code, labels and tags."""
    at = 0
    for piece, own in zip(pieces, _own_words(pieces)):
        prose, words = readable(piece.prose), readable(own)
        if prose or (piece.kind != "layout" and _says_something(words)):
            yield TextPiece(at, at + len(piece.text), prose, words)
        at += len(piece.text)


def _says_something(text: str) -> bool:
    """Whether `text` has a letter or digit, also a disguised one (letters as flags: `sro.comments.normalise`)."""
    return any(map(str.isalnum, text)) or bool(text and letters_and_digits(normalise(text)))
