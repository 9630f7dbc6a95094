"""The judge made small: pieces, storage, threshold. On a random BERT with a vocabulary of thirty pieces."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertConfig, BertForSequenceClassification, BertTokenizer

from sro.evaluation.judges.training.data import Labelled, Tuning
from sro.evaluation.judges.training.small_encoder import (
    compact,
    fine_tune,
    kept_pieces,
    log_odds,
    save_small,
    with_pieces,
)
from sro.evaluation.judges.training.train import JudgeConfig, scale_and_shift, threshold_between, tune_threshold
from sro.screeners.loading import load_screener

SPECIAL = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [mark + letter for letter in "abdehikotu" for mark in ("", "##")]
VOCABULARY = [*SPECIAL, *LETTERS, "the", "idiot", "hat", "boat", "##oat"]


@pytest.fixture
def judge() -> tuple[Any, Any]:
    torch.manual_seed(0)
    tokenizer = BertTokenizer(vocab={piece: i for i, piece in enumerate(VOCABULARY)}, model_max_length=32)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=64,
        intermediate_size=256,  # 64 × 256 is large enough for float8
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=32,
    )
    return BertForSequenceClassification(config).eval(), tokenizer


def test_kept_are_special_tokens_single_characters_and_the_most_frequent() -> None:
    vocabulary = {piece: i for i, piece in enumerate(VOCABULARY)}
    counts = {"hat": 2, "idiot": 5, "boat": 2, "a": 9}
    kept = kept_pieces(vocabulary, ["[PAD]", "[UNK]"], counts, size=2 + len(LETTERS) + 2)
    assert kept == ["[PAD]", "[UNK]", *LETTERS, "idiot", "hat"]  # of equals the earlier; "[unused0]" goes
    assert kept_pieces(vocabulary, ["[PAD]"], counts, size=0) == ["[PAD]", *LETTERS]
    assert "the" not in kept_pieces(vocabulary, ["[PAD]"], counts, size=99)  # it never occurs


def test_texts_of_kept_pieces_have_the_same_logits_and_others_fall_apart(judge: tuple[Any, Any]) -> None:
    model, tokenizer = judge
    pieces = [piece for piece in VOCABULARY if piece not in ("[unused0]", "boat", "##oat")]
    smaller, its_tokenizer = with_pieces(model, tokenizer, pieces)
    assert smaller.config.vocab_size == its_tokenizer.vocab_size == len(VOCABULARY) - 3
    assert its_tokenizer.tokenize("The BOAT") == ["the", "b", "##o", "##a", "##t"]
    texts = ["the idiot", "Hat", "the the hat idiot"]
    assert log_odds(smaller, its_tokenizer, texts) == pytest.approx(log_odds(model, tokenizer, texts), abs=1e-5)
    assert its_tokenizer("the idiot")["input_ids"] != tokenizer("the idiot")["input_ids"]


def test_a_saved_judge_loads_without_code_of_ours(judge: tuple[Any, Any], tmp_path: Path) -> None:
    model, tokenizer = with_pieces(*judge, VOCABULARY)
    stored = compact(model.state_dict())
    kinds = {name: tensor.dtype for name, tensor in stored.items()}
    assert kinds["bert.encoder.layer.1.output.dense.weight"] == torch.float8_e4m3fn
    assert kinds["classifier.weight"] == kinds["bert.encoder.layer.1.output.dense.bias"] == torch.float16
    save_small(tmp_path / "judge", model, tokenizer, {"training.json": {"a": 1}})
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path / "judge")
    assert {tensor.dtype for tensor in loaded.state_dict().values() if tensor.is_floating_point()} == {torch.float32}
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, stored[name].float()), name
    texts = ["the idiot", "boat"]
    verdicts = load_screener(str(tmp_path / "judge")).screen(texts)
    expected = 1 / (1 + np.exp(-log_odds(loaded, tokenizer, texts)))
    assert [verdict.probability for verdict in verdicts] == pytest.approx(expected)  # label 1 is the toxic one


def test_float8_has_no_place_for_infinity() -> None:
    large = torch.full((128, 128), 1e6)
    assert compact({"weight": large})["weight"].float().max() == 448


def test_half_probability_lies_at_the_wanted_pass_rate() -> None:
    rng = np.random.default_rng(0)
    toxic = np.arange(2000) < 500
    z = rng.normal(size=2000) + 3.0 * toxic + 7.0  # a model that is far too sure that all is toxic
    scale, shift = scale_and_shift(z, toxic, pass_rate=0.9)
    p = 1 / (1 + np.exp(-(scale * z + shift)))
    assert (p[~toxic] < 0.5).mean() == pytest.approx(0.9, abs=0.002)
    assert scale == pytest.approx(3.0, rel=0.15)  # two normals of variance 1, three apart


def test_it_learns(judge: tuple[Any, Any], tmp_path: Path) -> None:
    model, tokenizer = judge
    rows = [Labelled("the idiot", True), Labelled("the hat boat", False)] * 16
    args = JudgeConfig(
        output_dir=str(tmp_path), use_cpu=True, num_train_epochs=20, per_device_train_batch_size=8, learning_rate=1e-3
    )
    fine_tune(model, tokenizer, rows, args, 64)
    toxic, neutral = log_odds(model, tokenizer, ["idiot", "hat"])
    assert toxic > 1 > -1 > neutral


def test_it_learns_how_probable(judge: tuple[Any, Any], tmp_path: Path) -> None:
    model, tokenizer = judge
    rows = [Labelled("the idiot", 0.7), Labelled("the hat boat", 0.2)] * 16
    args = JudgeConfig(
        output_dir=str(tmp_path), use_cpu=True, num_train_epochs=20, per_device_train_batch_size=8, learning_rate=1e-3
    )
    fine_tune(model, tokenizer, rows, args, 64)
    found = 1 / (1 + np.exp(-log_odds(model, tokenizer, ["the idiot", "the hat boat"])))
    assert found == pytest.approx([0.7, 0.2], abs=0.1)


def test_the_threshold_is_folded_into_the_head(judge: tuple[Any, Any]) -> None:
    texts = [" ".join(words) for words in product(["the", "idiot", "hat", "boat"], repeat=3)]
    for weights in judge[0].parameters():
        torch.nn.init.normal_(weights, std=0.3)  # or all texts have much the same logits
    before = log_odds(*judge, texts)
    refused = before + np.random.default_rng(0).normal(scale=before.std(), size=len(texts)) > np.median(before)
    rewrites = [Labelled(text, 0.9 if side else 0.4) for text, side in zip(texts, refused)]
    figures = tune_threshold(*judge, Tuning(rewrites, []), pass_rate=0.75)
    flagged = log_odds(*judge, texts) >= 0
    assert set(figures) == {"auc", "recall", "pass_rate"}
    assert figures["pass_rate"] == pytest.approx(1 - flagged[~refused].mean(), abs=1e-4)
    assert figures["pass_rate"] == pytest.approx(0.75, abs=0.05)
    assert figures["recall"] == pytest.approx(flagged[refused].mean(), abs=1e-4)


def test_a_threshold_lies_in_the_middle_between_two_texts() -> None:
    log_odds = np.array([3.0, 1.0, 2.0, 2.0])
    assert threshold_between(log_odds, 2.0) == 2.5  # also where it is a text's own value
    assert threshold_between(log_odds, 1.7) == 1.5
    assert (threshold_between(log_odds, 3.0), threshold_between(log_odds, 0.5)) == (3.0, 0.5)  # no gap there
