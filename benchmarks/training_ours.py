"""`SROTrainer` as rows of `training.py`: its phases, what they compute, and whether the step is the plain objective.

Phases: *rollout*, *screening*, *reference* (log π_ref), *update* (log π_θ, backward, optimizer, what is left).

Useful work is counted as two operations a weight a token: of the linear layers for every token read once (the prompt,
each paraphrase, the comment where it is scored), of the output head for every token scored or drawn; twice that in the
update, whose backward pass has one product a frozen weight. Padding, prompts read for each of K paraphrases, rows that
have ended and attention (2 % here) are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from training_turn import Loop, Meter, StepClock, Task, Turn
from transformers import PrinterCallback

from sro.arguments import SROConfig
from sro.reference import Reference
from sro.rollout import Paraphrase, Rollout, Sampling
from sro.screeners import Screener, Verdict
from sro.trainer import Game, SROTrainer

TOLERANCE = 0.02  # of a mean loss: bfloat16 products of other shapes differ by a few hundredths of a nat a text


class TimedRollout:
    """A rollout with a clock."""

    def __init__(self, rollout: Rollout, meter: Meter) -> None:
        self.rollout, self.meter = rollout, meter

    def play(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int) -> list[list[Paraphrase]]:
        """See `Rollout`."""
        with self.meter.phase("rollout"):
            moves = self.rollout.play(comments, n, sampling, seed)
        self.meter.count([move.ids for played in moves for move in played])
        return moves


class TimedScreener:
    """A screener with a clock."""

    def __init__(self, screener: Screener, meter: Meter) -> None:
        self.screener, self.meter = screener, meter

    @property
    def name(self) -> str:
        """The screener's own."""
        return self.screener.name

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """See `Screener`."""
        with self.meter.phase("screening"):
            return self.screener.screen(texts, sources=sources)


class TimedReference:
    """A reference with a clock."""

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

    def play(self, batches: Sequence[Sequence[str]]) -> list[Game]:
        """See `SROTrainer.play`."""
        games = super().play(batches)
        for game in games:
            self.meter.counts += Counter(read_and_scored(game))
        return games


def read_and_scored(game: Game) -> dict[str, int]:
    """Tokens of a game: the prompts', the paraphrases', and the comments' where they are scored."""
    return {
        "prompt": sum(map(len, game.prompts)),
        "paraphrase": sum(len(ids) for played in game.paraphrases for ids in played),
        "source": sum(len(ids) for ids in game.sources if ids is not None),
    }


def useful_flops(model: Any, counts: Counter[str]) -> dict[str, float]:
    """Operations by phase for these tokens, see the module's docstring."""
    head = model.get_output_embeddings().weight.numel()
    linear = sum(
        module.weight.numel()
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and "lora_" not in name and module is not model.get_output_embeddings()
    )
    prompt, drawn, scored = counts["prompt"], counts["paraphrase"], counts["paraphrase"] + counts["source"]
    forward = 2.0 * (linear * (prompt + scored) + head * scored)
    return {
        "rollout": 2.0 * (linear * (prompt + drawn) + head * drawn),
        "reference": forward,
        "update": 2 * forward,
    }


def ours(generations: int, micro_batch: int | None = None) -> Loop:
    """`SROTrainer` with so many paraphrases a comment; `micro_batch` other than the task's, in paraphrases."""

    def play(task: Task, comments: Sequence[str]) -> Turn:
        leader, meter = task.start(), Meter()
        clock, small = StepClock(meter), micro_batch or task.micro_batch
        trainer = CountingTrainer(
            model=leader.model,
            args=SROConfig(
                **task.common,
                per_device_train_batch_size=small // generations,
                gradient_accumulation_steps=task.batch // small,
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
        trainer.rollout = TimedRollout(trainer.rollout, meter)
        trainer.reference = TimedReference(trainer.reference, meter)
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        phases = {name: meter.seconds[name] for name in ("rollout", "screening", "reference")}
        phases["update"] = clock.elapsed - sum(phases.values())
        turn = Turn(
            seconds=clock.elapsed,
            comments=task.batch // generations * task.steps,
            completions=meter.counts["completions"],
            tokens=meter.counts["tokens"],
            steps=len(clock.ends) - 1,
            losses=clock.losses[1:],
            phases=phases,
            flops=useful_flops(leader.model, meter.counts),
        )
        [game] = trainer.play([comments[: 4 // generations]])
        turn.checks.append(compared(trainer, game))
        return turn

    return play


def compared(trainer: SROTrainer, game: Game) -> str:
    """Whether the trainer's loss of a game, all in one forward pass, is the plain objective of its moves."""
    with torch.no_grad(), trainer.compute_loss_context_manager():
        batched = float(trainer.compute_loss(trainer.model, game))
        plain = plain_loss(trainer, game)
    verdict = "equal" if abs(batched - plain) <= TOLERANCE * max(1.0, abs(plain)) else "NOT EQUAL"
    return f"{verdict}: {batched:.4f} in one pass, {plain:.4f} text by text"


def plain_loss(trainer: SROTrainer, game: Game) -> float:
    """The mean loss, spelt out: a forward a text, METHOD's formula, the anchor −α·log π(y|x)/|y| on passes."""
    args, model, found = trainer.args, trainer.model, []
    passed = game.passed.view(len(game.prompts), -1).tolist()
    for prompt, played, source, verdicts in zip(game.prompts, game.paraphrases, game.sources, passed):
        for y, ok in zip(played, verdicts):
            logp_y = plain_log_prob(model, prompt, y)
            with trainer.reference.policy(model) as frozen:
                h = args.beta * (logp_y - plain_log_prob(frozen, prompt, y)) * (1 if ok else -1)
                reference_x = plain_log_prob(frozen, prompt, source) if ok and source else None
            if ok and source and reference_x is not None:
                h = h - args.beta * (plain_log_prob(model, prompt, source) - reference_x)
            loss = -(1 - args.label_smoothing) * logsigmoid(h) - args.label_smoothing * logsigmoid(-h)
            found.append(float(loss - ok * args.rpo_alpha * logp_y / len(y)))
    return sum(found) / len(found)


def plain_log_prob(model: Any, prompt: list[int], response: list[int]) -> Tensor:
    """log π(s|x) by one unpadded forward pass of a decoder-only model."""
    ids = torch.tensor([[*prompt, *response]], device=next(model.parameters()).device)
    logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1).gather(-1, ids[0, len(prompt) :, None]).sum()
