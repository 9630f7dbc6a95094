"""HTML entities: the leader gets the text that readers see, and the rewrite is written as the author wrote.

    >>> sentence, entities = unescaped("You&#39;re a fool &amp; a liar")
    >>> sentence
    "You're a fool & a liar"
    >>> escaped("You're wrong & you know it", entities)
    'You&#39;re wrong &amp; you know it'

Platforms that store comments as HTML send such text. Entities of letters and digits are a disguise (`mor&#111;n`),
which `sro.rewriting.disguise` undoes permanently.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from sro.comments.markup import ENTITY

NEVER_BARE = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""Signs that HTML text always writes as entities, whether the author's sentence has them or not."""


def unescaped(text: str, kept: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
    """The text with its entities of signs decoded, and the entity of each sign; no entities if the text has none.

    Args:
        kept: links, mentions and the like within it, from left to right; these are not changed.
    """
    if not ENTITY.search(text):
        return text, {}
    entities: dict[str, str] = {}

    def sign(found: re.Match[str]) -> str:
        shown = html.unescape(found[0])
        if len(shown) != 1 or shown.isalnum():
            return found[0]
        entities.setdefault(shown, found[0])
        return shown

    parts, at = [], 0
    for piece in kept:
        start = text.find(piece, at)
        if start >= 0:
            parts += [ENTITY.sub(sign, text[at:start]), piece]
            at = start + len(piece)
    parts.append(ENTITY.sub(sign, text[at:]))
    return "".join(parts), NEVER_BARE | entities if entities else {}


def escaped(
    text: str, entities: Mapping[str, str], kept: Sequence[str] = (), as_written: Sequence[str] | None = None
) -> str:
    """The text with those signs encoded as their entities, except in the pieces in `kept`.

    Args:
        as_written: the pieces as their author wrote them, which is how they appear in the answer. None: as in `kept`.

    >>> escaped("See `a b`", {}, ["`a b`"], ["`a  b`"])
    'See `a  b`'
    """
    table = str.maketrans(dict(entities))
    if not kept:
        return text.translate(table)
    forms: dict[str, list[str]] = {}
    for piece, written in zip(kept, as_written or kept):
        forms.setdefault(piece, []).append(written)
    longest_first = sorted(forms, key=len, reverse=True)  # a link may begin with another link
    parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", text)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = forms[part].pop(0) if len(forms[part]) > 1 else forms[part][0]
        else:
            parts[place] = part.translate(table)
    return "".join(parts)
