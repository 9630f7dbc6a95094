"""The training loop: settings that cannot work, and resuming with another number of processes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.model import EncoderClassifier, EncoderConfig
from sro.screeners.encoder.optimise import EncoderTraining, optimise
from sro.screeners.encoder.training import masked_loss


@pytest.mark.parametrize(
    ("setting", "value"),
    [("minutes", 0.0), ("warmup", 1.0), ("average_every", 0), ("longest", 2), ("threads", 0), ("learning_rate", -1.0)],
)
def test_a_setting_that_cannot_work_is_refused_before_any_work(setting: str, value: float) -> None:
    with pytest.raises(SROError, match=f"{setting}=.* must be .*\n  fix: --{setting}"):
        EncoderTraining(**{setting: value})  # type: ignore[arg-type]


def test_every_process_resumes_from_the_first_ones_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("sro.screeners.encoder.optimise.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("sro.screeners.encoder.optimise._average", lambda parameters, stop, processes: stop)
    settings = EncoderTraining(learning_rate=0, frozen_layers=0, average_every=2, checkpoint_minutes=0)
    batch = torch.ones(2, 4, 32), torch.ones(2, 4, dtype=torch.bool), torch.ones(2, len(ATTRIBUTES))

    def head_after(lines: int, rank: int, processes: int) -> tuple[str, torch.Tensor]:
        """The last line of a process that has weights of its own at first, and its head then."""
        torch.manual_seed(rank)
        model = EncoderClassifier(EncoderConfig(32, 1, 2, 64, 64))
        running = optimise(model, lambda: batch, masked_loss, settings, tmp_path, (rank, processes), "mark")
        told = [next(running) for _ in range(lines)]
        running.close()
        return told[-1], model.head.weight.detach().clone()

    _, saved = head_after(2, rank=0, processes=1)  # saved after the first line
    line, resumed = head_after(2, rank=1, processes=2)
    assert torch.equal(resumed, saved) and line.startswith("step 6,")
    assert torch.load(tmp_path / "checkpoint.pt")["step"] == 2, "only the first process writes it"


def test_a_checkpoint_of_an_earlier_version_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.0.pt").write_bytes(b"weights")
    model = EncoderClassifier(EncoderConfig(32, 1, 2, 64, 64))
    running = optimise(model, lambda: pytest.fail("began"), masked_loss, EncoderTraining(), tmp_path, (0, 1), "mark")
    with pytest.raises(SROError, match="of an earlier version"):
        next(running)
    assert (tmp_path / "checkpoint.0.pt").read_bytes() == b"weights"
