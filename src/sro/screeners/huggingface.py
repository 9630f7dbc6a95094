"""Any Hugging Face sequence classifier as a screener: a folder, or a name on the hub.

    HuggingFaceScreener.load("s-nlp/roberta_toxicity_classifier")
    HuggingFaceScreener.load("models/tone", toxic_labels=["rude", "hostile"])

For a softmax head (one label per text), P(fail) is the sum over the toxic labels. For a sigmoid head (any number of
labels per text), P(fail) is that of the most probable toxic label. Weights are read from safetensors only, and no code
of the repository is run.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sro.core.errors import SROError
from sro.core.pretrained import read_config, read_model, read_tokenizer
from sro.screeners.base import Verdict, sigmoid

logger = logging.getLogger(__name__)

TOXIC = re.compile(
    r"(severe |very )?(toxic|toxicity|hate|hateful|hate speech|offensive|offensive language|abuse|abusive|insult"
    r"|insulting|obscene|obscenity|profane|profanity|threat|threatening|identity hate|identity attack|sexual explicit"
    r"|harassment|unsafe|harmful|rude|uncivil|bullying|cyberbullying)"
)
CLEAN = re.compile(
    r"((non|not|no) ?(toxic|toxicity|hate|hateful|offensive|abusive|abuse|insult|profanity|profane|harmful|bullying)"
    r"|neutral|normal|clean|safe|none|neither|ok|okay|acceptable|civil|benign|polite|other)"
)
Head = Literal["softmax", "sigmoid"]
NO_LIMIT = 10**6  # tokens; if a model or tokenizer states this many or more, it has no limit


@dataclass(frozen=True)
class ToxicSide:
    """How to read P(fail) from logits: which labels are toxic, and whether the head is a softmax or a sigmoid."""

    indices: tuple[int, ...]
    head: Head

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """P(fail), float64 of shape [texts], from logits [texts, labels]."""
        scores = logits.astype(np.float64)
        if self.head == "sigmoid":
            return sigmoid(scores[:, self.indices].max(axis=1))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return weights[:, self.indices].sum(axis=1) / weights.sum(axis=1)


def toxic_side(
    id2label: Mapping[int, str], problem_type: str | None, wanted: Sequence[str] = (), where: str = "the classifier"
) -> ToxicSide:
    """Find the toxic labels: those in `wanted`, or else those with a toxic name.

    `problem_type` comes from the model's config (`multi_label_classification` means a sigmoid head). If it is not set,
    a head with only one label, or only toxic labels, must be a sigmoid head. `LABEL_0`, `LABEL_1` are read as clean,
    toxic. Raises SROError if the names are ambiguous, and lists the names to choose from.
    """
    labels = [id2label[index] for index in sorted(id2label)]
    choice = f"name the toxic ones of its labels {', '.join(map(repr, labels))} by toxic_labels"
    if unknown := sorted(set(wanted) - set(labels)):
        raise SROError(f"{where} has no label {', '.join(map(repr, unknown))}; {choice}")
    named = [_words(label) for label in labels]
    if wanted:
        toxic = [label in wanted for label in labels]
    elif named == ["label 0", "label 1"]:
        logger.warning("%s: its labels have no names; taking LABEL_1 for the toxic one (or give toxic_labels)", where)
        toxic = [False, True]
    elif len(labels) == 2 and sum(bool(CLEAN.fullmatch(name)) for name in named) == 1:
        toxic = [not CLEAN.fullmatch(name) for name in named]
    else:
        toxic = [bool(TOXIC.fullmatch(name)) for name in named]
        if not any(toxic):
            raise SROError(f"{where}: no label's name says that it is the toxic one; {choice}")
    head: Head = "sigmoid" if problem_type == "multi_label_classification" or all(toxic) else "softmax"
    known = [is_toxic or CLEAN.fullmatch(name) for is_toxic, name in zip(toxic, named)]
    undecided = [label for label, is_known in zip(labels, known) if not is_known]
    if head == "softmax" and not wanted and len(labels) > 2 and undecided:
        raise SROError(f"{where}: unclear whether {', '.join(map(repr, undecided))} is toxic; {choice}")
    return ToxicSide(tuple(index for index, is_toxic in enumerate(toxic) if is_toxic), head)


def _words(label: str) -> str:
    """`Non-Toxic`, `non_toxic`, `NonToxic` → `non toxic`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


@dataclass(frozen=True)
class HuggingFaceScreener:
    """A loaded classifier; create it with `load`. Texts are sorted by length and judged in batches of `batch_size`."""

    name: str
    model: Any
    tokenizer: Any
    toxic: ToxicSide
    threshold: float
    batch_size: int
    max_length: int | None
    """Tokens that the model can read. Longer texts are cut off, and a warning says how many texts were longer.
    None: it reads texts of any length."""
    bf16: bool = False
    """Whether to compute in bfloat16. It changes log-odds by some hundredths, and is several times as fast if the
    processor supports it."""

    @classmethod
    def load(
        cls,
        name: str,
        *,
        toxic_labels: Sequence[str] = (),
        threshold: float = 0.5,
        batch_size: int = 32,
        device: str | None = None,
        bf16: bool = False,
    ) -> HuggingFaceScreener:
        """Load a classifier from a folder or from the hub, in float32 unless `bf16` is set.

        Args:
            name: folder, or `owner/name` on the hub.
            toxic_labels: names of its toxic labels; by default the labels with toxic names.
            threshold: a text fails if P(fail) is at least this.
            batch_size: texts per forward pass.
            device: by default the GPU if there is one.

        Raises:
            SROError: the model cannot be loaded, has no trained classification head, or its labels are ambiguous.
        """
        import torch
        from transformers import AutoModelForSequenceClassification

        try:
            # Read one small file first: if the hub cannot be reached, loading a tokenizer would try many file names.
            read_config(name)
            tokenizer = read_tokenizer(name)
            model, loading = read_model(
                AutoModelForSequenceClassification, name, dtype=torch.float32, output_loading_info=True
            )
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise SROError(
                f"screener '{name}' cannot be loaded: {str(error).strip().splitlines()[0]}\n"
                "  fix: give `embedded`, `embedded/linear`, the folder of a screener, or a folder or hub name of a "
                "sequence classifier whose weights are in safetensors"
            ) from error
        if missing := sorted(loading["missing_keys"]):
            raise SROError(
                f"'{name}' is no trained classifier: it has no weights for {', '.join(missing)}; fine-tune it first"
            )
        if tokenizer.pad_token is None:  # decoder-only models seldom have one; padding is masked, so any token works
            tokenizer.pad_token = tokenizer.eos_token
        if model.config.pad_token_id is None:  # else a decoder does not find the last token of a padded text
            model.config.pad_token_id = tokenizer.pad_token_id
        toxic = toxic_side(model.config.id2label, model.config.problem_type, toxic_labels, f"'{name}'")
        if bf16:
            from sro.core.precision import store_frozen_linears_in_bf16

            store_frozen_linears_in_bf16(model.requires_grad_(False))
        place = device or ("cuda" if torch.cuda.is_available() else "cpu")
        version = (getattr(model.config, "_commit_hash", None) or "local")[:8]
        return cls(
            name=f"{Path(name).name if Path(name).is_dir() else name} {version}",
            model=model.to(place).eval(),
            tokenizer=tokenizer,
            toxic=toxic,
            threshold=threshold,
            batch_size=batch_size,
            max_length=_longest_input(model.config, tokenizer),
            bf16=bf16,
        )

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text; `sources` is not read."""
        return [
            Verdict("fail" if probability >= self.threshold else "pass", probability, self.name)
            for probability in self.probabilities(texts).tolist()
        ]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """P(fail) of each text, float64 of shape [texts]; 0 for a text without tokens, which says nothing.

        Warns how many texts are longer than `max_length`.
        """
        import torch

        if not texts:
            return np.zeros(0)
        lengths = np.array([len(ids) for ids in self.tokenizer(list(texts), verbose=False)["input_ids"]])
        if self.max_length is not None and (too_long := int((lengths > self.max_length).sum())):
            logger.warning(
                "%s: %d of %d texts are longer than the %d tokens it reads and were judged by their beginning",
                *(self.name, too_long, len(texts), self.max_length),
            )
        probabilities = np.zeros(len(texts))
        by_length = np.argsort(lengths, kind="stable")[(lengths == 0).sum() :]
        for start in range(0, len(by_length), self.batch_size):
            places = by_length[start : start + self.batch_size]
            batch = self.tokenizer(
                [texts[place] for place in places],
                padding=True,
                truncation=self.max_length is not None,
                max_length=self.max_length,
                return_tensors="pt",
            ).to(self.model.device)
            with torch.inference_mode(), torch.autocast(batch.input_ids.device.type, torch.bfloat16, self.bf16):
                logits = self.model(**batch).logits
            probabilities[places] = self.toxic.probabilities(logits.float().cpu().numpy())
        return probabilities


def _longest_input(config: Any, tokenizer: Any) -> int | None:
    """Tokens that model and tokenizer can take; None if neither has a limit: Bloom, T5, XLNet (which states −1).

    RoBERTa and its relatives count positions from the padding index. A tokenizer without a limit states 1e30.
    """
    positions = getattr(config, "max_position_embeddings", None) or NO_LIMIT
    if "roberta" in config.model_type or config.model_type == "camembert":
        positions -= config.pad_token_id + 1
    return min((some for some in (positions, tokenizer.model_max_length) if 0 < some < NO_LIMIT), default=None)
