"""A MiniLM classifier with two labels, small enough to ship: fewer word pieces, matrices in float8.

`sro.evaluation.judges.training.train` explains the reasons and the cost of each step. The model loads with plain
`AutoModelForSequenceClassification.from_pretrained`, without our code.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from transformers import (
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from sro.core import files
from sro.core.pretrained import read_model, read_tokenizer
from sro.core.progress import use_progress_lines
from sro.screeners import base
from sro.screeners.huggingface import HuggingFaceScreener, ToxicSide
from sro.screeners.lora.training import soft_cross_entropy
from sro.screeners.similarity import embedded_encoder

LARGE = 1 << 14  # weights; smaller tensors (norms, biases, the head) take little space and stay in float16
HIGHEST = 448.0  # largest value of float8 E4M3; larger values become NaN


def pruned_encoder(
    texts: Sequence[str], labels: Sequence[str], pieces: int, layers: int, seed: int
) -> tuple[Any, Any]:
    """The embedded MiniLM with a fresh head of these two labels, its lower layers, and the pieces that `texts` need.

    Returns:
        (BertForSequenceClassification, BertTokenizer)
    """
    path = embedded_encoder()
    tokenizer = read_tokenizer(path)
    encoder = read_model(BertModel, path, num_hidden_layers=layers, dtype=torch.float32)
    set_seed(seed)  # the head starts at random
    model = BertForSequenceClassification(encoder.config)
    model.bert.load_state_dict(encoder.state_dict())
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: i for i, label in enumerate(labels)}
    counts = Counter(piece for text in texts for piece in tokenizer.tokenize(text))
    kept = kept_pieces(tokenizer.get_vocab(), tokenizer.all_special_tokens, counts, pieces)
    return with_pieces(model, tokenizer, kept)


def kept_pieces(
    vocabulary: Mapping[str, int], special: Sequence[str], counts: Mapping[str, int], size: int
) -> list[str]:
    """`size` pieces in their old order: special ones, single characters (also as `##x`), and the most frequent.

    There may be more than `size` pieces, because all special tokens and single characters are kept. There may be
    fewer, because pieces that do not occur are not kept.
    """
    kept = {piece for piece in vocabulary if len(piece.removeprefix("##")) == 1}.union(special)
    frequent = sorted(
        (piece for piece in vocabulary if piece not in kept and counts.get(piece)),
        key=lambda piece: (-counts[piece], vocabulary[piece]),
    )
    kept.update(frequent[: max(0, size - len(kept))])
    return sorted(kept, key=vocabulary.__getitem__)


def with_pieces(model: Any, tokenizer: Any, pieces: Sequence[str]) -> tuple[Any, Any]:
    """Model and tokenizer with only these pieces of the vocabulary. A text made of them gives the same logits."""
    vocabulary = tokenizer.get_vocab()
    smaller = BertTokenizer(
        vocab={piece: i for i, piece in enumerate(pieces)},
        do_lower_case=True,
        model_max_length=model.config.max_position_embeddings,
    )
    config = deepcopy(model.config)
    config.update(
        {
            "vocab_size": len(pieces),
            "pad_token_id": smaller.pad_token_id,
            "problem_type": "single_label_classification",
            "architectures": [BertForSequenceClassification.__name__],
            "dtype": torch.float32,  # the stored weights are cast to it
        }
    )
    config._name_or_path = ""  # do not publish a path of this machine
    state = model.state_dict()
    words = "bert.embeddings.word_embeddings.weight"
    state[words] = state[words][[vocabulary[piece] for piece in pieces]]
    pruned = BertForSequenceClassification(config)
    pruned.load_state_dict(state)
    return pruned.eval(), smaller


def compact(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights as they are stored: large matrices in float8 E4M3, all others in float16."""
    return {
        name: (
            tensor.clamp(-HIGHEST, HIGHEST).to(torch.float8_e4m3fn)
            if tensor.ndim == 2 and tensor.numel() >= LARGE
            else tensor.to(torch.float16)
        ).contiguous()
        for name, tensor in state.items()
    }


def save_small(folder: Path, model: Any, tokenizer: Any, beside: Mapping[str, Any]) -> None:
    """Write the folder in one step (an existing one is replaced), with each item of `beside` as a JSON file."""
    with files.atomic_folder(folder, replace=True) as partial:
        model.config.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        weights = save(compact(model.state_dict()), metadata={"format": "pt"})
        files.atomic_write_bytes(partial / "model.safetensors", weights)
        for name, told in beside.items():
            files.atomic_write_text(partial / name, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def fine_tune(
    model: Any, tokenizer: Any, rows: Sequence[tuple[str, float]], args: TrainingArguments, max_length: int
) -> None:
    """Train all weights of `model` in place, by cross-entropy with each text's probability of label 1."""
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=max_length)["input_ids"]
    args = copy.copy(args)  # the caller's object is not changed
    args.disable_tqdm = True
    trainer = Trainer(
        model=model.train(),
        args=args,
        train_dataset=[{"input_ids": found, "labels": float(p)} for found, (_, p) in zip(ids, rows)],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_loss_func=_loss,
    )
    use_progress_lines(trainer)
    trainer.train()
    model.to("cpu", torch.float32).eval()


def log_odds(model: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """[N] log P(label 1) − log P(label 0)."""
    longest = model.config.max_position_embeddings
    judge = HuggingFaceScreener("tuned", model, tokenizer, ToxicSide((1,), "softmax"), 0.5, 32, longest)
    return base.log_odds(judge.probabilities(texts))


def _loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    return soft_cross_entropy(outputs.logits[:, 1] - outputs.logits[:, 0], labels, num_items_in_batch)
