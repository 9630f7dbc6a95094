"""Export a leader to one folder: the merged weights, a card, and a comparison of its rewrites with the original's.

    export(ExportArguments(to="ctranslate2", output_dir="fast"))

`ctranslate2` is for `sro rewrite --engine ctranslate2`, `safetensors` for transformers, vLLM and SGLang, `gguf` for
llama.cpp. The copy rewrites some comments as `sro.rewriting.rewriter` would, greedily and without loops, and so does
the original in float32 with transformers; differences are counted and written into the card. The folder records which
leader it was (`sro.json`), so that an export of the embedded leader gets the same rules, critic and thresholds as the
embedded leader itself. Storing weights in fewer bits changes some rewrites. Different rewrites matter little; what
matters is whether fewer of them pass, or whether they keep less of the meaning.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from sro.comments.corpus import texts_hash
from sro.comments.sources import load_source
from sro.core.errors import SROError, within
from sro.core.files import atomic_folder, atomic_write_text
from sro.core.pretrained import read_model, read_tokenizer
from sro.core.provenance import write_manifest
from sro.leader.card import read_prompt, write_origin, write_prompt
from sro.leader.engines import ctranslate2_conversion, gguf
from sro.leader.engines.ctranslate2 import CTranslate2Generator
from sro.leader.files import LeaderParts
from sro.leader.generation import Generator, Sampling
from sro.leader.model import EMBEDDED, Leader, LeaderArguments
from sro.leader.transformers_generator import TransformersGenerator
from sro.rewriting.config import LeaderChoice
from sro.screeners.base import Screener, Similarity
from sro.screeners.loading import load_screener
from sro.screeners.similarity import SentenceEncoder

Form = Literal["ctranslate2", "safetensors", "gguf"]
GGUF = "model.gguf"
PRECISIONS = {
    "ctranslate2": ctranslate2_conversion.PRECISIONS,
    "safetensors": ("float32", "float16", "bfloat16"),
    "gguf": gguf.PRECISIONS,
}
"""Formats in which weights can be stored; the first is the default, except for CTranslate2, which checks for a GPU."""
SAME = 0.9  # mean cosine between the rewrites of both; below it, a copy is not the same leader


@dataclass(kw_only=True)
class ExportArguments(LeaderChoice):
    """The leader, the form of the export, and the comments for the comparison.

    Raises:
        SROError: a negative number of comments.
    """

    to: Form = field(metadata={"help": "ctranslate2 (fast), safetensors (transformers, vLLM) or gguf (llama.cpp)"})
    output_dir: str = field(metadata={"help": "folder to make"})
    precision: str | None = field(
        default=None,
        metadata={
            "help": "number format of the weights: int8, float32, float16, bfloat16 …; gguf also has q8_0 (default: "
            "ctranslate2 float16 on a GPU, else int8; safetensors float32; gguf float16)"
        },
    )
    comments: str = field(
        default="starter:toxic", metadata={"help": "comments to compare copy and original on: FILE[::COLUMN][[-N:]]"}
    )
    compare: int = field(
        default=200, metadata={"help": "how many of --comments to compare on, evenly spaced; 0: no comparison"}
    )

    def __post_init__(self) -> None:
        within("compare", self.compare, self.compare >= 0, "≥ 0")


@dataclass(frozen=True)
class Agreement:
    """How similar the copy's rewrites are to the original's.

    Attributes:
        comments: number of rewritten comments.
        identical: share of rewrites that are the same text.
        cosine: mean similarity of the copy's rewrite with the original's, in [−1, 1].
        passed: share that passes the screener of n-grams, (original, copy).
        similarity: mean similarity with the comment, (original, copy).
    """

    comments: int
    identical: float
    cosine: float
    passed: tuple[float, float]
    similarity: tuple[float, float]

    @property
    def same(self) -> bool:
        """Whether the copy is still the same leader."""
        return self.cosine >= SAME

    def __str__(self) -> str:
        return (
            f"{self.comments} comments: {self.identical:.1%} of the rewrites identical, cosine {self.cosine:.3f}; "
            f"pass {self.passed[0]:.3f} → {self.passed[1]:.3f}, "
            f"similarity {self.similarity[0]:.3f} → {self.similarity[1]:.3f}"
        )


def export(arguments: ExportArguments, command: Sequence[str] = ()) -> Agreement | None:
    """Write the folder, completely or not at all.

    Args:
        command: the command line, for the manifest.

    Returns:
        The comparison of the copy's rewrites with the original's; None if nothing was compared.

    Raises:
        SROError: the folder is not empty, or this form cannot hold this leader or precision.
    """
    precision = checked_precision(arguments.to, arguments.precision)
    texts = load_source(arguments.comments, training=False).texts if arguments.compare else []
    texts = evenly_spaced(texts, arguments.compare)
    parts = LeaderParts.find(arguments.leader, arguments.adapter, arguments.prompt)
    with atomic_folder(arguments.output_dir) as fresh:
        leader = parts.load()
        write(leader, arguments.to, precision, fresh)
        write_origin(fresh, arguments.leader)
        agreement = None
        if texts:
            original = TransformersGenerator(leader.model, leader.tokenizer, leader.prompt)
            agreement = compare(original, reader(arguments.to, fresh), texts)
            atomic_write_text(fresh / "agreement.json", json.dumps(asdict(agreement), indent=2) + "\n")
        atomic_write_text(fresh / "README.md", card(arguments, precision, parts, agreement))
        config = {**asdict(arguments), "precision": precision}
        write_manifest(fresh, command, config, {arguments.comments: texts_hash(texts)}, None)
    return agreement


def evenly_spaced(texts: Sequence[str], n: int) -> list[str]:
    """At most `n` texts from the whole length of a list, in its order.

    >>> evenly_spaced("abcde", 3)
    ['a', 'b', 'd']
    """
    n = min(n, len(texts))
    return [texts[i * len(texts) // n] for i in range(n)]


def checked_precision(form: Form, name: str | None) -> str:
    """The precision, by default that of the form; an SROError lists the possible ones."""
    known = PRECISIONS[form]
    if name is not None and name not in known:
        raise SROError(f"--to {form} has no precision {name!r}; it has {', '.join(known)}")
    return name or (ctranslate2_conversion.default_precision() if form == "ctranslate2" else known[0])


def write(leader: Leader, form: Form, precision: Any, folder: Path) -> None:
    """Write a leader without an adapter into an empty folder."""
    if form == "ctranslate2":
        ctranslate2_conversion.convert(leader, folder, precision)
    elif form == "gguf":
        gguf.write_gguf(leader, folder / GGUF, precision)
        write_prompt(folder, leader.prompt)
    else:
        copy.deepcopy(leader.model).to(getattr(torch, precision)).save_pretrained(folder)
        leader.tokenizer.save_pretrained(folder)
        write_prompt(folder, leader.prompt)


def reader(form: Form, folder: Path) -> Generator:
    """A generator that runs the exported folder as its users will: CTranslate2, or transformers (also for GGUF)."""
    if form == "ctranslate2":
        return CTranslate2Generator(folder)
    if form == "gguf":
        from transformers import GgufConfig

        options: Any = {"dtype": torch.float32, "quantization_config": GgufConfig(dequantize=True)}
        model = read_model(AutoModelForCausalLM, folder, gguf_file=GGUF, **options)
        tokenizer = read_tokenizer(folder, gguf_file=GGUF)
        prompt = read_prompt(folder)
        return TransformersGenerator(model, tokenizer, str(prompt))
    loaded = Leader.load(LeaderArguments(str(folder)))
    return TransformersGenerator(loaded.model, loaded.tokenizer, loaded.prompt)


def compare(
    original: Generator,
    exported: Generator,
    texts: Sequence[str],
    screener: Screener | None = None,
    similarity: Similarity | None = None,
) -> Agreement:
    """Rewrite the texts with both, once, greedily and without loops, and judge the rewrites.

    Args:
        screener, similarity: the judges; None: `embedded/linear`, which taught the shipped leader, and `embedded`.
    """
    screener, similarity = screener or load_screener("embedded/linear"), similarity or SentenceEncoder()
    sampling = Sampling(temperature=0.0, max_new_tokens=10_000, avoid_loops=True)
    rewrites = [
        [one.text for [one] in generator.generate(texts, 1, sampling, 0)] for generator in (original, exported)
    ]
    passed = [float(np.mean([verdict.passed for verdict in screener.screen(said)])) for said in rewrites]
    kept = [float(np.mean(similarity.similarity(said, texts))) for said in rewrites]
    return Agreement(
        comments=len(texts),
        identical=float(np.mean([a == b for a, b in zip(*rewrites)])),
        cosine=float(np.mean(similarity.similarity(*rewrites))),
        passed=(passed[0], passed[1]),
        similarity=(kept[0], kept[1]),
    )


def card(arguments: ExportArguments, precision: str, parts: LeaderParts, agreement: Agreement | None) -> str:
    """README.md of the folder: what it is, how to use it, how similar it is to the original."""
    base = EMBEDDED if arguments.leader == "embedded" else arguments.leader
    adapter = parts.adapter.name if parts.adapter else "none"
    use = {
        "ctranslate2": 'sro rewrite --engine ctranslate2 --leader THIS_FOLDER "you are an idiot"',
        "safetensors": 'sro rewrite --leader THIS_FOLDER "you are an idiot"\n'
        "    vllm serve THIS_FOLDER --served-model-name leader   # then: sro rewrite --engine openai "
        "--engine_url http://localhost:8000/v1 --leader THIS_FOLDER",
        "gguf": f"llama-completion -m {GGUF} --temp 0 -p PROMPT",
    }[arguments.to]
    lines = [
        f"# A rewriting leader for {arguments.to}",
        "",
        f"Base: {base}. Adapter, merged into the weights: {adapter}. Weights in {precision}. Made by `sro export`.",
        "The licence is the base model's.",
        "",
        f"Prompt: `{parts.prompt!r}`; greedy decoding, to the end token.",
        "",
        f"    {use}",
        "",
        "## How far it is the original",
        "",
        str(agreement) if agreement else "Not compared.",
        "",
    ]
    if agreement:
        lines[-1:] = [
            "",
            f"Original: transformers in float32. Comments: `{arguments.comments}`, evenly spaced, rewritten once, "
            "greedily and without loops; judged by `embedded/linear` and the embedded sentence encoder. "
            "`agreement.json` has the numbers, `manifest.json` says how they were made.",
            "",
        ]
    return "\n".join(lines)
