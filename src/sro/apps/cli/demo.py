"""`sro demo`: `sro train` on the starter corpus with the embedded parts, small enough for two cores."""

from __future__ import annotations

PRESETS = {
    "output_dir": "runs/demo",
    "max_steps": 30,
    "learning_rate": 6e-5,
    "rpo_alpha": 1.0,
    "temperature": 0.7,
    "top_p": 0.95,
    "min_similarity": 0.65,
    "keep_meaning": True,
    "fluency": "embedded",
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 4,
    "logging_steps": 2,
    "held_out_size": 48,
}


def run(argv: list[str]) -> int:
    """Use the demo's settings, then those of files and flags; at the end also print what `sro rewrite` answers."""
    from sro.apps.cli.train import run as train

    return train(argv, prog="sro demo", presets=PRESETS, with_search=True)
