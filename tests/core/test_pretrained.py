"""Strangers' models are read as settings and weights: no code of theirs runs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from sro.core.errors import SROError
from sro.core.pretrained import read_adapter, read_config, read_model, read_tokenizer
from sro.leader.model import Leader, LeaderArguments, default_lora

SOURCES = Path(__file__).parents[2] / "src" / "sro"
LOADERS = {"from_pretrained", "load_peft_weights", "load_adapter"}
"""What reads a folder or hub name in transformers and PEFT."""


def test_everything_is_read_in_one_place() -> None:
    found = {
        f"{file.relative_to(SOURCES)}:{node.lineno}"
        for file in SOURCES.rglob("*.py")
        if file != SOURCES / "core" / "pretrained.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in LOADERS
    }
    assert not found


@pytest.fixture
def with_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose configuration, tokenizer and model are in a Python file of its own, beside one who would answer
    yes to every question; it leaves a file behind if it runs."""
    folder = tmp_path / "with_code"
    folder.mkdir()
    own = {"AutoConfig": "own.Own", "AutoTokenizer": ["own.Own", None], "AutoModelForCausalLM": "own.Own"}
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": own}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "Own", "auto_map": own}))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'it_ran')!r}, 'w').close()")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    return folder


@pytest.mark.parametrize(
    "read",
    [read_config, read_tokenizer, lambda place: read_model(AutoModelForCausalLM, place)],
    ids=["config", "tokenizer", "model"],
)
def test_code_in_a_folder_is_not_run(with_code: Path, read: Any) -> None:
    with pytest.raises(ValueError, match="custom code"):
        read(with_code)
    assert not (with_code.parent / "it_ran").exists()


def test_a_leader_with_code_is_refused(with_code: Path) -> None:
    with pytest.raises(SROError, match="custom code"):
        Leader.load(LeaderArguments(str(with_code)))
    assert not (with_code.parent / "it_ran").exists()


@pytest.fixture
def pickled(tiny_causal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An adapter whose weights are in a pickle; nobody may open it."""
    get_peft_model(tiny_causal()[0], default_lora()).save_pretrained(tmp_path / "adapter")
    weights = tmp_path / "adapter" / "adapter_model.safetensors"
    torch.save(load_file(weights), weights.with_name("adapter_model.bin"))
    weights.unlink()

    def load(*_: object, **__: object) -> None:
        raise AssertionError("a pickle is read")

    monkeypatch.setattr(torch, "load", load)
    return tmp_path / "adapter"


def test_an_adapter_in_a_pickle_is_refused(pickled: Path, tiny_causal: Any, saved: Any) -> None:
    with pytest.raises(SROError, match=r"no adapter_model\.safetensors"):
        read_adapter(tiny_causal()[0], pickled)
    base = saved(pickled.parent / "base", *tiny_causal())
    with pytest.raises(SROError, match=r"no adapter_model\.safetensors"):
        Leader.load(LeaderArguments(str(base), str(pickled)))


def test_so_is_one_that_lies_beside_a_model(pickled: Path, tiny_causal: Any, saved: Any) -> None:
    """transformers puts it on the model without being asked."""
    saved(pickled, *tiny_causal())
    with pytest.raises(SROError, match=r"no adapter_model\.safetensors"):
        read_model(AutoModelForCausalLM, pickled)


def test_of_an_adapter_on_the_hub_only_the_safetensors_are_fetched(
    tiny_causal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_peft_model(tiny_causal()[0], default_lora()).save_pretrained(tmp_path / "me/adapter")
    fetched = []

    def hf_hub_download(name: str, file: str) -> str:
        fetched.append(file)
        return str(tmp_path / name / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", hf_hub_download)
    read_adapter(tiny_causal()[0], "me/adapter")
    assert fetched == ["adapter_config.json", "adapter_model.safetensors"]
