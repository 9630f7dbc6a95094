"""Judges of the official judges' classes, tiny and random: labels, pooling, thresholds, texts too long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_judges import tiny_bert, tiny_roberta, tiny_tokenizer

from sro.core.errors import SROError
from sro.evaluation.judges.models import (
    AcceptabilityClassifier,
    LaBSE,
    MeanPooled,
    RelativeFluency,
    StyleClassifier,
    identity,
    unacceptable_label,
)

TEXTS = ["you idiot", "thank you very much", "the page is bad and not good", "what"]
SOURCES = ["you stupid idiot", "thank you", "the page is not good", "this is an edit"]
LONG = "good page " * 30


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def one_by_one(folder: Path, texts: list[str]) -> np.ndarray:
    """Probabilities [N, 2] without batches."""
    import torch
    from transformers import RobertaForSequenceClassification

    model, tokenizer = RobertaForSequenceClassification.from_pretrained(folder).eval(), tiny_tokenizer()
    with torch.inference_mode():
        logits = [model(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in texts]
    return softmax(np.stack(logits))


# --- classifiers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("labels", "neutral"), [(["neutral", "toxic"], 0), (["toxic", "neutral"], 1)])
def test_p_neutral_whichever_way_round_the_labels_stand(tmp_path: Path, labels: list[str], neutral: int) -> None:
    folder = tiny_roberta(tmp_path / "tone", labels)
    expected = one_by_one(folder, TEXTS)[:, neutral]
    assert np.ptp(expected) > 0.01
    assert StyleClassifier(folder)(TEXTS) == pytest.approx(expected, abs=1e-6)


def test_the_official_acceptability_classifier_has_its_labels_upside_down(tmp_path: Path) -> None:
    folder = tiny_roberta(tmp_path / "roberta-large-cola-krishna2020", ["LABEL_0", "LABEL_1"])
    expected = one_by_one(folder, TEXTS)[:, 0]
    assert np.abs(expected - 0.5).min() > 1e-3  # or upside down could not be told
    assert AcceptabilityClassifier(folder)(TEXTS, SOURCES) == pytest.approx(expected, abs=1e-6)


def test_acceptable_by_the_names_of_the_labels(tmp_path: Path) -> None:
    folder = tiny_roberta(tmp_path / "cola", ["unacceptable", "acceptable"])
    assert AcceptabilityClassifier(folder)(TEXTS, SOURCES) == pytest.approx(one_by_one(folder, TEXTS)[:, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "unacceptable"),
    [
        (["unacceptable", "acceptable"], 0),
        (["acceptable", "unacceptable"], 1),
        (["Acceptable", "OTHER"], 1),
        (["Linguistically-Acceptable", "Not_Acceptable"], 1),
        (["ungrammatical", "grammatical"], 0),
        (["correct", "error"], 1),
    ],
)
def test_labels_that_say_what_they_mean(labels: list[str], unacceptable: int) -> None:
    assert unacceptable_label(dict(enumerate(labels)), "any") == labels[unacceptable]


@pytest.mark.parametrize(
    "labels", [["LABEL_0", "LABEL_1"], ["acceptable", "correct"], ["a", "b"], ["acceptable"], ["bad", "good", "so so"]]
)
def test_labels_that_do_not(labels: list[str]) -> None:
    with pytest.raises(SROError, match=r"do not say which means acceptable\n  fix: name them in its config\.json"):
        unacceptable_label(dict(enumerate(labels)), "my/cola")


def test_no_text_is_cut(tmp_path: Path) -> None:
    style = StyleClassifier(tiny_roberta(tmp_path / "tone", ["neutral", "toxic"]))
    message = r"^tone [0-9a-f]{8} reads 30 tokens, and the text of rows 2, 4 \(counted from 1\) has more"
    with pytest.raises(SROError, match=message):
        style(["you", LONG, "idiot", LONG])
    assert len(style(["good " * 28])) == 1  # and the two tokens around it


# --- encoders --------------------------------------------------------------------------------------------------------


def test_labse_is_the_first_token_through_the_pooler(tmp_path: Path) -> None:
    import torch
    from transformers import BertModel

    folder = tiny_bert(tmp_path / "LaBSE")
    model, tokenizer = BertModel.from_pretrained(folder).eval(), tiny_tokenizer()

    def vector(text: str) -> np.ndarray:
        with torch.inference_mode():
            first = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0]
            pooled = torch.tanh(model.pooler.dense(first)).numpy()
        return pooled / np.linalg.norm(pooled)

    expected = [float(vector(text) @ vector(source)) for text, source in zip(TEXTS, SOURCES)]
    judge = LaBSE(folder, batch_size=3)
    assert judge(TEXTS, SOURCES) == pytest.approx(expected, abs=1e-5)
    assert judge(TEXTS, SOURCES).shape == (4,)  # pairs, no matrix
    assert judge(TEXTS, TEXTS) == pytest.approx([1.0] * 4, abs=1e-6)
    assert judge(TEXTS[::-1], SOURCES[::-1]) == pytest.approx(expected[::-1], abs=1e-5)


def test_mean_pooling_is_another_cosine(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "LaBSE")
    mean, labse = MeanPooled(str(folder)), LaBSE(folder)
    assert np.abs(mean(TEXTS, SOURCES) - labse(TEXTS, SOURCES)).max() > 1e-3


def test_labse_without_a_pooler_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"has no weights for pooler\.dense\.bias, .*it is no LaBSE"):
        LaBSE(tiny_bert(tmp_path / "bert", pooler=False))(["you"], ["you"])


def test_encoders_cut_nothing_either(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path / "encoder")
    with pytest.raises(SROError, match=r"reads 32 tokens, and the text of row 1 "):
        LaBSE(folder)([LONG], ["you"])
    with pytest.raises(SROError, match=r"reads 256 tokens, and the text of row 2 "):
        MeanPooled(str(folder))(["you", "you"], ["you", "good " * 300])


def test_columns_of_other_lengths(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 texts but 1 sources"):
        LaBSE(tiny_bert(tmp_path / "encoder"))(["a", "b"], ["a"])


# --- the language model ----------------------------------------------------------------------------------------------


def test_acceptable_is_no_less_fluent_than_the_source(tmp_path: Path, tiny_causal: Any, saved: Any) -> None:
    from sro.evaluation.judges.lm_fluency import LanguageModelFluency

    folder = str(saved(tmp_path / "leader", *tiny_causal()))
    texts = ["you are an idiot", "the page is good", "what a bad idea is that", "please read this"]
    sources = ["shut up idiot", "you fool", "what the crap is that", "read this comment now"]
    measured = LanguageModelFluency(*tiny_causal())
    gain = measured(texts) - measured(sources)
    for between in np.sort(gain)[:-1] + np.diff(np.sort(gain)) / 2:
        found = RelativeFluency(folder, threshold=-float(between))(texts, sources)
        assert found.tolist() == (gain >= between).astype(float).tolist()
    assert RelativeFluency(folder, threshold=0.0)(texts, texts).tolist() == [1.0] * 4


def test_empty_texts(tmp_path: Path, tiny_causal: Any, saved: Any) -> None:
    judge = RelativeFluency(str(saved(tmp_path / "leader", *tiny_causal())), threshold=100.0)
    found = judge(["", "you", ""], ["you are", "", ""])
    assert found[0] == 0  # nothing is not fluent
    assert np.isnan(found[1:]).all()  # there is nothing to compare with: the protocol will name the row


def test_the_threshold_is_part_of_the_name(tmp_path: Path, tiny_causal: Any, saved: Any) -> None:
    folder = str(saved(tmp_path / "leader", *tiny_causal()))
    names = {RelativeFluency(folder, threshold).name for threshold in (0.5, 0.75)}
    assert len(names) == 2 and all(name.startswith("leader ") for name in names)


def test_a_text_longer_than_the_language_model_reads(tmp_path: Path, tiny_causal: Any, saved: Any) -> None:
    judge = RelativeFluency(str(saved(tmp_path / "leader", *tiny_causal())))
    with pytest.raises(SROError, match=r"reads 255 tokens, and the text of row 1 "):
        judge(["you " * 256], ["you"])


# --- names -----------------------------------------------------------------------------------------------------------


def test_other_weights_are_another_judge(tmp_path: Path) -> None:
    first = StyleClassifier(tiny_roberta(tmp_path / "a" / "tone", ["neutral", "toxic"], seed=0)).name
    same = StyleClassifier(tiny_roberta(tmp_path / "b" / "tone", ["neutral", "toxic"], seed=0)).name
    other = StyleClassifier(tiny_roberta(tmp_path / "c" / "tone", ["neutral", "toxic"], seed=1)).name
    assert first == same != other
    assert first.startswith("tone ") and str(tmp_path) not in first
    assert identity(tmp_path / "a" / "tone", "mine") == first.replace("tone", "mine")


def test_a_judge_that_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"^judge 'nobody/nothing' is neither a folder nor reachable on the hub"):
        StyleClassifier("nobody/nothing").name  # noqa: B018
