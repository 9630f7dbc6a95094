"""XCOMET-lite against unbabel-comet itself: the figures below are what that package made of these very weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.judges.xcomet import XCometLite, mqm

TEXT = "you are a an the is it this that i we they he she idiot stupid fool crap damn bad good . , !"
WORDS = TEXT.split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

TRIPLES = [
    ("you are a fool .", "you are a stupid idiot .", "you are bad ."),
    ("this is crap", "this is crap", "this is bad"),
    ("they are good , i is it !", "she is an idiot !", "she is bad !"),
    ("we", "damn the fool that he is , the stupid bad fool", "he is not good"),
]


def tiny_encoder(folder: Path) -> Path:
    """Tokenizer and config of a tiny mDeBERTa: 4 layers, 64 positions."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import DebertaV2Config, PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    DebertaV2Config(
        vocab_size=len(SPECIAL + WORDS),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
        relative_attention=True,
        position_buckets=16,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        type_vocab_size=0,
        pad_token_id=0,
    ).save_pretrained(folder)
    return folder


def tiny_weights(encoder: Path) -> dict[str, np.ndarray]:
    """Weights under the package's names, drawn by numpy: the same on every machine and version of torch."""
    from transformers import AutoConfig, AutoModel

    draw = np.random.RandomState(0)
    body = AutoModel.from_config(AutoConfig.from_pretrained(encoder)).state_dict()
    weights = {}
    for name in sorted(body):
        norm = "LayerNorm" in name
        scale = 1.0 if "word_embeddings" in name else 0.15
        values = np.zeros(body[name].shape) if norm else draw.normal(scale=scale, size=tuple(body[name].shape))
        weights[f"encoder.model.{name}"] = values + float(norm and name.endswith("weight"))
    sizes = [32, 24, 16, 1]
    for place, width, out in zip((0, 3, 6), sizes, sizes[1:]):
        weights[f"estimator.ff.{place}.weight"] = draw.normal(scale=0.2, size=(out, width))
        weights[f"estimator.ff.{place}.bias"] = np.full(out, 0.95 if out == 1 else 0.0)
    weights["hidden2tag.weight"] = draw.normal(scale=0.8, size=(4, 32))
    weights["hidden2tag.bias"] = np.array([1.5, 0.0, 0.0, 0.0])
    for i in range(5):
        weights[f"layerwise_attention.scalar_parameters.{i}"] = np.array([0.3 * i - 0.5])
    weights["layerwise_attention.gamma"] = np.array([1.3])
    return {name: values.astype(np.float32) for name, values in weights.items()}


def tiny_xcomet(folder: Path) -> Path:
    """A folder as `PyTorchModelHubMixin` writes it."""
    from safetensors.numpy import save_file

    encoder = tiny_encoder(folder / "encoder")
    save_file(tiny_weights(encoder), folder / "model.safetensors")
    config = {"pretrained_model": str(encoder), "word_layer": 2, "layer_transformation": "softmax"}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_xcomet(tmp_path_factory.mktemp("xcomet"))


def columns(triples: list[tuple[str, str, str]]) -> tuple[list[str], list[str], list[str]]:
    texts, sources, references = (list(column) for column in zip(*triples))
    return texts, sources, references


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_the_scores_are_those_of_the_package(folder: Path, batch_size: int) -> None:
    # unbabel-comet 2.2.7, `XCOMETMetric.predict_step`: capped scores (rows 1, 2, 4), spans that end and one that does
    # not (MQM 1, 1, .4, .6), texts of unlike lengths
    expected = [0.9981955289840698, 0.9991000890731812, 0.8585367798805237, 0.9022270441055298]
    found = XCometLite(folder, batch_size)(*columns(TRIPLES))
    assert found == pytest.approx(expected, abs=2e-6)


def test_quality_counts_spans_that_end() -> None:
    assert mqm([0, 0, 0]) == 1
    assert mqm([0, 1, 0]) == 1 - 1 / 25
    assert mqm([2, 3, 1, 0]) == 1 - 5 / 25  # as bad as it begins
    assert mqm([3, 0, 1, 0]) == 1 - 11 / 25
    assert mqm([0, 3, 3]) == 1  # runs to the end
    assert mqm([3, 0, 3, 0, 3, 0]) == 0  # 30 counts as 25


def test_rows_that_are_too_long_are_named(folder: Path) -> None:
    long = ("you are bad " * 10, "you " * 20, "bad " * 20)
    with pytest.raises(SROError, match=r"reads 62 tokens, and the text of row 2 \(counted from 1\)"):
        XCometLite(folder)(*columns([TRIPLES[0], long]))


def test_references_are_needed(folder: Path) -> None:
    with pytest.raises(SROError, match="XCOMET-lite reads references"):
        XCometLite(folder)(["a"], ["a"], None)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tiny_xcomet(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "hidden2tag" not in name}, tmp_path / "model.safetensors"
    )
    with pytest.raises(SROError, match=r"is no XCOMET-lite: 'hidden2tag\.weight'"):
        XCometLite(tmp_path)(*columns(TRIPLES))
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "layer_transformation": "sparsemax"}))
    with pytest.raises(SROError, match="mixed by sparsemax"):
        XCometLite(tmp_path)(*columns(TRIPLES))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(SROError, match=r"cannot be loaded.*\n  fix: .*fluency=embedded"):
        XCometLite(tmp_path)(*columns(TRIPLES))


def test_its_name_is_its_weights(folder: Path, tmp_path: Path) -> None:
    assert XCometLite(folder).name != XCometLite(tiny_encoder(tmp_path)).name
    assert np.isfinite(int(XCometLite(folder).name.split()[-1], 16))
