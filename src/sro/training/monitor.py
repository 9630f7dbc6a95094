"""Watch the game: gauges for the log, a table of completions to read, and a guard that stops a collapsed leader.

The screener does not see meaning, so the pass rate is not enough. The log also has similarity, copies, empty and
repeating texts, length, both log-probabilities (they fall together in likelihood displacement) and the KL estimate.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from sro.comments.clean import letters_and_digits
from sro.core.files import atomic_write_text
from sro.leader.generation import Completion
from sro.screeners.base import Verdict
from sro.screeners.rules.repetition import completion_fault, repeats
from sro.training.distributed import gather_from_all
from sro.training.objective import kl_estimate

logger = logging.getLogger(__name__)

LONGER = "a higher --max_completion_length or --max_length_ratio: completions are cut off there"

Values = Mapping[str, Sequence[float]]


def completion_gauges(
    sources: Sequence[str], completions: Sequence[Completion], passed: Sequence[bool], cosine: np.ndarray | None
) -> Values:
    """Gauges of the completions' texts, one value for each."""
    gauges: dict[str, Sequence[float]] = {
        "pass_rate": [float(ok) for ok in passed],
        "copy_rate": [
            float(letters_and_digits(one.text) == letters_and_digits(source))
            for one, source in zip(completions, sources)
        ],
        "empty_rate": [float(not one.text) for one in completions],
        "repeat_rate": [float(repeats(one.text, source)) for one, source in zip(completions, sources)],
        "length_ratio": [len(c.text.split()) / max(1, len(s.split())) for c, s in zip(completions, sources)],
        "completions/mean_length": [float(len(one.ids)) for one in completions],
        "completions/clipped_ratio": [float(not one.finished) for one in completions],
    }
    return gauges if cosine is None else {**gauges, "similarity": cosine.tolist()}


def game_gauges(
    delta_y: Tensor, delta_x: Tensor, logp_y: Tensor, logp_x: Tensor, length: Tensor, passed: Tensor, beta: float
) -> Values:
    """Gauges of the log-probabilities. Rewards are β·Δ as in TRL; `chosen` and `rejected` exist only for passes."""
    chosen, rejected = beta * delta_y[passed].detach(), beta * delta_x[passed].detach()
    return {
        "rewards/chosen": chosen.tolist(),
        "rewards/rejected": rejected.tolist(),
        "rewards/margins": (chosen - rejected).tolist(),
        "rewards/failed": (beta * delta_y[~passed].detach()).tolist(),
        "logps/paraphrase": logp_y.tolist(),
        "logps/source": logp_x.tolist(),
        "kl": kl_estimate(delta_y.detach(), length).tolist(),
    }


class Gauges:
    """Sums since the last log step."""

    def __init__(self) -> None:
        self._sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, values: Values) -> None:
        """Add the values of each gauge; a gauge without values (no pass in this batch) is skipped."""
        for name, many in values.items():
            self._sums[name][0] += float(sum(many))
            self._sums[name][1] += len(many)

    def drain(self, accelerator: Any) -> dict[str, float]:
        """Return the means over all processes, and reset the sums."""
        found = gather_from_all([dict(self._sums)]) if accelerator.num_processes > 1 else [self._sums]
        self._sums = defaultdict(lambda: [0.0, 0.0])
        names = sorted({name for sums in found for name in sums})
        totals = {n: [sum(sums[n][part] for sums in found if n in sums) for part in (0, 1)] for n in names}
        return {name: total / count for name, (total, count) in totals.items() if count}


@dataclass(frozen=True)
class CompletionRow:
    """One line of the table of completions."""

    step: int
    source: str
    paraphrase: str
    verdict: str
    probability: float
    screener: str
    similarity: float | None


def completion_rows(
    step: int,
    sources: Sequence[str],
    texts: Sequence[str],
    verdicts: Sequence[Verdict],
    passed: Sequence[bool],
    cosine: np.ndarray | None,
) -> Iterator[CompletionRow]:
    """Lines of the table. A completion that fails in the game is shown as fail, whatever the screener's verdict is."""
    for i, (source, text, verdict, ok) in enumerate(zip(sources, texts, verdicts, passed)):
        label = verdict.label if ok == verdict.passed else "fail"
        similarity = None if cosine is None else float(cosine[i])
        yield CompletionRow(step, source, text, label, verdict.probability, verdict.screener, similarity)


class CompletionTable(TrainerCallback):
    """Writes the completions since the last log step to `completions/step_N.jsonl`.

    It also writes at each checkpoint and at the end of a run. So no file has rows from before and after a checkpoint,
    and if its steps run again after a resume, it is replaced as a whole.
    """

    def __init__(self, args: Any) -> None:
        self.folder = Path(args.output_dir) / "completions" if args.log_completions else None
        self.printed, self.is_main = args.num_completions_to_print, args.process_index == 0
        self._rows: list[CompletionRow] = []

    def see(self, rows: Iterable[CompletionRow]) -> None:
        """Keep rows of this process for the next log step."""
        self._rows.extend(rows)

    def write(self, step: int) -> None:
        """Write and print the rows of all processes; every process must call this."""
        rows, self._rows = sorted(gather_from_all(self._rows), key=lambda row: row.step), []
        if not self.is_main:
            return
        if self.folder and rows:
            self.folder.mkdir(parents=True, exist_ok=True)
            lines = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
            atomic_write_text(self.folder / f"step_{step:06d}.jsonl", lines)
        for row in rows[: self.printed]:
            logger.info("%s  %s\n      →   %s", row.verdict, row.source, row.paraphrase)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write the rows of the steps before the checkpoint, which a resumed run does not play again."""
        self.write(state.global_step)


class CollapseGuard(TrainerCallback):
    """Stops training when the leader's recent completions are mostly empty, unfinished or repeating.

    Attributes:
        reason: why training was stopped, else None.
    """

    def __init__(self, window: int, share: float) -> None:
        self.window, self.share = window, share
        self._forget()

    def _forget(self) -> None:
        self._recent: deque[str | None] = deque(maxlen=max(1, self.window))
        self._seen = self._cut = 0
        self.reason: str | None = None

    def state_dict(self) -> dict[str, Any]:
        """What it has seen, for the seal of a checkpoint."""
        return {"recent": list(self._recent), "seen": self._seen, "cut": self._cut}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what it had seen at a checkpoint."""
        self._recent.extend(state["recent"])
        self._seen, self._cut = state["seen"], state["cut"]

    def see(self, sources: Sequence[str], completions: Sequence[Completion]) -> None:
        """Look at the newest completions of all processes, because all processes have to stop together."""
        faults = gather_from_all([completion_fault(one, source) for one, source in zip(completions, sources)])
        self._recent.extend(faults)
        self._seen += len(faults)
        self._cut += faults.count("unfinished")

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Forget an earlier training; of a resumed one, the seal brings the state back."""
        self._forget()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Judge once the window is full."""
        if self.window and len(self._recent) == self.window:
            bad = [name for name in self._recent if name]
            if len(bad) > self.share * self.window:
                worst = max(set(bad), key=bad.count)
                fix = (
                    LONGER
                    if worst == "unfinished"
                    else "a lower --learning_rate, a higher --beta, --rpo_alpha 0.1, or a follower that sees meaning "
                    "(--min_similarity 0.7)"
                )
                self.reason = (
                    f"the leader collapsed at step {state.global_step}: {len(bad)} of its last {self.window} "
                    f"completions are not sentences (mostly {worst}).\n  fix: {fix}"
                )
                control.should_training_stop = True
        return control

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Warn if more than half of the completions were cut off, even if the run was too short to fill the window."""
        if self.reason is None and 2 * self._cut > self._seen and state.is_world_process_zero:
            logger.warning(
                "%d of this run's %d completions were cut off at their length limit; such completions cannot pass\n"
                "  fix: %s",
                *(self._cut, self._seen, LONGER),
            )
        return control
