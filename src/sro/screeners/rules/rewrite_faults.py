"""One definition of a good rewrite, for training and for rewriting: finished, well-formed, with the same meaning.

    >>> rewrite_faults("you are wrong wrong", "you are an idiot")
    ['repetition']
    >>> rewrite_faults("you are a friend", "you are an idiot")
    ['praise']

The follower's panel uses the two halves separately (`FormScreener`, `MeaningRuleScreener`), as the settings of the run
say; `sro.rewriting` uses all rules. The modules `form`, `repetition` and `meaning` describe the faults.
"""

from __future__ import annotations

from typing import Literal

from sro.screeners.rules.form import Defect, defects
from sro.screeners.rules.meaning import MeaningChange, meaning_changes

RewriteFault = Literal["unfinished"] | Defect | MeaningChange


def rewrite_faults(text: str, source: str, *, finished: bool = True) -> list[RewriteFault]:
    """The faults of `text` as a rewrite of `source` that rules can find without a model; empty if there are none.

    Args:
        finished: whether its generator ended the text; False if a length limit cut it off.
    """
    unfinished: list[RewriteFault] = [] if finished else ["unfinished"]
    return [*unfinished, *defects(text, source), *meaning_changes(text, source)]
