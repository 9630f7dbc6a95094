"""Hugging Face classifiers: which label is toxic, batches, truncation, and what is refused. Tiny random models."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.screeners.huggingface import HuggingFaceScreener, ToxicSide, _longest_input, toxic_side
from sro.screeners.loading import load_screener


def build(folder: Path, labels: list[str], kind: str = "bert", **config: Any) -> Path:
    """A saved random classifier: vocabulary of a few words, 32 positions."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        RobertaConfig,
        RobertaForSequenceClassification,
    )

    words = ["<pad>", "<unk>", "you", "idiot", "thank", "are", "the", "page", "is", "good", "very", "much", "what"]
    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    common = {
        **{"vocab_size": len(words), "max_position_embeddings": 32, "pad_token_id": 0},
        **{"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}},
    }
    torch.manual_seed(0)
    if kind == "bert":
        model: Any = BertForSequenceClassification(BertConfig(**sizes, **common, **config))
    else:
        model = RobertaForSequenceClassification(RobertaConfig(**sizes, **common, **config))
    for weights in model.parameters():  # far enough from zero that labels and texts differ
        torch.nn.init.normal_(weights, std=0.5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


TEXTS = [
    "you idiot",
    "thank you very much",
    "the",
    "what the good page is the page",
    "you are the good idiot",
    "is it ?",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "tone", ["neutral", "toxic"])


def softmax(logits: Any) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def logits_one_by_one(screener: HuggingFaceScreener, texts: list[str]) -> np.ndarray:
    import torch

    with torch.inference_mode():
        rows = [screener.model(**screener.tokenizer(text, return_tensors="pt")).logits[0] for text in texts]
    return np.stack([row.numpy() for row in rows])


def test_batched_padded_and_sorted_verdicts_are_those_of_single_texts(folder: Path) -> None:
    screener = HuggingFaceScreener.load(str(folder), batch_size=2)
    expected = softmax(logits_one_by_one(screener, TEXTS))[:, 1]
    assert np.diff(np.sort(expected)).min() > 1e-4  # or the order would not be tested
    verdicts = screener.screen(TEXTS)
    assert [verdict.probability for verdict in verdicts] == pytest.approx(expected.tolist(), abs=1e-5)
    assert [verdict.passed for verdict in verdicts] == (expected < 0.5).tolist()
    assert {verdict.screener for verdict in verdicts} == {"tone local"}  # no path in a verdict
    assert screener.screen([]) == []


def test_load_screener_finds_it_and_takes_labels(folder: Path) -> None:
    default, other = load_screener(str(folder)), load_screener(str(folder), toxic_labels=["neutral"])
    p, q = default.screen(["you idiot"])[0].probability, other.screen(["you idiot"])[0].probability
    assert p + q == pytest.approx(1)


def test_threshold(folder: Path) -> None:
    assert not HuggingFaceScreener.load(str(folder), threshold=0.0).screen(["the"])[0].passed
    assert HuggingFaceScreener.load(str(folder), threshold=1.1).screen(["the"])[0].passed


def test_a_sigmoid_head_fails_by_its_most_probable_toxic_label(tmp_path: Path) -> None:
    build(tmp_path / "m", ["toxic", "insult", "male"], problem_type="multi_label_classification")
    screener = HuggingFaceScreener.load(str(tmp_path / "m"))
    logits = logits_one_by_one(screener, TEXTS)
    expected = 1 / (1 + np.exp(-logits[:, :2].max(axis=1)))
    assert screener.probabilities(TEXTS) == pytest.approx(expected, abs=1e-5)


def test_truncation_is_reported_with_its_count(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    screener = HuggingFaceScreener.load(str(folder))
    long = "good page " * 30
    with caplog.at_level(logging.WARNING):
        p = screener.probabilities([long, "you idiot", "what " * 40])
    assert "2 of 3 texts are longer than the 32 tokens it reads" in caplog.text
    assert p[0] == pytest.approx(screener.probabilities(["good page " * 16])[0], abs=1e-5)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        screener.probabilities(["good page " * 16])
    assert not caplog.records


def test_roberta_counts_positions_from_its_padding_index_on(tmp_path: Path) -> None:
    build(tmp_path / "m", ["neutral", "toxic"], kind="roberta")
    screener = HuggingFaceScreener.load(str(tmp_path / "m"))
    assert screener.max_length == 31
    assert len(screener.probabilities(["good " * 100])) == 1  # would be an index error with 32


def test_a_model_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BertForSequenceClassification

    build(tmp_path / "m", ["neutral", "toxic"])
    BertForSequenceClassification.from_pretrained(tmp_path / "m").bert.save_pretrained(tmp_path / "body")
    AutoTokenizer.from_pretrained(tmp_path / "m").save_pretrained(tmp_path / "body")
    with pytest.raises(SROError, match=r"no trained classifier: it has no weights for classifier\.bias"):
        HuggingFaceScreener.load(str(tmp_path / "body"))


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    build(tmp_path / "m", ["neutral", "toxic"])
    torch.save(load_file(tmp_path / "m/model.safetensors"), tmp_path / "m/pytorch_model.bin")
    (tmp_path / "m/model.safetensors").unlink()
    with pytest.raises(SROError, match="safetensors"):
        HuggingFaceScreener.load(str(tmp_path / "m"))


@pytest.mark.parametrize(
    ("labels", "problem", "indices", "head"),
    [
        (["neutral", "toxic"], None, (1,), "softmax"),
        (["toxic", "neutral"], None, (0,), "softmax"),
        (["Non-Toxic", "Toxic"], None, (1,), "softmax"),
        (["NOT_HATE", "HATE"], None, (1,), "softmax"),
        (["non-offensive", "offensive"], "single_label_classification", (1,), "softmax"),
        (["clean", "nasty"], None, (1,), "softmax"),  # one clean label of two: the other is the toxic one
        (["LABEL_0", "LABEL_1"], None, (1,), "softmax"),
        (["hate speech", "offensive language", "neither"], None, (0, 1), "softmax"),
        (["toxicity"], None, (0,), "sigmoid"),
        (
            ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"],
            None,
            (0, 1, 2, 3, 4, 5),
            "sigmoid",
        ),
        (["toxicity", "identity_attack", "male", "black"], "multi_label_classification", (0, 1), "sigmoid"),
    ],
)
def test_toxic_labels_are_told_by_their_names(
    labels: list[str], problem: str | None, indices: tuple[int, ...], head: str
) -> None:
    assert toxic_side(dict(enumerate(labels)), problem) == ToxicSide(indices, head)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["POSITIVE", "NEGATIVE"], "no label's name says that it is the toxic one; name the toxic ones of its labels"),
        (["LABEL_0", "LABEL_1", "LABEL_2"], "'LABEL_2' by toxic_labels"),
        (["toxic", "neutral", "sarcastic"], "unclear whether 'sarcastic' is toxic"),
    ],
)
def test_ambiguous_labels_are_an_error_with_the_mend(labels: list[str], message: str) -> None:
    with pytest.raises(SROError, match=message):
        toxic_side(dict(enumerate(labels)), None)


def test_named_labels_decide() -> None:
    three = {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    assert toxic_side(three, None, ["LABEL_0", "LABEL_2"]) == ToxicSide((0, 2), "softmax")
    with pytest.raises(SROError, match="no label 'LABEL_7'"):
        toxic_side(three, None, ["LABEL_7"])


def test_a_decoder_without_padding_token_is_given_one(tmp_path: Path, tiny_causal: Any) -> None:
    from transformers import LlamaConfig, LlamaForSequenceClassification

    _, tokenizer = tiny_causal()
    tokenizer.pad_token = None
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    labels = {0: "neutral", 1: "toxic"}
    model = LlamaForSequenceClassification(LlamaConfig(**sizes, vocab_size=len(tokenizer), id2label=labels))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    screener = HuggingFaceScreener.load(str(tmp_path))
    texts = ["you idiot", "what a good page this is", "stupid"]
    single = [screener.probabilities([text])[0] for text in texts]
    assert screener.probabilities(texts) == pytest.approx(single, abs=1e-5)


def test_a_decoder_is_told_the_padding_token_of_its_tokenizer(tmp_path: Path, tiny_causal: Any) -> None:
    from transformers import GPT2Config, GPT2ForSequenceClassification

    _, tokenizer = tiny_causal()
    labels = {0: "neutral", 1: "toxic"}
    sizes = {"n_embd": 16, "n_layer": 1, "n_head": 2}
    model = GPT2ForSequenceClassification(GPT2Config(**sizes, vocab_size=len(tokenizer), id2label=labels))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    assert tokenizer.pad_token is not None and model.config.pad_token_id is None
    screener = HuggingFaceScreener.load(str(tmp_path), device="cpu")
    texts = ["you idiot", "", "what a good page this is"]
    single = [screener.probabilities([text])[0] for text in texts]
    assert screener.probabilities(texts) == pytest.approx(single, abs=1e-5)
    assert single[1] == 0 and min(single[0], single[2]) > 0, "a text without tokens says nothing"


@pytest.mark.parametrize(
    ("config", "tokens", "longest"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, int(1e30), 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, int(1e30), 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 128, 128),
        ({"model_type": "bloom"}, int(1e30), None),
        ({"model_type": "t5"}, 512, 512),
        ({"model_type": "xlnet", "max_position_embeddings": -1}, int(1e30), None),
    ],
)
def test_the_longest_input_is_what_model_and_tokenizer_say(config: dict[str, Any], tokens: int, longest: int) -> None:
    assert _longest_input(SimpleNamespace(**config), SimpleNamespace(model_max_length=tokens)) == longest


def test_a_model_without_a_limit_reads_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    limited = HuggingFaceScreener.load(str(build(tmp_path, ["clean", "toxic"])))
    text = "you idiot " * 10
    found = replace(limited, max_length=None).probabilities([text, "thank you"])
    assert found == pytest.approx(limited.probabilities([text, "thank you"]), abs=1e-6) and not caplog.records
