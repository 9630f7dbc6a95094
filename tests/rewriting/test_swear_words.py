"""Swearing beside a sentence that is rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
from rewriting_stand_ins import Half, Milder

from sro import RewriteArguments, Rewriter, Verdict

INSULT, MILD = "the idiot reverted this page.", "the person reverted this page."
SWEARING, PLAIN = "the bloody file is still there.", "the file is still there."
ONCE = RewriteArguments(samples=0, refine=0)


class Hears:
    """Fails insults, and passes swear words, which it names."""

    name = "hears"
    threshold = 0.5

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [self.verdict(text) for text in texts]

    def verdict(self, text: str) -> Verdict:
        profane = {"PROFANITY": 0.9 if "bloody" in text or "damn" in text else 0.0}
        label: Literal["pass", "fail"] = "fail" if "idiot" in text else "pass"
        return Verdict(label, 0.9 if label == "fail" else 0.1, self.name, profane)


def rewriter(*cuts: str, removes_swear_words: bool = True) -> Rewriter:
    return Rewriter(
        Milder(),
        Hears(),
        Half(),
        deletion_rules=lambda sentence: list(cuts) if sentence == SWEARING else [],
        removes_swear_words=removes_swear_words,
    )


def test_a_swear_word_goes_where_another_sentence_is_rewritten() -> None:
    (found,) = rewriter(PLAIN).rewrite([f"{INSULT} {SWEARING}"], ONCE)
    assert found.text == f"{MILD} {PLAIN}"
    assert [change.text for change in found.changes] == [MILD, PLAIN]


def test_a_comment_that_passes_keeps_its_swear_words() -> None:
    (found,) = rewriter(PLAIN).rewrite([SWEARING], ONCE)
    assert (found.status, found.text) == ("unchanged", SWEARING)


@pytest.mark.parametrize("cuts", [(), ("the damn file is still there.",), ("the idiot file is still there.",)])
def test_a_swear_word_stays_where_no_rule_knows_how_to_leave_it_out(cuts: tuple[str, ...]) -> None:
    (found,) = rewriter(*cuts).rewrite([f"{INSULT} {SWEARING}"], ONCE)
    assert (found.status, found.text) == ("rewritten", f"{MILD} {SWEARING}")


def test_nobody_looks_for_swear_words_where_people_may_swear() -> None:
    (found,) = rewriter(PLAIN, removes_swear_words=False).rewrite([f"{INSULT} {SWEARING}"], ONCE)
    assert found.text == f"{MILD} {SWEARING}"


def test_a_comment_that_would_fail_without_its_swear_word_gets_it_back() -> None:
    class Contrary(Hears):
        """Fails comments as a whole in which the swear word was left out."""

        def verdict(self, text: str) -> Verdict:
            whole = MILD in text and PLAIN in text
            return Verdict("fail", 0.8, self.name, {"PROFANITY": 0.0}) if whole else super().verdict(text)

    game = rewriter(PLAIN)
    game.screener = Contrary()
    (found,) = game.rewrite([f"{INSULT} {SWEARING}"], ONCE)
    assert (found.status, found.text) == ("rewritten", f"{MILD} {SWEARING}")
    assert found.after is not None and found.after.passed


@pytest.mark.parametrize("foreign", [SWEARING, f"{INSULT} {SWEARING}"])
def test_sentences_of_other_languages_keep_their_swear_words(foreign: str) -> None:
    game = rewriter(PLAIN)
    game.leader_knows_language = lambda text: text != foreign
    assert game.rewrite([f"{INSULT} {SWEARING}"], ONCE)[0].text == f"{MILD} {SWEARING}"
