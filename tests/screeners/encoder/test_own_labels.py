"""Labels in the columns of a user's own file."""

from __future__ import annotations

import pytest

from sro.core.errors import SROError
from sro.screeners.encoder.own_labels import attribute_of, own_targets


def test_columns_are_known_by_every_usual_name_in_any_case() -> None:
    names = ("toxicity", " Obscene ", "IDENTITY_HATE", "comment")
    assert [attribute_of(name) for name in names] == ["TOXICITY", "PROFANITY", "IDENTITY_ATTACK", None]


def test_empty_cells_and_nan_decide_nothing() -> None:
    fields = {"text": "hi", "toxic": "0.5", "insult": "", "threat": None, "obscene": "nan"}
    assert own_targets(fields, "a.csv, line 2") == {"TOXICITY": 0.5}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"toxic": "90"}, "a.csv, line 2: toxic is '90'\n  fix: "),
        ({"toxic": True, "toxicity": 0}, "toxic and toxicity are both TOXICITY"),
    ],
)
def test_mistakes_name_the_row(fields: dict[str, object], message: str) -> None:
    with pytest.raises(SROError, match=message):
        own_targets(fields, "a.csv, line 2")
