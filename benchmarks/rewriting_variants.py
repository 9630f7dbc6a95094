"""Ways to drive CTranslate2 that no setting of `sro` offers, to be timed before one of them becomes the default.

    WORKERSxTHREADS:MOST[t][~SPREAD]        2x1:32, 1x2:64~4, 2x1:1500t

So many batches are played at the same time, each by so many threads. A batch holds at most MOST comments, or MOST
tokens, padding included (`t`), and prompts whose lengths differ by at most SPREAD tokens. CTranslate2 reads the
prompts of a batch at once only as far as the shortest one goes, and the rest of the others token by token: a batch of
spread s takes s steps more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ctranslate2

from sro.engines.ctranslate2 import CTranslate2Rollout
from sro.errors import SROError
from sro.leader import prompt_ids
from sro.rollout import Paraphrase, Sampling

PATTERN = re.compile(r"(\d+)x(\d+):(\d+)(t?)(?:~(\d+))?")
DEFAULTS = ("1x2:64", "2x1:64", "2x1:32", "2x1:16", "2x1:32~4", "2x1:64~2", "1x2:32~4", "2x1:1500t")


@dataclass(frozen=True)
class Variant:
    """See the module's text; `spread` None: any."""

    workers: int
    threads: int
    most: int
    tokens: bool = False
    spread: int | None = None

    @classmethod
    def read(cls, text: str) -> Variant:
        """Raises SROError where the text is no variant."""
        found = PATTERN.fullmatch(text)
        if not found or "0" in found.group(1, 2, 3):
            raise SROError(f"no variant {text!r}\n  mend: WORKERSxTHREADS:MOST[t][~SPREAD], e.g. 2x1:32 or 1x2:64~4")
        workers, threads, most, tokens, spread = found.groups()
        return cls(int(workers), int(threads), int(most), bool(tokens), int(spread) if spread else None)

    def batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Numbers of the prompts, those of one batch together: longest prompts first, for an even end."""
        found: list[list[int]] = []
        for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
            if found and self._fits(lengths[found[-1][0]], lengths[i], len(found[-1]) + 1):
                found[-1].append(i)
            else:
                found.append([i])
        return found

    def _fits(self, longest: int, length: int, size: int) -> bool:
        near = self.spread is None or longest - length <= self.spread
        return near and (longest * size if self.tokens else size) <= self.most


class Varied(CTranslate2Rollout):
    """The shipped engine's model and rules, greedy moves driven as a variant says; drawn ones as ever."""

    def __init__(self, shipped: CTranslate2Rollout, variant: Variant) -> None:
        self.variant = variant
        super().__init__(
            shipped.folder,
            prompt=shipped.prompt,
            max_prompt_length=shipped.max_prompt_length,
            batch_size=shipped.batch_size,
            threads=variant.threads,
        )

    def play(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int) -> list[list[Paraphrase]]:
        """See `sro.rollout.Rollout`."""
        play = super().play
        if sampling.temperature > 0:
            return play(comments, n, sampling, seed)
        prompts = prompt_ids(self.tokenizer, self.prompt, comments, self.max_prompt_length)
        batches = self.variant.batches([len(ids) for ids in prompts])
        with ThreadPoolExecutor(self.variant.workers) as pool:  # CTranslate2 lets go of the GIL while it works
            played = list(pool.map(lambda batch: play([comments[i] for i in batch], n, sampling, seed), batches))
        found = {i: moves for batch, some in zip(batches, played) for i, moves in zip(batch, some)}
        return [found[i] for i in range(len(comments))]

    def _load(self) -> Any:
        return ctranslate2.Generator(
            str(self.folder),
            device="cpu",
            compute_type=self.precision,
            inter_threads=self.variant.workers,
            intra_threads=self.variant.threads,
        )
