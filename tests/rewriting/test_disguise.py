"""What a disguised sentence says, and which rewrites keep part of the disguise."""

from __future__ import annotations

import pytest

from sro.rewriting.disguise import keeps_disguise, plain_spelling


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("f u c k off", "fuck off"),
        ("y0u 1d10t", "you idiot"),
        ("Y0U AR3 4 l0s3r, b3cau$e p5ycho7", "YOU ARE 4 loser, because psycho7"),
        ("You are stuuuupid", "You are stupid"),
        ("F*ck y o u all", "Fuck you all"),
        ("ѕtuріd thing", "stupid thing"),
        ("𝓯𝓾𝓬𝓴 you", "fuck you"),
        ("you i d i o t !", "you idiot !"),
        ("naïve café, mp3 and ½ cup", "naïve café, mp3 and ½ cup"),
        ("fine words, **bold** and don’t", "fine words, **bold** and don’t"),
        ("Das muß außer Haßkommentaren weg", "Das muß außer Haßkommentaren weg"),
        ("", ""),
    ],
)
def test_plain_spelling(sentence: str, plain: str) -> None:
    assert plain_spelling(sentence) == plain
    assert plain_spelling(plain) == plain


@pytest.mark.parametrize(
    "said",
    [
        *("1st", "4th", "70s", "50s", "5am", "4m", "3D", "4K", "i5", "i7", "M3", "w3", "A4", "B12", "T34"),
        *("WW3", "GT4", "mp5", "H1N1", "W3C", "M4A1", "MP3s", "plan a b c", "p q r"),
    ],
)
def test_numbers_and_names_beside_a_disguise_stay(said: str) -> None:
    assert plain_spelling(f"See {said} now, you f*cking idiot") == f"See {said} now, you fucking idiot"


@pytest.mark.parametrize(
    ("spelt", "plain"),
    [("th3", "the"), ("sh3", "she"), ("n0", "no"), ("0f", "of"), ("fr33", "free"), ("th1s", "this")],
)
def test_words_beside_a_disguise_are_read(spelt: str, plain: str) -> None:
    assert plain_spelling(f"see {spelt} now, f*cking idiot") == f"see {plain} now, fucking idiot"


def test_what_is_kept_is_never_respelled() -> None:
    sentence = "@sh1t_bot, y0u 1d10t, see https://x.org/sh1t"
    kept = ("@sh1t_bot", "https://x.org/sh1t")
    assert plain_spelling(sentence, kept) == "@sh1t_bot, you idiot, see https://x.org/sh1t"


@pytest.mark.parametrize(
    ("text", "plain", "kept"),
    [
        ("u c k off", "fuck off", True),
        ("y0u 1d10n", "you idiot", True),
        ("sh*t", "shit", True),
        ("I am a fool", "you idiot", False),
        ("u are wrong", "u idiot", False),
        ("you are wrong, 2nd time", "you idiot, 2nd time", False),
        ("please leave", "fuck off", False),
    ],
)
def test_keeps_disguise(text: str, plain: str, kept: bool) -> None:
    assert keeps_disguise(text, plain) is kept


@pytest.mark.parametrize(
    "sentence", ["J'ai hâte que tu partes bientôt, connard !", "Râpe le fromage pour tout le monde, abruti !"]
)
def test_an_accent_hides_nothing_in_another_language(sentence: str) -> None:
    assert plain_spelling(sentence) == sentence


def test_in_english_it_does() -> None:
    assert (
        plain_spelling("You are such an ídiot and I do not like you") == "You are such an idiot and I do not like you"
    )
