"""The screener's objections to a candidate, for a leader that can use them: which words it blames, and for what.

    raised_objections(screener, searches)     # one per search; None if there is no candidate

Only leaders with `revise` get them (`sro.leader.generation.RevisingGenerator`); others rewrite their best candidate.
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.leader.generation import Objection
from sro.rewriting.state import Search
from sro.screeners.base import Screener, Verdict
from sro.screeners.toxic_spans import toxic_spans

WORDS = 4
"""Most blamed words in an objection; if there are more, the sentence is the problem and not its words."""
BLAMED = 0.5
"""Probability from which an objection names an attribute."""


def raised_objections(screener: Screener, searches: Sequence[Search]) -> list[Objection | None]:
    """The reasons why the best candidate of each search is not acceptable."""
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
    """Attributes that a text is blamed for, the most probable first, in lower case; at least one if the screener has
    attributes, else none. Toxicity, which is true for all of them, is named only if it is the only one."""
    scores = verdict.attributes or {}
    ranked = sorted(scores, key=lambda name: -scores[name])
    told = [name for name in ranked if scores[name] >= BLAMED and name != "TOXICITY"]
    return tuple(name.lower().replace("_", " ") for name in told or ranked[:1])
