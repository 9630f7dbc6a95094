"""NB-LR: the formula, the stored file, and the shipped screener's figures."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sro.core.errors import SROError
from sro.screeners.loading import load_screener
from sro.screeners.nblr.fitting import fit
from sro.screeners.nblr.model import NBLR, NBLRSettings, tokens
from sro.screeners.nblr.ngram_index import character_ngrams, word_ngrams

TOXIC = ["you idiot", "shut up you idiot", "what an idiot", "you stupid idiot", "stupid stupid page"]
CLEAN = ["thank you", "thank you for the page", "what a good page", "you are right", "good page thank you"]
SMALL = NBLRSettings(min_df=1)
DATA = Path(os.environ.get("SRO_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture(scope="module")
def fitted() -> NBLR:
    return fit(TOXIC, CLEAN, SMALL, [{"side": "toxic", "rows": 5}])


def test_tokens_join_contractions_and_drop_quotes_and_commas() -> None:
    assert tokens('You\'re RIGHT, "really"!') == ["youre", "right", "really", "!"]
    assert tokens("you 're") == tokens("you're") == tokens("you’re") == tokens("youre")
    assert tokens("do n't") == tokens("don't") == tokens("dont") == ["dont"]


def test_ngrams() -> None:
    assert word_ngrams(["you", "idiot"], 2) == ["wyou", "widiot", "wyou idiot"]
    assert word_ngrams(["you"], 2) == ["wyou"]
    assert character_ngrams("ok", 3) == ["c o", "cok", "ck ", "c ok", "cok "]


def test_probability_by_hand() -> None:
    """Words `a a b`: x = ((1 + ln 2)·2, 1·3); score = bias + w·x/‖x‖; no character n-gram is known."""
    screener = NBLR({"wa": 0, "wb": 1}, np.float32([2, 3]), np.float32([0.5, -1]), 0.25)
    x, y = (1 + math.log(2)) * 2, 3.0
    score = 0.25 + (0.5 * x - 1.0 * y) / math.hypot(x, y)
    assert screener.probabilities(["a a b"])[0] == pytest.approx(1 / (1 + math.exp(-score)), rel=1e-6)


def test_prediction_agrees_with_scikit_learn_on_the_whole_pipeline(fitted: NBLR) -> None:
    """The numpy scorer against TfidfVectorizer, whose output the regression saw."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [*TOXIC, *CLEAN, "you you idiot !", "thank thank thank", "page"]
    expected = np.full(len(texts), fitted.bias)
    grams_of: list[Callable[[str], list[str]]] = [
        lambda text: word_ngrams(tokens(text), 2),
        lambda text: [gram for word in tokens(text) for gram in character_ngrams(word, 5)],
    ]
    for block, analyzer in zip("wc", grams_of):
        grams = [gram for gram in fitted.vocabulary if gram[0] == block]
        rows = [fitted.vocabulary[gram] for gram in grams]
        vectorizer = TfidfVectorizer(analyzer=analyzer, vocabulary=grams, sublinear_tf=True).fit(TOXIC + CLEAN)
        expected += vectorizer.transform(texts) @ fitted.weight[rows]
    assert fitted.probabilities(texts) == pytest.approx(1 / (1 + np.exp(-expected)), abs=1e-5)


def by_the_formula(screener: NBLR, text: str) -> float:
    """P(fail) of one text, n-gram by n-gram: what `probabilities` does with many texts at once."""
    words, settings = tokens(text), screener.settings
    score = screener.bias
    for grams in (
        word_ngrams(words, settings.word_ngrams),
        [gram for word in words for gram in character_ngrams(word, settings.character_ngrams)],
    ):
        counts = Counter(gram for gram in grams if gram in screener.vocabulary)
        rows = [screener.vocabulary[gram] for gram in counts]
        x = [(1 + math.log(times)) * float(screener.idf[row]) for times, row in zip(counts.values(), rows)]
        length = math.sqrt(sum(value * value for value in x)) or 1.0
        score += sum(value * float(screener.weight[row]) for value, row in zip(x, rows)) / length
    return (1 + math.tanh(score / 2)) / 2


ODDITIES = [
    *["", "\x00", " ", "you\x00idiot", "a\x1cb", "!?!"],
    *["_", "i d i o t", "sh*t 's", "(unt!", "caf\xe9 n\u2019t", "\ud800 x"],
    *["do n't", "do  n't", "n't", " 's", "you 're 's 's"],
    *["it's'", "'d'd", "ca n 't", "don`t", "i'\nm", "rock'n't'roll"],
    *["asshoIe", "fooI", "a b", "a 5 b", "!f!u!c!k!"],
    *["u.s.a", "stuuupid", "@$$", "f(x", "\u0455h\u0456t", "\xa0x"],
]


def test_many_at_once_are_judged_as_one_by_one() -> None:
    from importlib.resources import files

    screener = load_screener("embedded/linear")
    assert isinstance(screener, NBLR)
    lines = (files("sro") / "assets/starter/comments.jsonl").read_text("utf-8").splitlines()
    texts = [*ODDITIES, *(json.loads(line)["text"] for line in lines), "word " * 30_000, *ODDITIES]
    assert screener.probabilities(texts) == pytest.approx(
        [by_the_formula(screener, text) for text in texts], abs=1e-12
    )


def test_longer_ngrams_of_words_are_found_at_once_too() -> None:
    settings = NBLRSettings(
        min_df=1, word_ngrams=4, max_features=50
    )  # so that not all beginnings are n-grams themselves
    screener = fit(TOXIC, CLEAN, settings)
    assert max(gram.count(" ") for gram in screener.vocabulary if gram[0] == "w") == 3
    assert screener.probabilities(TOXIC + CLEAN) == pytest.approx(
        [by_the_formula(screener, text) for text in TOXIC + CLEAN], abs=1e-12
    )


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")
def test_twenty_thousand_sentences_at_once_are_judged_as_one_by_one() -> None:
    from sro.screeners.nblr.training import load_texts

    screener = load_screener("embedded/linear")
    assert isinstance(screener, NBLR)
    names = ("sentences/dev_toxic.txt", "sentences/dev_normal.txt", "toxic_spans/tsd_train.csv::text")
    texts = load_texts([f"{DATA}/{name}" for name in names])
    assert len(texts) >= 20_000
    alone = np.array([by_the_formula(screener, text) for text in texts])
    at_once = screener.probabilities(texts)
    assert np.abs(at_once - alone).max() < 1e-12
    assert ((at_once >= 0.5) == (alone >= 0.5)).all()


def test_it_learns_and_its_verdicts_follow_the_threshold(fitted: NBLR) -> None:
    labels = [verdict.label for verdict in fitted.screen(["an idiot", "a good page"])]
    assert labels == ["fail", "pass"]
    p = fitted.probabilities(["an idiot"])[0]
    strict = NBLR(fitted.vocabulary, fitted.idf, fitted.weight, fitted.bias, NBLRSettings(threshold=p))
    lax = NBLR(fitted.vocabulary, fitted.idf, fitted.weight, fitted.bias, NBLRSettings(threshold=p + 1e-9))
    assert not strict.screen(["an idiot"])[0].passed
    assert lax.screen(["an idiot"])[0].passed


def test_extreme_scores_do_not_overflow() -> None:
    screener = NBLR({"wa": 0}, np.float32([1]), np.float32([5000]), 0.0)
    assert screener.probabilities(["a", "b"]).tolist() == [1.0, 0.5]


def test_no_texts_no_verdicts(fitted: NBLR) -> None:
    assert fitted.screen([]) == []


def test_saved_and_loaded_is_the_same_screener(fitted: NBLR, tmp_path: Path) -> None:
    fitted.save(tmp_path / "here")
    loaded = load_screener(str(tmp_path / "here"))
    assert isinstance(loaded, NBLR)
    assert loaded.name == fitted.name
    assert loaded.trained_on == ({"side": "toxic", "rows": 5},)
    assert loaded.probabilities(TOXIC).tolist() == fitted.probabilities(TOXIC).tolist()
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["nblr.json", "nblr.safetensors"]


def edit(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "nblr.json").read_text(encoding="utf-8")) | changes
    (folder / "nblr.json").write_text(json.dumps(card), encoding="utf-8")


def poison_weights(folder: Path) -> None:
    import hashlib

    arrays = load_file(folder / "nblr.safetensors")
    arrays["weight"][0] = np.nan
    save_file(arrays, folder / "nblr.safetensors")
    edit(folder, arrays_sha256=hashlib.sha256((folder / "nblr.safetensors").read_bytes()).hexdigest())


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no card": (lambda f: (f / "nblr.json").unlink(), "nblr.json: No such file"),
    "no arrays": (lambda f: (f / "nblr.safetensors").unlink(), "nblr.safetensors: No such file"),
    "card cut": (lambda f: (f / "nblr.json").write_text('{"format": 1, "voc'), "damaged"),
    "card a list": (lambda f: (f / "nblr.json").write_text("[]"), "damaged"),
    "other format": (lambda f: edit(f, format=99), "format 99, this version reads 1"),
    "unknown setting": (lambda f: edit(f, settings={"beta": 1}), "damaged"),
    "arrays of another": (lambda f: (f / "nblr.safetensors").write_bytes(b"x" * 99), "not the arrays"),
    "n-gram missing": (lambda f: edit(f, vocabulary=["wa"]), "do not fit together"),
    "weight no number": (poison_weights, "do not fit together"),
    "bias no number": (lambda f: edit(f, bias=float("nan")), "do not fit together"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told(fitted: NBLR, tmp_path: Path, damage: str) -> None:
    fitted.save(tmp_path)
    do, message = DAMAGES[damage]
    do(tmp_path)
    with pytest.raises(SROError, match=message):
        NBLR.load(tmp_path)


def test_shipped_screener_is_small_and_says_what_it_was_trained_on() -> None:
    from importlib.resources import files

    screener = load_screener("embedded/linear")
    assert isinstance(screener, NBLR)
    folder = Path(str(files("sro") / "assets/screener"))
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4_000_000
    assert {entry["side"] for entry in screener.trained_on} == {"toxic", "clean"}
    assert all(len(entry["sha256"]) == 64 for entry in screener.trained_on)
    reserved = ("emnlp10k", "davidson", "toxic_spans", "insults", "judge_calibration", "paradetox", "identity.jsonl")
    assert not [e["source"] for e in screener.trained_on if any(name in e["source"] for name in reserved)]


def test_shipped_screener_raises_few_false_alarms_on_the_identity_set() -> None:
    """22 of 278 when it was trained, most for words with a second meaning (`Moby Dick`, `the bitch had puppies`)."""
    from sro.screeners.nblr.training import load_texts

    texts = load_texts([str(Path(__file__).parents[3] / "src/sro/assets/starter/identity.jsonl") + "::text"])
    alarms = [verdict for verdict in load_screener("embedded/linear").screen(texts) if not verdict.passed]
    assert len(alarms) <= 0.09 * len(texts)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")
def test_shipped_screener_keeps_its_figures_on_tuning_data() -> None:
    from sro.screeners.check import check
    from sro.screeners.nblr.training import load_texts

    result = check(
        load_screener("embedded/linear"),
        load_texts([f"{DATA}/paradetox_train/paradetox.tsv::toxic"]),
        load_texts([f"{DATA}/judge_calibration/official_labels.jsonl::text::sta=1"]),
    )
    assert result.recall >= 0.95
    assert result.pass_rate >= 0.96
