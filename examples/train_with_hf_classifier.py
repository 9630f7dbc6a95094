"""Train a leader against a Hugging Face classifier, in Python.

    python examples/train_with_hf_classifier.py comments.txt --classifier s-nlp/roberta_toxicity_classifier

One toxic comment a line. The adapter lies in runs/hf/adapter, for `sro rewrite --adapter runs/hf/adapter`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from datasets import Dataset

from sro import SROConfig, SROTrainer, load_screener
from sro.leader.model import Leader, LeaderArguments, save_adapter


def train(comments: list[str], classifier: str, leader: Leader, output_dir: Path, max_steps: int) -> SROTrainer:
    """Train the leader's weights that take gradients, and save them."""
    config = SROConfig(
        prompt=leader.prompt,
        output_dir=str(output_dir),
        max_steps=max_steps,
        per_device_train_batch_size=8,
        learning_rate=6e-5,
        rpo_alpha=1.0,  # without it the probability of comment and rewrite both fall
        temperature=0.7,
        top_p=0.95,
    )
    trainer = SROTrainer(
        leader.model, config, load_screener(classifier), Dataset.from_dict({"comment": comments}), leader.tokenizer
    )
    trainer.train()
    save_adapter(trainer.model, leader.tokenizer, leader.prompt, output_dir / "adapter")
    return trainer


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train a leader against a Hugging Face classifier.")
    parser.add_argument("comments", type=Path, help="toxic comments, one a line")
    parser.add_argument("--classifier", default="s-nlp/roberta_toxicity_classifier", help="hub or folder name")
    parser.add_argument("--leader", default="embedded", help="`embedded`, or hub or folder name (default: embedded)")
    parser.add_argument("--adapter", default="embedded/warmup", help="adapter to start from, or `none`")
    parser.add_argument("--output_dir", type=Path, default=Path("runs/hf"), help="default: runs/hf")
    parser.add_argument("--max_steps", type=int, default=40, help="optimizer steps (default: 40)")
    options = parser.parse_args(arguments)

    leader = Leader.load(LeaderArguments(leader=options.leader, adapter=options.adapter), trainable=True)
    with options.comments.open(encoding="utf-8-sig") as file:
        comments = [line.strip() for line in file if line.strip()]
    train(comments, options.classifier, leader, options.output_dir, options.max_steps)


if __name__ == "__main__":
    main()
