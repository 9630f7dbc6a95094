"""The leaders that `benchmarks/gpu.py` trains, their comments, and the task of all loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import yaml
from transformers import AutoModelForCausalLM, LlamaConfig

from benchmarks.training.peak_memory import RECIPE
from benchmarks.training.timing import Task, longest_bound
from sro.comments.sources import load_source
from sro.core.errors import SROError
from sro.core.precision import compute_dtype
from sro.core.pretrained import read_tokenizer
from sro.leader.generation import Sampling
from sro.leader.model import (
    Leader,
    LeaderArguments,
    adapter_folder,
    adapter_name,
    default_lora,
    embedded_leader,
    is_peft,
    resolve_prompt,
)
from sro.screeners.loading import load_screener

if TYPE_CHECKING:
    from benchmarks.gpu import Work

ALL_WEIGHTS_RATE = 2e-5
"""Learning rate for training all weights, from the paper; adapters use the recipe's."""


@dataclass(frozen=True)
class Sizes:
    """The sizes that a dry run makes small: steps after the first, batches, and the large leader's shape."""

    batches: tuple[int, ...] = (64, 256, 512, 128)
    """Completions per step; the most important first, because time may run out."""
    micro_batch: int = 128
    rollout: int = 512
    """Completions in a generation batch."""
    large_batches: tuple[int, ...] = (64, 256)
    large_micro: int = 32
    peers_batch: int = 64
    authors_comments: int = 8
    steps: int = 2
    hidden: int = 2048
    layers: int = 21
    rewrites: int = 1024
    texts: int = 20_000
    encoder_texts: int = 2000
    encoder_tokens: int = 65_536
    """Tokens in a batch of the encoder on a GPU."""
    full_batch: int = 64
    held_out: int = 200


LARGE = Sizes()
TINY = Sizes(
    batches=(4, 2),
    micro_batch=2,
    rollout=4,
    large_batches=(2,),
    large_micro=2,
    peers_batch=2,
    authors_comments=1,
    steps=1,
    hidden=64,
    layers=2,
    rewrites=4,
    texts=50,
    encoder_texts=8,
    encoder_tokens=256,
    full_batch=2,
    held_out=4,
)
"""Sizes of a dry run, which only tests that everything works."""


def adapter_start(leader: str) -> Leader:
    """The leader with the adapter to train: the warm-up adapter, or a fresh one for another leader."""
    found = Leader.load(LeaderArguments(leader=leader), "embedded/warmup", trainable=True)
    return found if is_peft(found.model) else with_adapter(found)


def full_start(leader: str) -> Leader:
    """The same policy, with all weights trainable, in float32."""
    found = Leader.load(LeaderArguments(leader=leader), "embedded/warmup")
    model = found.model.merge_and_unload() if is_peft(found.model) else found.model
    return Leader(model.requires_grad_(True), found.tokenizer, found.prompt)


def with_adapter(leader: Leader) -> Leader:
    """The leader with a fresh adapter."""
    from peft import get_peft_model

    return Leader(get_peft_model(leader.model, default_lora()), leader.tokenizer, leader.prompt)


def random_start(leader: str, sizes: Sizes, all_weights: bool) -> Leader:
    """A leader with the same architecture (Llama) and tokenizer, and random weights; 1.5 billion in a real run.

    It never stops by itself and all its speculative guesses are wrong, so its rollout is the slowest possible, and no
    completion passes. It measures only speed and memory.
    """
    folder = embedded_leader() if leader == "embedded" else Path(leader)
    tokenizer = read_tokenizer(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.hidden,
        intermediate_size=4 * sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.hidden // 64,
        num_key_value_heads=sizes.hidden // 64,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):  # sample the 1.5 billion numbers on the device
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    found = Leader(model.eval(), tokenizer, prompt_of(leader))
    return found if all_weights else with_adapter(found)


def prompt_of(leader: str) -> str:
    """The prompt of the warm-up's training, or else of the leader's."""
    name = adapter_name(leader, None, "embedded/warmup")
    base = embedded_leader() if leader == "embedded" else leader
    return resolve_prompt(None, adapter_folder(name) if name != "none" else None, base)


def refused_comments(source: str, max_words: int = 25) -> list[str]:
    """The comments that the n-gram screener fails. Raises SROError if there are fewer than two."""
    texts = load_source(source, max_words=max_words).texts
    texts = [
        text for text, verdict in zip(texts, load_screener("embedded/linear").screen(texts)) if not verdict.passed
    ]
    if len(texts) < 2:
        raise SROError(f"{source} has {len(texts)} comments that the screener refuses. fix: --comments FILE")
    return texts


def enough(texts: Sequence[str], count: int) -> list[str]:
    """The first `count` texts; repeated from the start if there are fewer."""
    return list(islice(cycle(texts), count))


def make_task(
    work: Work, start: Callable[[], Leader], comments: list[str], batch: int, micro_batch: int, all_weights: bool
) -> Task:
    """The task of a loop: the recipe's sampling and anchor, and the learning rate for all weights or an adapter."""
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    folder = embedded_leader() if work.leader == "embedded" else Path(work.leader)
    named = Leader(None, read_tokenizer(folder), prompt_of(work.leader))
    sampling = Sampling(recipe["temperature"], recipe["top_p"])
    return Task(
        start,
        load_screener("embedded/linear"),
        Sampling(recipe["temperature"], recipe["top_p"], max_new_tokens=longest_bound(named, comments, sampling)),
        batch=batch,
        micro_batch=min(micro_batch, batch),
        steps=work.sizes.steps,
        learning_rate=ALL_WEIGHTS_RATE if all_weights else recipe["learning_rate"],
        rpo_alpha=recipe["rpo_alpha"],
        bf16=compute_dtype().bf16,
        authors_comments=work.sizes.authors_comments,
        checked=False,
        output_dir=str(Path(work.output_dir) / "trainers"),
    )
