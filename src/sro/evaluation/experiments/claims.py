"""Two experiments from settings to a folder: the perturbation sweep and the ablation.

runs/experiments/
  arms/…                          the training runs, shared
  perturbation/, ablation/        table.md, table.csv, sheet.jsonl, manifest.json, a plot: what `sro report` reads
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sro.core.files import atomic_write_text
from sro.core.provenance import write_manifest
from sro.evaluation.experiments import ablation as parts
from sro.evaluation.experiments import perturbation as noise
from sro.evaluation.experiments.arms import Settings, Trained, train_arms
from sro.evaluation.experiments.perturbation import SRO
from sro.evaluation.experiments.scoring import Comparison, compare, markdown, sheet, to_csv
from sro.evaluation.judges.loading import Judges
from sro.evaluation.report.sheet import write_sheet
from sro.screeners.loading import load_named_screener

Say = Callable[[str], None]
ESTIMATED_FROM = 500


def perturbation(
    settings: Settings,
    seeds: int,
    flips: Sequence[float],
    robust: Sequence[float],
    bare: Sequence[float],
    judges: Judges,
    say: Say,
    command: Sequence[str] = (),
) -> Path:
    """SRO under verdict flips, with and without the correction. Returns the folder.

    Args:
        flips: rates p; 0 is always added.
        robust: rates for which arms with the correction are trained too.
        bare: rates for which SRO without its anchor (the paper's loss) is trained too.
        command: the command line, for the manifest.

    Raises:
        SROError: bad settings or rates, or a leader that collapsed.
    """
    texts = settings.data.load(settings.data.comments[:1])[0][:ESTIMATED_FROM]  # errors show before the training
    trained = train_arms(noise.arms(flips, robust, bare), seeds, settings, say)
    folder = Path(str(settings.args.output_dir)) / "perturbation"
    screener = load_named_screener(settings.follower)
    found = compare(trained, judges, screener)
    estimates = noise.estimates(screener, texts, sorted({*flips, *robust} - {0}))
    estimated = ", ".join(f"{rate:.3f} for {p:g}" for p, rate in estimates.items())
    caption = (
        f"Every verdict is flipped with probability p in training; {_budget(settings, seeds)} `robust` hears the same "
        "flips, knows p, and learns by the unbiased loss of `sro.training.noise`. p need not be known: "
        f"asking a follower twice about {len(texts)} texts gives {estimated}."
    )
    _write(folder, settings, command, trained, found, markdown(found, "Verdict flips", caption, SRO))
    noise.picture(found, flips, robust, str(folder / "flips.png"))
    return folder


def ablation(settings: Settings, seeds: int, judges: Judges, say: Say, command: Sequence[str] = ()) -> Path:
    """SRO, its parts and its relatives at equal rollouts. Returns the folder. Arguments and errors are those of
    `perturbation`."""
    arms = parts.arms(settings.args.per_device_train_batch_size * settings.args.num_generations)
    trained = train_arms(arms, seeds, settings, say)
    folder = Path(str(settings.args.output_dir)) / "ablation"
    found = compare(trained, judges, load_named_screener(settings.follower))
    caption = (
        f"The same rollouts a step, other losses (`sro.training.objective.losses`); {_budget(settings, seeds)} "
        f"`anchor` is `rpo_alpha` {settings.args.rpo_alpha:g}, which SRO and the pass branch have here "
        "and the paper's loss has not."
    )
    _write(folder, settings, command, trained, found, markdown(found, "What each part contributes", caption, SRO))
    return folder


def _budget(settings: Settings, seeds: int) -> str:
    args = settings.args
    rollouts = args.per_device_train_batch_size * args.gradient_accumulation_steps * args.num_generations
    return f"{seeds} seeds, {args.max_steps} steps of {rollouts} rollouts each, from one start."


def _write(
    folder: Path, settings: Settings, command: Sequence[str], trained: Trained, found: Comparison, table: str
) -> None:
    atomic_write_text(folder / "table.md", table)
    atomic_write_text(folder / "table.csv", to_csv(found))
    write_sheet(folder, sheet(trained, found))
    write_manifest(folder, command, settings.plain(), {}, settings.args.seed)
