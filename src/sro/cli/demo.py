"""`sro demo`: `sro train` on the starter corpus with the embedded parts, small enough for two cores."""

from __future__ import annotations

PRESETS = {
    "output_dir": "runs/demo",
    "max_steps": 30,
    "learning_rate": 5e-5,
    "logging_steps": 2,
    "held_out_size": 48,
}


def run(argv: list[str]) -> int:
    """The demo's settings, then whatever files and flags say."""
    from sro.cli.train import run as train

    return train(argv, prog="sro demo", presets=PRESETS)
