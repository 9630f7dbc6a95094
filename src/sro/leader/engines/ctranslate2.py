"""Generate with CTranslate2: int8 on processors, float16 on GPUs, for models that
`sro.leader.engines.ctranslate2_conversion` converts.

Greedy completions are those of transformers in float32 up to rounding: in compute type float32 the same tokens except
for ties, in int8 most of the same tokens (see docs/research/lab-notes.md). Samples come from the same distribution but
from another random generator, so they differ from those of transformers with the same seed. On one machine, with the
same number of workers and threads, completions depend only on (weights, comments, seed).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sro.core.errors import SROError
from sro.core.machine import processors
from sro.core.pretrained import read_tokenizer
from sro.leader.card import read_prompt
from sro.leader.engines.ctranslate2_conversion import WEIGHTS, Precision, import_ctranslate2
from sro.leader.engines.stepwise import Row, generate_stepwise, workers_needed
from sro.leader.generation import Cancelled, Completion, PendingGeneration, Sampling
from sro.leader.model import check_prompt
from sro.leader.prompted import Prompted

MOST_WORKERS = 4  # by default; each holds the weights (0.14 GB of the embedded leader in int8)
PATIENCE = 10.0  # seconds to wait until CTranslate2's thread releases the listener; it takes microseconds

_SEEDING = threading.Lock()  # the seed belongs to the whole process


class CTranslate2Generator(Prompted):
    """Generates with a folder that `convert` has written; threads may share one."""

    def __init__(
        self,
        folder: str | Path,
        *,
        prompt: str | None = None,
        precision: Precision | None = None,
        max_prompt_length: int = 512,
        batch_size: int = 64,
        workers: int | None = None,
        threads: int = 1,
    ) -> None:
        """Load a converted model, on the GPU if there is one.

        Args:
            folder: model.bin, config.json, vocabulary.json, the tokenizer's files and sro.json.
            prompt: template with `{text}`; None: the one in the folder's sro.json.
            precision: number format to compute in; None: the format of the stored weights.
            max_prompt_length: longer prompts are an error.
            batch_size: completions generated side by side.
            workers: copies of the model that share the rows; None: one for each processor that this process may use,
                up to four, and one on a GPU.
            threads: CPU threads of each worker. With the embedded leader, two take 1.8 times as long as one, because
                they wait for each other at every layer; leaders ten times its size may need more.

        Raises:
            SROError: CTranslate2 is not installed, there is no converted model, its prompt has no `{text}`, or this
                machine lacks the precision.
        """
        self.folder, self.batch_size, self.max_prompt_length = Path(folder), batch_size, max_prompt_length
        if not (self.folder / WEIGHTS).is_file():
            raise SROError(
                f"{self.folder} holds no converted model ({WEIGHTS})\n"
                f"  fix: sro export --to ctranslate2 --output_dir {self.folder}"
            )
        template = read_prompt(self.folder) if prompt is None else prompt
        if template is None:
            raise SROError(f"{self.folder} does not say its prompt (sro.json)\n  fix: name one, with {{text}} in it")
        check_prompt(template)
        self.prompt = template
        self.tokenizer: Any = read_tokenizer(self.folder)
        self._strings: Any = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        self.precision = precision or "default"
        self.threads = threads
        self._device = "cuda" if import_ctranslate2().get_cuda_device_count() else "cpu"
        self.workers = workers or (1 if self._device == "cuda" else min(processors(), MOST_WORKERS))
        self._encodes = not (self.folder / "vocabulary.json").is_file()  # encoder–decoders use another file name
        self._models = self._seeded(self.workers)

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.Generator`. A seed is set for the whole process, and takes about .05 s."""
        return self._generate(comments, n, sampling, seed, self._models, lambda: False)

    def generate_async(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> PendingGeneration:
        """The same in a thread of its own, on other workers than those that a call for few completions uses."""
        return PendingGeneration(partial(self._generate, comments, n, sampling, seed, self._models[::-1]))

    def _generate(
        self,
        comments: Sequence[str],
        n: int,
        sampling: Sampling,
        seed: int | None,
        models: Sequence[Any],
        cancelled: Callable[[], bool],
    ) -> list[list[Completion]]:
        drawn = sampling.temperature > 0
        if drawn and seed is not None:
            models = self._seeded(workers_needed(len(comments) * n, self.workers), seed)
        sampling_options = {
            "sampling_temperature": sampling.temperature or 1.0,
            "sampling_topp": sampling.top_p,
            "sampling_topk": sampling.top_k if drawn else 1,
        }
        return generate_stepwise(
            self.tokenizer,
            self.prompt,
            comments,
            n,
            sampling,
            [partial(self._extend, model, sampling_options, cancelled) for model in models],
            max_prompt_length=self.max_prompt_length,
            batch_size=self.batch_size,
        )

    def _extend(
        self,
        model: Any,
        sampling_options: dict[str, Any],
        cancelled: Callable[[], bool],
        rows: Sequence[Row],
        forbidden: Sequence[int] = (),
    ) -> list[list[int]]:
        if cancelled():
            raise Cancelled
        listener = _Listener(rows, self._encodes, cancelled)
        said, forgotten = listener.said, threading.Event()
        weakref.finalize(listener, forgotten.set).atexit = False
        options = {
            **sampling_options,
            "beam_size": 1,
            "end_token": [rows[0].end],
            "return_end_token": True,
            "suppress_sequences": [[self._strings[token]] for token in forbidden] or None,
            "callback": listener,
        }
        del listener
        longest = 1 if forbidden else max(row.left for row in rows)
        if self._encodes:
            model.translate_batch(
                [self._tokens(row.prompt) for row in rows],
                target_prefix=[self._tokens(row.ids) for row in rows],
                max_input_length=0,
                max_decoding_length=longest + max(len(row.ids) for row in rows),
                min_decoding_length=0,
                **options,
            )
        else:
            starts = [row.prompt + row.ids for row in rows]
            # Prompts of a batch are read together up to the end of the shortest; each token after that is a step.
            spread = max(map(len, starts)) - min(map(len, starts))
            model.generate_batch(
                [self._tokens(start) for start in starts],
                include_prompt_in_result=False,
                max_length=longest + spread,
                **options,
            )
        options.clear()
        # CTranslate2's thread keeps the listener a little longer than the call. If Python ended before that,
        # or this model were deleted, that thread would abort the process.
        forgotten.wait(PATIENCE)
        return [ids[len(row.ids) :] for ids, row in zip(said, rows)]

    def _tokens(self, ids: Sequence[int]) -> list[str]:
        return [self._strings[token] for token in ids]

    def _seeded(self, n: int, seed: int | None = None) -> list[Any]:
        """`n` models that draw with this seed. Each has its own seed, because several may draw for one comment.

        A thread of CTranslate2 reads the seed only when it first draws. So a seed needs new threads, and new threads
        need a newly loaded model (about .05 s for the embedded one in int8).
        """
        models = self._load(n)
        for model, its_own in zip(models, np.random.SeedSequence(seed).generate_state(n).tolist()):
            row = Row(0, self.tokenizer(self.prompt)["input_ids"][:1], 1, self.tokenizer.eos_token_id, lambda _: set())
            with _SEEDING:
                import_ctranslate2().set_random_seed(min(its_own, 2**32 - 2))  # the largest one stands for "none"
                self._extend(model, {"sampling_topk": 0}, lambda: False, [row])  # the seed is read now
        return models

    def _load(self, n: int) -> list[Any]:
        ctranslate2 = import_ctranslate2()
        kind = ctranslate2.Translator if self._encodes else ctranslate2.Generator
        load = partial(
            kind,
            str(self.folder),
            device=self._device,
            compute_type=self.precision,
            inter_threads=1,  # one thread draws, so its seed alone decides
            intra_threads=self.threads,
        )
        try:
            with ThreadPoolExecutor(max(1, n)) as pool:
                return list(pool.map(lambda _: load(), range(n)))
        except (RuntimeError, ValueError) as error:
            known = ", ".join(sorted(ctranslate2.get_supported_compute_types(self._device)))
            raise SROError(
                f"{self.folder} cannot be loaded by CTranslate2: {error}\n"
                f"  fix: this {self._device} computes in {known}; or convert it again, `sro export --to ctranslate2`"
            ) from error


class _Listener:
    """Receives every drawn token, and stops a row at its own bound (the call has one bound for all) or at a loop.

    It must not hold the model, not even through a closure: if CTranslate2's thread were the last to release it, that
    thread would have to wait for its own end.
    """

    def __init__(self, rows: Sequence[Row], hears_prefix: bool, cancelled: Callable[[], bool]) -> None:
        """hears_prefix: whether the engine also reports the tokens that rows already have, as a Translator does."""
        self.rows, self.hears_prefix, self.cancelled = rows, hears_prefix, cancelled
        self.said = [list(row.ids) for row in rows]

    def __call__(self, step: Any) -> bool:
        """Whether to stop the row that the step is about."""
        ids, row = self.said[step.batch_id], self.rows[step.batch_id]
        if self.hears_prefix and step.step < len(row.ids):
            return False
        closes = step.token_id in row.forbidden_tokens(ids)
        ids.append(step.token_id)
        return closes or len(ids) >= row.bound or self.cancelled()
