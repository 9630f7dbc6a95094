"""What pass and fail mean everywhere: a comment fails as a whole, or by its worst sentence.

    >>> from sro.screeners.loading import load_screener
    >>> texts = ["You are an idiot. Thank you for the edit, which I read with care.", "> you idiot\\nPlease be kind."]
    >>> [verdict.label for verdict in screen_comments(load_screener("embedded"), texts)]
    ['fail', 'pass']

The rewriter, `sro screener screen`, folder runs and the service all ask this module, so they agree on every comment.
A screener of n-grams needs both readings: "You are an idiot." is refused with certainty, and passes behind two civil
sentences. (Of 878 Wikipedia comments of three sentences and more to which Perspective gives less than .3, none fails
as a whole and 9 have a sentence that does; of 140 with .5 to .7 it is 11 % and another 39 %.)

What its author did not say is not judged (`author_text`): block quotes above a reply and the addresses of links. A
comment without a letter or digit of its author, such as a blank, a link or an emoji, passes with P(fail) 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from sro.comments.clean import key, readable
from sro.comments.normalise import normalise
from sro.comments.sentences import LONGEST_SENTENCE, Segment, segments
from sro.screeners.base import Screener, Verdict, ask_itself, at_threshold, worst
from sro.screeners.long_comments import LONGEST, PASSAGE, Sparing, in_groups, parts, passages

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
    """What a screener says of one comment."""

    verdict: Verdict
    """Of the comment: the failing verdict of highest P(fail) among the whole and its sentences, else the whole's."""
    sentences: tuple[SentenceVerdict, ...]
    """Of each sentence in which the author says anything, in order; where a `Sparing` screener has read passages of a
    long comment, of these."""


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
    """The verdict on each comment and on each of its sentences, in order; the screener is asked for many at once.

    Args:
        texts: comments as they stand, of any length and with any characters; cleaning is done here. Of long ones see
            `sro.screeners.long_comments`.
        threshold: P(fail) in (0, 1] from which on a text fails; None: the screener's own.
        sources: the comments that `texts` rewrite, one a text, for screeners that compare; sentences have none, so
            with `sources` the sentences are asked about separately.
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
        if len(texts[places[0]]) > LONGEST and sources is None:  # it is alone
            yield _judge_parts(screener, texts[places[0]], threshold, with_sentences)
            continue
        paired = None if sources is None else [sources[place] for place in places]
        yield from _judge(screener, [texts[place] for place in places], threshold, paired)


def _judge_parts(screener: Screener, text: str, threshold: float | None, with_sentences: bool) -> Judgement:
    """Of a text of any length, which fails if one of its parts does."""
    verdict: Verdict | None = None
    sentences: list[SentenceVerdict] = []
    for at, part in parts(text):
        [found] = _judge(screener, [part], threshold, None)
        verdict = found.verdict if verdict is None else _graver(verdict, found.verdict)
        if with_sentences:
            sentences += (replace(one, start=at + one.start, end=at + one.end) for one in found.sentences)
    assert verdict is not None
    return Judgement(verdict, tuple(sentences))


def _judge(
    screener: Screener, texts: Sequence[str], threshold: float | None, sources: Sequence[str] | None
) -> list[Judgement]:
    read: list[tuple[str | None, list[tuple[int, int, str]]]] = [_read(text) for text in texts]
    read = ask_itself(screener, partial(_spared, read=read))
    wholes, pieces = [whole for whole, _ in read], [sentences for _, sentences in read]
    asked = [place for place, whole in enumerate(wholes) if whole is None or _says_something(whole)]
    flat = [words for place in asked for _, _, words in pieces[place] if words != wholes[place]]
    questions = [whole for place in asked if (whole := wholes[place]) is not None]
    if sources is None:
        answers = screener.screen([*questions, *flat]) if questions or flat else []
    else:
        paired = [readable(sources[place]) for place in asked if wholes[place] is not None]
        answers = [
            *(screener.screen(questions, sources=paired) if questions else []),
            *(screener.screen(flat) if flat else []),
        ]
    answers = at_threshold(answers, threshold)
    of_wholes, rest = iter(answers[: len(questions)]), iter(answers[len(questions) :])
    judgements = [Judgement(Verdict("pass", 0.0, screener.name), ())] * len(texts)  # of those who say nothing
    for place in asked:
        verdict = None if wholes[place] is None else next(of_wholes)
        told = [
            SentenceVerdict(start, end, verdict if verdict and words == wholes[place] else next(rest))
            for start, end, words in pieces[place]
        ]
        if verdict is None:
            judgements[place] = _of_passages(told)
        else:
            judgements[place] = Judgement(_of_comment(verdict, [one.verdict for one in told]), tuple(told))
    return judgements


def _spared(
    screener: Screener, read: Sequence[tuple[str | None, list[tuple[int, int, str]]]]
) -> list[tuple[str | None, list[tuple[int, int, str]]]]:
    """What of each comment is asked."""
    return [_passages(screener, *one) for one in read] if isinstance(screener, Sparing) else list(read)


def _passages(
    screener: Sparing, whole: str | None, sentences: list[tuple[int, int, str]]
) -> tuple[str | None, list[tuple[int, int, str]]]:
    """All of a comment, or passages of it and nothing of the whole."""
    if whole is None or len(whole) <= PASSAGE or screener.affords([whole, *(words for _, _, words in sentences)]):
        return whole, sentences
    # A comment that is nothing but links or quotes has no sentences; then these are read.
    found = passages(sentences or [(0, len(whole), whole)])
    chosen = [found[place] for place in screener.most_telling([one.words for one in found])]
    return None, [(one.start, one.end, one.words) for one in chosen]


def _of_passages(told: Sequence[SentenceVerdict]) -> Judgement:
    """A comment that was read in passages; those of one sentence are one again."""
    places: dict[tuple[int, int], Verdict] = {}
    for start, end, verdict in ((one.start, one.end, one.verdict) for one in told):
        known = places.get((start, end))
        places[start, end] = verdict if known is None else _graver(known, verdict)
    sentences = tuple(SentenceVerdict(*place, verdict) for place, verdict in places.items())
    gravest = reduce(_graver, places.values())
    return Judgement(_of_comment(gravest, list(places.values())), sentences)


def _graver(one: Verdict, other: Verdict) -> Verdict:
    """The one that fails, or of two that do or do not the more probable one."""
    return max(one, other, key=lambda verdict: (not verdict.passed, verdict.probability))


def _of_comment(whole: Verdict, sentences: Sequence[Verdict]) -> Verdict:
    """The worst verdict. Where it fails, each attribute is the highest among the whole and the sentences that fail:
    the insult may stand in one and the threat in another."""
    verdict = worst([whole, *sentences])
    if verdict.passed or verdict.attributes is None:
        return verdict
    read = [one.attributes for one in (whole, *sentences) if one is whole or not one.passed]
    known = [attributes for attributes in read if attributes is not None]
    highest = {name: max(attributes[name] for attributes in known) for name in verdict.attributes}
    return replace(verdict, attributes=highest)


def author_text(text: str) -> str:
    """`text` with spaces for what its author did not say; all else keeps its place, so the length is the same.

    That is the addresses of links, and block quotes where anything stands outside them: a comment that is nothing but
    a quote is judged by it, or a `>` before an insult would do to pass it. What a link is labelled with counts.
    """
    return _author_text(segments(text))


def sentence_places(text: str) -> list[tuple[int, int]]:
    """Begin and end of each sentence in which the author says anything, in order, however long the text is."""
    return [(start, end) for start, end, _ in _sentences(segments(text))]


def readable_sentences(text: str) -> list[str]:
    """The author's own words in a comment, sentence by sentence, as a screener reads them."""
    return [words for _, _, words in _sentences(segments(text))]


PLAIN = re.compile(r"[A-Za-z](?:[A-WYZa-wyz0-9 ,'\"()$%-]|[xX](?!D))*[.!?]*")
"""One sentence and nothing else, quick to see: cutting takes longer than screening, and most comments are so plain."""


def _read(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The author's text as a screener reads it, and each sentence: begin, end, and what is read of it."""
    bare = text.strip()
    if len(bare) <= LONGEST_SENTENCE and PLAIN.fullmatch(bare):
        words, start = readable(bare), len(text) - len(text.lstrip())
        return words, [(start, start + len(bare), words)]
    pieces = segments(text)
    return readable(_author_text(pieces)), list(_sentences(pieces))


def _author_text(pieces: Sequence[Segment]) -> str:
    replies = any(piece.kind not in ("quote", "layout") for piece in pieces)
    only_links = all(piece.kind in ("link", "emoji", "layout") for piece in pieces)
    return "".join(_own_words(piece, replies, only_links) for piece in pieces)


def _own_words(piece: Segment, replies: bool, only_links: bool) -> str:
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
    """A piece of text with its address blanked, if it is a link. `bare`: also one such as `example.org`.

    The address within `mor[o](link)n` is part of a word's disguise, and stays for the screener to undo.
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


def _says_something(text: str) -> bool:
    """Whether there is a letter or digit in it, also one that hides (letters as flags: `sro.comments.normalise`)."""
    return any(map(str.isalnum, text)) or bool(text and key(normalise(text)))
