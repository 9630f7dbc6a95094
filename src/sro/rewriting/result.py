"""The result for a comment: the rewrite, its verdicts, and the reason for a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sro.screeners.base import Verdict

Reason = Literal[
    "too_long",  # a sentence that fails does not fit the leader, or the comment has more than 100,000 characters
    "still_fails",  # no candidate passes the screener
    "threat",  # the comment threatens or wishes harm (`RewriteArguments.max_threat`): said politely it is still that
    "meaning_lost",  # some pass, but say something else, or nothing a person would (critic, cosine, rules of meaning)
    "empty",  # some pass and keep the meaning, but have neither letter nor digit,
    "unfinished",  # … break off,
    "repeating",  # … stutter,
    "malformed",  # … have a hole, a run of commas or an odd length (`sro.screeners.rules.form`),
    "disguised",  # … keep part of the spelling that hid a word (`sro.rewriting.disguise`),
    "copy",  # … have the sentence's own letters and digits: the screener has a gap there
    "protected_lost",  # … or lack a link, mention, hashtag or code that stands in the sentence
    "declined",  # the chat server that leads gave no rewrite but a refusal
    "no_answer",  # … or gave none at all, however often it was asked
    "language",  # a sentence that fails is not in a language that the leader writes (`sro.comments.languages`)
    "protected_fails",  # the screener objects only to such pieces, emoji or block quotes, which may not be changed
]


Status = Literal["unchanged", "rewritten", "refused"]


@dataclass(frozen=True, slots=True)
class Change:
    """A rewritten sentence: `source[start:end]`, counted in characters, became `text`. `text` is empty if the sentence
    was left out with the blank beside it, because it was only abuse or because the comment can do without it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The outcome for one comment: its text, how it was made, and the screener's verdicts before and after.

    Example:
        >>> rewrite = Rewrite("Thanks!", "Thanks!", "unchanged", Verdict("pass", 0.02, "nblr 1a2b3c4d"))
        >>> rewrite.status, rewrite.text, rewrite.changes
        ('unchanged', 'Thanks!', ())
    """

    source: str
    text: str | None
    """The source itself if `unchanged`, the rewrite if `rewritten`, None if `refused`."""
    status: Status
    before: Verdict
    """The screener's verdict on the comment: on the whole, or on its worst sentence if one fails."""
    after: Verdict | None = None
    """The verdict on the best candidate, even if that was refused; None if no rewrite was generated."""
    similarity: float | None = None
    """Cosine of the best candidate with the comment, in [−1, 1]; None if no rewrite was generated."""
    candidates: int = 0
    """Number of judged candidates, of the leader and of the rules, for all sentences together."""
    reason: Reason | None = None
    """Why the comment was refused."""
    changes: tuple[Change, ...] = ()
    """The rewritten sentences, in order. All other text is the comment's, character by character."""
