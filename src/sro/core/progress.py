"""Progress of a long run: how far it is, how long it still takes, and whether it goes well.

`use_progress_lines(trainer)` gives a training run one aligned line for each log step and, at its end, a table that
compares its first steps with its last; `Meter` gives any other long loop a line with its rate and the time left.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from transformers import (
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from sro.core.step_logs import Step, bad_share

HEADER_EVERY = 20  # lines
Clock = Callable[[], float]  # seconds, from any zero


@dataclass(frozen=True)
class Gauge:
    """A figure read from the logs: its name in the table, and its `heading` in the lines (empty: not in the lines)."""

    name: str
    form: str
    read: Callable[[Step], float | None]
    heading: str = ""


GAUGES = (
    Gauge("loss", ".4f", lambda logs: logs.get("loss"), "loss"),
    Gauge("pass rate", ".3f", lambda logs: logs.get("pass_rate"), "pass"),
    Gauge("similarity", ".3f", lambda logs: logs.get("similarity"), "sim"),
    Gauge("copy rate", ".3f", lambda logs: logs.get("copy_rate"), "copy"),
    Gauge("bad share", ".3f", bad_share, "bad"),
    Gauge("margin", ".3f", lambda logs: logs.get("rewards/margins")),
    Gauge("log π(y|x)", ".2f", lambda logs: logs.get("logps/paraphrase")),
    Gauge("log π(x|x)", ".2f", lambda logs: logs.get("logps/source")),
    Gauge("KL per token", ".3f", lambda logs: logs.get("kl"), "kl"),
)


def use_progress_lines(trainer: Trainer) -> ProgressLines:
    """Replace the bar or dictionaries that transformers prints by `ProgressLines`, and return that.

    Example:
        >>> trainer = SROTrainer(model, SROConfig(..., disable_tqdm=True), screener, dataset, tokenizer)
        >>> use_progress_lines(trainer)
        >>> trainer.train()
    """
    lines = ProgressLines()
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(lines)
    return lines


class ProgressLines(TrainerCallback):
    """One line on stdout for each log step, a table at the end of training; from the main process only.

    Only logged figures have a column, so a warm-up, which logs only its loss, has short lines.

    Args:
        clock: returns seconds; tests pass their own clock to be exact.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self.console = Console(highlight=False)
        self.pace = Pace(0, 1, clock)
        self._columns: list[Gauge] = []
        self._lines = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the clock; a resumed run counts from the step where it resumes."""
        self._lines = 0
        self.pace = Pace(state.global_step, getattr(args, "steps_per_generation", 1), self.clock)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Time the step."""
        self.pace.tick(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Print the line, and the header if it is due or the columns have changed."""
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return  # the last log of a run has only totals, which the table shows
        columns = [gauge for gauge in GAUGES if gauge.heading and gauge.read(logs) is not None]
        width = max(6, 2 * len(str(state.max_steps)) + 2)
        if columns != self._columns or self._lines % HEADER_EVERY == 0:
            self._columns, self._lines = columns, 0
            headings = "".join(f"{gauge.heading:>8}" for gauge in columns)
            self._print(f"{'step':>{width}}{headings}{'s/step':>8}{'ETA':>9}", style="bold")
        self._lines += 1
        steps = f"{state.global_step}/{state.max_steps}"
        figures = "".join(f"{gauge.read(logs):8{gauge.form}}" for gauge in columns)
        seconds = self.pace.seconds_per_step()
        left = duration((state.max_steps - state.global_step) * seconds)
        self._print(f"{steps:>{width}}{figures}{seconds:8.2f}{left:>9}")

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Print the table that compares first and last steps, and the time of the run."""
        if state.is_world_process_zero:
            if any("loss" in logs for logs in state.log_history):
                self.console.print(summary(state.log_history))
            steps, seconds = self.pace.steps, self.pace.seconds
            self._print(f"{steps:,} steps in {duration(seconds)}, {seconds / max(1, steps):.2f} s/step")

    def _print(self, line: str, style: str | None = None) -> None:
        # Never wrapped: a log file has no width.
        self.console.print(line, style=style, soft_wrap=True, markup=False)


class Pace:
    """How long a step takes.

    One generation may serve several steps; then the first of them takes as long as all others together. So time is
    measured only over whole rounds of `per_round` steps. The median of the last 20 rounds ignores checkpoints.
    """

    def __init__(self, step: int, per_round: int, clock: Clock) -> None:
        self.clock, self.per_round = clock, per_round
        self.first_step = self._step = self._round_step = step
        self.start = self._round_start = clock()
        self._rounds: deque[float] = deque(maxlen=20)

    def tick(self, step: int) -> None:
        """Note that a step is done."""
        self._step = step
        if step - self._round_step >= self.per_round:
            now = self.clock()
            self._rounds.append((now - self._round_start) / (step - self._round_step))
            self._round_step, self._round_start = step, now

    @property
    def steps(self) -> int:
        """Steps done since the start."""
        return self._step - self.first_step

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    def seconds_per_step(self) -> float:
        """Median over recent rounds; before the first is whole, the mean so far."""
        return median(self._rounds) if self._rounds else self.seconds / max(1, self.steps)


def summary(history: Sequence[Step]) -> Table:
    """Compare the first tenth of a run's log lines with the last, one row for each gauge that was logged.

    Args:
        history: `trainer.state.log_history` with at least one log line; for a resumed run, with the earlier part too.
    """
    rows = [logs for logs in history if "loss" in logs]
    window = max(1, len(rows) // 10)
    table = Table("gauge")
    starts = [0, *(logs["step"] for logs in rows)]  # a log line covers the steps after the one before
    table.add_column(f"steps {starts[0] + 1}–{starts[window]}", justify="right")
    table.add_column(f"steps {starts[-window - 1] + 1}–{starts[-1]}", justify="right")
    table.add_column("change", justify="right")
    for gauge in GAUGES:
        first, last = _mean(gauge, rows[:window]), _mean(gauge, rows[-window:])
        if first is not None or last is not None:
            change = None if first is None or last is None else last - first
            cells = ("" if value is None else f"{value:{gauge.form}}" for value in (first, last))
            table.add_row(gauge.name, *cells, "" if change is None else f"{change:+{gauge.form}}")
    return table


def _mean(gauge: Gauge, rows: Sequence[Step]) -> float | None:
    """The mean over the rows that have the gauge; a row without a pass has no margin."""
    values = [value for logs in rows if (value := gauge.read(logs)) is not None]
    return fmean(values) if values else None


class Meter:
    """One line for a long loop: how much is done, the rate, the time left, and the caller's figures.

    On a terminal the line is overwritten at most ten times a second; elsewhere a new line is printed every `every`
    seconds. It goes to stderr, so that results on stdout can be piped. The last line shows the total time.

    Args:
        name: begins the line.
        done: how much was done before by the run that this one resumes.
        every: seconds between lines where there is no terminal.
        stream, clock: default stderr and the monotonic clock.

    Example:
        >>> with Meter("edits") as meter:
        ...     for i, comment in enumerate(comments, 1):
        ...         found += bool(search(comment))
        ...         meter.update(i, len(comments), found=found)
        edits  1,024/4,000  26 %  12.3/s  ETA 4:02  found 871
    """

    def __init__(
        self,
        name: str,
        *,
        done: int = 0,
        every: float = 10.0,
        stream: TextIO | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name, self.first, self.clock = name, done, clock
        self.stream = sys.stderr if stream is None else stream
        self.is_terminal = self.stream.isatty()
        self.pause = 0.1 if self.is_terminal else every
        self.start = self._printed_at = clock()
        self._state: tuple[int, int | None, Mapping[str, float | str]] | None = None
        self._width = 0

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def update(self, done: int, total: int | None = None, **figures: float | str) -> None:
        """Note that `done` of `total` things are done (None: the total is unknown); print if a line is due."""
        self._state = done, total, figures
        if self.clock() - self._printed_at >= self.pause:
            self._print(self.line())

    def close(self) -> None:
        """Print the last state once, with the total time."""
        if self._state is not None:
            self._print(self.line(final=True), end="\n")
            self._state = None

    def line(self, final: bool = False) -> str:
        """The current line; empty before the first update."""
        if self._state is None:
            return ""
        done, total, figures = self._state
        seconds = self.clock() - self.start
        rate = (done - self.first) / seconds if seconds > 0 else 0.0
        parts = [self.name, f"{done:,}" if total is None else f"{done:,}/{total:,}"]
        if total:
            parts.append(f"{done / total:.0%}".replace("%", " %"))
        parts.append(f"{rate:,.1f}/s" if rate >= 1 or not rate else f"{1 / rate:,.1f} s each")
        if final:
            parts.append(f"in {duration(seconds)}")
        elif total is not None and rate:
            parts.append(f"ETA {duration((total - done) / rate)}")
        return "  ".join([*parts, *(f"{name} {_figure(value)}" for name, value in figures.items())])

    def _print(self, line: str, end: str = "") -> None:
        self._printed_at = self.clock()
        if self.is_terminal:
            line = line[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be written over
            self.stream.write(f"\r{line:<{self._width}}{end}")
            self._width = len(line)
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()


def _figure(value: float | str) -> str:
    """Counts with separators, other numbers to three digits, words as they are."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value


def duration(seconds: float) -> str:
    """Seconds as `m:ss`, or as `h:mm:ss` from one hour on."""
    minutes, second = divmod(round(max(0.0, seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
