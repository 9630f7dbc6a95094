"""Cut a comment into sentences and parts that stay as is: layout, code, block quotes, links, mentions, tags, emoji.

    >>> [(s.kind, s.text) for s in segments("@ann you fool! 😂")]
    [('mention', '@ann'), ('layout', ' '), ('sentence', 'you fool!'), ('layout', ' '), ('emoji', '😂')]

For any text, the joined segments are the text, character by character. So a cut in a wrong place does no harm, except
that a rewriter sees less context, and a few regular expressions are enough. (Libraries for it were tried:
nupunkt needs Python 3.11, sentencex refuses half characters, pysbd was last released in 2021.)

A sentence above 300 characters is cut at commas and conjunctions. A line break always cuts, because the layout
must stay. Emoji cut too, because people use them like full stops. Any other piece within a sentence stays in it, and a
rewrite of the sentence must contain it as it is (`Segment.kept`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sro.comments.normalise import normalise
from sro.comments.words import COMBINING_MARKS

Kind = Literal["sentence", "layout", "code", "quote", "link", "mention", "hashtag", "emoji"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a comment, as it stands there."""

    text: str
    kind: Kind
    kept: tuple[str, ...] = ()
    """For a sentence: the code, links, mentions and hashtags in it, from left to right."""

    @property
    def prose(self) -> str:
        """The author's own words: a sentence without its `kept` pieces; empty for other segments."""
        return without(self.text, self.kept) if self.kind == "sentence" else ""

    @property
    def protected(self) -> bool:
        """Whether it is or holds something that must not be changed, even if a screener objects to it."""
        return bool(self.kept) or self.kind not in ("sentence", "layout")


def without(text: str, pieces: tuple[str, ...]) -> str:
    """`text` with the first occurrence of each piece replaced by a space."""
    for piece in pieces:
        text = text.replace(piece, " ", 1)
    return text


# --- what is never rewritten -----------------------------------------------------------------------------------------
# Quantifiers are bounded, or cannot start twice in one run: comments come from strangers, and time must stay linear.

BLOCK = re.compile(
    r"""
    (?P<code>
        ^[ \t]*(?P<fence>`{3,})(?!`)[^`\n]*\n
        .*? (?:^[ \t]*(?P=fence)`*[ \t]*(?=\r?$) | \Z)  # closed by as many or more; to the end if open
    )
  | (?P<quote> ^[ \t]*(?:>|&gt;)[^\r\n]* )
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
PIECE = re.compile(
    r"""
    (?P<code>
        (?<![\w`])(?P<ticks>`{1,2})(?=[^\s`]) .{1,400}? (?<=[^\s`])(?P=ticks)(?![\w`])  # not the quote in don`t
      | </?[A-Za-z][^<>\n]{0,300}>
    )
  | (?P<link>
        !?\[[^\[\]\n]{0,300}\]\([^()\s]{1,2000}\)
      | (?:https?://|\bwww\.)(?:\([^\s()<>"]{0,300}\)|[^\s()<>"])+(?<![.,;:!?'*_~…])
      | (?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}
      | (?<![\w.@-])(?:[A-Za-z0-9-]{1,63}\.){1,4}(?:com|org|net|edu|gov|info|io)\b(?:/[^\s()<>"]*(?<![.,;:!?'*_~…]))?
    )
  | (?P<mention> (?<![\w@./])@\w(?:[\w.MARKS-]{0,60}[\wMARKS])? | (?<![\w/.])/?[ur]/\w[\w-]{2,30} )
  | (?P<hashtag> (?<![\w&\#/])\#[\wMARKS]*[^\W\d][\wMARKS]* )  # an accent may be a sign of its own
  | (?P<emoji>
        (?: [\U0001F1E6-\U0001F1FF\U0001F300-\U0001FAFF\u2600-\u27BF\u231A\u231B\u23E9-\u23FA\u2B05-\u2B55]
            [\uFE0E\uFE0F\u200D\u20E3\U000E0020-\U000E007F]* )+
      | [0-9#*]\uFE0F?\u20E3
      | (?<!\S)(?: [:;=]['^-]?[()DPp|/\\] | <3 | [xX]D )(?!\S)
    )
    """.replace("MARKS", COMBINING_MARKS),
    re.VERBOSE,
)


LONGEST_SENTENCE, CLAUSES, SHORTEST_CLAUSE = 300, 200, 40  # characters
CLAUSE = re.compile(
    r"(?<=[,;:])\s|\s(?=(?:and|but|because|so|then|or|while|although|though|when|which)\s)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    kind: Kind


def _pieces(line: str) -> list[_Piece]:
    found = []
    for match in PIECE.finditer(line):
        piece = _Piece(*match.span(), match.lastgroup)  # type: ignore[arg-type]  # the groups are named after kinds
        text, before, behind = (
            match.group(),
            line[max(0, piece.start - 1) : piece.start],
            line[piece.end : piece.end + 1],
        )
        if piece.kind == "mention" and normalise(text)[:1] != text[:1].lower():
            continue  # `@sshole` is no user
        if piece.kind == "emoji" and before.isalpha() and behind.isalpha():
            continue  # it masks a letter
        found.append(piece)
    return found


# --- sentences -------------------------------------------------------------------------------------------------------

BREAK = re.compile("([\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+)")
MARKS = re.compile(
    r"\s*(?:(?:[-+*•·–—]|\d{1,3}[.)]|\#{1,6}|[:*]{1,30})\s+|:{1,30}(?=[A-Za-z]{2}))*"
)  # of lists, headings
FULL_STOP = re.compile(
    r"""
    (?<![.!?…])[.!?…]+["'”’)\]*_]*(?=\s)  # before white space alone
  | [。！？｡।॥؟۔][。！？｡।॥؟۔.!?…]*["'”’」』）)\]*_]*  # wherever they stand: Chinese has no spaces
    """,
    re.VERBOSE,
)
ABBREVIATION = re.compile(r"(?:^|\W)(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|[A-Z])$", re.IGNORECASE)
MASK = "\ue000"  # stands for each character of a piece while sentences are searched: no letter, no full stop
LEFT = re.compile(rf"[\s]*(?:{MASK}+[\s,:;.!?…–—-]*)*(?:(?:\*\*|__|~~)(?=\w))?")
RIGHT = re.compile(rf"\s*(?:[.!?…]*{MASK}+[\s,:;–—-]*)*(?:(?:\*\*|__|~~)(?=[\w.!?]))?")  # read backwards


def segments(text: str) -> list[Segment]:
    """The text in pieces, none of them empty: `"".join(s.text for s in segments(text)) == text`."""
    found: list[Segment] = []
    at = 0
    for block in BLOCK.finditer(text):
        found += _lines(text[at : block.start()])
        found.append(Segment(block.group(), block.lastgroup))  # type: ignore[arg-type]  # `code` or `quote`
        at = block.end()
    found += _lines(text[at:])
    return [segment for segment in found if segment.text]


def _lines(text: str) -> Iterator[Segment]:
    for number, line in enumerate(BREAK.split(text)):
        if number % 2:
            yield Segment(line, "layout")
        else:
            marks = MARKS.match(line).end()  # type: ignore[union-attr]  # it can match the empty string
            yield Segment(line[:marks], "layout")
            yield from _line(line[marks:])


def _line(line: str) -> Iterator[Segment]:
    """Sentences, and between them layout and pieces."""
    pieces = _pieces(line)
    masked = _masked(line, pieces)
    cuts = {0, len(line), *(stop.end() for stop in FULL_STOP.finditer(masked) if _ends_sentence(masked, stop))}
    cuts |= {at for piece in pieces if piece.kind == "emoji" for at in (piece.start, piece.end)}
    cuts |= {at for start, end in pairwise(sorted(cuts)) for at in _clauses(masked, start, end)}
    starts = [piece.start for piece in pieces]

    def edge(start: int, end: int) -> Iterator[Segment]:
        for piece in pieces[bisect_left(starts, start) : bisect_left(starts, end)]:
            yield Segment(line[start : piece.start], "layout")
            yield Segment(line[piece.start : piece.end], piece.kind)
            start = piece.end
        yield Segment(line[start:end], "layout")

    for start, end in pairwise(sorted(cuts)):
        span = masked[start:end]
        left = start + LEFT.match(span).end()  # type: ignore[union-attr]
        right = end - RIGHT.match(span[::-1]).end()  # type: ignore[union-attr]
        if not any(character.isalnum() for character in masked[left:right]):
            yield from edge(start, end)
            continue
        within = pieces[bisect_left(starts, left) : bisect_left(starts, right)]
        yield from edge(start, left)
        yield Segment(line[left:right], "sentence", tuple(line[piece.start : piece.end] for piece in within))
        yield from edge(right, end)


def _clauses(line: str, start: int, end: int) -> Iterator[int]:
    """Where a too long sentence is cut: after commas and before conjunctions, about every `CLAUSES` characters. Many
    people write without full stops, and no leader can rewrite a thousand characters at once."""
    if end - start <= LONGEST_SENTENCE:
        return
    last = None
    for gap in CLAUSE.finditer(line, start, end):
        if last is not None and gap.start() - start > CLAUSES:
            yield last
            start, last = last, None
        if gap.start() - start >= SHORTEST_CLAUSE:
            last = gap.start()


def _masked(line: str, pieces: list[_Piece]) -> str:
    parts, at = [], 0
    for piece in pieces:
        parts += [line[at : piece.start], MASK * (piece.end - piece.start)]
        at = piece.end
    return "".join(parts) + line[at:]


def _ends_sentence(line: str, stop: re.Match[str]) -> bool:
    """Whether a sentence ends there: not after `Dr.`, and not in the middle of `well... you know`."""
    marks = stop.group()
    if marks == ".":
        return not ABBREVIATION.search(line[max(0, stop.start() - 5) : stop.start()])
    trailing_off = set(marks) <= {".", "…"}
    return not (trailing_off and line[stop.end() : stop.end() + 40].lstrip()[:1].islower())
