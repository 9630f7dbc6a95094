"""SROTrainer: one training step, in the method's own order.

1. the leader writes     completions y ~ π_θ(·|x)                 `generate_and_screen`
2. the follower answers  verdicts c(y) ∈ {pass, fail}             `generate_and_screen`
3. the reference scores  log π_ref(y|x), log π_ref(x|x)           `generate_and_screen`
4. the leader learns     loss on Δ(y), and on Δ(x) where y passed `compute_loss`

If verdicts are corrected for flips (`sro.training.noise`), Δ(x) is needed for every comment. Some objectives never
need it.

With several processes, each takes a share of a batch (`sro.training.distributed`): two processes with batch size 8
learn the same as one with batch size 16.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import compress, islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import TrainerCallback

from sro.core.errors import SROError
from sro.core.precision import store_frozen_linears_in_bf16
from sro.leader.generation import Completion, Generator, generate_exactly
from sro.leader.logprobs import TokenLogProbs
from sro.leader.model import check_prompt, is_peft
from sro.leader.token_ids import completion_ids, prompt_ids, with_end_of_turn
from sro.leader.transformers_generator import TransformersGenerator
from sro.screeners.answers import ask_with
from sro.screeners.base import Screener, Similarity, Verdict
from sro.screeners.noisy import FlippingScreener
from sro.training.checkpoints import CheckpointSeal, ReferenceCache, Stateful, checkpoint_to_resume
from sro.training.config import SROConfig
from sro.training.dataset import PromptLimit, checked_dataset
from sro.training.distributed import log_probs_in_wrapper, same_batches, share, unsharded_weights
from sro.training.game import Game, is_comment_row
from sro.training.game_trainer import NO_EVALUATION, GameTrainer
from sro.training.judged_responses import JudgedGame
from sro.training.monitor import (
    CollapseGuard,
    CompletionTable,
    Gauges,
    completion_gauges,
    completion_rows,
    game_gauges,
)
from sro.training.noise import unbiased
from sro.training.objective import Scored, compares_with_comment, losses
from sro.training.preparation import prepare_policy, refuse_chat_server
from sro.training.reference import make_reference
from sro.training.weight_averaging import interpolate, weights_to_keep


class SROTrainer(GameTrainer):
    """Stackelberg response optimization of a leader against a screener; it can replace TRL's DPOTrainer.

    Args:
        model: causal LM or encoder–decoder, or the name or folder of one (`embedded` is the shipped leader). With
            `peft_config` the model gets a fresh adapter. The adapter of a PEFT model is trained further, and a copy of
            it is the reference. Otherwise all weights are trained.
        args: `SROConfig`; its `prompt` must be set. It is copied, not changed.
        screener: the follower (the classifier that rewards): any object with a method `screen(texts)` that returns one
            `Verdict` for each text. If its signature has `sources`, it also gets the comments of the texts.
        train_dataset: rows with the key `comment`, a toxic comment. Nothing else is read: no pairs, no labels. An
            empty comment is played but does not count. A comment is set aside if its prompt is longer than
            `max_prompt_length` or than the model has positions for; it is then counted in the log and written to
            `quarantine_too_long.jsonl` in `output_dir`.
        processing_class: the leader's tokenizer; None: the tokenizer of the named model. If it has no pad token, a
            copy of it pads with the end token.
        peft_config: e.g. `LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")`, for a model without
            an adapter.
        similarity: if given, the mean similarity of completion and comment is logged.
        generator: the generator of the completions; default: `TransformersGenerator` on the model itself.
        callbacks, optimizers, …: as for `transformers.Trainer`; there is no evaluation loop, so no `eval_dataset`.

    Attributes:
        guard: after `train()`, its `reason` says why the run was stopped early; None if it was not.

    Raises:
        SROError: no `SROConfig`, no prompt, a train_dataset without usable comments, an `eval_dataset`, no tokenizer,
            a screener without `screen`, `peft_config` for a model that has an adapter; in training, a screener that
            returns too few or too many verdicts, or something else than verdicts, and a generator that returns too
            few or too many completions, or one without ids.

    Source: Xie, Li, Zhu, "Learning from Response not Preference", arXiv 2410.20298.

    Example:
        >>> trainer = SROTrainer(model, SROConfig(prompt="paraphrase: {text}"), load_screener("embedded/linear"),
        ...                      Dataset.from_dict({"comment": comments}), tokenizer,
        ...                      peft_config=LoraConfig(task_type="CAUSAL_LM"))  # doctest: +SKIP
        >>> trainer.train()  # doctest: +SKIP
    """

    args: SROConfig
    model: Any
    processing_class: Any

    def __init__(
        self,
        model: Any,
        args: SROConfig,
        screener: Screener,
        train_dataset: Any,
        processing_class: Any = None,
        peft_config: Any = None,
        similarity: Similarity | None = None,
        generator: Generator | None = None,
        callbacks: Sequence[TrainerCallback] | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("eval_dataset") is not None:
            raise SROError(NO_EVALUATION)
        if not isinstance(args, SROConfig):
            raise SROError(f"args is of type {type(args).__name__}\n  fix: SROConfig(prompt=..., output_dir=...)")
        refuse_chat_server(generator)
        args = copy.copy(args)  # the caller's object is not changed
        args._n_gpu = min(args.n_gpu, 1)  # one process uses one device: DataParallel cannot split games
        check_prompt(args.prompt)
        model, processing_class = prepare_policy(
            model, processing_class, peft_config, bool(args.gradient_checkpointing)
        )
        processing_class = with_end_of_turn(processing_class, model, args.prompt)
        quarantine = Path(str(args.output_dir)) if args.process_index == 0 else None
        limit = PromptLimit.of(model, args.max_prompt_length, args.max_completion_length)
        train_dataset = checked_dataset(train_dataset, processing_class, args.prompt, limit, quarantine)
        self.reference = make_reference(model, fresh_adapter=peft_config is not None)
        if args.bf16 and is_peft(model):
            store_frozen_linears_in_bf16(model)
        self.screener, self.similarity = screener, similarity
        self._ask = ask_with(screener)
        self.generator: Generator = generator or TransformersGenerator(
            model, processing_class, args.prompt, args.max_prompt_length
        )
        self.gauges, self.completions = Gauges(), CompletionTable(args)
        self.reference_x = ReferenceCache()
        self._played: deque[Game] = deque()
        self.guard = CollapseGuard(args.collapse_window, args.collapse_share)
        flips = screener if isinstance(screener, FlippingScreener) else None
        parts: dict[str, Stateful] = {"guard": self.guard}
        if isinstance(generator, JudgedGame):
            parts["responses"] = generator
        self.seal = CheckpointSeal(self.reference_x, flips, parts)
        super().__init__(
            model=model,
            args=args,
            train_dataset=train_dataset,
            processing_class=processing_class,
            data_collator=self._my_comments,
            callbacks=[*(callbacks or ()), self.completions, self.guard, self.seal],  # the seal comes last
            **kwargs,
        )
        # compute_loss divides by the number of completions in the whole optimizer step, so accumulation needs no
        # further division: batch 1 × accumulation 8 equals batch 8, even for an incomplete last batch.
        self.loss_is_scaled_for_ga = True
        # Taken before a checkpoint is loaded, so that a resumed run has the initial weights too.
        self._start = weights_to_keep(self.model, args.interpolate_to_init, self.accelerator.distributed_type)

    def train(self, resume_from_checkpoint: str | Path | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """As `Trainer.train`; games that are left from an earlier call are dropped.

        Args:
            resume_from_checkpoint: a checkpoint in any folder; True: the newest complete one in `output_dir`.

        Raises:
            SROError: there is no complete checkpoint, or it has another number format.
        """
        self._played.clear()
        self.seal.resumed = checkpoint = checkpoint_to_resume(resume_from_checkpoint, Path(str(self.args.output_dir)))
        found = super().train(str(checkpoint) if checkpoint else None, *args, **kwargs)
        if self._start and not self.guard.reason:
            interpolate(self.model, self._start, self.args.interpolate_to_init)
        return found

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches for all processes together, the same on every process; `_my_comments` takes this one's share."""
        size = self.args.train_batch_size * self.args.world_size
        sampler, drop_last = self._get_train_sampler(), self.args.dataloader_drop_last
        data: Any = self.train_dataset
        return same_batches(
            DataLoader(data, size, sampler=sampler, collate_fn=self.data_collator, drop_last=drop_last),
            self.args.data_seed,
        )

    def get_batch_samples(
        self, epoch_iterator: Iterator[list[str]], num_batches: int, device: torch.device
    ) -> tuple[list[Game], int]:
        """The played games of one optimizer step, and their number of completions over all processes.

        Trainer calls this once per optimizer step. So all micro-batches of the step are played here at once: one large
        generation instead of `gradient_accumulation_steps` small ones.
        """
        if not self._played:
            # Play up to the next multiple of steps_per_generation and no further, for any length of the epoch:
            # checkpoints are saved there, and one between the steps of a generation could not be resumed exactly.
            steps = self.args.steps_per_generation - self.state.global_step % self.args.steps_per_generation
            self._played.extend(self.generate_and_screen(list(islice(epoch_iterator, num_batches * steps))))
        games = [self._played.popleft() for _ in range(min(num_batches, len(self._played)))]
        count = torch.tensor(sum(int(game.is_real.sum()) for game in games), device=device)
        return games, int(self.accelerator.gather(count).sum())

    def generate_and_screen(self, batches: Sequence[Sequence[str]]) -> list[Game]:
        """Steps 1 to 3 for several micro-batches of comments: generate, answer, reference scores."""
        comments = [comment for batch in batches for comment in batch]
        if not comments:
            return []
        with unsharded_weights(self.model):
            return self._generate_and_screen(batches, comments)

    def _generate_and_screen(self, batches: Sequence[Sequence[str]], comments: list[str]) -> list[Game]:
        args, k = self.args, self.args.num_generations
        with self.compute_loss_context_manager():
            completions = generate_exactly(self.generator, comments, k, args.sampling, seed=self._step_seed())
        passed = self._answer([(comment, one) for comment, played in zip(comments, completions) for one in played])

        games, at = [], 0
        for batch in batches:
            size = len(batch)
            game = self._score_by_reference(batch, completions[at : at + size], passed[at * k : (at + size) * k])
            games.append(game)
            at += size
        self.reference_x.share(comments)
        return games

    def _answer(self, completions: list[tuple[str, Completion]]) -> list[bool]:
        """Step 2: whether each completion of each comment passed. Those of empty comments are not screened."""
        asked = [(comment, one) for comment, one in completions if comment]
        sources, played = [comment for comment, _ in asked], [one for _, one in asked]
        verdicts = self._ask([one.text for one in played], sources) if asked else []
        passed = [is_pass(one, verdict) for one, verdict in zip(played, verdicts)]
        self._observe(sources, played, verdicts, passed)
        answers = iter(passed)
        return [bool(comment) and next(answers) for comment, _ in completions]

    def _score_by_reference(
        self, comments: Sequence[str], completions: list[list[Completion]], passed: list[bool]
    ) -> Game:
        """Step 3: log π_ref of the completions, and (once per comment) of the comments if the loss needs it."""
        tokenizer, model = self.processing_class, self.accelerator.unwrap_model(self.model)
        prompts = prompt_ids(tokenizer, self.args.prompt, comments, self.args.max_prompt_length)
        template = None if model.config.is_encoder_decoder else self.args.prompt
        as_completion = completion_ids(tokenizer, comments, template)
        k = self.args.num_generations
        groups = [passed[i * k : (i + 1) * k] for i in range(len(comments))]
        asks = [bool(comment) and self._asks_for_comment(group) for comment, group in zip(comments, groups)]
        sources = [ids if asked else None for ids, asked in zip(as_completion, asks)]
        generated = [[one.ids for one in played] for played in completions]
        new = [ids is not None and comment not in self.reference_x for comment, ids in zip(comments, sources)]
        texts = [[*played, x] if asked else played for played, x, asked in zip(generated, as_completion, new)]
        with self.compute_loss_context_manager(), self.reference.policy(model) as frozen:
            scored = self._log_probs(frozen, prompts, texts).total()
        is_source = is_comment_row(k, texts).to(scored.device)
        reference_y = scored[~is_source]
        self.reference_x.update(zip(compress(comments, new), scored[is_source].tolist()))
        reference_x = [self.reference_x.get(c, 0.0) if ids is not None else 0.0 for c, ids in zip(comments, sources)]
        device = reference_y.device
        return Game(
            prompts,
            generated,
            sources,
            torch.tensor(passed, device=device),
            reference_y,
            torch.tensor(reference_x, device=device),
            torch.tensor([bool(comment) for comment in comments for _ in range(k)], device=device),
        )

    def _log_probs(self, model: Any, prompts: list[list[int]], completions: list[list[list[int]]]) -> TokenLogProbs:
        """`log_probs` for a model in any wrapper."""
        arguments = prompts, completions, self.processing_class.pad_token_id
        return log_probs_in_wrapper(model, self.accelerator.unwrap_model(model), *arguments)

    def _asks_for_comment(self, passed: Sequence[bool]) -> bool:
        """Whether the loss of a comment's completions, with these verdicts, compares them with the comment."""
        return compares_with_comment(self.args.objective) and (any(passed) or self.args.flip_rate > 0)

    def compute_loss(
        self, model: Any, inputs: Game, return_outputs: bool = False, num_items_in_batch: int | None = None
    ) -> Any:
        """Step 4: the SRO loss of one micro-batch, as its share of the optimizer step's mean."""
        args, k = self.args, self.args.num_generations
        completions = [[*ys, x] if x is not None else ys for ys, x in zip(inputs.completions, inputs.sources)]
        found = self._log_probs(model, inputs.prompts, completions)
        is_source = is_comment_row(k, completions).to(found.values.device)
        total, lengths = found.total(), found.lengths()
        logp_y, length_y = total[~is_source], lengths[~is_source]
        has_source = torch.tensor([x is not None for x in inputs.sources], device=total.device)
        logp_x = torch.zeros(len(inputs.sources), device=total.device).masked_scatter(has_source, total[is_source])
        delta_y = logp_y - inputs.reference_y
        delta_x = torch.where(has_source, logp_x - inputs.reference_x, 0.0).repeat_interleave(k)

        scored = Scored(delta_y, delta_x, logp_y, length_y)

        def loss_of(passed: Tensor) -> Tensor:
            return losses(args.objective, scored, passed, args.beta, args.label_smoothing, args.rpo_alpha, k)

        real = inputs.is_real
        found_losses = unbiased(loss_of, inputs.passed, args.flip_rate)[real]
        count = num_items_in_batch or max(1, len(found_losses))
        # Gradients are averaged over processes with unequal numbers of completions; the mean is over all completions.
        loss = found_losses.sum() * self.accelerator.num_processes / count
        deltas, logps = (delta_y[real], delta_x[real]), (logp_y[real], logp_x[has_source])
        self.gauges.add(game_gauges(*deltas, *logps, length_y[real], inputs.passed[real], args.beta))
        return (loss, found) if return_outputs else loss

    def _observe(
        self, sources: list[str], completions: list[Completion], verdicts: list[Verdict], passed: list[bool]
    ) -> None:
        texts = [one.text for one in completions]
        cosine = self.similarity.similarity(texts, sources) if self.similarity and texts else None
        self.gauges.add(completion_gauges(sources, completions, passed, cosine))
        self.guard.see(sources, completions)
        self.completions.see(completion_rows(self.state.global_step, sources, texts, verdicts, passed, cosine))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the game's gauges, averaged over all processes since the last log step, and write the completions.

        Both happen for each log line with a loss and for the last line of a run, because a run may end between two log
        steps or by a collapse.
        """
        if "loss" in logs or "train_loss" in logs:
            logs = {**logs, **self.gauges.drain(self.accelerator)}
            self.completions.write(self.state.global_step)
        super().log(logs, start_time)

    def _step_seed(self) -> int:
        """A seed from (seed, step, process) only, so that a resumed run generates the same completions."""
        return (self.args.seed * 1_000_003 + self.state.global_step) * 1_009 + self.args.process_index

    def _my_comments(self, rows: list[dict[str, Any]]) -> Any:
        return share([row["comment"] for row in rows], self.args.process_index, self.args.world_size)


def is_pass(completion: Completion, verdict: Verdict) -> bool:
    """A completion passes only if it is finished and not empty: a screener would pass an empty text."""
    return verdict.passed and completion.finished and bool(completion.text)
