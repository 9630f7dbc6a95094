"""Rewrites by transformers' own `generate`, as a baseline for speculative decoding: an engine in `rewriting.py`, and a
row in `training/run.py`."""

from __future__ import annotations

from sro.leader.engines.loading import Autocast, Engine
from sro.leader.transformers_generator import TransformersGenerator


class Generated(TransformersGenerator):
    """A generator without speculative decoding: it uses `generate` for decoder-only models too."""

    _speculate = TransformersGenerator._generate


def by_generate(engine: Engine) -> Engine:
    """An engine with the same model, prompt and numeric mode that generates with `generate`.

    Args:
        engine: a transformers engine from `sro.leader.engines.loading.load_generator`.
    """
    generator = engine.generator if isinstance(engine, Autocast) else engine
    assert isinstance(generator, TransformersGenerator)
    generated = Generated(
        generator.model, generator.tokenizer, generator.prompt, generator.max_prompt_length, generator.batch_size
    )
    return Autocast(generated) if isinstance(engine, Autocast) else generated
