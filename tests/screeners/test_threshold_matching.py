"""From another service's threshold to ours: worked out by hand, and by trying all thresholds."""

import json
from pathlib import Path

import numpy as np
import pytest

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.sentencewise import screen_comments
from sro.screeners.threshold_matching import between, match_threshold, read_pairs, scored_pairs

PAIRS = [(0.1, 0.2), (0.2, 0.1), (0.3, 0.9), (0.6, 0.3), (0.8, 0.8), (0.9, 0.95)]


def test_by_hand() -> None:
    found = match_threshold("TOXICITY", PAIRS, 0.8)
    # Above .6 one comment (.3, .9) is no longer flagged, at .3 another (.6, .3) is newly: each threshold keeps 5 of 6,
    # and is off by one from the 3 that are flagged today; so the lower. In between both are wrong, and 3 are flagged.
    assert (found.pairs, found.flagged, found.newly_flagged, found.no_longer) == (6, 3, 1, 0)
    assert 0.2 < found.threshold <= 0.3 and found.same_decisions == pytest.approx(5 / 6)
    assert 0.3 < found.equal_volume_threshold <= 0.6
    assert not found.enough


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_keeps_more_decisions(seed: int) -> None:
    random = np.random.default_rng(seed)
    ours = np.round(random.beta(0.3, 0.3, 60), 2)
    theirs = np.clip(ours + random.normal(0, 0.3, 60), 0, 1)
    found = match_threshold("THREAT", list(zip(ours.tolist(), theirs.tolist())), 0.7)
    today = theirs >= 0.7

    def same(threshold: float) -> float:
        return float(((ours >= threshold) == today).mean())

    assert same(found.threshold) == pytest.approx(found.same_decisions)
    assert found.same_decisions >= max(same(step / 1000) for step in range(1, 1001))
    flagged = ours >= found.threshold
    assert (int((flagged & ~today).sum()), int((~flagged & today).sum())) == (found.newly_flagged, found.no_longer)
    closest = min(abs(int((ours >= step / 1000).sum()) - found.flagged) for step in range(1, 1001))
    assert abs(int((ours >= found.equal_volume_threshold).sum()) - found.flagged) == closest


def test_all_none_and_zeros() -> None:
    assert match_threshold("A", [(0.9, 1.0), (0.8, 1.0)], 0.5).threshold <= 0.8  # all stay flagged
    nothing = match_threshold("A", [(0.9, 0.1), (0.8, 0.1)], 0.5)
    assert 0.9 < nothing.threshold <= 1 and (nothing.same_decisions, nothing.newly_flagged) == (1.0, 0)
    sure = match_threshold("A", [(1.0, 0.1)], 0.5)
    assert sure.threshold <= 1 and sure.newly_flagged == 1  # a threshold of 1 flags it still
    assert 0 < match_threshold("A", [(0.0, 0.9), (0.0, 0.1)], 0.5).threshold <= 1


def test_few_digits() -> None:
    assert between(0.2, 0.6) == 0.4
    assert between(0.99991, 0.99992) == pytest.approx(0.999915)
    assert between(0.3, 0.3000000001) > 0.3
    assert between(0.0, 1.0) == 0.5


def pair(name: str, ours: float, theirs: float, screener: str = "s") -> str:
    return json.dumps({"at": "2026-11-29", "screener": screener, "ours": {name: ours}, "theirs": {name: theirs}})


def test_pairs_of_another_screener_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join([pair("THREAT", 0.1, 0.2, "old"), pair("THREAT", 0.3, 0.4), pair("INSULT", 0.5, 0.6)]))
    assert read_pairs(path) == {"THREAT": [(0.3, 0.4)], "INSULT": [(0.5, 0.6)]}


@pytest.mark.parametrize("line", ["", "{", '{"ours": {}}', '{"screener": "s", "ours": {}, "theirs": {"A": 1}}', "[]"])
def test_files_of_something_else_are_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(pair("A", 0.1, 0.1) + "\n" + line + "\n" if line else "")
    with pytest.raises(SROError, match="fix:"):
        read_pairs(path)
    with pytest.raises(SROError, match="cannot be read"):
        read_pairs(tmp_path / "absent")
    for threshold in (0.0, 1.1):
        with pytest.raises(SROError, match=r"must be in \(0, 1\]"):
            match_threshold("A", [(0.1, 0.1)], threshold)
    with pytest.raises(SROError, match="no comment has both scores"):
        match_threshold("A", [], 0.5)


def test_the_command_on_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [pair("THREAT", *both) for both in PAIRS] + [pair("TOXICITY", *both) for both in PAIRS * 20]
    path.write_text("\n".join(rows))
    assert main(["screener", "thresholds", "--pairs", str(path), "--threshold", "0.8"]) == 0
    told = capsys.readouterr().out
    toxicity, threat = (line for line in told.splitlines() if "0.8 " in line)
    assert "TOXICITY " in toxicity and "*" not in toxicity and "83.3%" in toxicity
    assert "THREAT *" in threat and "too few to rely on" in told
    assert main(["screener", "thresholds", "--pairs", str(path), "--threshold", "0.8", "--attributes", "insult"]) == 2
    assert "no comment has both scores of INSULT" in capsys.readouterr().err
    assert main(["screener", "thresholds", "--threshold", "0.8"]) == 2
    assert "give one of the two" in capsys.readouterr().err


def test_the_command_on_comments_that_were_scored_earlier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "old.csv"
    rows = "body,TOXICITY\nyou are an idiot,0.97\nthank you for the edit,0.02\n\nplease see the page,\n"
    path.write_text(rows, encoding="utf-8-sig")  # with the mark that spreadsheets put first
    asked = ["--scored", str(path), "--column", "body", "--threshold", "0.8", "--screener", "embedded/linear"]
    assert main(["screener", "thresholds", *asked]) == 0
    told = capsys.readouterr().out
    assert "100.0%" in next(line for line in told.splitlines() if "TOXICITY" in line)
    assert "use either as --threshold" in " ".join(told.split())
    for rows, message in (
        ([{"a": "b"}], "no text"),
        ([{"body": "b"}], "no column"),
        ([{"body": "b", "THREAT": "x"}], "THREAT is 'x'"),
        ([{"body": "b", "threat": 90}], "threat is 90\n  fix: give a number from 0 to 1"),
        ([{"body": "b", "INSULT": 0.5}], "the scores are of INSULT, which the screener threats 1 does not score"),
    ):
        with pytest.raises(SROError, match=message):
            scored_pairs(_Threats(), rows, "body")


def test_a_file_of_scores_that_cannot_be_read_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.csv").write_text("body,TOXICITY\nyou,0.9\n")
    for name, message in (("olds.csv", "no such file"), ("old.csv", "no column 'text'")):
        assert main(["screener", "thresholds", "--scored", str(tmp_path / name), "--threshold", "0.8"]) == 2
        assert message in capsys.readouterr().err


def test_thresholds_of_scored_comments_do_what_the_table_says_as_threshold() -> None:
    class Diluting:
        """P(fail) is the share of words that are `bad`, of which a long comment has few; fails from .9 on."""

        name = "share 1"

        def screen(self, texts, *, sources=None):  # type: ignore[no-untyped-def]
            shares = [text.count("bad") / len(text.split()) for text in texts]
            return [Verdict("fail" if share >= 0.9 else "pass", share, self.name) for share in shares]

    texts = ["So bad. One two three four five.", "One two. Three.", "One bad two. Three four.", "Bad."]
    rows = [{"text": text, "TOXICITY": 0.9 * (place == 0)} for place, text in enumerate(texts)]
    pairs = scored_pairs(Diluting(), rows, "text")
    found = match_threshold("TOXICITY", pairs["TOXICITY"], 0.5)
    assert (found.same_decisions, found.newly_flagged, found.no_longer) == (1.0, 0, 0)
    for threshold in (found.threshold, found.equal_volume_threshold):
        verdicts = screen_comments(Diluting(), texts, threshold=threshold)
        assert [verdict.passed for verdict in verdicts] == [False, True, True, True]


def test_a_comment_without_a_score_is_no_pair() -> None:
    none = [None, "", float("nan"), "nan"]
    rows = [{"text": "a", "toxicity": score} for score in [*none, "0.9"]]
    assert scored_pairs(_Threats(), rows, "text") == {"TOXICITY": [(0.1, 0.9)]}


def test_the_table_has_every_digit_of_a_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(pair("SEVERE_TOXICITY", *both) for both in ((0.99999985, 0.1), (0.9999999, 0.9))))
    assert main(["screener", "thresholds", "--pairs", str(path), "--threshold", "0.8"]) == 0
    assert capsys.readouterr().out.count(" 0.9999999 ") == 2


class _Threats:
    name = "threats 1"

    def screen(self, texts, *, sources=None):  # type: ignore[no-untyped-def]
        return [Verdict("pass", 0.1, self.name, {"TOXICITY": 0.1, "THREAT": 0.2}) for _ in texts]
