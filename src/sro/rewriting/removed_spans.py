"""Which characters are removed together with a dropped sentence: a space, a pair of `**` around it, or its whole line.

    >>> from sro.comments.sentences import segments
    >>> removed_spans(segments("**You idiot.** Read the sources."), {1})
    [(0, 15)]

One half of a pair of marks would make other text bold, and an empty list item would remain. All other text stays,
character by character: an author's "???", and the line break between two paragraphs.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

from sro.comments.sentences import BREAK, MARKS, Segment

PAIRED_MARKS = ("**", "__", "~~")
BLANK = re.compile(r"\s*")

Span = tuple[int, int]


def removed_spans(segments: Sequence[Segment], dropped: Collection[int]) -> list[Span]:
    """Begin and end of each removed stretch of a comment, in order; no two touch.

    Args:
        segments: of the comment.
        dropped: places of the sentences that are left out.
    """
    if not dropped:
        return []
    text = "".join(segment.text for segment in segments)
    sentences = _joined(text, _with_marks(text, _spans(segments, dropped)))
    gone: list[Span] = []
    for span in _Lines(text).with_surroundings(_with_marks(text, sentences)):
        start, end = span
        if gone and (start <= gone[-1][1] or _empties_lines(text, gone[-1][1], start, end)):
            start, end = gone[-1][0], max(end, gone.pop()[1])
        gone.append((start, end))
    return gone


def _empties_lines(text: str, gone: int, start: int, end: int) -> bool:
    """Whether there are only blanks between the text up to `gone`, which is removed already, and a line removed from
    `start` to `end`: of a hundred such lines only the line break after the last one stays."""
    ends_a_line = end == len(text) or BREAK.match(text, end) is not None
    return ends_a_line and not text[gone:start].strip()


def _spans(segments: Sequence[Segment], dropped: Collection[int]) -> Iterator[Span]:
    at = 0
    for place, segment in enumerate(segments):
        if place in dropped:
            yield at, at + len(segment.text)
        at += len(segment.text)


def _with_marks(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Extend each span by the marks around it, if it has a pair of its own."""
    for start, end in spans:
        around = any(text.endswith(mark, 0, start) and text.startswith(mark, end) for mark in PAIRED_MARKS)
        yield (start - 2, end + 2) if around else (start, end)


def _joined(text: str, spans: Iterable[Span]) -> list[Span]:
    """Join spans with only blanks between them."""
    joined: list[Span] = []
    for start, end in spans:
        between = text[joined[-1][1] : start] if joined else "no blank"
        if not between.strip() and not BREAK.search(between):
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


class _Lines:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        breaks = [match.span() for match in BREAK.finditer(text)]
        self.starts, self.ends = [0, *(end for _, end in breaks)], [*(start for start, _ in breaks), len(text)]

    def with_surroundings(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Extend each span by the space beside it, or to its whole line if nothing else is left there."""
        opening = 0  # the text up to here is removed
        for start, end in spans:
            first = self.starts[bisect_right(self.starts, start) - 1]
            last = self.ends[bisect_left(self.ends, end)]
            mark, behind = self.text[first:start], self.text[end:last]
            leads = MARKS.fullmatch(mark) is not None
            if behind.strip() or not leads:
                blank = len(behind) - len(behind.lstrip())
                if blank:
                    end += blank
                elif not leads:
                    start = first + len(mark.rstrip())
            else:
                start, end = self._line(first, last, is_item=bool(mark.strip()), opens=first <= opening)
            opening = max(opening, end) if start <= opening else opening
            yield start, end

    def _line(self, first: int, last: int, *, is_item: bool, opens: bool) -> Span:
        """The span of an emptied line; with its line break if it is a list item, or opens or ends the text."""
        following = BLANK.match(self.text, last).end()  # type: ignore[union-attr]  # it matches nothing if need be
        if following == len(self.text):
            return len(self.text[:first].rstrip()), last
        if opens:
            return first, self.starts[bisect_right(self.starts, following) - 1]
        if is_item:
            return first, last + (2 if self.text.startswith("\r\n", last) else 1)
        return first, last
