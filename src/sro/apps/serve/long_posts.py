"""Rewrite a long post sentence by sentence, each as its own text in the queue, so that other requests get their turn.

A short comment goes to the rewriter as a whole (`sro.rewriting.rewriter`), which does the same inside one call. The
outcome means the same: a post is rewritten if every failing sentence has a rewrite and the whole passes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sro.apps.serve.deadline import Deadline
from sro.apps.serve.lanes import Parts
from sro.apps.serve.pieces import in_pieces
from sro.apps.serve.rewriter import Rewritten
from sro.apps.serve.screening import ScreeningOptions
from sro.rewriting.result import Change, Rewrite
from sro.screeners.base import Verdict

LONG = 4096
"""Bytes in UTF-8 above which a text is a long post."""
Options = tuple[tuple[str, Any], ...]
"""The values of `RewriteArguments` that a request sets; the key of the rewriting lane."""


def is_long(text: str) -> bool:
    """Whether the text is a long post."""
    return len(text.encode("utf-8", "surrogatepass")) > LONG


async def rewrite_long(text: str, options: Options, parts: Parts, deadline: Deadline) -> Rewritten:
    """Rewrite one long post. Its `similarity` is that of the sentence that lost most.

    Raises:
        Refusal: as `Lane.submit`; the rewritten sentences are discarded, because half a rewrite would still fail.
    """
    assert parts.rewrite is not None
    screening = ScreeningOptions(threshold=dict(options).get("threshold"))
    [before] = await parts.screen.submit([text], replace(screening, language=True, places=True), deadline)

    def told(*outcome: Any, **more: Any) -> Rewritten:
        return Rewritten(Rewrite(text, *outcome, **more), before.language, before.reads)

    if before.verdict.passed:
        return told(text, "unchanged", before.verdict)
    if not before.places:
        return told(None, "refused", before.verdict, before.verdict, reason="protected_fails")
    # The screener may read only excerpts of so long a text, so each sentence is screened separately.
    sentences = [text[start:end] for start, end in before.places]
    verdicts = [one.verdict for one in await in_pieces(parts.screen, sentences, screening, deadline)]
    places = [before.places[at] for at in to_rewrite(verdicts)]
    answers = await in_pieces(parts.rewrite, [text[start:end] for start, end in places], options, deadline)
    found = [one.rewrite for one in answers]
    refused = next((one for one in found if one.status == "refused"), None)
    done = [(place, one) for place, one in zip(places, found) if one.status == "rewritten"]
    similarity = min((one.similarity for one in found if one.similarity is not None), default=None)
    candidates = sum(one.candidates for one in found)
    if refused is not None:
        outcome = before.verdict, refused.after, similarity, candidates
        return told(None, "refused", *outcome, reason=refused.reason)
    changes = tuple(Change(start, end, one.text) for (start, end), one in done)
    rewritten = with_changes(text, changes)
    [after] = await parts.screen.submit([rewritten], screening, deadline)
    outcome = before.verdict, after.verdict, similarity, candidates
    if not after.verdict.passed:
        return told(None, "refused", *outcome, reason="still_fails")
    return told(rewritten, "rewritten", *outcome, changes=changes)


def to_rewrite(verdicts: Sequence[Verdict]) -> list[int]:
    """The indices of the failing sentences; if none fails alone, the worst one, because the whole may fail by all."""
    failing = [at for at, verdict in enumerate(verdicts) if not verdict.passed]
    return failing or [max(range(len(verdicts)), key=lambda at: verdicts[at].probability)]


def with_changes(text: str, changes: Sequence[Change]) -> str:
    """Apply these changes to the text; they are in order and do not overlap."""
    parts, at = [], 0
    for change in changes:
        parts += [text[at : change.start], change.text]
        at = change.end
    return "".join(parts) + text[at:]
