"""Tiny random leaders of both architectures, made on the spot: nothing is downloaded and nothing is learnt.

    model, tokenizer = tiny_causal()              # decoder-only (Llama)
    model, tokenizer = tiny_seq2seq()             # encoder–decoder (T5)
    folder = saved(tmp_path / "leader", *tiny_causal())   # what `Leader.load` takes

Every call gives a fresh copy with the same weights, so a test may train it.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported
os.environ["SRO_BF16"] = "false"  # the same numbers on every machine; tests of bfloat16 ask for it

Tiny = Callable[[], tuple[Any, Any]]
Saved = Callable[[Path, Any, Any], Path]

TEXT = """
you are a an the is it this that i we they he she not and or of to in on do what why how who
idiot stupid fool crap damn shut up moron trash
person wrong mistaken friend please thanks good bad idea page comment edit read think leave here there
Rude Polite : . , ! ?
"""
WORDS = TEXT.split()
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>"]


def tiny_tokenizer(adds_end: bool) -> Any:
    """Word-level tokenizer over `WORDS` with pad, unk, bos, eos; `adds_end` puts eos behind inputs, as T5's does."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({word: i for i, word in enumerate(SPECIAL + WORDS)}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    if adds_end:
        inner.post_processor = processors.TemplateProcessing(
            single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", SPECIAL.index("</s>"))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """`sro serve` takes the records of these loggers for itself, in the process of the tests as well; import-linter
    disables all that there are."""
    loggers = [logging.getLogger(name) for name in ("sro", "uvicorn")]
    before = [(list(logger.handlers), logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    for known in logging.root.manager.loggerDict.values():
        if isinstance(known, logging.Logger):
            known.disabled = False


@pytest.fixture(scope="session")
def tiny_causal() -> Tiny:
    """A function that returns (LlamaForCausalLM, tokenizer): 2 layers, hidden 32, float32, in eval mode."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tiny_tokenizer(adds_end=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=256,
                pad_token_id=tokenizer.pad_token_id,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
        ).eval()
    return lambda: (deepcopy(model), deepcopy(tokenizer))


@pytest.fixture(scope="session")
def tiny_seq2seq() -> Tiny:
    """A function that returns (T5ForConditionalGeneration, tokenizer): 2 + 2 layers, d_model 32, in eval mode."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = tiny_tokenizer(adds_end=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = T5ForConditionalGeneration(
            T5Config(
                vocab_size=len(tokenizer),
                d_model=32,
                d_kv=8,
                d_ff=64,
                num_layers=2,
                num_heads=4,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
                decoder_start_token_id=tokenizer.pad_token_id,
            )
        ).eval()
    return lambda: (deepcopy(model), deepcopy(tokenizer))


@pytest.fixture(scope="session")
def saved() -> Saved:
    """A function (folder, model, tokenizer) → folder that writes both as `from_pretrained` reads them."""

    def save(folder: Path, model: Any, tokenizer: Any) -> Path:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="module")
def quick_collections() -> Iterator[None]:
    """Each `train` starts with a garbage collection, which takes 0.2 s where it has to look through all of torch."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
