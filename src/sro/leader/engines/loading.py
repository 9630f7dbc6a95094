"""Engines generate the leader's completions. All implement `sro.leader.generation.Generator` with the same rules.

    generator = load_generator(EngineArguments("ctranslate2"))
    generator.generate(["you are an idiot"], 1, Sampling(temperature=0.0), seed=0)

`transformers` runs any leader, `ctranslate2` is the fast one for Llama- and T5-like leaders, `openai` is a server
that speaks the OpenAI completions protocol with token ids, such as vLLM, and `chat` is any chat model behind a server,
hosted ones included. `auto` is one of the first two (`sro.leader.engines.auto`), for rewriting and serving. Training
and experiments name their engine, so that no figure depends on the installed packages. Nothing heavy is imported
before an engine is loaded, so that a mistake on the command line is reported at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sro.core.errors import SROError, within
from sro.core.pretrained import read_tokenizer
from sro.leader.engines.chat.config import NAMED_ONLY, ChatArguments

if TYPE_CHECKING:
    from sro.leader.generation import Completion, Sampling
    from sro.leader.transformers_generator import TransformersGenerator

ENGINES = ("auto", "transformers", "ctranslate2", "openai", "chat")
DAY = 86_400
"""Most seconds of a request, because a socket takes no time limit without end."""


class Engine(Protocol):
    """A `sro.leader.generation.Generator` that says which comments it can take."""

    def fits(self, comment: str) -> bool:
        """Whether a comment is short enough to be rewritten."""
        ...

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.Generator`."""
        ...


@dataclass(frozen=True)
class EngineArguments(ChatArguments):
    """The engine, and the settings that only this engine has.

    Raises:
        SROError: there is no such engine, it does not have a setting that was given, or a number is out of its range.
    """

    engine: str = field(
        default="auto",
        metadata={
            "help": "auto (ctranslate2 where it is installed, there is no GPU and the leader can be converted; else "
            "transformers), transformers, ctranslate2 (needs the extra `fast`), openai (a server such as vLLM's that "
            "runs --leader) or chat (any chat model behind the OpenAI protocol; needs the extra `chat`)"
        },
    )
    engine_precision: str | None = field(
        default=None,
        metadata={"help": "ctranslate2: int8, float32, float16, … (default: float16 on a GPU, else int8)"},
    )
    engine_url: str | None = field(default=None, metadata={"help": "openai: e.g. http://localhost:8000/v1"})
    engine_model: str | None = field(default=None, metadata={"help": "openai: name of the model (default: its first)"})
    engine_timeout: float = field(default=60.0, metadata={"help": "openai: seconds for one request"})

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            from sro.core.suggestion import suggestion

            known = ", ".join(ENGINES)
            raise SROError(f"no engine {self.engine!r}{suggestion(self.engine, ENGINES)} (there are {known})")
        if self.engine == "openai" and not self.engine_url:
            raise SROError("--engine openai needs --engine_url, e.g. http://localhost:8000/v1")
        within("engine_timeout", self.engine_timeout, 0.001 <= self.engine_timeout <= DAY, f"from 0.001 to {DAY}")
        if self.engine == "chat":
            if not self.chat_url:
                raise SROError("--engine chat needs --chat_url, e.g. http://localhost:11434/v1")
            self.check()
        owners = {"engine_url": "openai", "engine_model": "openai", "engine_precision": "ctranslate2"}
        owners |= dict.fromkeys(NAMED_ONLY, "chat")
        for name, owner in owners.items():
            if getattr(self, name) is not None and self.engine != owner:
                raise SROError(f"--{name} is for --engine {owner}, not for {self.engine}")


def load_generator(
    arguments: EngineArguments | None = None,
    leader: str = "embedded",
    *,
    adapter: str | None = None,
    prompt: str | None = None,
    load_in_4bit: bool = False,
    bf16: bool | None = None,
    max_prompt_length: int = 256,
    batch_size: int = 64,
) -> Engine:
    """Load a leader on an engine; the adapter is merged into the weights if they are plain floats.

    Args:
        arguments: the engine; None: `auto`.
        leader, adapter, prompt: as `sro.rewriting.rewriter.Rewriter.load` takes them. `leader` may be a folder that
            `sro export --to ctranslate2` wrote; no other adapter can be put on it. For `openai` only the tokenizer
            and prompt are used, and the server runs the model that it was started with. For `chat` all three are
            refused: `--chat_prompt` has its instructions.
        load_in_4bit: transformers only, see `sro.leader.model.LeaderArguments`.
        bf16: transformers only; bfloat16 autocast, None: as `sro.core.precision.compute_dtype` decides.
            True or False makes `auto` choose transformers.
        max_prompt_length: tokens of prompt and comment; more are an error.
        batch_size: completions generated side by side.

    Raises:
        SROError: a part is missing, or the engine cannot run this leader; the message names the fix.
    """
    arguments = arguments or EngineArguments()
    if arguments.engine == "auto":
        from sro.leader.engines.auto import choose

        arguments = EngineArguments(choose(leader, adapter, prompt, load_in_4bit, bf16))
    if arguments.engine == "chat":
        return _chat(arguments, leader, adapter, prompt, load_in_4bit or bool(bf16), max_prompt_length)
    sizes: Any = {"max_prompt_length": max_prompt_length, "batch_size": batch_size}
    if arguments.engine == "transformers":
        return _transformers(leader, adapter, prompt, load_in_4bit, bf16, sizes)
    if load_in_4bit or bf16:
        raise SROError(f"load_in_4bit and bf16 are for --engine transformers, not for {arguments.engine}")

    from sro.leader.files import LeaderParts

    if arguments.engine == "openai":
        from sro.leader.engines.openai import OpenAIGenerator

        parts = LeaderParts.find(leader, adapter, prompt)
        return OpenAIGenerator(
            str(arguments.engine_url),
            read_tokenizer(parts.base),
            parts.prompt,
            model=arguments.engine_model,
            timeout=arguments.engine_timeout,
            **sizes,
        )

    from sro.leader.engines.ctranslate2 import CTranslate2Generator
    from sro.leader.engines.ctranslate2_conversion import (
        WEIGHTS,
        as_precision,
        cached_conversion,
        default_precision,
        import_ctranslate2,
    )

    import_ctranslate2()  # fails before anything is unpacked or downloaded
    precision = as_precision(arguments.engine_precision)
    if (Path(leader) / WEIGHTS).is_file():
        if adapter not in (None, "none"):
            raise SROError(
                f"{leader} is a converted leader, on which no adapter can be put: {adapter}\n"
                "  fix: leave out --adapter, or convert leader and adapter together: "
                f"sro export --to ctranslate2 --adapter {adapter} --output_dir FOLDER"
            )
        return CTranslate2Generator(leader, prompt=prompt, precision=precision, **sizes)
    parts = LeaderParts.find(leader, adapter, prompt)
    folder = cached_conversion(parts, precision or default_precision())
    return CTranslate2Generator(folder, prompt=parts.prompt, **sizes)


def _chat(
    arguments: ChatArguments, leader: str, adapter: str | None, prompt: str | None, options: bool, longest: int
) -> Engine:
    if leader != "embedded" or adapter not in (None, "none") or prompt is not None or options:
        raise SROError(
            "--engine chat is a leader of its own: --leader, --adapter, --prompt, --load_in_4bit and --bf16 are not "
            "for it\n  fix: --chat_model names the model, --chat_prompt a file with instructions and examples"
        )
    from sro.leader.engines.chat.generator import ChatGenerator

    return ChatGenerator(arguments, max_prompt_length=longest)


def _transformers(
    leader: str, adapter: str | None, prompt: str | None, load_in_4bit: bool, bf16: bool | None, sizes: Any
) -> Engine:
    from sro.core.precision import compute_dtype, store_frozen_linears_in_bf16
    from sro.leader.files import merge_adapter_weights
    from sro.leader.model import Leader, LeaderArguments
    from sro.leader.transformers_generator import TransformersGenerator

    loaded = Leader.load(LeaderArguments(leader, adapter, load_in_4bit), "embedded/rewriter", prompt)
    if not load_in_4bit:
        loaded = merge_adapter_weights(loaded)
    loaded.model.requires_grad_(False)
    generator = TransformersGenerator(loaded.model, loaded.tokenizer, loaded.prompt, **sizes)
    if not compute_dtype(bf16, loaded.model.device.type).bf16:
        return generator
    store_frozen_linears_in_bf16(loaded.model)
    return Autocast(generator)


class Autocast:
    """A transformers generator that runs under bfloat16 autocast."""

    def __init__(self, generator: TransformersGenerator) -> None:
        self.generator = generator
        self.tokenizer, self.prompt = generator.tokenizer, generator.prompt
        self.max_prompt_length = generator.max_prompt_length

    def fits(self, comment: str) -> bool:
        """See `Engine`."""
        return self.generator.fits(comment)

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.Generator`."""
        import torch

        with torch.autocast(self.generator.model.device.type, torch.bfloat16):
            return self.generator.generate(comments, n, sampling, seed)
