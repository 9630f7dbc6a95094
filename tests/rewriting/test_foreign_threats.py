"""Threats in languages that the leader does not write are refused, also where only their insult would go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sro.comments.languages import speaks
from sro.rewriting.foreign_candidates import rules_in
from sro.rewriting.foreign_threats import names_threat
from sro.rewriting.rewriter import RewriteArguments, Rewriter
from sro.screeners.base import Verdict
from tests.rewriting.test_foreign_deletions import GERMAN, Half, Milder, Strict

THREATS = [
    "Ich bring dich um, du Hurensohn.",
    "Verreck doch, du Arschloch.",
    "Wenn du nicht die Fresse hältst, schlag ich dich, du Hurensohn.",
    "Krepier endlich, du Schwein.",
    "Ich finde dich, du Hurensohn.",
    "Wir kriegen dich, du Verräter.",
    "Ich weiß, wo du wohnst, du Opfer.",
    "Te voy a matar, hijo de puta.",
    "Je vais te tuer, connard.",
    "Crève, connard !",
    "Vou te matar, seu idiota.",
    "Te mato, seu idiota.",
    "Seu lixo, morra!",
    "Morra seu idiota.",
    "Espero que você morra, idiota.",
    "Tomara que morra.",
    "Tomara que sua mãe morra",
    "Só quero que essa gente morra",
    "Que morra!",
    "Morra de uma vez",
    "morra, seu lixo. — Morra!",
    "Cale a boca e morra!",
    "Wenn ich dich sehe, totschlagen werde ich dich.",
    "Я тебя убью, сука.",
    "سأقتلك يا كلب",
    "मैं तुझे जान से मार दूंगा कुत्ते",
    "我要杀了你，傻逼",
]
HARMLESS = [
    "Ich bring dich um acht zum Bahnhof, du Idiot.",
    "Ich finde dich doof, du Idiot.",
    "Ich schlage dich als Leiter vor, du Depp.",
    "Der Akku ist verreckt, du Depp.",
    "Je crève de faim, connard.",
    "Muere mucha gente cada día, idiota.",
    "Его хотели убить, дурак.",
    "他去死海旅游，傻逼",
    "I will kill you",
    "Eddie Morra is a fucking idiot and a moron.",
    "Esa morra es una pendeja.",
    "La neta, morra, eres una idiota.",
    "En esta casa te mato el hambre.",
    "Totschlag ist kein Mord, du Vollidiot!",
    "Er wollte nur die Zeit totschlagen, du Idiot.",
]


@pytest.mark.parametrize("sentence", THREATS)
def test_known_words_of_a_threat_are_found(sentence: str) -> None:
    assert names_threat(sentence)


@pytest.mark.parametrize("sentence", HARMLESS)
def test_everyday_sentences_beside_an_insult_threaten_nobody(sentence: str) -> None:
    assert not names_threat(sentence)


class Hearing(Strict):
    """Hears this much of a threat in sentences with, and without, the insult."""

    def __init__(self, before: float, after: float) -> None:
        self.before, self.after = before, after

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        answers = super().screen(texts, sources=sources)
        return [replace(one, attributes={"THREAT": self.after if one.passed else self.before}) for one in answers]


def rewritten(comment: str, before: float, after: float, max_threat: float = 0.9) -> tuple[str, str | None]:
    rules = rules_in(["de"])
    rewriter = Rewriter(Milder(), Hearing(before, after), Half(), leader_knows_language=speaks, foreign_rules=rules)
    [found] = rewriter.rewrite([comment], RewriteArguments(max_threat=max_threat))
    return found.status, found.reason


@pytest.mark.parametrize(
    ("before", "after", "max_threat", "status", "reason"),
    [
        (0.1, 0.05, 0.9, "rewritten", None),
        (0.7, 0.05, 0.9, "refused", "threat"),  # heard before the insult went
        (0.1, 0.7, 0.9, "refused", "threat"),  # and only after
        (0.7, 0.7, 1.0, "rewritten", None),
    ],
)
def test_where_no_critic_reads_a_threat_is_heard_sooner(
    before: float, after: float, max_threat: float, status: str, reason: str | None
) -> None:
    assert rewritten(GERMAN, before, after, max_threat) == (status, reason)


def test_one_in_known_words_is_refused_whatever_the_screener_hears() -> None:
    threat = "Ich bring dich morgen wirklich um, du Vollidiot!"
    assert rewritten(threat, 0.0, 0.0) == ("refused", "threat")
    assert rewritten(f"{GERMAN} Wir kriegen dich.", 0.0, 0.0) == ("refused", "threat")  # where it would stay
