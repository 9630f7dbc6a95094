"""The state of a comment during its rewrite: the sentences to rewrite, and the text with the best candidates so far.

A comment fails as a whole or by its worst sentence (`sro.screeners.sentencewise`). A sentence is screened without the
links and mentions in it, which no rewrite can change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sro.comments.clean import readable
from sro.comments.sentences import Segment, segments, without
from sro.leader.generation import Objection
from sro.rewriting.candidates import Candidate, best
from sro.rewriting.disguise import merge_pieces, plain_spelling
from sro.rewriting.entities import escaped, unescaped
from sro.rewriting.pure_abuse import droppable
from sro.rewriting.quoted_words import named_pieces
from sro.rewriting.removed_spans import removed_spans
from sro.rewriting.result import Change, Reason, Rewrite
from sro.screeners.base import Verdict


@dataclass
class CommentState:
    """One failing comment, and the search for each of its sentences that has to be rewritten.

    The keys of `searches` are indices of `segments`; `dropped` has the indices of sentences that the comment can do
    without. `dropped_candidates` counts the candidates of sentences that were dropped later. `outcome` is set when no
    more candidates follow.
    """

    source: str
    before: Verdict
    min_similarity: float
    segments: list[Segment] = field(init=False)
    searches: dict[int, Search] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    dropped_candidates: int = 0
    after: Verdict | None = None
    similarity: float | None = None
    outcome: Reason | Literal["rewritten"] | None = None

    def __post_init__(self) -> None:
        self.segments = segments(self.source)

    @property
    def untouched(self) -> list[int]:
        """Indices of the sentences that are neither rewritten nor dropped yet."""
        rest = [(i, s) for i, s in enumerate(self.segments) if i not in self.searches and i not in self.dropped]
        return [i for i, segment in rest if readable(segment.prose)]

    def start_searches(self, chosen: Sequence[int], may_drop: bool = True) -> list[Search]:
        """Start searches for untouched sentences. Drop those that contain only abuse, if another one says more.

        Args:
            chosen: their places.
            may_drop: whether any may be dropped; False in languages that `sro.rewriting.pure_abuse` does not know.
        """
        self.dropped.update(droppable(self.segments, chosen) if may_drop else ())
        chosen = [i for i in chosen if i not in self.dropped]
        fresh = {i: Search.of(self.segments[i], self.min_similarity) for i in chosen}
        self.searches |= fresh
        return list(fresh.values())

    @property
    def text(self) -> str:
        """The comment with the best candidates in place, whether they are acceptable or not."""
        return "".join(self._pieces())

    def text_without(self, place: int) -> str:
        """`text` without one more of its sentences."""
        return "".join("" if i == place else piece for i, piece in enumerate(self._pieces()))

    @property
    def prose(self) -> str | None:
        """`text` without protected pieces; None if there are none."""
        if not any(segment.protected for segment in self.segments):
            return None
        spoken = zip(self.segments, self._pieces())
        return "\n".join(without(text, segment.kept) for segment, text in spoken if segment.kind == "sentence")

    @cached_property
    def plain_source(self) -> str:
        """The comment with the disguises in its sentences undone, for comparing the meaning of the rewrite with it."""
        return "".join(plain_spelling(piece.text, piece.kept) for piece in self.segments)

    @property
    def candidates(self) -> int:
        """Number of judged candidates."""
        return self.dropped_candidates + sum(len(search.candidates) for search in self.searches.values())

    def drop(self, place: int) -> None:
        """Leave out the sentence at this place, and forget its search except for its number of candidates."""
        self.dropped_candidates += len(self.searches.pop(place).candidates)
        self.dropped.add(place)

    def judge(self, verdict: Verdict, similarity: float) -> None:
        """Set the verdicts of screener and encoder on the current text.

        The outcome stays None if every sentence has an acceptable rewrite but the comment still fails, because another
        sentence may be rewritten.
        """
        if not (self.candidates or self.dropped):  # the text is still the author's
            self.outcome = next(filter(None, (search.objection for search in self.searches.values())), None)
            return
        self.after, self.similarity = verdict, similarity
        objections = [search.objection for search in self.searches.values()]
        self.outcome = next(filter(None, objections), None)
        if self.outcome is None and verdict.passed:
            self.outcome = "rewritten" if similarity >= self.min_similarity else "meaning_lost"

    def _pieces(self) -> list[str]:
        """The current segments, without what is removed together with dropped sentences."""
        gone = removed_spans(self.segments, self.dropped)
        pieces, start = [], 0
        for i, segment in enumerate(self.segments):
            end = start + len(segment.text)
            if i in self.searches:
                pieces.append(self.piece(i))
            else:
                within = [(max(start, first), min(end, last)) for first, last in gone if first < end and last > start]
                pieces.append(_without_spans(self.source, start, end, within))
            start = end
        return pieces

    def piece(self, place: int) -> str:
        """A segment with the best candidate in place of its sentence, if there is one."""
        search = self.searches.get(place)
        return search.written if search and search.candidates else self.segments[place].text

    def result(self) -> Rewrite:
        """The result for the comment."""
        figures = (self.before, self.after, self.similarity, self.candidates)
        if self.outcome != "rewritten":
            return Rewrite(self.source, None, "refused", *figures, reason=self.outcome)
        changes = [Change(start, end, "") for start, end in removed_spans(self.segments, self.dropped)]
        at = 0
        for i, segment in enumerate(self.segments):
            end = at + len(segment.text)
            if i in self.searches:
                changes.append(Change(at, end, self.searches[i].written))
            at = end
        changes.sort(key=lambda change: change.start)
        return Rewrite(self.source, self.text, "rewritten", *figures, changes=tuple(changes))


def _without_spans(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> str:
    """The text from `start` to `end` without the spans, which are in order and inside this range."""
    pieces, at = [], start
    for first, last in spans:
        pieces.append(text[at:first])
        at = last
    return "".join(pieces) + text[at:end]


def readable_pieces(sentence: Segment) -> tuple[str, ...]:
    """Protected pieces of a sentence as they are in the readable sentence: composed, with single spaces."""
    return tuple(map(readable, sentence.kept))


@dataclass
class Search:
    """The candidates for one sentence.

    Attributes:
        sentence: the author's text, readable, without HTML entities and with its disguises undone.
        kept: pieces that a candidate must hold as often as the sentence does, in readable form.
        as_written: the same pieces as the author wrote them, for the final comment.
        disguised: whether the author's spelling hid a word.
        entities: the author's form of signs that HTML escapes; see `sro.rewriting.entities`.
        prompt_text: the next input of the leader: the sentence, or its own last candidate.
        exhausted: whether another round would be useless.
        feedback: the next objection for a leader that can use objections.
        refined: candidates that the rules were applied to, and their results.
        no_rewrite_reason: why the leader gave no candidate, if it gave none.
    """

    sentence: str
    min_similarity: float
    kept: tuple[str, ...] = ()
    as_written: tuple[str, ...] = ()
    disguised: bool = False
    entities: Mapping[str, str] = field(default_factory=dict)
    prompt_text: str = field(init=False)
    exhausted: bool = False
    candidates: list[Candidate] = field(default_factory=list)
    feedback: Objection | None = None
    refined: set[str] = field(default_factory=set)
    no_rewrite_reason: Reason | None = None

    def __post_init__(self) -> None:
        self.prompt_text = self.sentence

    @classmethod
    def of(cls, piece: Segment, min_similarity: float) -> Search:
        """Make the search for a sentence as it is in the comment."""
        kept = readable_pieces(piece)
        written, entities = unescaped(readable(piece.text), kept)
        plain = plain_spelling(written, merge_pieces(written, kept, named_pieces(written)))
        return cls(plain, min_similarity, kept, piece.kept, disguised=plain != written, entities=entities)

    @property
    def best(self) -> Candidate:
        return best(self.candidates, self.min_similarity)

    @property
    def written(self) -> str:
        """The best candidate in the form for the comment."""
        return escaped(self.best.text, self.entities, self.kept, self.as_written)

    @property
    def objection(self) -> Reason | None:
        """Why the best candidate is not acceptable, if so; or why there is none."""
        return self.best.objection(self.min_similarity) if self.candidates else self.no_rewrite_reason

    @property
    def probability(self) -> float:
        """The probability that a reader shows the best candidate; 0 if it is not acceptable, 1 without a critic."""
        return self.best.faithfulness if self.candidates and self.objection is None else 0.0

    @property
    def needs_another_round(self) -> bool:
        """Whether another candidate is needed."""
        return not self.exhausted and (not self.candidates or self.objection is not None)

    def start_next_round(self) -> None:
        """Rewrite the best candidate next. The search ends (`exhausted`) if that candidate passes, has a fault or
        another meaning, or was the last prompt; or if the leader has given none."""
        if not self.candidates:
            self.exhausted = True
            return
        tried = self.best
        sound = tried.similarity >= self.min_similarity and tried.fault is None
        self.exhausted = tried.verdict.passed or not sound or tried.text == self.prompt_text
        self.prompt_text = tried.text

    def start_explained_round(self, feedback: Objection | None) -> None:
        """Give this objection to a leader that reads objections. The search ends if there is none, or if it is the
        same as before."""
        self.exhausted = feedback is None or feedback == self.feedback
        self.feedback = feedback
