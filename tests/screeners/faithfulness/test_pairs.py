"""Training pairs of the faithfulness critic: what keeps a meaning and what loses it."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from sro.screeners.faithfulness import changes
from sro.screeners.faithfulness.pairs import Material, Pair, PairMaker, adds_stopgap, batches, has_usable_length

SENTENCE = "Please stop changing the article, because people read it and 5 numbers from Berlin are wrong."


def tries(change: changes.Change, text: str, times: int = 40) -> set[str]:
    rng = random.Random(0)
    return {changed for changed in (change(text, rng) for _ in range(times)) if changed is not None}


@pytest.mark.parametrize("change", changes.RUDENESS, ids=lambda change: change.__name__)
def test_rudeness_leaves_nearly_all_words_of_the_sentence(change: changes.Change) -> None:
    found = tries(change, SENTENCE)
    assert found and SENTENCE not in found
    words = set(SENTENCE.lower().replace(",", "").rstrip(".").split())
    for rude in found:
        assert len(words - set(rude.lower().replace(",", "").replace(".", "").split())) <= 2  # exchanged for rude ones


@pytest.mark.parametrize("change", changes.UNFAITHFUL, ids=lambda change: change.__name__)
def test_every_unfaithful_change_changes_and_leaves_some_text(change: changes.Change) -> None:
    found = tries(change, "You are a stupid liar and my 5 friends from Berlin know it. Stop that, please.")
    assert found
    assert all(text.strip() for text in found)


def test_two_words_of_a_sentence_are_made_rude_whatever_their_order() -> None:
    for rude in tries(changes.coarsen, "This person wrote nonsense."):
        assert "person" not in rude and "nonsense" not in rude and rude.startswith("This ") and rude.endswith(".")


def test_insults_to_the_reader_are_left_out_where_a_sentence_remains() -> None:
    rng = random.Random(0)
    assert changes.drop_address("Learn to spell first, you stupid moron!", rng) == "Learn to spell first!"
    assert changes.drop_address("You moron", rng) is None
    assert changes.drop_intensifiers("Fix your fucking code now.", rng) == "Fix your code now."
    assert changes.drop_intensifiers("Fix your code now.", rng) is None


def test_a_hole_is_where_a_rude_noun_carried_the_clause() -> None:
    assert tries(changes.hole, "He is an asshole to work with.") == {"He is an to work with."}


def test_negations_come_and_go() -> None:
    assert "That is not true." in tries(changes.negate, "That is true.")
    assert tries(changes.negate, "That never works.") == {"That always works."}


def test_a_wrong_word_has_the_ending_of_the_right_one() -> None:
    wrong = changes.WrongWord(["running quickly beside walls", "singing loudly"])
    found = tries(wrong, "He was eating slowly yesterday")
    assert found <= {
        f"He was {verb} {adverb} yesterday"
        for verb in ("eating", "running", "singing")
        for adverb in ("slowly", "quickly", "loudly")
    } | {f"He was eating slowly {word}" for word in ("beside", "walls")}


def material() -> Material:
    clean = [f"The {noun} was better before you changed it." for noun in ("page", "song", "rule", "game")]
    ready = {name: [Pair("It is very cold today.", "Today is a cold day.", 1.0, name)] for name in ("paraphrase",)}
    ready |= {
        name: [Pair("It was built in 1990.", "It was built in 1880.", 0.0, name)]
        for name in ("cannot", "breaking_nli")
    }
    rude = ["Learn to spell your name, you moron!", "This fucking page is full of shit."]
    return Material(clean, rude, lambda text: ["This page is nonsense."] if "page" in text else [], ready, {})


def test_pairs_are_of_both_kinds_and_a_broken_one_differs_from_the_kept_one() -> None:
    pairs = list(islice(PairMaker(material(), 0), 600))
    kept = [pair for pair in pairs if pair.kept == 1.0]
    assert 0.25 < len(kept) / len(pairs) < 0.75
    assert {"phrase_table", "drop_address", "address", "paraphrase"} <= {pair.kind for pair in kept}
    assert {"hole", "stopgap", "wrong_word", "negate", "cannot"} <= {pair.kind for pair in pairs if pair.kept == 0.0}
    faithful = {pair.candidate.lower() for pair in kept}
    broken = [pair for pair in pairs if pair.kind in ("hole", "stopgap", "negate")]
    assert all(pair.candidate.lower() not in faithful for pair in broken)


def test_made_pairs_say_what_is_natural_where_that_is_known() -> None:
    pairs = list(islice(PairMaker(material(), 0), 600))
    assert {pair.natural for pair in pairs if pair.kind in ("hole", "stopgap", "wrong_word")} == {0.0}
    assert {pair.natural for pair in pairs if pair.kind in ("negate", "paraphrase", "drop_address")} == {None}
    assert {pair.natural for pair in pairs if pair.kept == 1.0 and pair.kind == "address"} == {1.0}


def test_judged_candidates_are_two_in_three_pairs_where_there_are_some() -> None:
    some = material()
    some.readings = [Pair("You are a moron.", "You are unserious.", 0.6, "reading", 0.0)]
    pairs = list(islice(PairMaker(some, 0), 600))
    judged = [pair for pair in pairs if pair.kind == "reading"]
    assert 0.58 < len(judged) / len(pairs) < 0.72
    assert {pair.natural for pair in judged} == {0.0} and {pair.kept for pair in judged} == {0.6}
    assert "you are unserious." in {pair.candidate for pair in judged}  # some in small letters


def test_a_seed_gives_the_same_pairs() -> None:
    first, again, other = (list(islice(PairMaker(material(), seed), 50)) for seed in (1, 1, 2))
    assert first == again != other


def test_stopgaps_are_seen_only_where_an_edit_puts_them() -> None:
    assert adds_stopgap("You are a moron.", "You are an unpleasant person.")
    assert not adds_stopgap("That person is a moron.", "That person is wrong.")


def test_batches_hold_pairs_of_like_length_within_their_tokens() -> None:
    pairs = (Pair("x" * n, "y", 1.0, "k") for n in range(1, 10_000))
    for batch in islice(batches(pairs, lambda pair: len(pair.comment), 200, seed=0, pool=4), 10):
        assert len(batch) == 1 or len(batch) * max(len(pair.comment) for pair in batch) <= 200


def test_what_fits_is_neither_a_word_nor_an_essay() -> None:
    assert (
        has_usable_length("This is a comment.")
        and not has_usable_length("no")
        and not has_usable_length("word " * 100)
    )


def test_the_order_of_batches_follows_the_seed() -> None:
    def drawn(seed: int) -> list[list[int]]:
        pairs = iter([Pair("a" * n, "", 1.0, "") for n in range(1, 60)])
        found = batches(pairs, lambda pair: len(pair.comment), 30, seed, pool=8)
        return [[len(pair.comment) for pair in batch] for batch in islice(found, 8)]

    assert drawn(1) == drawn(1) != drawn(2)
