"""Rollouts by CTranslate2: int8 on processors, float16 on GPUs, for models that `sro.engines.conversion` converts.

Greedy moves are those of transformers in float32 up to rounding: in compute type float32 the same tokens but for ties,
in int8 most of them (see docs/lab-notes.md). Drawn moves come from the same distribution by another generator of
chances, so they differ from transformers' own under the same seed. On one machine, with the same number of threads, a
play depends on (weights, comments, seed) and nothing else.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from sro.engines.conversion import WEIGHTS, Precision, import_ctranslate2
from sro.engines.rounds import Row, play
from sro.errors import SROError
from sro.leader import read_prompt
from sro.rollout import Paraphrase, Sampling

PATIENCE = 10.0  # seconds to wait for CTranslate2's thread to let go of what it was handed; it takes microseconds


class CTranslate2Rollout:
    """Rollouts on a folder that `convert` has written. One call at a time: chances are drawn in its own thread."""

    def __init__(
        self,
        folder: str | Path,
        *,
        prompt: str | None = None,
        precision: Precision | None = None,
        max_prompt_length: int = 512,
        batch_size: int = 64,
        threads: int = 1,
    ) -> None:
        """Load a converted model, on the GPU if there is one.

        Args:
            folder: model.bin, config.json, vocabulary.json, the tokenizer's files and sro.json.
            prompt: template with `{text}`; None: the one it was converted with.
            precision: what to compute in; None: what it is stored in.
            max_prompt_length: longer prompts are an error.
            batch_size: paraphrases generated side by side.
            threads: of the processor. Two take 1.8 times as long as one with the embedded leader, for they wait for
                one another at every layer; leaders ten times its size may want more.

        Raises:
            SROError: CTranslate2 is not installed, no converted model there, a precision that this machine lacks.
        """
        self.folder, self.batch_size, self.max_prompt_length = Path(folder), batch_size, max_prompt_length
        if not (self.folder / WEIGHTS).is_file():
            raise SROError(
                f"{self.folder} holds no converted model ({WEIGHTS})\n"
                f"  mend: sro export --to ctranslate2 --output_dir {self.folder}"
            )
        template = prompt or read_prompt(self.folder)
        if template is None:
            raise SROError(f"{self.folder} does not say its prompt (sro.json)\n  mend: name one, with {{text}} in it")
        self.prompt = template
        self.tokenizer: Any = AutoTokenizer.from_pretrained(self.folder)
        self._strings: Any = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        self.precision = precision or "default"
        self.threads = threads
        self._encodes = not (self.folder / "vocabulary.json").is_file()  # encoder–decoders name theirs otherwise
        self._model = self._load()
        self._drawn = False  # whether chances were drawn in the model's thread

    def play(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int) -> list[list[Paraphrase]]:
        """See `sro.rollout.Rollout`. The process's CTranslate2 seed is set where moves are drawn."""
        if sampling.temperature > 0:
            self._reseed(seed)
        chances = {
            "sampling_temperature": sampling.temperature or 1.0,
            "sampling_topp": sampling.top_p,
            "sampling_topk": sampling.top_k if sampling.temperature > 0 else 1,
        }

        def extend(rows: Sequence[Row], forbidden: Sequence[int] = ()) -> list[list[int]]:
            return self._extend(rows, forbidden, chances)

        return play(
            self.tokenizer,
            self.prompt,
            comments,
            n,
            sampling,
            extend,
            max_prompt_length=self.max_prompt_length,
            batch_size=self.batch_size,
        )

    def _extend(self, rows: Sequence[Row], forbidden: Sequence[int], chances: dict[str, Any]) -> list[list[int]]:
        listener = _Listener(rows, hears_prefix=self._encodes)
        said, forgotten = listener.said, threading.Event()
        weakref.finalize(listener, forgotten.set).atexit = False
        options = {
            **chances,
            "beam_size": 1,
            "end_token": [rows[0].end],
            "return_end_token": True,
            "suppress_sequences": [[self._strings[token]] for token in forbidden] or None,
            "callback": listener,
        }
        del listener
        longest = 1 if forbidden else max(row.left for row in rows)
        if self._encodes:
            self._model.translate_batch(
                [self._tokens(row.prompt) for row in rows],
                target_prefix=[self._tokens(row.ids) for row in rows],
                max_input_length=0,
                max_decoding_length=longest + max(len(row.ids) for row in rows),
                min_decoding_length=0,
                **options,
            )
        else:
            starts = [row.prompt + row.ids for row in rows]
            # Prompts of a batch are read together up to the shortest one's end, and the steps of the rest count.
            spread = max(map(len, starts)) - min(map(len, starts))
            self._model.generate_batch(
                [self._tokens(start) for start in starts],
                include_prompt_in_result=False,
                max_length=longest + spread,
                **options,
            )
        options.clear()
        # CTranslate2's thread keeps the listener a little longer than the call. Were Python to end meanwhile, or this
        # model to be dropped, that thread would abort the process.
        forgotten.wait(PATIENCE)
        return [ids[len(row.ids) :] for ids, row in zip(said, rows)]

    def _tokens(self, ids: Sequence[int]) -> list[str]:
        return [self._strings[token] for token in ids]

    def _reseed(self, seed: int) -> None:
        """A thread of CTranslate2 reads the seed when it first draws and never again, so a seed needs a fresh thread,
        and that a model loaded anew (0.1 s for the embedded one in int8)."""
        if self._drawn:
            del self._model
            self._model = self._load()
        import_ctranslate2().set_random_seed(seed % (2**32 - 1))  # the largest one stands for "none"
        self._drawn = True

    def _load(self) -> Any:
        ctranslate2 = import_ctranslate2()
        kind = ctranslate2.Translator if self._encodes else ctranslate2.Generator
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        try:
            return kind(
                str(self.folder),
                device=device,
                compute_type=self.precision,
                inter_threads=1,  # one thread draws, so the seed alone decides
                intra_threads=self.threads,
            )
        except (RuntimeError, ValueError) as error:
            known = ", ".join(sorted(ctranslate2.get_supported_compute_types(device)))
            raise SROError(
                f"{self.folder} cannot be loaded by CTranslate2: {error}\n"
                f"  mend: this {device} computes in {known}; or convert it again, `sro export --to ctranslate2`"
            ) from error


class _Listener:
    """Hears every token that is drawn, and stops a row at its own bound, where the call has but one, or at a loop.

    It must not hold the model, not even through a closure: were CTranslate2's thread the last to let go of it, that
    thread would have to wait for its own end.
    """

    def __init__(self, rows: Sequence[Row], hears_prefix: bool) -> None:
        """hears_prefix: whether the engine tells of what rows have said already, as a Translator does."""
        self.rows, self.hears_prefix = rows, hears_prefix
        self.said = [list(row.ids) for row in rows]

    def __call__(self, step: Any) -> bool:
        """Whether to stop the row that the step is about."""
        ids, row = self.said[step.batch_id], self.rows[step.batch_id]
        if self.hears_prefix and step.step < len(row.ids):
            return False
        closes = step.token_id in row.closing(ids)
        ids.append(step.token_id)
        return closes or len(ids) >= row.bound
