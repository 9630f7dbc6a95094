"""OpenAI's categories, and which of a screener's attributes fill them."""

from typing import Any

import pytest

from sro.apps.serve.moderations import CATEGORIES, answer
from sro.apps.serve.screening import Screened
from sro.screeners.base import Verdict

FILLED = ("harassment", "harassment/threatening", "hate", "hate/threatening")


def result(verdict: Verdict, language: str | None = "en") -> dict[str, Any]:
    [found] = answer([Screened(verdict, (), language=language)], verdict.screener)["results"]
    for values in ("categories", "category_scores", "category_applied_input_types"):
        assert set(found[values]) == set(CATEGORIES)  # clients expect them all
    return dict(found)


def verdict(toxicity: float, **attributes: float) -> Verdict:
    return Verdict("fail" if toxicity >= 0.3 else "pass", toxicity, "six", {"TOXICITY": toxicity, **attributes})


def test_one_attribute_fills_harassment_alone() -> None:
    found = result(Verdict("fail", 0.9, "linear"))
    assert [name for name, kinds in found["category_applied_input_types"].items() if kinds] == ["harassment"]
    assert [name for name, true in found["categories"].items() if true] == ["harassment"] and found["flagged"]
    assert {name for name, score in found["category_scores"].items() if score} == {"harassment"}


@pytest.mark.parametrize(
    ("toxicity", "threat", "hate", "true"),
    [
        (0.9, 0.9, 0.9, FILLED),
        (0.9, 0.9, 0.1, FILLED[:2]),
        (0.9, 0.1, 0.9, ("harassment", "hate")),
        (0.9, 0.1, 0.1, ("harassment",)),
        (0.35, 0.9, 0.1, ("harassment",)),  # the screener's own bar; a threat that is hardly harassment is none
        (0.1, 0.1, 0.6, ("hate",)),
        (0.1, 0.4, 0.4, ()),
    ],
)
def test_six_attributes_fill_four(toxicity: float, threat: float, hate: float, true: tuple[str, ...]) -> None:
    found = result(verdict(toxicity, THREAT=threat, IDENTITY_ATTACK=hate, PROFANITY=1.0, INSULT=1.0))
    assert tuple(name for name, is_so in found["categories"].items() if is_so) == true
    assert found["flagged"] == bool(true)
    assert [name for name, kinds in found["category_applied_input_types"].items() if kinds] == list(FILLED)
    scores = found["category_scores"]
    assert (scores["harassment"], scores["hate"]) == (toxicity, hate)
    assert scores["harassment/threatening"] == min(toxicity, threat)
    assert scores["hate/threatening"] == min(hate, threat)  # only if both
    assert scores["violence"] == 0 and not found["categories"]["violence"]


def test_a_screener_of_other_attributes_fills_what_it_has() -> None:
    found = result(verdict(0.9, THREAT=0.9))
    applied = [name for name, kinds in found["category_applied_input_types"].items() if kinds]
    assert applied == ["harassment", "harassment/threatening"]


def test_of_a_language_that_nobody_reads_every_category_is_without_a_reader() -> None:
    found = result(Verdict("fail", 0.9, "linear"), "de")
    assert not any(found["category_applied_input_types"].values())
    assert (found["language"], found["language_supported"]) == ("de", False)
    assert found["flagged"] and found["category_scores"]["harassment"] == 0.9  # said to be a guess, and not hidden
    unknown = result(Verdict("fail", 0.9, "linear"), None)
    assert unknown["language_supported"] is None and unknown["category_applied_input_types"]["harassment"] == ["text"]
