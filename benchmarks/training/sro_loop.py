"""`SROTrainer` as rows of `training/run.py`: its phases, their operations, and the benefit of each optimisation.

The benefit of an optimisation is the loss of speed in a row without it. Such a row computes the same numbers
(`quality_checks.py`). The exception is the row without guesses: it samples from the same policy, but other tokens.

Phases: *rollout*, *screening*, *reference* (log π_ref), *update* (log π_θ, backward, optimizer, the rest).

Useful work is two operations per weight and token: for the linear layers, every token read once (the prompt, each
completion, the comment if it is scored); for the output head, every token scored or sampled. In the update it counts
twice, because the backward pass has one product per frozen weight, and three times if the weight itself is trained.
Padding, prompts read for each of K completions, rows that have ended and attention (2 % here) are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from datasets import Dataset
from torch import nn
from transformers import PrinterCallback

from benchmarks.generate_peer import Generated
from benchmarks.training.quality_checks import checks
from benchmarks.training.timing import Loop, Meter, StepClock, Task, Turn
from sro.leader.generation import Completion, Generator, Sampling
from sro.leader.logprobs import TokenLogProbs, causal_log_probs
from sro.screeners.base import Screener, Verdict
from sro.training.config import SROConfig
from sro.training.game import Game
from sro.training.reference import Reference
from sro.training.trainer import SROTrainer


class TimedRollout:
    """A generator whose time is measured."""

    def __init__(self, generator: Generator, meter: Meter) -> None:
        self.generator, self.meter = generator, meter

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `Generator`."""
        with self.meter.phase("rollout"):
            completions = self.generator.generate(comments, n, sampling, seed)
        self.meter.count([one.ids for played in completions for one in played])
        return completions


class TimedScreener:
    """A screener whose time is measured."""

    def __init__(self, screener: Screener, meter: Meter) -> None:
        self.screener, self.meter = screener, meter

    @property
    def name(self) -> str:
        """The name of the wrapped screener."""
        return self.screener.name

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """See `Screener`."""
        with self.meter.phase("screening"):
            return self.screener.screen(texts, sources=sources)


class TimedReference:
    """A reference whose time is measured."""

    def __init__(self, reference: Reference, meter: Meter) -> None:
        self.reference, self.meter = reference, meter

    def policy(self, model: Any) -> AbstractContextManager[Any]:
        """See `Reference`."""
        return self._timed(model)

    @contextmanager
    def _timed(self, model: Any) -> Iterator[Any]:
        with self.meter.phase("reference"), self.reference.policy(model) as frozen:
            yield frozen


class CountingTrainer(SROTrainer):
    """`SROTrainer` that counts the tokens of its games."""

    meter: Meter

    def generate_and_screen(self, batches: Sequence[Sequence[str]]) -> list[Game]:
        """See `SROTrainer.generate_and_screen`."""
        games = super().generate_and_screen(batches)
        for game in games:
            self.meter.counts += Counter(read_and_scored(game))
        return games


class NoTree(CountingTrainer):
    """Without the shared prefix: the prompt is read again for every completion and comment."""

    def _log_probs(self, model: Any, prompts: list[list[int]], completions: list[list[list[int]]]) -> TokenLogProbs:
        alone = [(prompt, [text]) for prompt, branches in zip(prompts, completions) for text in branches]
        return super()._log_probs(model, [prompt for prompt, _ in alone], [branch for _, branch in alone])


class ScoresEveryComment(CountingTrainer):
    """Also scores the comment if the completion failed, although the loss does not need it."""

    def _asks_for_comment(self, passed: Sequence[bool]) -> bool:
        return True


class RowEach(CountingTrainer):
    """One row per comment, padded to the longest, instead of rows that several short ones share."""

    def _log_probs(self, model: Any, prompts: list[list[int]], completions: list[list[list[int]]]) -> TokenLogProbs:
        return causal_log_probs(model, prompts, completions, self.processing_class.pad_token_id, row_tokens=None)


class TokenByToken(CountingTrainer):
    """Generates with `generate`, without speculative guesses; all rows are decoded until the last has ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.generator = Generated(self.model, self.processing_class, self.args.prompt, self.args.max_prompt_length)


class StoresFloat32(CountingTrainer):
    """Keeps frozen weights in float32, so that autocast rounds them before every product."""

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """See `SROTrainer.train`. Weights that were already rounded keep their values."""
        self.model.float()
        return super().train(*args, **kwargs)


def read_and_scored(game: Game) -> dict[str, int]:
    """Token counts of a game: prompts, completions, and scored comments."""
    return {
        "prompt": sum(map(len, game.prompts)),
        "generated": sum(len(ids) for played in game.completions for ids in played),
        "source": sum(len(ids) for ids in game.sources if ids is not None),
    }


def useful_flops(model: Any, counts: Counter[str]) -> dict[str, float]:
    """Operations by phase for these tokens; see the module docstring."""
    out = model.get_output_embeddings()
    head = out.weight.numel()
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and "lora_" not in name and module is not out
    ]
    linear = sum(module.weight.numel() for module in layers)
    learning = sum(module.weight.numel() for module in layers if module.weight.requires_grad)
    prompt, drawn, scored = counts["prompt"], counts["generated"], counts["generated"] + counts["source"]
    forward = 2.0 * (linear * (prompt + scored) + head * scored)
    of_weights = 2.0 * (learning * (prompt + scored) + head * scored * out.weight.requires_grad)
    return {
        "rollout": 2.0 * (linear * (prompt + drawn) + head * drawn),
        "reference": forward,
        "update": 2 * forward + of_weights,
    }


def ours(generations: int, kind: type[CountingTrainer] = CountingTrainer, rollout_batch: int | None = None) -> Loop:
    """`SROTrainer` with `generations` completions per comment; another `kind` lacks an optimisation.

    Args:
        rollout_batch: completions in a generation batch; None: the trainer's default, which is for CPUs.
    """

    def play(task: Task, comments: Sequence[str]) -> Turn:
        leader, meter = task.start(), Meter()
        clock = StepClock(meter)
        trainer = kind(
            model=leader.model,
            args=SROConfig(
                **task.common,
                per_device_train_batch_size=task.micro_batch // generations,
                gradient_accumulation_steps=task.batch // task.micro_batch,
                num_generations=generations,
                prompt=leader.prompt,
                beta=task.beta,
                label_smoothing=task.label_smoothing,
                rpo_alpha=task.rpo_alpha,
                temperature=task.sampling.temperature,
                top_p=task.sampling.top_p,
                top_k=task.sampling.top_k,
                max_completion_length=task.sampling.max_new_tokens,
                max_length_ratio=task.sampling.max_length_ratio,
            ),
            screener=TimedScreener(task.screener, meter),
            train_dataset=Dataset.from_dict({"comment": list(comments)}),
            processing_class=leader.tokenizer,
            callbacks=[clock],
        )
        trainer.meter = meter
        if rollout_batch:
            trainer.generator.batch_size = rollout_batch
        trainer.generator = TimedRollout(trainer.generator, meter)
        trainer.reference = TimedReference(trainer.reference, meter)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        phases: dict[str, float] = {name: meter.seconds[name] for name in ("rollout", "screening", "reference")}
        phases["update"] = clock.elapsed - sum(phases.values())
        turn = Turn(
            seconds=clock.elapsed,
            comments=task.batch // generations * task.steps,
            completions=meter.counts["completions"],
            tokens=meter.counts["tokens"],
            steps=len(clock.ends) - 1,
            losses=clock.losses[1:],
            phases=phases,
            # operations that an optimisation saves are not useful
            flops=useful_flops(leader.model, meter.counts) if kind is CountingTrainer else {},
        )
        if task.checked:
            turn.checks += checks(trainer, comments[: 4 // generations])
        return turn

    return play
