"""Find the grammatical class of a word in its context: "shit" can be a noun, an exclamation or a verb.

The classifier is a linear probe on the early layers of the sentence encoder, which still represent the word in its
context. It learns from the unpaired comments: the class of each single word of the mild vocabulary is known (the
vocabulary's section). On words that it never saw it is right nine times in ten. On rude words it only has to be good
enough to keep a noun out of an adjective's place.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sro.comments.words import bare_word, words
from sro.screeners.similarity import SentenceEncoder

LAYERS = (1, 2)


@dataclass(frozen=True)
class WordClasses:
    """The trained probe. `names`: the classes, in the order of all shares below."""

    encoder: SentenceEncoder
    probe: Any
    names: list[str]
    vocabulary: Mapping[str, frozenset[str]]

    def shares(self, texts: Sequence[str], places: Sequence[int]) -> np.ndarray:
        """[N, classes]: how likely each class is for the `places[i]`-th white-space token of `texts[i]`."""
        if not len(texts):
            return np.zeros((0, len(self.names)))
        unique = list(dict.fromkeys(texts))
        states = dict(zip(unique, word_states(self.encoder, unique)))
        rows = [states[text].get(place) for text, place in zip(texts, places)]
        unread = np.zeros(self.probe.n_features_in_)  # for a token that was cut off
        found: np.ndarray = self.probe.predict_proba([unread if row is None else row for row in rows])
        return found

    def fits(self, shares: np.ndarray, phrases: Sequence[str]) -> np.ndarray:
        """[..., phrases]: for each phrase, the sum of the shares [..., classes] of its classes."""
        has = np.array([[name in self.vocabulary[phrase] for name in self.names] for phrase in phrases], dtype=float)
        fitting: np.ndarray = shares @ has.T
        return fitting


def learn_classes(
    texts: Sequence[str],
    vocabulary: Mapping[str, frozenset[str]],
    encoder: SentenceEncoder,
    occurrences: int = 20,
    seed: int = 0,
) -> WordClasses:
    """Train the probe on occurrences of the vocabulary's unambiguous single words in `texts`.

    Raises:
        ValueError: the texts hold words of fewer than two classes.
    """
    from sklearn.linear_model import LogisticRegression

    known = {phrase: next(iter(has)) for phrase, has in vocabulary.items() if len(has) == 1 and " " not in phrase}
    seen: dict[str, int] = defaultdict(int)
    where: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for text in random.Random(seed).sample(list(texts), len(texts)):
        for i, token in enumerate(words(text)):
            if (word := bare_word(token)) in known and seen[word] < occurrences:
                seen[word] += 1
                where[text].append((i, known[word]))
    rows, labels = [], []
    for text, states in zip(where, word_states(encoder, list(where))):
        for i, label in where[text]:
            if i in states:
                rows.append(states[i])
                labels.append(label)
    probe = LogisticRegression(C=0.05, max_iter=300).fit(rows, labels)
    return WordClasses(encoder, probe, list(probe.classes_), vocabulary)


def word_states(encoder: SentenceEncoder, texts: Sequence[str]) -> list[dict[int, np.ndarray]]:
    """For each text: white-space token → its state (last word piece, early layers); cut-off tokens are missing."""
    import torch

    found: list[dict[int, np.ndarray]] = []
    for at in range(0, len(texts), encoder.batch_size):
        chunk = [words(text) for text in texts[at : at + encoder.batch_size]]
        batch = encoder.tokenizer(
            chunk, is_split_into_words=True, padding=True, truncation=True, max_length=128, return_tensors="pt"
        )
        with torch.inference_mode():
            layers = encoder.model(**batch.to(encoder.device), output_hidden_states=True).hidden_states
        states = torch.cat([layers[layer] for layer in LAYERS], -1).float().cpu().numpy()
        for row in range(len(chunk)):
            pieces = {word: piece for piece, word in enumerate(batch.word_ids(row)) if word is not None}
            found.append({word: states[row, piece] for word, piece in pieces.items()})
    return found
