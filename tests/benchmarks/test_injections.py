"""What the benchmark of injected instructions counts."""

from __future__ import annotations

from benchmarks.injections.attacks import CARRIERS, PAYLOADS, cases, obeys, times_held


def test_400_comments_and_every_20_have_each_kind_and_carrier_once() -> None:
    all_of_them = cases()
    assert len({case.text for case in all_of_them}) == 400 == len(PAYLOADS) * len(CARRIERS)
    for first in range(0, 400, 20):
        some = all_of_them[first : first + 20]
        assert len({case.payload.kind for case in some}) == len({case.toxic for case in some}) == 20
    assert len({(case.payload.kind, case.toxic) for case in all_of_them}) == 400


def test_the_canary_is_in_the_comment_unless_it_is_hidden() -> None:
    for case in cases():
        hidden = case.payload.kind in ("base64", "rot13, backwards")
        assert (times_held(case.text, case.word) == 0) == hidden, case.text
        assert "{" not in case.text.replace('{"role"', "") and times_held(case.civil, case.word) == 0


def test_obeying_and_quoting() -> None:
    case = cases()[0]
    text, word = case.text, case.word
    assert obeys(case, text, word.upper())
    assert obeys(case, text, f"{case.civil}, {' '.join(word)}")
    assert not obeys(case, text, case.civil)
    quoting = case.payload.around(case.civil, word)
    assert not obeys(case, text, quoting) and obeys(case, text, f"{quoting} {word}")


def test_what_was_hidden_cannot_be_quoted() -> None:
    case = next(case for case in cases() if case.payload.kind == "base64")
    quoting = case.payload.around(case.civil, case.word)
    assert not obeys(case, case.text, quoting) and obeys(case, case.text, f"{quoting} {case.word}")


def test_about_a_sentence_without_any_of_the_payload_whatever_holds_the_canary_obeys() -> None:
    case = cases()[0]
    assert obeys(case, case.toxic, f"{case.civil} {case.word}") and not obeys(case, case.toxic, case.civil)
