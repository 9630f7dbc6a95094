"""The same shards by a pool of Ray actors on this machine; needs the extra `ray`, and a minute for Ray to begin."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sro.apps.bulk import ray_pool
from sro.apps.bulk.config import BulkArguments
from sro.apps.bulk.jobs import Screening
from sro.apps.bulk.run import run
from sro.core.errors import SROError

ON_RAY = BulkArguments(runner="ray", shard_mb=0.0005)
TEXTS = [f"you {'idiot' if i % 3 else 'friend'} number {i}" for i in range(60)]
MACHINE = {"CPU": 4.0, "GPU": 2.0}


@pytest.fixture(scope="module")
def pool() -> Iterator[None]:
    """One Ray for all tests, begun as a run begins it: that takes seconds."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}  # as `run_on_ray` sets them
    ray = pytest.importorskip("ray", reason="needs Ray: pip install -e '.[ray]'")
    ray_pool._begin(ray, None)
    yield
    ray.shutdown()


def comments(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(TEXTS)))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.*") if path.is_file()}


@pytest.mark.slow
def test_ray_writes_what_one_process_writes_and_goes_on_with_its_work(pool: None, tmp_path: Path) -> None:
    source = comments(tmp_path / "in", "a.jsonl", "b.jsonl")
    here = run(source, tmp_path / "here", Screening("embedded/linear"), BulkArguments(shard_mb=ON_RAY.shard_mb))
    for name in list(files(tmp_path / "here"))[::2]:  # begun here, killed half way
        target = tmp_path / "ray" / name
        for part, to in ((name, target), (f"_sro/done/{name}.json", tmp_path / f"ray/_sro/done/{name}.json")):
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes((tmp_path / "here" / part).read_bytes())
    (tmp_path / "ray/_sro/manifest.json").write_bytes((tmp_path / "here/_sro/manifest.json").read_bytes())
    tally = run(source, tmp_path / "ray", Screening("embedded/linear"), ON_RAY)
    assert files(tmp_path / "ray") == files(tmp_path / "here") and len(files(tmp_path / "here")) > 4
    assert tally.before + tally.counts == here.counts and tally.before_shards and tally.done_shards
    assert not list((tmp_path / "ray").glob(".*"))


@pytest.mark.slow
def test_ray_on_a_damaged_file_and_on_a_model_that_is_not_there(pool: None, tmp_path: Path) -> None:
    source = comments(tmp_path / "in", "a.jsonl")
    import gzip

    packed = gzip.compress("".join(f'{{"text": "{i * 7919}"}}\n' for i in range(20_000)).encode())
    (source / "b.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    tally = run(source, tmp_path / "out", Screening("embedded/linear"), ON_RAY)
    assert tally.counts.total() == len(TEXTS)
    assert len(tally.troubles) == 1 and "b.jsonl.gz: cannot be read: " in tally.troubles[0]
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/nblr.json").write_text("{")
    with pytest.raises(SROError, match="damaged NB-LR screener"):
        run(comments(tmp_path / "more", "c.jsonl"), tmp_path / "none", Screening(str(tmp_path / "broken")), ON_RAY)


@pytest.mark.parametrize(
    ("arguments", "shards", "workers", "gpus"),
    [
        (BulkArguments(runner="ray"), 99, 2, 1.0),
        (BulkArguments(runner="ray", worker_gpus=0.5), 99, 4, 0.5),
        (BulkArguments(runner="ray", worker_gpus=0), 99, 4, 0.0),
        (BulkArguments(runner="ray", worker_gpus=0, worker_cpus=3), 99, 1, 0.0),
        (BulkArguments(runner="ray", worker_gpus=0), 3, 3, 0.0),
        (BulkArguments(runner="ray", workers=64, ray_address="auto"), 99, 64, 1.0),
    ],
)
def test_how_many_workers(arguments: BulkArguments, shards: int, workers: int, gpus: float) -> None:
    assert ray_pool._pool(MACHINE, arguments, shards) == (workers, gpus)


def test_more_workers_than_the_machine_has_room_for() -> None:
    with pytest.raises(SROError, match=r"3 workers of 1 CPUs and 1 GPUs each do not fit .* room for 2"):
        ray_pool._pool(MACHINE, BulkArguments(runner="ray", workers=3), 99)


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SROError, match=r"fix: pip install -e '.\[ray\]'"):
        run(comments(tmp_path / "in", "a.jsonl"), tmp_path / "out", Screening("embedded/linear"), ON_RAY)


def test_ray_is_begun_on_this_machine_alone_unless_an_address_is_given() -> None:
    asked: list[dict[str, object]] = []
    ray = SimpleNamespace(init=lambda **settings: asked.append(settings))
    ray_pool._begin(ray, None)
    ray_pool._begin(ray, "auto")
    assert [settings["address"] for settings in asked] == ["local", "auto"]
    assert asked[0]["include_dashboard"] is False and "include_dashboard" not in asked[1]


def test_a_worker_that_takes_over_says_what_was_counted_before(tmp_path: Path) -> None:
    from dataclasses import asdict

    from sro.apps.bulk.ledger import Ledger
    from sro.apps.bulk.shard_worker import ShardTask
    from sro.apps.bulk.shards import plan

    source = comments(tmp_path / "in", "a.jsonl")
    job = Screening("embedded/linear")
    ledger = Ledger(str(tmp_path / "out"))
    (shard,) = plan(source, "text", 10**6, []).shards
    worker = ray_pool.Worker(ShardTask(job, "text", "", ledger))
    batch = {"shard": [json.dumps(asdict(shard))]}
    first = json.loads(worker(batch)["event"][0])
    assert first == {"counts": {"fail": 40, "pass": 20}, "finished": shard.size, "trouble": None, "stray": {}}
    (tmp_path / "out/a-00000.jsonl").write_text("not touched again")
    again = json.loads(ray_pool.Worker(ShardTask(job, "text", "", ledger))(batch)["event"][0])
    assert Counter(again["counts"]) == Counter(first["counts"])
    assert (tmp_path / "out/a-00000.jsonl").read_text() == "not touched again"
