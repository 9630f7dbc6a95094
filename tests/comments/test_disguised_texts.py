"""Spellings that a reader sees through are undone, and innocent texts that look like them are left alone."""

from __future__ import annotations

import pytest

from sro.comments.clean import clean
from sro.comments.normalise import normalise, trace
from sro.comments.sentences import segments
from sro.screeners.loading import load_screener
from sro.screeners.toxic_spans import toxic_spans

RLO, PDF = "\u202e", "\u202c"
DISGUISED = [
    ("such a cr||ee||p", "such a creep"),
    ("you l**o**ser", "you loser"),
    ("_f_**o**ol", "fool"),
    ("a cl~~o~~wn", "a clown"),
    ("be **q**uiet", "be quiet"),
    ("stu[p](https://a.example/x)id", "stupid"),
    ("stu[pid](<https://a.example>)", "stupid"),
    ("[lo](#top)ser", "loser"),
    ("stu<wbr>pid", "stupid"),
    ("stu<WBR/>pid", "stupid"),
    ("stu<i></i>pid", "stupid"),
    ("stu<!-- x -->pid", "stupid"),
    ("stu<!-- x --><!-- y -->pid", "stupid"),
    ("a <!-- you fool --> b", "a <!-- you fool --> b"),
    ("a<!-- you fool -->b", "you fool ab"),
    ('stu<span class="a">pid', "stupid"),
    ("<b>stupid</b>", "stupid"),
    ("one<br>two", "one two"),
    ("stu&shy;pid", "stupid"),
    ("stu&zwnj;pid", "stupid"),
    ("stu&#8203;pid", "stupid"),
    ("&#115;tupid", "stupid"),
    ("stupi&#x64;", "stupid"),
    ("Tom &amp; Ann", "tom & ann"),
    ("\U0001f1f2 \U0001f1f4 \U0001f1f7 \U0001f1f4 \U0001f1f3", "moron"),
    ("\U0001f17c \U0001f17e \U0001f181 \U0001f17e \U0001f17d", "moron"),
    ("\U0001f17c\U0001f17e\U0001f181\U0001f17e\U0001f17d", "moron"),
    ("m о r о n", "moron"),
    ("ѕ t u р i d", "stupid"),
    ("ı-d-ı-o-t", "idiot"),
    ("ѕ.t.u.р.i.d", "stupid"),
    ("іd.іо.t", "idiot"),
    ("мo-rоn".replace("м", "m"), "moron"),
    (f"{RLO}diputs{PDF}", "stupid"),
    (f"you are {RLO}norom a", "you are a moron"),
    (f"{RLO}norom{PDF} and more", "moron and more"),
    ("you a r e  d u m b", "you are  dumb"),
    ("g e t  l o s t  y o u", "get  lost  you"),
    ("n o b o d y", "nobody"),
    ("t r a s h t a l k", "trash talk"),
    ("you are a\nm\no\nr\no\nn", "you are a\nmoron"),
    ("1-d-1-0-t", "idiot"),
    ("1d1-ot", "idiot"),
    ("m_o_r_o_n", "moron"),
    ("a cl__o__wn", "a clown"),
    ("[d]()umbass", "dumbass"),
    ("[i](/x)[d](/y)iot", "idiot"),
    ('im[bec](https://a.example "t")ile', "imbecile"),
    ("[i](/x 't')[d](/y)iot", "idiot"),
    ("stu&#112id", "stupid"),
    ("stu&#x70;id", "stupid"),
    ('<span style="color: red">stu</span>pid', "stupid"),
    ("<font color=red>stu</font>pid", "stupid"),
    ("⒮⒯⒰⒫⒤⒟", "stupid"),
    ("ιδιοτ", "idiot"),
    ("stu•pid", "stupid"),
    ("stu★★pid", "stupid"),
    ("stu😂pid", "stupid"),
    ("stu+pid", "stupid"),
    ("stu:pid,", "stupid,"),
    ("stu^pid!", "stupid!"),
    ("k y s", "kys"),
]
INNOCENT = [
    *("part b55-t01e is back", "sku a55-h01e-20", "clip f4g7us0s", "see a-1, b-2 and c-3", "58008 and 455"),
    *("shital, nishit and phuc", "dick cox of scunthorpe", "mr. hancock and ms. cockburn", "essex, sussex, middlesex"),
    *("snake_case_name and __init__", "a_b_c", "2*3*4 = 24", "**bold** and _plain_", "f(a, b, c)", "x | y | z"),
    *("if a < b and c > d", "a<b", "<you> said", "<3 <3", "at&t", "q&a; r&d", "a & b", "&nosuch;", "list[i](x)"),
    *("[docs](https://a.example/b_c)", "see [1](x)", "u.s.a. and a.s.a.p", "a b c d", "x y z", "i, a, u", "p.s. i do"),
    "\U0001f1e9\U0001f1ea \U0001f1eb\U0001f1f7",
    *("vitamins a c d e", "plan a b", "привет, мир", "и в о с", "中 国 人 民"),
    *("serial sh1t-9921", "d1ck-0012/3", "b1tch.2000", "r/apes and r/ape", "s'il faut", "up:date", "he said—she said"),
    *("list[i]() and f[s]()", "user__name__contains", "to_do_list", "a<b href", "<b href x>bold", "k, y, s"),
    *("r2d2 and c3po", "isbn 0-19-853453-1", "m*a*s*h", "co-op, e-mail, x-ray", "+1 -1 +1", "! ! ! | | |"),
]  # fmt: skip


@pytest.mark.parametrize(("disguised", "plain"), DISGUISED)
def test_what_a_reader_sees_is_read(disguised: str, plain: str) -> None:
    assert normalise(disguised) == plain
    assert normalise(normalise(disguised)) == plain


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_texts_stay(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(("disguised", "_"), DISGUISED)
def test_offsets_never_fall_and_end_with_the_text(disguised: str, _: str) -> None:
    seen = trace(disguised)
    assert len(seen.offsets) == len(seen.text) + 1 and seen.offsets[-1] == len(disguised)
    assert list(seen.offsets) == sorted(seen.offsets)
    for start in range(len(seen.text)):
        first, last = seen.origin(start, start + 1)
        assert first < last


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("you m||or||on, go", "m||or||on"),
        ("a mor[o](<https://a.example>)n here", "mor[o](<https://a.example>)n"),
        ("an id<wbr>iot, sir", "id<wbr>iot"),
        ("an i&#100;iot, sir", "i&#100;iot"),
        (f"sir {RLO}toidi na{PDF} ok", f"{RLO}toidi na{PDF}"),
    ],
)
def test_spans_cover_the_whole_spelling(text: str, spelled: str) -> None:
    [[span, *_]] = toxic_spans(load_screener("embedded/linear"), [text])
    assert text[span.start : span.end].strip(",") == spelled


def test_cleaning_obeys_an_override_too() -> None:
    assert clean(f"so {RLO}toidi{PDF} it is") == "so idiot it is"
    assert clean(clean(f"{RLO}ab{RLO}cd\nef")) == "dcba ef"


def test_segments_of_disguised_texts_are_still_the_text() -> None:
    for text, _ in DISGUISED:
        assert "".join(segment.text for segment in segments(text)) == text
