"""Lines and meters tell the right numbers; all times come from a clock that the test moves by hand."""

import io
import re
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console
from transformers import ProgressCallback, Trainer, TrainerControl, TrainerState, TrainingArguments

from sro.core.progress import Meter, Pace, ProgressLines, duration, summary, use_progress_lines


class HandClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Run:
    """A trainer's events without a trainer: steps of a given length, then a log."""

    def __init__(self, max_steps: int, at: int = 0, steps_per_generation: int = 1, main: bool = True) -> None:
        self.clock = HandClock()
        self.lines = ProgressLines(self.clock)
        self.args = SimpleNamespace(steps_per_generation=steps_per_generation)
        self.state = TrainerState(max_steps=max_steps, global_step=at, is_world_process_zero=main)
        self.lines.on_train_begin(self.args, self.state, TrainerControl())

    def steps(self, *seconds: float) -> None:
        for length in seconds:
            self.clock.now += length
            self.state.global_step += 1
            self.lines.on_step_end(self.args, self.state, TrainerControl())

    def log(self, **logs: float) -> None:
        self.state.log_history.append({**logs, "step": self.state.global_step})
        self.lines.on_log(self.args, self.state, TrainerControl(), logs=logs)

    def end(self) -> None:
        self.lines.on_train_end(self.args, self.state, TrainerControl())


GAME = {
    "loss": 0.69312,
    "pass_rate": 0.5125,
    "similarity": 0.81,
    "copy_rate": 0.05,
    "empty_rate": 0.01,
    "repeat_rate": 0.02,
    "completions/clipped_ratio": 0.03,
    "kl": -0.0042,
    "rewards/margins": 0.2,
    "logps/paraphrase": -20.0,
    "logps/source": -15.0,
}


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def table_text(history: list[dict[str, float]]) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(summary(history))
    return out.getvalue()


def cells(text: str, gauge: str) -> list[str]:
    row = next(line for line in text.splitlines() if gauge in line)
    return [cell.strip() for cell in row.split("│")][2:-1]


def test_a_line_holds_the_figures_under_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=200)
    run.steps(*[3.0] * 10)
    run.log(**GAME)
    header, line = shown(capsys)
    assert header.split() == ["step", "loss", "pass", "sim", "copy", "bad", "kl", "s/step", "ETA"]
    # 190 steps of 3 s are 570 s; bad is .01 + .02 + .03
    assert line.split() == ["10/200", "0.6931", "0.512", "0.810", "0.050", "0.060", "-0.004", "3.00", "9:30"]
    ends = [[match.end() for match in re.finditer(r"\S+", text)] for text in (header, line)]
    assert ends[0] == ends[1]  # right-aligned, column under heading


def test_only_the_columns_that_were_logged(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=4)
    run.steps(1.0)
    run.log(loss=2.5, grad_norm=1.0, learning_rate=1e-4)
    header, line = shown(capsys)
    assert header.split() == ["step", "loss", "s/step", "ETA"]
    assert line.split() == ["1/4", "2.5000", "1.00", "0:03"]


def test_a_new_column_brings_a_new_header(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=4)
    run.steps(1.0)
    run.log(loss=1.0, pass_rate=0.5)
    run.steps(1.0)
    run.log(loss=1.0, pass_rate=0.5, kl=0.1)
    assert [line.split()[0] for line in shown(capsys)] == ["step", "1/4", "step", "2/4"]


def test_the_header_comes_again_after_twenty_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=100)
    for _ in range(41):
        run.steps(1.0)
        run.log(loss=1.0)
    lines = shown(capsys)
    assert [i for i, line in enumerate(lines) if "ETA" in line] == [0, 21, 42]
    assert len(lines) == 44


def test_other_processes_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=2, main=False)
    run.steps(1.0)
    run.log(**GAME)
    run.end()
    assert shown(capsys) == []


def test_the_totals_of_a_run_are_no_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=2)
    run.log(train_runtime=12.0, train_loss=0.6)
    assert shown(capsys) == []


def test_one_slow_checkpoint_does_not_move_the_pace() -> None:
    clock = HandClock()
    pace = Pace(0, 1, clock)
    for step, seconds in enumerate([2.0, 2.0, 90.0, 2.0, 2.0], 1):
        clock.now += seconds
        pace.tick(step)
    assert pace.seconds_per_step() == 2.0


def test_pace_counts_whole_rounds_where_one_generation_feeds_several_steps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Run(max_steps=20, steps_per_generation=4)
    run.steps(*[10.0, 1.0, 1.0, 1.0] * 3)  # the median of single steps would be 1 s; a round takes 13 s
    run.log(loss=1.0)
    assert shown(capsys)[-1].split()[-2:] == ["3.25", "0:26"]


def test_pace_before_the_first_whole_round_is_the_mean_so_far() -> None:
    clock = HandClock()
    pace = Pace(0, 4, clock)
    clock.now += 10
    pace.tick(1)
    clock.now += 2
    pace.tick(2)
    assert pace.seconds_per_step() == 6.0


def test_a_resumed_run_counts_its_own_steps(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=110, at=100)
    run.steps(*[2.0] * 5)
    run.log(loss=1.0)
    run.steps(*[2.0] * 5)
    run.end()
    out = capsys.readouterr().out
    assert out.splitlines()[1].split() == ["105/110", "1.0000", "2.00", "0:10"]
    assert "10 steps in 0:20, 2.00 s/step" in out


def test_the_table_sets_the_first_window_against_the_last() -> None:
    history = [{**GAME, "pass_rate": i / 100, "step": 5 * i} for i in range(1, 41)]
    text = table_text([*history, {"train_loss": 0.6, "step": 200}])
    assert "steps 1–20" in text and "steps 181–200" in text  # a tenth of 40 log lines, 5 steps each
    assert cells(text, "pass rate") == ["0.025", "0.385", "+0.360"]  # means of .01–.04 and of .37–.40
    assert cells(text, "bad share") == ["0.060", "0.060", "+0.000"]
    assert cells(text, "log π(y|x)")[0] == "-20.00" and cells(text, "log π(x|x)")[0] == "-15.00"


def test_a_gauge_missing_from_one_window_leaves_its_cell_empty() -> None:
    rows = [{"loss": 1.0, "step": 5}, {"loss": 0.5, "rewards/margins": 0.25, "step": 10}]
    text = table_text(rows)
    assert cells(text, "margin") == ["", "0.250", ""]
    assert "pass rate" not in text


def test_a_run_without_a_log_line_still_ends(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(max_steps=3)
    run.steps(1.0)
    run.end()
    assert shown(capsys) == ["1 steps in 0:01, 1.00 s/step"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (-3, "0:00")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("disable_tqdm", [True, False])
def test_quiet_takes_the_place_of_what_transformers_prints(
    disable_tqdm: bool, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.slope = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": ((self.slope * x - labels) ** 2).mean()}

    args = TrainingArguments(
        output_dir=str(tmp_path), max_steps=3, logging_steps=1, save_strategy="no", report_to="none",
        disable_tqdm=disable_tqdm, use_cpu=True, per_device_train_batch_size=2,
    )  # fmt: skip
    data = [{"x": torch.tensor([1.0]), "labels": torch.tensor([2.0])}] * 6
    trainer = Trainer(Line(), args, train_dataset=data)
    lines = use_progress_lines(trainer)
    assert isinstance(lines, ProgressLines)
    assert not any(isinstance(callback, ProgressCallback) for callback in trainer.callback_handler.callbacks)
    trainer.train()
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()[:4]] == ["step", "1/3", "2/3", "3/3"]
    assert "{" not in printed.out and "it/s" not in printed.err
    assert "3 steps in" in printed.out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_meter_rate_eta_and_figures() -> None:
    clock = HandClock()
    meter = Meter("edits", stream=io.StringIO(), clock=clock)
    clock.now += 80
    meter.update(1000, 4000, found=1871, cosine=0.87654, screener="nblr")
    # 1000 in 80 s are 12.5 a second; 3000 more take 240 s
    assert meter.line() == "edits  1,000/4,000  25 %  12.5/s  ETA 4:00  found 1,871  cosine 0.877  screener nblr"


def test_meter_of_unknown_length_has_no_eta() -> None:
    clock = HandClock()
    meter = Meter("rewriting", stream=io.StringIO(), clock=clock)
    clock.now += 10
    meter.update(4)
    assert meter.line() == "rewriting  4  2.5 s each"


def test_a_resumed_meter_does_not_count_what_was_done_before() -> None:
    clock = HandClock()
    meter = Meter("rewriting", done=900, stream=io.StringIO(), clock=clock)
    clock.now += 10
    meter.update(950, 1000)
    assert "5.0/s  ETA 0:10" in meter.line()


def test_meter_in_a_log_file_writes_a_line_every_ten_seconds_and_the_last() -> None:
    clock, log = HandClock(), io.StringIO()
    with Meter("work", stream=log, clock=clock) as meter:
        for i in range(1, 26):
            clock.now += 1
            meter.update(i, 25)
    lines = log.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["10/25", "20/25", "25/25"]
    assert lines[-1] == "work  25/25  100 %  1.0/s  in 0:25"


def test_meter_on_a_terminal_writes_over_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    clock, screen = HandClock(), Terminal()
    with Meter("work", stream=screen, clock=clock) as meter:
        for i in range(1, 101):  # 100 updates in 1 s: ten lines at most, and the last
            clock.now += 0.01
            meter.update(i, 100, text="x" * (60 if i < 100 else 1))
    frames = screen.getvalue().split("\r")[1:]
    assert 9 <= len(frames) <= 11
    assert screen.getvalue().count("\n") == 1 and screen.getvalue().endswith("\n")
    assert max(len(frame.rstrip("\n")) for frame in frames) == 59  # never wraps
    short = next(frame.rstrip("\n") for frame in frames if "text x " in frame)
    assert len(short) == 59  # wipes out the longer line before it


def test_meter_closes_its_line_when_the_work_fails() -> None:
    screen = Terminal()
    with pytest.raises(ValueError, match="broken"), Meter("work", stream=screen, clock=HandClock()) as meter:
        meter.update(3, 10)
        raise ValueError("broken")
    assert "3/10" in screen.getvalue() and screen.getvalue().endswith("\n")


def test_an_unused_meter_prints_nothing() -> None:
    log = io.StringIO()
    with Meter("work", stream=log):
        pass
    assert log.getvalue() == ""
