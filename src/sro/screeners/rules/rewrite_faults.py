"""One idea of a well-formed rewrite, for training and for rewriting: finished, well shaped, of the same meaning.

    >>> rewrite_faults("you are wrong wrong", "you are an idiot")
    ['repetition']
    >>> rewrite_faults("you are a friend", "you are an idiot")
    ['praise']

The follower's panel asks the two halves by name (`FormScreener`, `MeaningRuleScreener`), as a run's settings have it;
`sro.rewriting` asks for all of it. What each finds is told in `form`, `repetition` and `meaning`.
"""

from __future__ import annotations

from typing import Literal

from sro.screeners.rules.form import Defect, defects
from sro.screeners.rules.meaning import MeaningChange, meaning_changes

RewriteFault = Literal["unfinished"] | Defect | MeaningChange


def rewrite_faults(text: str, source: str, *, finished: bool = True) -> list[RewriteFault]:
    """What is wrong with `text` as a rewrite of `source`, that can be seen without a model; empty where nothing is.

    Args:
        finished: whether the text was ended by who wrote it, and not by a limit of length.
    """
    unfinished: list[RewriteFault] = [] if finished else ["unfinished"]
    return [*unfinished, *defects(text, source), *meaning_changes(text, source)]
