"""Training: comments per second and MFU of `SROTrainer`, of a larger leader, of the authors' loop and of TRL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.gpu_parts.leaders import (
    adapter_start,
    enough,
    full_start,
    make_task,
    random_start,
    refused_comments,
)
from benchmarks.gpu_parts.recorder import Found, Recorder
from benchmarks.training import authors_loop, sro_loop, trl_loops
from benchmarks.training.timing import Loop, Task, Turn, matmul_peak
from sro.core.errors import SROError
from sro.leader.model import Leader

if TYPE_CHECKING:
    from benchmarks.gpu import Work

ADAPTER, ALL = "adapter", "all weights"


def play_sro(recorder: Recorder, work: Work) -> None:
    """`SROTrainer` on the embedded leader, adapter and all weights, by batch size; checks run at the first size."""
    sizes = work.sizes
    starts = {ADAPTER: partial(adapter_start, work.leader), ALL: partial(full_start, work.leader)}
    for number, batch in enumerate(sizes.batches):
        for tuned, start in starts.items():
            recorder.measure(
                f"SROTrainer, {tuned}, batch {batch}",
                partial(_ours, work, start, batch, sizes.micro_batch, tuned == ALL, checked=number == 0),
                least=5.0,
            )


def play_large(recorder: Recorder, work: Work) -> None:
    """Speed and memory of a random leader with 1.5 billion weights."""
    sizes = work.sizes
    for batch in sizes.large_batches:
        for tuned in (ADAPTER, ALL):
            start = partial(random_start, work.leader, sizes, tuned == ALL)
            recorder.measure(
                f"SROTrainer, random 1.5 B, {tuned}, batch {batch}",
                partial(_ours, work, start, batch, sizes.large_micro, tuned == ALL, checked=False),
                least=15.0,
            )


def play_peers(recorder: Recorder, work: Work) -> None:
    """The authors' loop and TRL's trainers on the same comments, and ours with two completions like online DPO."""
    batch = work.sizes.peers_batch
    rows: dict[str, tuple[Loop, bool]] = {
        AUTHORS: (authors_loop.authors(True), False),
        AUTHORS_ADAPTER: (authors_loop.authors(False), False),
        KTO: (trl_loops.kto("kto"), True),
        OURS_2: (sro_loop.ours(2, rollout_batch=work.sizes.rollout), False),
        ONLINE_DPO: (trl_loops.online_dpo, True),
    }
    for what, (loop, of_trl) in rows.items():
        recorder.measure(
            f"{what}, batch {batch}" if what not in (AUTHORS, AUTHORS_ADAPTER) else what,
            partial(_peer, work, loop, batch, of_trl),
            least=5.0,
        )


AUTHORS, AUTHORS_ADAPTER = "the authors' procedure, all weights, float32", "the authors' procedure, adapter"
KTO, ONLINE_DPO = "TRL KTO after a rollout", "TRL online DPO, 2 completions"
OURS_2 = "SROTrainer, adapter, 2 completions"


def compared(batch: int) -> list[tuple[str, str]]:
    """Names (`what`) of rows to compare: ours, and a peer with the same number of completions per comment."""
    ours = f"SROTrainer, {ADAPTER}, batch {batch}"
    return [
        (ours, AUTHORS),
        (ours, AUTHORS_ADAPTER),
        (ours, f"{KTO}, batch {batch}"),
        (f"{OURS_2}, batch {batch}", f"{ONLINE_DPO}, batch {batch}"),
    ]


def _ours(
    work: Work, start: Callable[[], Leader], batch: int, micro_batch: int, all_weights: bool, checked: bool
) -> Found:
    comments = enough(refused_comments(work.comments), batch * (work.sizes.steps + 1))
    task = make_task(work, start, comments, batch, micro_batch, all_weights)
    loop = sro_loop.ours(1, rollout_batch=work.sizes.rollout)
    return described(task, loop(replace(task, checked=checked), comments))


def _peer(work: Work, loop: Loop, batch: int, of_trl: bool) -> Found:
    if of_trl and not trl_loops.installed():
        raise SROError(f"TRL is not installed; {trl_loops.INSTALL}")
    comments = enough(refused_comments(work.comments), batch * (work.sizes.steps + 1))
    task = make_task(work, partial(adapter_start, work.leader), comments, batch, work.sizes.micro_batch, False)
    return described(task, loop(task, comments))


def described(task: Task, turn: Turn) -> Found:
    """A turn as a row: its rate, its share of the peak, seconds per step by phase, and the results of the checks."""
    peak = matmul_peak(task.bf16)
    use = {phase: flops / turn.phases[phase] / peak for phase, flops in turn.flops.items() if turn.phases[phase] > 0}
    if turn.flops:
        use["all"] = sum(turn.flops.values()) / sum(turn.phases.values()) / peak
    notes = [f"{name} {seconds / turn.steps:.2f} s" for name, seconds in turn.phases.items()]
    notes += [f"{turn.tokens / turn.completions:.1f} tokens a completion", f"peak {peak / 1e12:.2f} TFLOP/s"]
    notes += [str(check) for check in turn.checks]
    return Found(turn.rate, "comments/s", use, "; ".join(notes))
