"""The screener's objections to a candidate, for a leader that reads them: which words it blames, and for what.

    raised_objections(screener, searches)     # one a search; None where there is no try to object to

Only leaders that read (`sro.leader.generation.RevisingGenerator`) are told; others rewrite their own best try.
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.leader.generation import Objection
from sro.rewriting.state import Search
from sro.screeners.base import Screener, Verdict
from sro.screeners.toxic_spans import toxic_spans

WORDS = 4
"""Blamed words that are told; with more of them the sentence is the trouble, not its words."""
BLAMED = 0.5
"""Probability from which on an attribute is told."""


def raised_objections(screener: Screener, searches: Sequence[Search]) -> list[Objection | None]:
    """Why the best try of each search will not do."""
    failing = [s.best.text for s in searches if s.candidates and s.objection == "still_fails"]
    spans = dict(zip(failing, toxic_spans(screener, failing, only_refused=False) if failing else []))
    found: list[Objection | None] = []
    for search in searches:
        if not search.candidates or (reason := search.objection) is None:
            found.append(None)
            continue
        tried = search.best
        blamed = sorted(spans.get(tried.text, []), key=lambda span: -span.score)[:WORDS]
        words = tuple(dict.fromkeys(tried.text[span.start : span.end] for span in blamed))
        attributes = blamed_attributes(tried.verdict) if reason == "still_fails" else ()
        found.append(Objection(search.sentence, tried.text, reason, words, attributes))
    return found


def blamed_attributes(verdict: Verdict) -> tuple[str, ...]:
    """What a text is blamed for, the most probable first, in small letters; at least one where the screener tells them
    apart, and none where it does not. Toxicity, which holds of all of them, is told where it stands alone."""
    scores = verdict.attributes or {}
    ranked = sorted(scores, key=lambda name: -scores[name])
    told = [name for name in ranked if scores[name] >= BLAMED and name != "TOXICITY"]
    return tuple(name.lower().replace("_", " ") for name in told or ranked[:1])
