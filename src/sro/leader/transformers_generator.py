"""Generate completions with a transformers model, in batches.

Generation runs in eval mode with attention masks, in batches of similar length, each completion bounded by the length
of its comment. Sampling uses its own seed, so completions depend on (weights, comments, seed) and nothing else: a run
that was killed and resumed generates the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList
from transformers.integrations import is_deepspeed_zero3_enabled

from sro.leader.generation import Completion, Sampling
from sro.leader.logprobs import padded
from sro.leader.model import is_peft
from sro.leader.no_repeat import NoLoops
from sro.leader.prompted import Prompted
from sro.leader.speculative_decoding import TokenSampler, can_speculate, speculate
from sro.leader.token_ids import completion_ids, decode, end_tokens, prompt_ids


class TransformersGenerator(Prompted):
    """Generates with the model itself, in training too. Decoder-only models use speculative decoding with the comment
    as the draft (`sro.leader.speculative_decoding`), others use `transformers.generate`."""

    def __init__(
        self, model: Any, tokenizer: Any, prompt: str, max_prompt_length: int = 512, batch_size: int = 64
    ) -> None:
        """batch_size: completions generated side by side."""
        self.model, self.tokenizer, self.prompt = model, tokenizer, prompt
        self.max_prompt_length, self.batch_size = max_prompt_length, batch_size

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `Generator`. Comments of similar length share a batch; the caller's autocast context applies."""
        prompts = prompt_ids(self.tokenizer, self.prompt, comments, self.max_prompt_length)
        order = sorted(range(len(comments)), key=lambda i: len(prompts[i]))
        per_batch = max(1, self.batch_size // n)
        completions: list[list[Completion]] = [[] for _ in comments]
        was_training = self.model.training
        self.model.eval()
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        with torch.no_grad(), torch.random.fork_rng(devices=devices):
            torch.seed() if seed is None else torch.manual_seed(seed)
            for start in range(0, len(order), per_batch):
                chosen = order[start : start + per_batch]
                batch = [prompts[i] for i in chosen], [comments[i] for i in chosen]
                for i, played in zip(chosen, self._completions(*batch, n, sampling)):
                    completions[i] = played
        self.model.train(was_training)
        return completions

    def _completions(
        self, prompts: list[list[int]], comments: Sequence[str], n: int, sampling: Sampling
    ) -> list[list[Completion]]:
        bounds = length_bounds(self.tokenizer, self.prompt, prompts, sampling)
        # Under ZeRO-3 every pass gathers weights, so all processes must make the same number: `generate` ensures that.
        guess = can_speculate(self.model) and not is_deepspeed_zero3_enabled()
        say = self._speculate if guess else self._generate
        ends = end_tokens(self.model, self.tokenizer)
        rows = [_until_end(row, ends) for row in say(prompts, comments, n, bounds, sampling)]
        completions = [
            Completion(text, ids, finished)
            for text, (ids, finished) in zip(decode(self.tokenizer, [ids for ids, _ in rows]), rows)
        ]
        return [completions[i : i + n] for i in range(0, len(completions), n)]

    def _speculate(
        self, prompts: list[list[int]], comments: Sequence[str], n: int, bounds: Sequence[int], sampling: Sampling
    ) -> list[list[int]]:
        rows_of = [prompt for prompt in prompts for _ in range(n)]
        rule = {"forbidden": NoLoops(self.tokenizer, rows_of, 0).forbidden_tokens} if sampling.avoid_loops else {}
        sampler = TokenSampler(sampling.temperature, sampling.top_p, sampling.top_k)
        drafts = completion_ids(self.tokenizer, comments, self.prompt)
        ends = end_tokens(self.model, self.tokenizer)
        return speculate(self.model, prompts, drafts, n, bounds, ends, sampler, **rule)

    def _generate(
        self, prompts: list[list[int]], comments: Sequence[str], n: int, bounds: Sequence[int], sampling: Sampling
    ) -> list[list[int]]:
        tokenizer, model = self.tokenizer, self.model
        # a decoder-only row must end where its completion begins
        ids, mask = padded(prompts, tokenizer.pad_token_id, left=not model.config.is_encoder_decoder)
        said_from = 1 if model.config.is_encoder_decoder else ids.shape[1]
        draw = sampling.temperature > 0
        drawn = n if draw else 1  # greedy completions are all the same, so one is made and repeated
        config = GenerationConfig(
            max_new_tokens=max(bounds),
            num_return_sequences=drawn,
            do_sample=draw,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=sorted(end_tokens(model, tokenizer)),
            bos_token_id=tokenizer.bos_token_id,
            decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
            **(
                {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k} if draw else {}
            ),
        )
        rows_of = [prompt for prompt in prompts for _ in range(drawn)]
        rules = [NoLoops(tokenizer, rows_of, said_from)] if sampling.avoid_loops else []
        with _nothing_else_set(model):
            output = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.long().to(model.device),
                generation_config=config,
                logits_processor=LogitsProcessorList(rules),
            )
        rows: list[list[int]] = output[:, said_from:].tolist()
        bound_of = [bound for bound in bounds for _ in range(drawn)]
        return [row[:bound] for row, bound in zip(rows, bound_of) for _ in range(n // drawn)]


def length_bounds(tokenizer: Any, prompt: str, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[int]:
    """Largest number of tokens of a completion of each comment, the end token included.

    Args:
        prompt: the template that `prompts` were filled from.
        prompts: one row of token ids a comment, see `sro.leader.token_ids.prompt_ids`.
    """
    frame = len(tokenizer(prompt.replace("{text}", ""))["input_ids"])
    ratio, longest = sampling.max_length_ratio, sampling.max_new_tokens
    return [min(longest, int((len(row) - frame) * ratio) + 8) for row in prompts]


@contextmanager
def _nothing_else_set(model: Any) -> Iterator[None]:
    """Sample from the policy that is scored. Without this, `generate` would take settings that a call leaves open from
    the model's own generation config, which may hold beams, penalties and forced tokens."""
    base = model.get_base_model() if is_peft(model) else model
    own, base.generation_config = base.generation_config, GenerationConfig()
    try:
        yield
    finally:
        base.generation_config = own


def _until_end(row: list[int], ends: set[int]) -> tuple[list[int], bool]:
    """Cut a row after its first end token. A row without one has no padding: all of it was drawn and is kept."""
    at = next((at for at, token in enumerate(row) if token in ends), None)
    return (row, False) if at is None else (row[: at + 1], True)
