"""Sentences that their neighbours need: items of a numbered list, and those that the next sentence refers to.

>>> is_numbered("3) A cheeky bugger."), is_numbered("3 people agree.")
(True, False)
>>> points_back("There is nothing wrong with that."), points_back("That page needs a source.")
(True, False)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sro.comments.sentences import BREAK, Segment

_NUMBERED = re.compile(r"\s*\(?(?:\d{1,2}|[a-hA-H]|[ivx]{1,4})[).:]\s*\S")
# After "this" or "they", these words show that no noun follows. The verbs of `english_tokens` are not used: many of
# them are nouns too ("This claim is old" refers to nothing before), and they lack "alone" and the "isn" of "isn't".
_NO_NOUNS = (
    r"am|is|was|are|were|be|will|would|can|could|should|may|might|must|does|did|do|has|had|have|isn|wasn|aren|weren"
    r"|won|wouldn|couldn|don|doesn|didn|hasn|makes?|made|means?|meant|says?|said|goes|went|takes?|took|just|only|also"
    r"|alone|really|all|both|too|not"
)
_POINTS_BACK = re.compile(
    # It begins with a pronoun that no noun follows, …
    r"\W*(?:(?:and|but|so|or|because|well|yes|no|yeah|now|then|if|for|maybe|perhaps)\W+){0,2}"
    rf"(?:that|this|these|those|it|which|such|neither|he|she|they)(?:['’](?:s|re|ll|d|ve)\b|\W+(?:{_NO_NOUNS})\b|\W*$)"
    # … ends with one, …
    r"|.*\b(?:of|with|about|to|like|for|by|on|in|at|from|than|do|did|does|say|said|mean|know|think)\s+"
    r"(?:that|this|it|so)\W*$"
    # … or says that it continues.
    r"|\W*(?:therefore|hence|thus|consequently|otherwise|however|instead|for example|for instance|because|or else)\b"
    # … or asks what others think of it.
    r"|\W*(?:do|does|who|any|anyone|anybody|would)\b.{0,24}\b(?:agree|disagree|thoughts|opinions|objections)\W*$"
    r"|\W*(?:agreed?|thoughts|am i right|right|no)[^\w?]*\?\W*$",
    re.IGNORECASE | re.DOTALL,
)


def is_numbered(sentence: str) -> bool:
    """Whether a sentence is an item of a numbered or lettered list; readers would notice its absence."""
    return _NUMBERED.match(sentence) is not None


def is_numbered_item(segments: Sequence[Segment], place: int) -> bool:
    """The same for a sentence by its place in a comment, with the layout before it, which holds the number."""
    mark, at = "", place
    while at and segments[at - 1].kind == "layout" and not BREAK.search(mark):
        at -= 1
        mark = segments[at].text + mark
    return is_numbered(BREAK.split(mark)[-1] + segments[place].text)


def points_back(sentence: str) -> bool:
    """Whether a sentence refers to the one before, as "That is why …" does."""
    return _POINTS_BACK.match(sentence) is not None
