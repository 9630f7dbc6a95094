"""The models that judge: classifiers, sentence encoders, and a language model that compares a text with its source.

Each judge is made from a name (a hub name or a folder) without loading the model, so that no model is loaded if the
scores are in the cache. The judge's `name` ends in eight digits of the hub's commit, or of a hash of the folder's
files, so another model is another judge.

No text is truncated: a text that is longer than the model's limit is an error that names its row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sro.core.errors import SROError
from sro.core.files import folder_sha256
from sro.core.pretrained import read_config, read_model, read_tokenizer
from sro.evaluation.protocols import name_rows
from sro.screeners.base import Screener, Verdict
from sro.screeners.loading import load_screener

if TYPE_CHECKING:
    from sro.evaluation.judges.lm_fluency import LanguageModelFluency
    from sro.screeners.huggingface import HuggingFaceScreener
    from sro.screeners.similarity import SentenceEncoder

LABSE = "sentence-transformers/LaBSE"
COLA = "cointegrated/roberta-large-cola-krishna2020"

FLUENCY_THRESHOLD = 0.75
"""How far, in nats per token, a rewrite may lie below its source in `RelativeFluency`. With the embedded leader, 83 %
of 240 human rewrites of ParaDetox *train* pass, 12 % of the same with their words shuffled, and 55 % with one word
left out."""

ACCEPTABLE = re.compile(r"(linguistically )?(acceptable|grammatical|correct|fluent|natural|well formed|good)")
UNACCEPTABLE = re.compile(
    r"(linguistically )?(unacceptable|not acceptable|ungrammatical|incorrect|error|disfluent|not fluent|unnatural|bad)"
)


def identity(name: str | Path, label: str | None = None) -> str:
    """Name and version of a model. The version is eight digits of its commit, or of the hash of a folder's files.

    Args:
        label: the name to use; by default the hub name, or the last part of the folder's path.

    Raises:
        SROError: there is no such folder, and no such model on the hub or in its cache.
    """
    if Path(name).is_dir():
        return f"{label or Path(name).name} {folder_sha256(name)[:8]}"
    from transformers.utils import cached_file

    try:
        config = cached_file(str(name), "config.json")
    except (OSError, ValueError) as error:
        raise SROError(
            f"judge '{name}' is neither a folder nor reachable on the hub: {str(error).strip().splitlines()[0]}\n"
            "  fix: give its folder (--judges style=FOLDER, content=… or fluency=…), let this machine reach the hub, "
            "or --judges embedded"
        ) from error
    return f"{label or name} {Path(str(config)).parent.name[:8]}"


def refuse_long(lengths: Sequence[int], limit: int, judge: str) -> None:
    """Raise SROError, naming the rows, if a text has more tokens than the judge reads."""
    if (rows := np.flatnonzero(np.asarray(lengths) > limit)).size:
        raise SROError(
            f"{judge} reads {limit} tokens, and the text of {name_rows(rows)} (counted from 1) has more: only its "
            "beginning would be scored\n  fix: split these texts into sentences, or leave their rows out"
        )


class StyleClassifier:
    """P(neutral) by a sequence classifier with labels that say which are toxic (see `sro.screeners.huggingface`), or
    by several classifiers together (`sro.screeners.ensemble`)."""

    def __init__(self, path: str | Path, label: str | None = None) -> None:
        self.path, self.label = str(path), label

    @cached_property
    def name(self) -> str:
        return identity(self.path, self.label)

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        return 1.0 - np.array([verdict.probability for verdict in self.verdicts(texts)], dtype=np.float64)

    def verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        """The classifier's verdict on each text. Raises SROError if a text is too long for the classifier."""
        from sro.screeners.ensemble import Ensemble
        from sro.screeners.huggingface import HuggingFaceScreener

        screener = self._screener
        for member in screener.members if isinstance(screener, Ensemble) else (screener,):
            if isinstance(member, HuggingFaceScreener):
                _refuse_what_is_cut(member, texts, self.name)
        return screener.screen(texts)

    @cached_property
    def _screener(self) -> Screener:
        return load_screener(self.path)

    @property
    def has_own_threshold(self) -> bool:
        """Whether its threshold is a setting (of an encoder or NB-LR; see `load_screener`) instead of P = 1/2."""
        return any((Path(self.path) / card).is_file() for card in ("encoder.json", "nblr.json"))


class OwnVerdict:
    """1 if a classifier passes a text by its own threshold, 0 if it fails it; for protocols that need a yes or no."""

    def __init__(self, classifier: StyleClassifier) -> None:
        self.classifier = classifier

    @property
    def name(self) -> str:
        return f"{self.classifier.name}, own threshold"  # another column of scores than its P(neutral)

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        return np.array([verdict.passed for verdict in self.classifier.verdicts(texts)], dtype=np.float64)


class AcceptabilityClassifier:
    """P(acceptable) by a classifier trained on CoLA; `unacceptable_label` finds which of its labels is which."""

    def __init__(self, path: str | Path = COLA) -> None:
        self.path = str(path)

    @cached_property
    def name(self) -> str:
        return identity(self.path)

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        _refuse_what_is_cut(self._classifier, texts, self.name)
        return 1.0 - self._classifier.probabilities(texts)

    @cached_property
    def _classifier(self) -> HuggingFaceScreener:
        from sro.screeners.huggingface import HuggingFaceScreener

        labels = read_config(self.path).id2label
        return HuggingFaceScreener.load(self.path, toxic_labels=[unacceptable_label(labels, self.path)])


def unacceptable_label(id2label: Mapping[int, str], name: str) -> str:
    """Which of the two labels of a model's config means that a sentence is *not* acceptable.

    The labels' names decide. Labels without names (`LABEL_0`, `LABEL_1`) are only known for the official classifier:
    CoLA itself uses 1 for acceptable, but `cointegrated/roberta-large-cola-krishna2020`, converted from fairseq, has
    acceptable sentences at index 0.

    Raises:
        SROError: the model does not have two labels, or the labels do not say which means acceptable.
    """
    labels = [id2label[index] for index in sorted(id2label)]
    plain = [" ".join(re.sub(r"[\W_]+", " ", label).lower().split()) for label in labels]
    good = [bool(ACCEPTABLE.fullmatch(label)) for label in plain]
    bad = [bool(UNACCEPTABLE.fullmatch(label)) for label in plain]
    if len(labels) == 2 and sum(good) <= 1 and sum(bad) <= 1 and (any(good) or any(bad)):
        return labels[bad.index(True) if any(bad) else good.index(False)]
    if plain == ["label 0", "label 1"] and Path(name).name == COLA.partition("/")[2]:
        return labels[1]
    raise SROError(
        f"fluency judge '{name}': its labels {', '.join(map(repr, labels))} do not say which means acceptable\n"
        '  fix: name them in its config.json, e.g. "id2label": {"0": "unacceptable", "1": "acceptable"}'
    )


def _refuse_what_is_cut(classifier: HuggingFaceScreener, texts: Sequence[str], judge: str) -> None:
    if classifier.max_length is not None and texts:
        lengths = [len(ids) for ids in classifier.tokenizer(list(texts), verbose=False)["input_ids"]]
        refuse_long(lengths, classifier.max_length, judge)


class MeanPooled:
    """Cosine by a mean-pooled sentence encoder: `embedded` is all-MiniLM-L6-v2 (see `sro.screeners.similarity`)."""

    limit = 256
    """Tokens that `SentenceEncoder` reads."""

    def __init__(self, path: str = "embedded") -> None:
        self.path = path

    @cached_property
    def name(self) -> str:
        from sro.screeners.similarity import embedded_encoder

        return identity(embedded_encoder(), "all-MiniLM-L6-v2") if self.path == "embedded" else identity(self.path)

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        for column in (texts, sources):
            ids = self._encoder.tokenizer(list(column), verbose=False)["input_ids"] if column else []
            refuse_long([len(row) for row in ids], self.limit, self.name)
        return self._encoder.similarity(texts, sources).astype(np.float64)

    @cached_property
    def _encoder(self) -> SentenceEncoder:
        from sro.screeners.similarity import SentenceEncoder

        return SentenceEncoder(self.path)


class LaBSE:
    """Cosine by LaBSE (Feng et al. 2022): the first token through the model's own pooler (a dense layer and tanh).

    sentence-transformers computes the same with its CLS pooling and dense layer; it is not the mean over tokens. This
    class reads 512 tokens; sentence-transformers would truncate at 256.
    """

    def __init__(self, path: str | Path = LABSE, batch_size: int = 32) -> None:
        self.path, self.batch_size = str(path), batch_size
        self._known: dict[str, np.ndarray] = {}

    @cached_property
    def name(self) -> str:
        return identity(self.path)

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        if len(texts) != len(sources):
            raise ValueError(f"{len(texts)} texts but {len(sources)} sources")
        ours, theirs = self.embed(texts), self.embed(sources)
        return np.asarray((ours * theirs).sum(axis=-1), dtype=np.float64)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors [N, D]. Vectors of earlier texts are cached, because every system has the same sources."""
        import torch

        tokenizer, model = self._parts
        ids = tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        refuse_long([len(row) for row in ids], model.config.max_position_embeddings, self.name)
        new = sorted(set(texts) - self._known.keys(), key=len)
        for start in range(0, len(new), self.batch_size):
            chunk = new[start : start + self.batch_size]
            batch = tokenizer(chunk, padding=True, return_tensors="pt").to(model.device)
            with torch.inference_mode():
                pooled = torch.nn.functional.normalize(model(**batch).pooler_output.float(), dim=-1)
            self._known.update(zip(chunk, pooled.cpu().numpy()))
        return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, 0), np.float32)

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModel

        model, loading = read_model(AutoModel, self.path, dtype=torch.float32, output_loading_info=True)
        if missing := sorted(loading["missing_keys"]):
            raise SROError(
                f"'{self.path}' has no weights for {', '.join(missing)}: it is no LaBSE\n"
                f"  fix: --judges content={LABSE}, or a folder of that model"
            )
        place = "cuda" if torch.cuda.is_available() else "cpu"
        return read_tokenizer(self.path), model.to(place).eval()


class RelativeFluency:
    """Acceptable, 0 or 1: no less fluent than its source, under a language model that was trained on neither.

    A rewrite is acceptable iff its mean log-probability per token is at most `threshold` nats below its source's (see
    `sro.evaluation.judges.lm_fluency`). The source is the standard because comments are not polished text: a rewrite
    may be as rough as the comment, but no rougher. An empty rewrite is not acceptable; an empty source has no score.

    This judge differs from a CoLA classifier, which never sees the source: on 900 system outputs of the calibration
    data the two hardly agree (AUC .57 for the difference). It may also be biased: it may rate outputs of a leader that
    was fine-tuned from the same model higher than people do.
    """

    def __init__(self, leader: str = "embedded", threshold: float = FLUENCY_THRESHOLD) -> None:
        self.leader, self.threshold = leader, threshold
        self._known: dict[str, float] = {}

    @cached_property
    def name(self) -> str:
        from sro.leader.model import embedded_leader

        path = embedded_leader() if self.leader == "embedded" else self.leader
        return f"{identity(path)}, at most {self.threshold:g} nats a token below the source"

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        fluency, wanted = self._fluency(texts), self._fluency(sources)
        with np.errstate(invalid="ignore"):  # −inf minus −inf, if both are empty
            acceptable = (fluency - wanted >= -self.threshold).astype(np.float64)
        acceptable[~np.isfinite(wanted)] = np.nan
        return acceptable

    def _fluency(self, texts: Sequence[str]) -> np.ndarray:
        model = self._model
        ids = model.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        refuse_long([len(row) for row in ids], model.model.config.max_position_embeddings - 1, self.name)
        if new := sorted(set(texts) - self._known.keys()):
            self._known.update(zip(new, model(new).tolist()))
        return np.array([self._known[text] for text in texts], dtype=np.float64)

    @cached_property
    def _model(self) -> LanguageModelFluency:
        from sro.evaluation.judges.lm_fluency import LanguageModelFluency
        from sro.leader.model import Leader, LeaderArguments

        loaded = Leader.load(LeaderArguments(self.leader, "none"))
        return LanguageModelFluency(loaded.model.eval(), loaded.tokenizer)
