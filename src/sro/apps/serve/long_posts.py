"""A long post is rewritten sentence by sentence, each a text of its own in the queue, so that others have their turn.

A short comment goes to the rewriter whole (`sro.rewriting.rewriter`), which does the same inside one call. The outcome
means the same: a post is rewritten if every sentence that failed has a rewrite and the whole passes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sro.apps.serve.deadline import Deadline
from sro.apps.serve.lanes import Parts
from sro.apps.serve.pieces import in_pieces
from sro.apps.serve.screening import Screened, ScreeningOptions
from sro.rewriting.result import Change, Rewrite

LONG = 4096
"""Bytes in UTF-8 above which a text is a long post."""
Options = tuple[tuple[str, Any], ...]
"""What a request says of `RewriteArguments`; the key of the rewriting lane."""


def is_long(text: str) -> bool:
    """Whether the text is a long post."""
    return len(text.encode("utf-8", "surrogatepass")) > LONG


async def rewrite_long(text: str, options: Options, parts: Parts, deadline: Deadline) -> Rewrite:
    """The rewrite of one long post. Its `similarity` is that of the sentence that lost most.

    Raises:
        Refusal: as `Lane.submit`; nothing of the post is kept, for half a rewrite would still fail.
    """
    assert parts.rewrite is not None
    screening = ScreeningOptions(threshold=dict(options).get("threshold"))
    [before] = await parts.screen.submit([text], screening, deadline)
    if before.verdict.passed:
        return Rewrite(text, text, "unchanged", before.verdict)
    places = to_rewrite(before)
    found = await in_pieces(parts.rewrite, [text[start:end] for start, end in places], options, deadline)
    refused = next((one for one in found if one.status == "refused"), None)
    done = [(place, one) for place, one in zip(places, found) if one.status == "rewritten"]
    similarity = min((one.similarity for one in found if one.similarity is not None), default=None)
    candidates = sum(one.candidates for one in found)
    if refused is not None:
        after = refused.after
        return Rewrite(text, None, "refused", before.verdict, after, similarity, candidates, reason=refused.reason)
    changes = tuple(Change(start, end, one.text) for (start, end), one in done)
    rewritten = with_changes(text, changes)
    [after] = await parts.screen.submit([rewritten], screening, deadline)
    told = (before.verdict, after.verdict, similarity, candidates)
    if not after.verdict.passed:
        return Rewrite(text, None, "refused", *told, reason="still_fails" if places else "protected_fails")
    return Rewrite(text, rewritten, "rewritten", *told, changes=changes)


def to_rewrite(screened: Screened) -> list[tuple[int, int]]:
    """Begin and end of the sentences that fail, else of the worst one: the whole may fail by all of them."""
    sentences = screened.sentences
    failing = [one for one in sentences if not one.verdict.passed]
    if not failing and sentences:
        failing = [max(sentences, key=lambda one: one.verdict.probability)]
    return [(one.start, one.end) for one in failing]


def with_changes(text: str, changes: Sequence[Change]) -> str:
    """The text with these changes, which are in order and apart."""
    parts, at = [], 0
    for change in changes:
        parts += [text[at : change.start], change.text]
        at = change.end
    return "".join(parts) + text[at:]
