"""The recipes as commands: each runs from its YAML file to an adapter, its leader being tiny and its hub a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sro.apps.cli import main

RECIPES = Path(__file__).parents[2] / "recipes"
RUDE = ["you are a stupid fool", "shut up and leave , idiot", "this is trash , you moron", "what a crap page"]
SMALL = [
    *(
        "--screener",
        "embedded/linear",
        "--max_steps",
        "1",
        "--per_device_train_batch_size",
        "2",
        "--num_generations",
        "2",
    ),
    *("--max_completion_length", "8", "--bf16", "false", "--use_cpu", "true", "--lora_rank", "2"),
    *("--collapse_window", "0", "--held_out_size", "1", "--save_steps", "1"),
]

pytestmark = pytest.mark.usefixtures("quick_collections")


@pytest.fixture
def comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for command in ("train", "warmup"):  # this process's allocator stays as it is
        monkeypatch.setattr(f"sro.apps.cli.{command}.keep_memory", lambda: None)
    file = tmp_path / "comments.txt"
    file.write_text("".join(f"{text} {n}\n" for n in range(3) for text in RUDE), "utf-8")
    return file


def test_the_papers_t5(tmp_path: Path, comments: Path, tiny_seq2seq: Any, saved: Any) -> None:
    saved(tmp_path / "t5", *tiny_seq2seq())
    flags = ["--leader", str(tmp_path / "t5"), "--comments", str(comments), "--output_dir", str(tmp_path / "run")]
    assert main(["train", "--config", str(RECIPES / "t5.yaml"), *flags, *SMALL]) == 0
    assert (tmp_path / "run/adapter/adapter_model.safetensors").is_file()


def test_a_large_decoder_learns_examples_and_then_plays(
    tmp_path: Path, comments: Path, tiny_causal: Any, saved: Any
) -> None:
    saved(tmp_path / "llama", *tiny_causal())
    leader, examples = ["--leader", str(tmp_path / "llama")], tmp_path / "examples.jsonl"
    examples.write_text('{"source": "you idiot", "target": "you are wrong", "kind": "edit"}\n' * 4, "utf-8")
    start = ["--examples", str(examples), "--output_dir", str(tmp_path / "start"), "--lora_rank", "2"]
    assert main(["warmup", *leader, *start, "--max_steps", "1", "--use_cpu", "true", "--bf16", "false"]) == 0
    flags = ["--adapter", str(tmp_path / "start/adapter"), "--comments", str(comments)]
    run = [*leader, *flags, "--output_dir", str(tmp_path / "run")]
    assert main(["train", "--config", str(RECIPES / "large.yaml"), *run, *SMALL]) == 0
    assert (tmp_path / "run/adapter/adapter_model.safetensors").is_file()
