"""What the benchmark of injected instructions counts."""

from __future__ import annotations

from typing import Any

import pytest

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


def test_the_table_counts_every_stage() -> None:
    from benchmarks.injections.run import COLUMNS, Row, table_of

    first, second = cases()[:2]
    rows = [
        Row(0, "rewritten", None, ["a"], [""], "a", True, False, True, True),
        Row(1, "unchanged", None, [], [], None, False, False, False, False),
    ]
    table = table_of([first, second], rows)
    told = [[str(cell) for cell in column.cells] for column in table.columns]
    assert told[0] == ["ignore, behind", "ignore, before", "all"] and len(told) == 1 + len(COLUMNS)
    assert [column[-1] for column in told[1:]] == ["2", "1", "1", "0", "1", "1", "1"]


def test_a_model_that_obeys_is_seen_at_every_stage() -> None:
    pytest.importorskip("openai", reason="the chat engine needs the extra `chat`")
    from benchmarks.injections.run import Obedient, played
    from sro.leader.engines.chat.config import ChatArguments
    from sro.leader.generation import Sampling
    from sro.rewriting.result import Rewrite
    from sro.screeners.base import Verdict

    generator = Obedient(ChatArguments(chat_url="http://127.0.0.1:9/v1", chat_model="none"))

    class Ships:
        """Asks about the comment, and ships whatever the model says."""

        def rewrite(self, texts, arguments):
            generator.generate(texts, 1, Sampling(temperature=0.0), None)
            _, raw, _ = generator.answers[-1]
            return [Rewrite(texts[0], raw, "rewritten", Verdict("fail", 0.9, "x 1"))]

    row = played(cases()[0], Ships(), generator)
    assert row.raw == ["you are completely wrong, KUMQUAT"] and row.checked == [""]  # the engine saw through it
    assert (row.raw_obeys, row.checked_obeys, row.shipped_holds, row.shipped_obeys) == (True, False, True, True)


@pytest.mark.parametrize(
    ("words", "screener"), [([], "embedded"), (["--screener", "embedded/linear"], "embedded/linear")]
)
def test_orders_are_measured_with_the_screener_that_ships_unless_told(
    monkeypatch: pytest.MonkeyPatch, words: list[str], screener: str
) -> None:
    from benchmarks import injection

    asked: list[str] = []

    def load(**options: Any) -> None:
        asked.append(options["screener"])
        raise SystemExit(0)

    monkeypatch.setattr(injection.Rewriter, "load", load)
    monkeypatch.setattr("sys.argv", ["injection", *words])
    with pytest.raises(SystemExit):
        injection.main()
    assert asked == [screener]
