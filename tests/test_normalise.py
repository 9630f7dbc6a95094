"""Disguised words of the list are restored; everything else stays as it is."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from sro.normalise import fold_look_alikes, fold_unicode, join_spaced_words, normalise, restore_masked_words


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("f*ck f**k f#ck f@ck f-ck", "fuck fuck fuck fuck fuck"),
        ("what the f***?", "what the fuck?"),
        ("f*****g b****", "fucking bitch"),  # one star hides one letter, so this is no "fag"
        ("*f*ck*", "*fuck*"),
        ("motherf***er", "motherfucker"),
        ("b*tch-ass", "bitch-ass"),
        ("sh!t!", "shit!"),
        ("$h1t 1d10t b1+ch @$$hole", "shit idiot bitch asshole"),
        ("fuuuuck you, stuuuupid", "fuck you, stupid"),
        ("you i d i o t", "you idiot"),
        ("f.u.c.k you", "fuck you"),
        ("f-u-c-k-i-n-g business", "fucking business"),
        ("S H I T", "shit"),
        ("ｆｕｃｋ", "fuck"),
        ("fu\u200bck", "fuck"),
        ("f\u0337u\u0337c\u0337k\u0337", "fuck"),
        ("іdiоt", "idiot"),  # Cyrillic і and о
    ],
)
def test_disguised_words_are_restored(disguised: str, plain: str) -> None:
    assert normalise(disguised) == plain


@pytest.mark.parametrize(
    "plain",
    [
        "take the a55 to chester, then the 4s",
        "*sigh* that's 4*5 = 20",
        "u.s.a. and a.s.a.p, a b c",
        "m*a*s*h is on tonight",
        "assess-b is really crappy.",
        "ho! ho! ho!",
        "as$ets, pi****d, h2o, 1st, covid-19, c++, c#",
        "sooo good, haaa",
        "café, naïve, straße".replace("ß", "ss"),
        "привет, мир",
        "mail bob@example.org about class-action",
        "",
    ],
)
def test_plain_text_is_not_harmed(plain: str) -> None:
    assert normalise(plain) == plain


def test_case_and_quotes_are_folded() -> None:
    assert normalise("You’re “RIGHT”") == 'you\'re "right"'


def test_each_step_does_its_own_work_only() -> None:
    assert fold_unicode("Ｆ*CK іdiot") == "f*ck іdiot"
    assert fold_look_alikes("іdiot мир") == "idiot мир"
    assert join_spaced_words("f u c k sh*t") == "fuck sh*t"
    assert restore_masked_words("f u c k sh*t") == "f u c k shit"


def test_shipped_clean_sentences_come_back_lower_cased_only() -> None:
    lines = (files("sro") / "assets/starter/identity.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) > 100
    assert [normalise(text) for text in texts] == [fold_unicode(text) for text in texts]


def test_normalising_twice_changes_nothing_more() -> None:
    texts = ["F*ck y o u, i d i o t", "ＳＨ!Ｔ", "stuuupid A55 *f*ck*", "A.S.S. ltd"]
    assert [normalise(normalise(text)) for text in texts] == [normalise(text) for text in texts]
