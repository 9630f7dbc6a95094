"""Train a leader against a Hugging Face classifier, in Python.

    python examples/train_with_hf_classifier.py comments.txt --classifier s-nlp/roberta_toxicity_classifier

Each line of the file is one toxic comment. The adapter is written to runs/hf/adapter; the last printed line shows how
to rewrite with it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from datasets import Dataset

from sro import SROConfig, SROTrainer
from sro.apps.cli.train import next_flags
from sro.leader.model import Leader, LeaderArguments, default_lora, is_peft, save_adapter
from sro.screeners.follower import FollowerArguments, load_follower


def train(comments: list[str], classifier: str, leader: Leader, output_dir: Path, max_steps: int) -> SROTrainer:
    """Train the leader's adapter, or a fresh one if it has none, and save it."""
    config = SROConfig(
        prompt=leader.prompt,
        output_dir=str(output_dir),
        max_steps=max_steps,
        per_device_train_batch_size=8,
        learning_rate=6e-5,
        rpo_alpha=1.0,  # without it, the probabilities of comment and rewrite both fall
        temperature=0.7,
        top_p=0.95,
    )
    # The panel of `sro train`. With a toxicity screener alone (`load_screener`), any civil sentence would pass.
    panel, _, _ = load_follower(FollowerArguments(screener=classifier))
    fresh = None if is_peft(leader.model) else default_lora(encoder_decoder=leader.model.config.is_encoder_decoder)
    trainer = SROTrainer(
        leader.model,
        config,
        panel,
        Dataset.from_dict({"comment": comments}),
        leader.tokenizer,
        peft_config=fresh,
    )
    trainer.train()
    save_adapter(trainer.model, leader.tokenizer, leader.prompt, output_dir / "adapter")
    return trainer


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train a leader against a Hugging Face classifier.")
    parser.add_argument("comments", type=Path, help="toxic comments, one per line")
    parser.add_argument("--classifier", default="s-nlp/roberta_toxicity_classifier", help="hub or folder name")
    parser.add_argument("--leader", default="embedded", help="`embedded`, or hub or folder name (default: embedded)")
    parser.add_argument(
        "--adapter", help="adapter to start from, or `none` (default: embedded/warmup if the leader is `embedded`)"
    )
    parser.add_argument("--output_dir", type=Path, default=Path("runs/hf"), help="default: runs/hf")
    parser.add_argument("--max_steps", type=int, default=40, help="optimizer steps (default: 40)")
    options = parser.parse_args(arguments)

    chosen = LeaderArguments(leader=options.leader, adapter=options.adapter)
    leader = Leader.load(chosen, default_adapter="embedded/warmup", trainable=True)
    with options.comments.open(encoding="utf-8-sig") as file:
        comments = [line.strip() for line in file if line.strip()]
    train(comments, options.classifier, leader, options.output_dir, options.max_steps)
    print(f"sro rewrite 'what a stupid idea .' {next_flags(options.leader, options.output_dir / 'adapter')}")


if __name__ == "__main__":
    main()
