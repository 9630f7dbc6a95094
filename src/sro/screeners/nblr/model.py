"""The paper's screener: TF-IDF n-grams, scaled by the naive-Bayes log-count ratio, into a logistic regression (NB-LR).

For a text with TF-IDF vector x (word n-grams and character n-grams, each block of unit length)

    r = log( (Σ_toxic x + α)/‖·‖₁ ) − log( (Σ_clean x + α)/‖·‖₁ )        the log-count ratio, one number an n-gram
    P(fail) = σ( w·(x ∘ r) + b )                                        w, b: logistic regression on x ∘ r

(Wang & Manning 2012, "Baselines and Bigrams"). The paper uses words only. We add character n-grams inside words,
because they also match misspelt and inflected words. Before counting, texts are normalised and contractions are
joined: `You're`, `you 're` and `youre` are the same word. Quotes and commas are not counted, because they differ by
genre.

The model is stored without pickle: `nblr.json` (settings, training data, n-grams) and `nblr.safetensors` (two numbers
per n-gram). Loading it cannot run code. Prediction needs only numpy; fitting (`sro.screeners.nblr.fitting`) needs
scikit-learn.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sro.comments.disguise_scan import END, find_disguised
from sro.comments.normalise import normalise, trace
from sro.comments.offsets import Normalised
from sro.core.errors import SROError
from sro.core.files import atomic_write_bytes, atomic_write_text
from sro.screeners.base import Verdict, sigmoid
from sro.screeners.nblr.ngram_index import (
    BATCH,
    Index,
    batches,
    character_ngrams,
    split,
    word_ngrams,
)

FORMAT = 1
CARD, ARRAYS = "nblr.json", "nblr.safetensors"
TOKEN = re.compile(r"\w+|[!?]")  # other punctuation tells the genre (tokenised? quoted?) rather than the tone
# The pattern starts only at the first blank of a run. Otherwise time would grow with the square of the run's length.
CONTRACTION = re.compile(r"(?:(?<!\s)\s+)?'(?=(?:s|re|m|ve|ll|d|t)\b)|(?<!\s)\s+(?=n't\b)")


def _setting(default: float, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class NBLRSettings:
    """Settings of the fit. The defaults are those of the shipped screener; the paper has α 1, C 4, min_df 3 and words
    only."""

    word_ngrams: int = _setting(2, "longest n-gram of words")
    character_ngrams: int = _setting(5, "longest n-gram of characters inside a word, from 2; 0: words only")
    min_df: int = _setting(2, "texts that an n-gram must occur in")
    max_df: float = _setting(0.9, "share of the texts above which an n-gram is left out")
    alpha: float = _setting(0.1, "α, added to every count, so that n-grams of one side only have a finite ratio")
    C: float = _setting(2.0, "inverse strength of the regression's regularisation")
    clean_weight: float = _setting(
        2.0, "weight of a clean text (a toxic one has 1): a false alarm costs as much as this many misses"
    )
    threshold: float = _setting(0.5, "P(fail) from which on a text fails")
    max_features: int = _setting(120_000, "n-grams kept: those of largest |weight·idf| in a first fit")
    bayes: bool = _setting(True, "scale n-grams by their log-count ratio; false: a plain logistic regression")


def tokens(text: str) -> list[str]:
    """Words of the normalised text, with contractions joined, and its exclamation and question marks."""
    return words_of(normalise(text))


def words_of(normalised: str) -> list[str]:
    """The same as `tokens`, for a text that is already normalised."""
    return TOKEN.findall(CONTRACTION.sub("", normalised))


@dataclass(frozen=True)
class NBLR:
    """A fitted NB-LR screener.

    `vocabulary` maps an n-gram to its row in `idf` and `weight`, both float32 of shape [n-grams]; `weight` is r·w.
    `trained_on` describes the training data, one mapping per source.
    """

    vocabulary: dict[str, int]
    idf: np.ndarray
    weight: np.ndarray
    bias: float
    settings: NBLRSettings = field(default_factory=NBLRSettings)
    trained_on: tuple[dict[str, Any], ...] = ()

    @cached_property
    def name(self) -> str:
        """`nblr` and eight hexadecimal digits of the weights' hash. Screeners with equal names give equal verdicts."""
        digest = hashlib.sha256("\n".join(self.vocabulary).encode())
        for array in (self.idf, self.weight, np.array([self.bias, self.settings.threshold])):
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"nblr {digest.hexdigest()[:8]}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. `sources` is not read. A text without a known n-gram is judged by the bias alone."""
        threshold, name = self.settings.threshold, self.name
        return [
            Verdict("fail" if probability >= threshold else "pass", probability, name)
            for probability in self.probabilities(texts).tolist()
        ]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """P(fail) of each text, float64 of shape [texts]."""
        scores = np.concatenate([np.empty(0), *map(self._scores, batches(texts))])
        return sigmoid(scores)

    @cached_property
    def _index(self) -> Index:
        return Index(self.vocabulary, self.settings.character_ngrams)

    @cached_property
    def _columns(self) -> np.ndarray:
        return np.stack([self.idf, self.weight], axis=1)  # side by side, because both are looked up together

    def _scores(self, texts: Sequence[str]) -> np.ndarray:
        """Log-odds of P(fail), float64 of shape [texts]; the same n-grams and terms as in `attributions`."""
        readable = list(texts)
        for place in find_disguised(texts):
            seen = normalise(texts[place])
            readable[place] = seen if seen.isascii() and END not in seen else " ".join(words_of(seen))
        scores = np.full(len(texts), self.bias)
        for block in self._index.occurrences(split(readable)):
            scores += self._block_scores(*block, len(texts))
        return scores

    def _block_scores(self, owners: np.ndarray, rows: np.ndarray, texts: int) -> np.ndarray:
        """weight · x/‖x‖ of each text over a block of n-grams, with x = (1 + ln count) · idf; 0 if it has none."""
        scores = np.zeros(texts)
        if not len(rows):
            return scores
        bits = len(self.vocabulary).bit_length()
        keys = np.sort((owners.astype(np.int32 if bits + BATCH.bit_length() < 32 else np.int64) << bits) | rows)
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        counts = np.diff(firsts, append=len(keys))
        keys = keys[firsts]
        rows, owners = keys & ((1 << bits) - 1), keys >> bits
        begins = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]]))
        x = (1.0 + np.log(counts)) * self.idf[rows]
        scores[owners[begins]] = np.add.reduceat(x * self.weight[rows], begins) / np.sqrt(
            np.add.reduceat(x * x, begins)
        )
        return scores

    def attributions(self, text: str, seen: Normalised | None = None) -> np.ndarray:
        """What each character adds to the logit of P(fail), float64 of shape [characters]. Their sum plus the bias is
        the logit.

        The logit is a sum over n-grams. The term of an n-gram is divided equally among its occurrences, and then among
        the characters of each occurrence. Positive numbers raise P(fail). The attributions are exact, but they do not
        predict the logit of the text without those characters, because removing characters also changes ‖x‖.

        Args:
            seen: `trace(text)`, if already computed.
        """
        seen = (seen or trace(text)).replaced(CONTRACTION, lambda _: "")
        places = [match.span() for match in TOKEN.finditer(seen.text)]
        words = [seen.text[start:end] for start, end in places]
        # The words' letters are numbered without the gaps between words, so that every n-gram covers one range.
        starts = np.cumsum([0, *map(len, words)], dtype=np.int64)
        changes = np.zeros(starts[-1] + 1)  # of the score, from one letter to the next
        for grams in (self._grams_of_words(words, starts), self._grams_of_characters(words, starts)):
            self._add_shares(changes, *grams)
        scores = np.zeros(len(seen.text))
        letters = [np.arange(start, end) for start, end in places]
        scores[np.concatenate([np.empty(0, dtype=np.int64), *letters])] = np.cumsum(changes)[:-1]
        return seen.shared_out(scores)

    def _grams_of_words(self, words: Sequence[str], starts: np.ndarray) -> np.ndarray:
        """Row (or -1), start and end of every n-gram of words; int64 of shape [3, n-grams]."""
        sizes = range(1, min(self.settings.word_ngrams, len(words)) + 1)
        grams = word_ngrams(words, self.settings.word_ngrams)
        rows = np.array([self.vocabulary.get(gram, -1) for gram in grams], dtype=np.int64)
        begins = np.concatenate([starts[:0], *(starts[: len(words) - n + 1] for n in sizes)])
        return np.stack([rows, begins, np.concatenate([starts[:0], *(starts[n:] for n in sizes)])])

    def _grams_of_characters(self, words: Sequence[str], starts: np.ndarray) -> np.ndarray:
        """The same for n-grams of characters. Each distinct word is looked up once."""
        of_word = {word: self._grams_of_word(word) for word in dict.fromkeys(words)}
        found = [of_word[word] for word in words]
        grams = np.concatenate([np.empty((3, 0), dtype=np.int64), *found], axis=1)
        grams[1:] += np.repeat(starts[:-1], [some.shape[1] for some in found])
        return grams

    def _grams_of_word(self, word: str) -> np.ndarray:
        """The same for one word, known n-grams only; the word is padded by one character at each end."""
        longest = self.settings.character_ngrams
        sizes = range(2, min(longest, len(word) + 2) + 1)
        rows = np.array([self.vocabulary.get(gram, -1) for gram in character_ngrams(word, longest)], dtype=np.int64)
        begins = np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(len(word) + 3 - n) for n in sizes)])
        ends = begins + np.repeat(list(sizes), [len(word) + 3 - n for n in sizes])
        grams = np.stack([rows, np.maximum(begins - 1, 0), np.minimum(ends - 1, len(word))])
        return grams[:, rows >= 0]

    def _add_shares(self, changes: np.ndarray, rows: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> None:
        """Add the terms of a block's known n-grams (`_block_scores`) to `changes`. Each term is divided equally among
        the occurrences, and among the letters of each."""
        known = rows >= 0
        if not known.any():
            return
        rows, begins, ends = (side[known] for side in (rows, begins, ends))
        rows, which, counts = np.unique(rows, return_inverse=True, return_counts=True)
        x = (1.0 + np.log(counts)) * self.idf[rows]
        shares = (x * self.weight[rows] / (math.sqrt(float(x @ x)) * counts))[which] / (ends - begins)
        changes += np.bincount(begins, shares, len(changes)) - np.bincount(ends, shares, len(changes))

    def save(self, folder: str | Path) -> None:
        """Write both files into `folder`, each atomically; the JSON, written last, holds the hash of the arrays."""
        arrays = save({"idf": self.idf, "weight": self.weight})
        card = {
            "format": FORMAT,
            "settings": asdict(self.settings),
            "bias": self.bias,
            "trained_on": list(self.trained_on),
            "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
            "vocabulary": list(self.vocabulary),
        }
        atomic_write_bytes(Path(folder) / ARRAYS, arrays)
        atomic_write_text(Path(folder) / CARD, json.dumps(card, ensure_ascii=False, separators=(",", ":")) + "\n")

    @classmethod
    def load(cls, folder: str | Path) -> NBLR:
        """Read the files of `save`; raises SROError with the file's name if one is missing, damaged or too new."""
        card_path, arrays_path = Path(folder) / CARD, Path(folder) / ARRAYS
        try:
            card = json.loads(card_path.read_text(encoding="utf-8"))
            if card["format"] != FORMAT:
                raise SROError(f"{card_path}: format {card['format']!r}, this version reads {FORMAT}; train it anew")
            stored = arrays_path.read_bytes()
            if hashlib.sha256(stored).hexdigest() != card["arrays_sha256"]:
                raise SROError(f"{arrays_path}: not the arrays that {CARD} was written with; copy both files again")
            arrays = load(stored)
            screener = cls(
                vocabulary=dict(zip(card["vocabulary"], range(len(card["vocabulary"])))),
                idf=arrays["idf"],
                weight=arrays["weight"],
                bias=float(card["bias"]),
                settings=NBLRSettings(**card["settings"]),
                trained_on=tuple(card["trained_on"]),
            )
        except OSError as error:
            raise SROError(
                f"{error.filename}: {error.strerror}; is {folder} the folder of a NB-LR screener?"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
            raise SROError(f"{card_path}: damaged NB-LR screener ({error!r}); copy or train it anew") from error
        shape = (len(card["vocabulary"]),)
        arrays_fit = all(a.shape == shape and a.dtype == np.float32 and np.isfinite(a).all() for a in arrays.values())
        if not arrays_fit or len(screener.vocabulary) != shape[0] or not math.isfinite(screener.bias):
            raise SROError(f"{card_path}: n-grams, arrays and bias do not fit together; copy or train it anew")
        return screener
