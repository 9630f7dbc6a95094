"""Rewrites by transformers' own `generate`, to compare speculative decoding with: an engine in `rewriting.py`, a row
in `training/run.py`."""

from __future__ import annotations

from sro.leader.engines.loading import Autocast, Engine
from sro.leader.transformers_generator import TransformersGenerator


class Generated(TransformersGenerator):
    """A generator that never speculates: decoder-only models use `generate` too."""

    _speculate = TransformersGenerator._generate


def by_generate(engine: Engine) -> Engine:
    """The same model, prompt and numeric mode, moved by `generate`.

    Args:
        engine: of transformers, as `sro.leader.engines.loading.load_generator` gives it.
    """
    generator = engine.generator if isinstance(engine, Autocast) else engine
    assert isinstance(generator, TransformersGenerator)
    generated = Generated(
        generator.model, generator.tokenizer, generator.prompt, generator.max_prompt_length, generator.batch_size
    )
    return Autocast(generated) if isinstance(engine, Autocast) else generated
