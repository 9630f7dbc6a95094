"""`sro demo`: `sro train` on the starter corpus with the embedded parts, small enough for two cores."""

from __future__ import annotations

DEFAULTS = {
    "--output_dir": "runs/demo",
    "--max_steps": "30",
    "--learning_rate": "5e-5",
    "--logging_steps": "2",
    "--held_out_size": "48",
}


def run(argv: list[str]) -> int:
    """The demo's settings, then whatever flags were given."""
    from sro.cli.train import run as train

    given = {word.partition("=")[0] for word in argv}
    preset = [word for flag, value in DEFAULTS.items() if flag not in given for word in (flag, value)]
    return train([*preset, *argv], prog="sro demo")
