"""From answers to a result: counts by hand, and what simulated readers are known to prefer is found."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.proportions import exact, wilson
from sro.evaluation.reading.answers import Reading
from sro.evaluation.reading.page import markdown, save, to_json
from sro.evaluation.reading.result import score
from sro.evaluation.reading.sheet import Pair, Sheet

NAN = float("nan")


def sheet_of(n: int, refused: int = 0) -> Sheet:
    """n pairs, of which a refuses the first ones; every second has a on the left."""
    pairs = [Pair(f"c {i}", None if i < refused else f"a {i}", f"b {i}", "b" if i % 2 else "a") for i in range(n)]
    return Sheet(tuple(pairs), "ours", "theirs", 0, 500, 3)


def reading(reader: str, preferred: list[float], fit: list[list[float]]) -> Reading:
    return Reading(reader, np.array(preferred, float), np.array(fit, float), ("",) * len(preferred))


def simulated(reader: str, n: int, share: float, fit: tuple[float, float], seed: int) -> Reading:
    """Prefers a in this share of the pairs and has these chances to find a and b fit."""
    random = np.random.default_rng(seed)
    preferred = np.where(random.random(n) < share, 1.0, -1.0)
    return Reading(reader, preferred, (random.random((n, 2)) < fit).astype(float), ("",) * n)


ANNA = reading("anna", [1, 1, -1, 0, NAN], [[1, 0], [1, 1], [0, 0], [0, NAN], [NAN, NAN]])
BEN = reading("ben", [1, -1, 0, 0, -1], [[1, 0], [0, 1], [0, 0], [1, 1], [0, 1]])


def test_one_reader_by_hand() -> None:
    result = score(sheet_of(5), [ANNA])
    found = result.scores["anna"]
    preference = found.preference
    assert (preference.a, preference.b, preference.same, preference.missing) == (2, 1, 1, 1)
    assert preference.share == exact(2, 3) and preference.p == 1
    assert preference.left == exact(1, 3)  # a left, then b left, then a left: left, right, right
    assert (found.a.fit, found.a.answered, found.a.missing, found.a.share) == (2, 4, 1, wilson(2, 4))
    assert (found.b.fit, found.b.answered, found.b.missing, found.b.share) == (1, 3, 2, wilson(1, 3))
    assert found.neither == 1
    assert found.difference is not None and found.difference.value == pytest.approx(1 / 3)  # of the first three rows
    assert result.together is None and result.agreements == {}


def test_two_readers_by_hand() -> None:
    result = score(sheet_of(5), [ANNA, BEN])
    together = result.together
    assert together is not None
    # 1 and 1: a; 1 and -1: divided; -1 and 0: b; 0 and 0: the same; none and -1: b
    preference = together.preference
    assert (preference.a, preference.b, preference.same, preference.missing) == (1, 2, 2, 0)
    # Means: a 1, .5, 0, .5, 0; b 0, 1, 0, 1, 1
    assert (together.a.fit, together.b.fit) == (2, 3) and together.a.share is not None
    assert together.a.share.value == pytest.approx(0.4)
    questions = result.agreements["anna", "ben"]
    assert questions["preferred"] is not None and questions["preferred"][:2] == (4, 0.5)
    assert questions["fit"] is not None and questions["fit"][:2] == (7, pytest.approx(5 / 7))


def test_refusals_do_not_make_readers_agree() -> None:
    fit = [[0, 1.0], [0, 0.0], [1, 0.0]]
    result = score(sheet_of(3, refused=2), [reading("anna", [1, 1, 1], fit), reading("ben", [1, 1, 1], fit)])
    found = result.agreements["anna", "ben"]["fit"]
    assert found is not None and found.answers == 4
    assert result.scores["anna"].a.fit == 1


def test_a_known_preference_is_found() -> None:
    readers = [simulated(name, 200, 0.7, (0.8, 0.5), seed) for seed, name in enumerate(("anna", "ben"))]
    result = score(sheet_of(200), readers)
    assert result.together is not None
    for found in (*result.scores.values(), result.together):
        share, difference = found.preference.share, found.difference
        assert share is not None and difference is not None and found.preference.p is not None
        assert share.low > 0.5 and found.preference.p < 0.01 and difference.low > 0
        assert found.a.share is not None and found.a.share.low < 0.8 < found.a.share.high


def test_readers_without_preference_are_refuted_no_oftener_than_promised() -> None:
    readers = [simulated(f"r{seed}", 100, 0.5, (0.5, 0.5), seed) for seed in range(20)]
    shares = [score(sheet_of(100), [reader]).scores[reader.reader].preference.share for reader in readers]
    assert sum(share is not None and not share.low <= 0.5 <= share.high for share in shares) <= 3  # one of 20 is 5 %


def test_a_reader_who_goes_by_the_place_shows() -> None:
    sheet = sheet_of(80)
    lefts = [1.0 if pair.left == "a" else -1.0 for pair in sheet.pairs]
    found = score(sheet, [reading("lazy", lefts, [[1, 1]] * 80)]).scores["lazy"].preference
    assert found.share is not None and found.share.value == 0.5
    assert found.left is not None and found.left.low > 0.9


def test_a_majority_of_three() -> None:
    readers = [reading(name, [vote, 1], [[1, 1]] * 2) for name, vote in (("x", 1.0), ("y", -1.0), ("z", -1.0))]
    result = score(sheet_of(2), readers)
    assert result.together is not None and (result.together.preference.a, result.together.preference.b) == (1, 1)
    assert list(result.agreements) == [("x", "y"), ("x", "z"), ("y", "z")]


def test_two_files_of_one_reader() -> None:
    with pytest.raises(SROError, match="two files are of the reader 'anna'\n  fix"):
        score(sheet_of(5), [ANNA, ANNA])


def test_the_page_says_what_was_counted(tmp_path: Path) -> None:
    result = score(sheet_of(5, refused=1), [ANNA, BEN])
    page = markdown(result)
    assert "5 pairs, drawn with seed 0 from 500 comments" in page and "ours 1, theirs 0 of the pairs" in page
    assert f"| anna | 2 | 1 | 1 | 3 | 1 | 0.667 [{exact(2, 3).low:.3f}, {exact(2, 3).high:.3f}] | 1.000 |" in page
    assert "| anna and ben | preferred | 4 | 0.500 |" in page and "| together | 1 | 2 | 2 | 3 |" in page
    (tmp_path / "anna.csv").touch()
    save(result, tmp_path, [str(tmp_path / "anna.csv")], ["sro"])
    stored = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert stored["readers"]["anna"]["preference"]["share"]["value"] == pytest.approx(2 / 3)
    assert stored["pairs"][4]["answers"]["anna"] == {"preferred": None, "fit_a": None, "fit_b": None, "note": ""}
    assert stored["agreement"] == to_json(result)["agreement"] and len(stored["agreement"]) == 2
    assert (tmp_path / "preferences.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "result.md").read_text("utf-8") == page + "\n"
