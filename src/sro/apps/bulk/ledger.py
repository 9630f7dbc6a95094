"""Record the finished shards and the settings: a killed run can be resumed, and no folder mixes two settings.

_sro/manifest.json              settings, versions, command, time
_sro/done/comments-00003.json   counts of a finished shard, and how to tell whether its source has changed
_sro/lock                       locked while a run is at work; always empty
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sro.apps.bulk.formats import Results, Shard
from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.core.provenance import version, write_manifest

logger = logging.getLogger(__name__)

OURS = "_sro"


@dataclass(frozen=True)
class Ledger:
    """The records of one output folder: `Ledger.open` for the run at work in it, `Ledger(folder)` for its workers."""

    folder: str

    @classmethod
    @contextmanager
    def open(cls, folder: str | Path, settings: Mapping[str, Any], command: Sequence[str]) -> Iterator[Ledger]:
        """Start a new folder, or resume one, and keep other runs out of it until the context ends.

        Raises:
            SROError: the folder holds something else, or results of other settings (the message names them), or
                another run is at work in it.
        """
        ledger, path = cls(str(folder)), Path(folder)
        wanted = json.loads(json.dumps({**settings, "sro": version("sro")}, default=str))
        ledger._refuse_what_is_no_run()
        with ledger.sole_run():
            manifest = path / OURS / "manifest.json"
            if manifest.is_file():
                ledger._refuse_others(manifest, wanted)
            else:
                digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
                write_manifest(manifest.parent, command, wanted, {"settings": digest}, wanted.get("seed"))
            yield ledger

    def _refuse_what_is_no_run(self) -> None:
        """Refuse a file, and a folder that holds something without a manifest. A run that was killed before it wrote
        its manifest leaves only the lock. The manifest is looked for last, because a run writes it first."""
        path = Path(self.folder)
        if not path.exists():
            return
        strange = not path.is_dir() or any(found.name != OURS for found in path.iterdir())
        if strange and not (path / OURS / "manifest.json").is_file():
            raise SROError(f"{path} exists and is no folder of such a run; choose another one, or an empty one")

    def _refuse_others(self, manifest: Path, wanted: Mapping[str, Any]) -> None:
        try:
            found = json.loads(manifest.read_text(encoding="utf-8"))["config"]
        except (ValueError, KeyError, TypeError) as error:
            raise SROError(f"{manifest}: damaged ({error!r}); choose another output folder") from error
        changed = [
            f"{name}: {found.get(name)!r} there, {wanted.get(name)!r} now"
            for name in {**found, **wanted}
            if found.get(name) != wanted.get(name)
        ]
        if changed:
            raise SROError(
                f"{self.folder} holds results of other settings, and the two would be mixed\n  "
                + "\n  ".join(changed)
                + f"\n  fix: another --output, the earlier settings, or start again: rm -r {self.folder}"
            )

    @contextmanager
    def sole_run(self) -> Iterator[None]:
        """Keep other runs out of the folder: they would do the same work and remove this run's unfinished files.

        The lock is SQLite's, because it works on every system and ends with the process, even after `kill -9`. Where
        nothing can be locked, a warning says that other runs are not noticed.

        Raises:
            SROError: another run is at work in the folder.
        """
        ours = Path(self.folder) / OURS
        ours.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(_locked(ours / "lock"))
            except sqlite3.Error as error:
                # SQLite says "locked" too if the system answers that it has no locks (ENOLCK).
                if "database is locked" in str(error) and _can_lock_in(ours):
                    raise SROError(
                        f"another run is at work in {self.folder}\n  fix: wait until it has ended, or stop it"
                    ) from error
                logger.warning(
                    "%s: nothing can be locked there (%s), so a second run in this folder would not be noticed\n"
                    "  fix: start only one run at a time there",
                    self.folder,
                    error,
                )
            yield

    def result(self, shard: Shard) -> Path:
        """Path of the shard's result."""
        return Path(self.folder) / shard.name

    def finished(self, shard: Shard) -> Counter[str] | None:
        """Counts of a finished shard; None if the shard is not finished.

        Raises:
            SROError: the source has changed since the shard was finished.
        """
        try:
            record = json.loads(self._record(shard.name).read_text(encoding="utf-8"))
            then = [record[name] for name in ("range", "fingerprint", "modified", "sha256")]
            counts = Counter({str(k): int(v) for k, v in record["counts"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # no record, or not one of ours: process the shard again, which costs only time
        if not self.result(shard).is_file():
            return None
        place, mark, modified, sha256 = then
        same = (place, mark) == ([shard.start, shard.stop], shard.fingerprint)
        if not same or (modified != shard.modified and sha256 != _sha256(shard.source, shard.modified)):
            raise self._changed(shard.source, shard.name)
        return counts

    def refuse_leftovers(
        self, sources: Mapping[Results, str], unread: Collection[Results], shards: Sequence[Shard]
    ) -> list[str]:
        """Refuse results that no planned shard writes although their source is there: it had more shards before.

        Args:
            sources: the files that could be read, by the names of their results.
            unread: names of the results of files that could not be read; these results are left alone.

        Returns:
            Results of earlier runs whose sources are gone, as patterns for `rm`, one per source. They are not refused:
            a folder may be emptied of files that are done.

        Raises:
            SROError: naming the first result of a source with fewer shards than before.
        """
        planned, folder = {shard.name for shard in shards}, Path(self.folder)
        gone: dict[Results, str] = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            found = Results.of(name)
            if found is None or name in planned:
                continue
            results, digits = found
            if results in sources:
                raise self._changed(sources[results], name)
            if results not in unread and self._record(name).is_file():
                gone[results] = self._pattern(results, digits)
        return list(gone.values())

    def finish(self, shard: Shard, counts: Mapping[str, int]) -> None:
        """Record that the shard's result is written."""
        record = {
            "range": [shard.start, shard.stop],
            "fingerprint": shard.fingerprint,
            "modified": shard.modified,
            "sha256": _sha256(shard.source, shard.modified),
            "counts": dict(counts),
        }
        atomic_write_text(self._record(shard.name), json.dumps(record) + "\n")

    def _record(self, name: str) -> Path:
        return Path(self.folder) / OURS / "done" / f"{name}.json"

    def _pattern(self, results: Results, digits: str) -> str:
        """All results of one source, for a shell."""
        return shlex.quote(str(Path(self.folder) / f"{results.stem}-")) + "[0-9]" * len(digits) + results.suffix

    def _changed(self, source: str, name: str) -> SROError:
        """The error for a source that has changed since the result of this name was made from it."""
        results, digits = Results.of(name) or (Results(name, ""), "")
        return SROError(
            f"{source} has changed since {Path(self.folder) / name} was made from it\n"
            f"  fix: put it under another name, or have it done again: rm {self._pattern(results, digits)}"
        )


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock on a file, which is made if there is none. Raises sqlite3.Error if that cannot be done at once."""
    with closing(sqlite3.connect(file, timeout=0)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


def _can_lock_in(folder: Path) -> bool:
    """Whether a file that nobody else knows can be locked there."""
    try:
        with tempfile.TemporaryDirectory(prefix="lock-", dir=folder) as own, _locked(Path(own) / "lock"):
            return True
    except sqlite3.Error:
        return False
    except OSError:  # no folder can be made there, so nothing is known about locks
        return True


@lru_cache(maxsize=256)
def _sha256(source: str, modified: int) -> str | None:
    """Hash of the whole file, read once per process; None if the file is gone or has changed since `modified`.

    An edit in the middle can leave the size and both ends unchanged. A source is read whole only if work is done on
    it, or if its modification time has changed.
    """
    try:
        return file_sha256(source) if os.stat(source).st_mtime_ns == modified else None
    except OSError:
        return None
