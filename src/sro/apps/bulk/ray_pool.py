"""Process shards in a pool of Ray actors: on this machine, or on all machines of a cluster that the user names.

Little data goes through Ray: a shard's description in, its counts out. Rows go from file to file, so every machine
must see the input and output folders under the same paths, and the object store cannot fill up. Ray Data gives an
actor its next shard when it has finished the last one, so no other back-pressure is needed. If an actor dies, Ray Data
starts it again with the same shard. An actor loads the models once.
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sro.apps.bulk.formats import Shard
from sro.apps.bulk.ledger import Ledger
from sro.apps.bulk.shard_worker import Event, ShardTask, run_shard
from sro.core.errors import SROError

if TYPE_CHECKING:
    from sro.apps.bulk.config import BulkArguments
    from sro.apps.bulk.jobs import Work

OBJECT_STORE = 128 << 20  # bytes; descriptions and counts need kilobytes, but the default takes a third of the memory
BLOCKS = 5_000  # of descriptions; a block holds more than one only if there are more shards than this


class Worker:
    """An actor: one model, which processes one shard after the other."""

    def __init__(self, task: ShardTask) -> None:
        self.task = task
        self._work: Work | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Take a batch of one shard; return one event of it, or the reason why the run must stop."""
        (told,) = batch["shard"]
        try:
            return {"event": [self._done(Shard(**json.loads(told)))]}
        except SROError as error:  # returned, not raised: Ray would wrap it in its own exception with a long trace
            return {"event": [json.dumps({"stop": str(error)})]}

    def _done(self, shard: Shard) -> str:
        counts: Counter[str] = Counter()
        stray: Counter[str] = Counter()
        finished, trouble = None, None
        earlier = self.task.ledger.finished(shard)  # by an actor that died before it could report
        if earlier is not None:
            return json.dumps({"counts": earlier, "finished": shard.size, "trouble": None, "stray": {}})
        if self._work is None:  # not in __init__: Ray restarts an actor that cannot start for ever
            self._work = self.task.job.load()
        for event in run_shard(shard, self.task, self._work):
            counts.update(event.counts)
            stray.update(event.stray)
            finished, trouble = event.finished, event.trouble
        return json.dumps({"counts": counts, "finished": finished, "trouble": trouble, "stray": stray})


def run_on_ray(shards: Sequence[Shard], task: ShardTask, arguments: BulkArguments) -> Iterator[Event]:
    """Process all shards with as many actors as `arguments` say; yield events as they happen, in any order.

    Raises:
        SROError: Ray is not installed, no cluster answers at the address, the machine is too small, or a worker
            reports that the run cannot continue.
    """
    # Set before the import, which reads it. No usage is reported unless the user's environment asks for it.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if arguments.ray_address is None:  # without the token, anybody who reaches Ray's ports could run code
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise SROError("--runner ray needs Ray, which is not installed\n  fix: pip install -e '.[ray]'") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    begun_here = not ray.is_initialized()
    if begun_here:
        _begin(ray, arguments.ray_address)
    try:
        workers, gpus = _pool(ray.cluster_resources(), arguments, len(shards))
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False  # the tally reports the progress
        ledger = Ledger(os.path.abspath(task.ledger.folder))
        told = [
            {"shard": json.dumps(asdict(replace(shard, source=os.path.abspath(shard.source))))} for shard in shards
        ]
        done = ray.data.from_items(told, override_num_blocks=min(len(told), BLOCKS)).map_batches(
            Worker,
            fn_constructor_args=(replace(task, ledger=ledger),),
            batch_size=1,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            num_cpus=arguments.worker_cpus,
            num_gpus=gpus,
        )
        for row in done.iter_rows():
            event = json.loads(row["event"])
            if "stop" in event:
                raise SROError(event["stop"])
            yield Event(Counter(event["counts"]), event["finished"], event["trouble"], Counter(event["stray"]))
    finally:
        if begun_here:
            ray.shutdown()


def _begin(ray: Any, address: str | None) -> None:
    """Start Ray on this machine only, or connect to the cluster that the user names."""
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:  # `local`, because otherwise RAY_ADDRESS in the environment would decide
        settings |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE}
    try:
        ray.init(address=address or "local", **settings)
    except (ConnectionError, ValueError, RuntimeError) as error:
        where = f"no Ray cluster at {address}" if address else "Ray cannot be started on this machine"
        raise SROError(f"{where}: {error}") from error


def _pool(has: dict[str, float], arguments: BulkArguments, shards: int) -> tuple[int, float]:
    """Number of workers and GPUs per worker: one per GPU, else one per `worker_cpus` CPUs; at most one per shard."""
    gpus = arguments.worker_gpus if arguments.worker_gpus is not None else float(has.get("GPU", 0) > 0)
    room = int(has.get("CPU", 0) // arguments.worker_cpus)
    if gpus:
        room = min(room, int(has.get("GPU", 0) // gpus))
    wanted = arguments.workers or max(room, 1)
    if wanted > room and arguments.ray_address is None:  # a cluster may grow, one machine cannot
        raise SROError(
            f"{wanted} workers of {arguments.worker_cpus} CPUs and {gpus:g} GPUs each do not fit on this machine"
            f" ({has.get('CPU', 0):g} CPUs, {has.get('GPU', 0):g} GPUs); there is room for {room}\n"
            "  fix: --workers, --worker_cpus, or a cluster: --ray_address auto"
        )
    return min(wanted, shards), gpus
