"""XCOMET-lite, the fluency of CLEF 2025, read straight from its weights: mDeBERTa, a score and tags of error spans.

Its own package (unbabel-comet 2.2.7) needs transformers below 5, numpy below 2 and huggingface-hub below 1, so it
cannot be installed beside this one. For (source x, rewrite y, reference r) it computes:

    sequences   [CLS] y [SEP] x [SEP],   [CLS] y [SEP] r [SEP],   [CLS] y [SEP] x [SEP] r [SEP]
    s_k         score of the k-th, by a perceptron on its first token, mixed over all layers; at most 1
    tags        none, minor, major or critical for each token of y, from the three sequences at 1/6, 1/3 and 1/2
    MQM         1 − min(25, 1·minor + 5·major + 10·critical) / 25, counting spans
    result      .12·s_1 + .33·s_2 + .33·s_3 + .22·MQM

On random weights this module agrees with that package to 1e-6. Sources: Guerreiro et al. 2024 (xCOMET), Larionov et
al. 2024 (xCOMET-lite), and the evaluation code of CLEF TextDetox 2025.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sro.core.errors import SROError
from sro.core.pretrained import read_config, read_tokenizer
from sro.evaluation.judges.models import identity, refuse_long

XCOMET_LITE = "myyycroft/XCOMET-lite"
SCORE_WEIGHTS = (0.12, 0.33, 0.33)
MQM_WEIGHT = 0.22
TAG_WEIGHTS = (0.1667, 0.3333, 0.5)
PENALTY = (0, 1, 5, 10)  # of a span, by the tag of its first token: none, minor, major, critical
WORST = 25
UNUSED_POSITIONS = 2  # positions of the encoder that the package does not use


class XCometLite:
    """The judge. It is made from a hub name or folder, and loaded at the first call."""

    def __init__(self, path: str | Path = XCOMET_LITE, batch_size: int = 32) -> None:
        self.path, self.batch_size = str(path), batch_size

    @cached_property
    def name(self) -> str:
        return identity(self.path)

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None, /
    ) -> np.ndarray:
        """Scores, float64 of shape [N], at most 1.

        Raises:
            SROError: no references, weights of another model, or rows that are too long.
        """
        if references is None:
            raise SROError("XCOMET-lite reads references, and there are none\n  fix: --reference FILE")
        model = self._model
        rows = [model.sequences(*row) for row in zip(texts, sources, references, strict=True)]
        lengths = [len(sequences[-1]) for sequences, _ in rows]
        refuse_long(lengths, model.longest, self.name)
        found = np.empty(len(rows))
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(rows), self.batch_size):
            places = order[start : start + self.batch_size]
            found[places] = model.score([rows[place] for place in places])
        return found

    @cached_property
    def _model(self) -> XCometModel:
        return XCometModel.load(self.path)


@dataclass(frozen=True, eq=False)
class XCometModel:
    """Encoder and heads; `score` works on token ids."""

    encoder: Any
    tokenizer: Any
    mixture: Tensor
    """[layers + 1], weight of each layer's first token in the score."""
    estimator: nn.Sequential
    tagger: nn.Linear
    word_layer: int

    @property
    def longest(self) -> int:
        """Largest number of tokens of the three texts together, with the tokens between them."""
        return int(self.encoder.config.max_position_embeddings) - UNUSED_POSITIONS

    def sequences(self, text: str, source: str, reference: str) -> tuple[list[list[int]], int]:
        """The three sequences of a row as token ids, and how many tokens at their beginning belong to the text."""
        y, x, r = self.tokenizer([text, source, reference], add_special_tokens=False, verbose=False)["input_ids"]
        start, end = [self.tokenizer.cls_token_id], [self.tokenizer.sep_token_id]
        head = start + y + end
        return [head + x + end, head + r + end, head + x + end + r + end], len(head)

    @torch.inference_mode()
    def score(self, rows: Sequence[tuple[list[list[int]], int]]) -> np.ndarray:
        """Scores of rows that `sequences` returned, float64 of shape [N]."""
        longest_text = max(length for _, length in rows)
        scores, tags = [], []
        for k, (score_weight, tag_weight) in enumerate(zip(SCORE_WEIGHTS, TAG_WEIGHTS)):
            layers = self._layers([sequences[k] for sequences, _ in rows])
            first = sum(share * layer[:, 0] for share, layer in zip(self.mixture, layers))
            scores.append(score_weight * self.estimator(first).squeeze(-1).clamp(max=1.0))
            tags.append(tag_weight * self.tagger(layers[self.word_layer][:, :longest_text]).softmax(-1))
        labels = torch.stack(tags).sum(0).argmax(-1).tolist()
        quality = np.array([mqm(row[:length]) for row, (_, length) in zip(labels, rows)])
        return torch.stack(scores).sum(0).double().cpu().numpy() + MQM_WEIGHT * quality

    def _layers(self, sequences: Sequence[list[int]]) -> tuple[Tensor, ...]:
        """Hidden states of all layers, embeddings first, each [N, S, D]."""
        batch = self.tokenizer.pad({"input_ids": list(sequences)}, padding_side="right", return_tensors="pt")
        batch = {name: batch[name].to(self.encoder.device) for name in ("input_ids", "attention_mask")}
        layers: tuple[Tensor, ...] = self.encoder(**batch, output_hidden_states=True).hidden_states
        return layers

    @classmethod
    def load(cls, path: str) -> XCometModel:
        """Read config and weights from a folder or the hub; the tokenizer is that of the encoder the config names."""
        from safetensors.torch import load_file
        from transformers import AutoModel
        from transformers.utils import cached_file

        try:
            config = json.loads(Path(str(cached_file(path, "config.json"))).read_text("utf-8"))
            weights = load_file(str(cached_file(path, "model.safetensors")))
            base = config.get("pretrained_model", "microsoft/mdeberta-v3-base")
            tokenizer = read_tokenizer(base)
            encoder = AutoModel.from_config(read_config(base), trust_remote_code=False).float()
        except (OSError, ValueError) as error:
            raise SROError(
                f"XCOMET-lite cannot be loaded from '{path}': {str(error).strip().splitlines()[0]}\n"
                f"  fix: let this machine reach {XCOMET_LITE} and microsoft/mdeberta-v3-base, or judge fluency by "
                "something else: --judges official fluency=embedded"
            ) from error
        try:
            if (transformation := config.get("layer_transformation", "softmax")) != "softmax":
                raise ValueError(f"its layers are mixed by {transformation}")
            missing, _ = encoder.load_state_dict(_part(weights, "encoder.model."), strict=False)
            if missing:
                raise ValueError(f"no weights for {', '.join(missing[:3])}")
            model = cls(
                encoder,
                tokenizer,
                _mixture(weights, encoder.config.num_hidden_layers + 1),
                _estimator(_part(weights, "estimator.ff.")),
                _linear(weights["hidden2tag.weight"], weights["hidden2tag.bias"]),
                int(config.get("word_layer", 8)),
            )
        except (KeyError, ValueError, RuntimeError) as error:
            raise SROError(
                f"'{path}' is no XCOMET-lite: {error}\n  fix: a folder or hub name of {XCOMET_LITE}"
            ) from error
        return model.on("cuda" if torch.cuda.is_available() else "cpu")

    def on(self, place: str) -> XCometModel:
        """The same model on the device `place`, in eval mode."""
        moved = (self.estimator.to(place).eval(), self.tagger.to(place).eval(), self.word_layer)
        return XCometModel(self.encoder.to(place).eval(), self.tokenizer, self.mixture.to(place), *moved)


def mqm(tags: Sequence[int]) -> float:
    """Quality in [0, 1] from the tags of a text's tokens: 0 none, 1 minor, 2 major, 3 critical.

    The tag of its first token decides how bad a span is. A span counts when an untagged token ends it; as in the
    package, a span that runs to the end of the text does not count.
    """
    penalty, open_span = 0, 0
    for tag in tags:
        if tag and not open_span:
            open_span = tag
        elif not tag and open_span:
            penalty, open_span = penalty + PENALTY[open_span], 0
    return (WORST - min(WORST, penalty)) / WORST


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}


def _mixture(weights: Mapping[str, Tensor], layers: int) -> Tensor:
    shares = torch.cat([weights[f"layerwise_attention.scalar_parameters.{i}"] for i in range(layers)])
    mixture: Tensor = weights["layerwise_attention.gamma"] * shares.float().softmax(0)
    return mixture


def _estimator(weights: Mapping[str, Tensor]) -> nn.Sequential:
    """Linear layers with tanh between them. Their indices in the package's list (0, 3, 6) count dropout layers too."""
    places = sorted(int(name.partition(".")[0]) for name in weights if name.endswith(".weight"))
    linear = [_linear(weights[f"{place}.weight"], weights[f"{place}.bias"]) for place in places]
    return nn.Sequential(*[module for layer in linear for module in (layer, nn.Tanh())][:-1])


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    return layer
