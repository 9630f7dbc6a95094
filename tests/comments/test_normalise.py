"""Disguised words of the list are restored; everything else stays as it is."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.comments.disguise_scan import find_disguised
from sro.comments.normalise import (
    Normalised,
    fold_look_alikes,
    fold_unicode,
    lower,
    normalise,
    restore_masked_words,
    trace,
    with_words_joined,
)
from sro.comments.spelled_out import join_spaced_words


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


def start(text: str) -> Normalised:
    return Normalised(text, range(len(text) + 1))


def test_each_step_does_its_own_work_only() -> None:
    assert fold_unicode(start("Ｆ*CK іdiot")).text == "F*CK іdiot"
    assert fold_look_alikes(start("іdiot мир")).text == "idiot мир"
    assert lower(start("F*CK Straße")).text == "f*ck strasse"
    assert join_spaced_words(start("f u c k sh*t")).text == "fuck sh*t"
    assert restore_masked_words(start("f u c k sh*t")).text == "f u c k shit"


def test_shipped_clean_sentences_come_back_lower_cased_only() -> None:
    lines = (files("sro") / "assets/starter/identity.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) > 100
    assert [normalise(text) for text in texts] == [lower(fold_unicode(start(text))).text for text in texts]


def test_normalising_twice_changes_nothing_more() -> None:
    texts = ["F*ck y o u, i d i o t", "ＳＨ!Ｔ", "stuuupid A55 *f*ck*", "A.S.S. ltd"]
    assert [normalise(normalise(text)) for text in texts] == [normalise(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "word", "written"),
    [
        ("An  i d i o t!", "idiot", "i d i o t"),
        ("so f*cking 1d1ot", "idiot", "1d1ot"),
        ("a\u200b f\u200bu\u200bck here", "fuck", "f\u200bu\u200bck"),
        ("Straße der ѕһіt Straße", "shit", "ѕһіt"),
        ("oh f̷̢u̷c̷k̷ no", "fuck", "f̷̢u̷c̷k̷"),
        ("stuuuuupid thing", "stupid", "stuuuuupid"),
        ("ﬁrst, YOU fool", "fool", "fool"),
        ("nothing hidden", "hidden", "hidden"),
    ],
)
def test_words_are_found_where_they_were_written(text: str, word: str, written: str) -> None:
    seen = trace(text)
    at = seen.text.index(word)
    start, end = seen.origin(at, at + len(word))
    assert text[start:end] == written


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("You F*CKING Idiot… of the Straße™", "You F*CKING Idiot… of the Straße™"),
        ("İ say T h a n k  Y o u, Straße…", "İ say thank  you, Straße…"),
        ("S…T…U…P…I…D now ½", "stupid now ½"),
        ("ﬃ word I D I O T here ½", "ﬃ word idiot here ½"),
        ("Plain", "Plain"),
    ],
)
def test_a_text_with_words_joined_is_otherwise_as_written(text: str, joined: str) -> None:
    assert with_words_joined(text) == joined


def test_offsets_lead_through_the_whole_text() -> None:
    for text in ["", "\u200bf*ck\u200b", "İßﬃ ｓｈ１ｔ i d i o t 🅵🆄🅲🅺", "e\u0301 b****!!!", "ABC"]:
        seen = trace(text)
        assert len(seen.offsets) == len(seen.text) + 1
        assert (seen.offsets[0], seen.offsets[-1]) == (0, len(text))
        assert list(seen.offsets) == sorted(seen.offsets)


def test_plain_text_keeps_its_offsets_at_no_cost() -> None:
    assert trace("Thank you, that's 'fine'!").offsets == range(26)


def merely_lower(text: str) -> str:
    return text.lower().replace("`", "'")


PIECES = [*"fut.-*!1(@$'` ,", "idiot", "asshoIe", "sh", "  ", "\n", "\x1c", "aaa"]


@given(st.lists(st.text("fuckasI .-*!1(@$\n\0é", max_size=12) | st.lists(st.sampled_from(PIECES)).map("".join)))
def test_texts_that_are_not_told_hide_nothing(texts: list[str]) -> None:
    told = set(find_disguised(texts))
    assert [t for i, t in enumerate(texts) if i not in told and normalise(t) != merely_lower(t)] == []


def test_few_plain_texts_are_told() -> None:
    lines = (files("sro") / "assets/starter/identity.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert len(find_disguised(texts)) <= 0.05 * len(texts)
    assert find_disguised(
        ["plain, well-known", "sh*t", "", "an i d i o t", "great!", "naïve", "asshoIe", "stuuupid"]
    ) == [*[1, 3, 5, 6, 7]]


@given(
    st.lists(
        st.sampled_from(["\u202e", "\u202c", "\n", "id", "ot", "&#100;", "<b>", "](", "ﬁ", "s t u p i d", "i\u0307"])
    )
)
def test_every_character_that_is_read_comes_from_a_place(pieces: list[str]) -> None:
    text = "".join(pieces)
    seen = trace(text)
    assert len(seen.offsets) == len(seen.text) + 1 and seen.offsets[-1] == len(text)
    assert list(seen.offsets) == sorted(seen.offsets)


def test_a_mark_of_direction_that_turns_nothing_round_leaves_no_place_behind() -> None:
    assert trace("\u202e").offsets == [1] and trace("a\u202e\u202cb").text == "ab"
