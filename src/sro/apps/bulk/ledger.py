"""What is finished, and by which settings: a run that was killed goes on, and no folder mixes the answers of two.

_sro/manifest.json              settings, versions, command, time
_sro/done/comments-00003.json   counts of a finished shard, and what tells whether its source has changed
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sro.apps.bulk.formats import Results, Shard
from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.core.provenance import version, write_manifest

OURS = "_sro"


@dataclass(frozen=True)
class Ledger:
    """The records of one output folder; made by `Ledger.open`, and as often as wanted for the same folder."""

    folder: str

    @classmethod
    def open(cls, folder: str | Path, settings: Mapping[str, Any], command: Sequence[str]) -> Ledger:
        """Begin a folder, or go on with one.

        Raises:
            SROError: it holds something else, or the results of other settings; the message names them.
        """
        ledger, path = cls(str(folder)), Path(folder)
        wanted = json.loads(json.dumps({**settings, "sro": version("sro")}, default=str))
        manifest = path / OURS / "manifest.json"
        if manifest.is_file():
            ledger._refuse_others(manifest, wanted)
            return ledger
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise SROError(f"{path} exists and is no folder of such a run; choose another one, or an empty one")
        digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
        write_manifest(manifest.parent, command, wanted, {"settings": digest}, wanted.get("seed"))
        return ledger

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

    def result(self, shard: Shard) -> Path:
        """Where the shard's rows go."""
        return Path(self.folder) / shard.name

    def finished(self, shard: Shard) -> Counter[str] | None:
        """Counts of a shard that is done, None of any other.

        Raises:
            SROError: its source is not what it was when that was done.
        """
        try:
            record = json.loads(self._record(shard).read_text(encoding="utf-8"))
            then = [record[name] for name in ("range", "fingerprint", "modified", "sha256")]
            counts = Counter({str(k): int(v) for k, v in record["counts"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # no record, or not one of ours: the shard is done again, which costs time only
        if not self.result(shard).is_file():
            return None
        place, mark, modified, sha256 = then
        same = (place, mark) == ([shard.start, shard.stop], shard.fingerprint)
        if not same or (modified != shard.modified and sha256 != _sha256(shard.source, shard.modified)):
            raise self._changed(shard.source, shard.name)
        return counts

    def refuse_leftovers(self, sources: Mapping[Results, str], shards: Sequence[Shard]) -> None:
        """Refuse results that no planned shard writes: their source had more shards in an earlier run.

        Raises:
            SROError: naming the first of them.
        """
        planned, folder = {shard.name for shard in shards}, Path(self.folder)
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            found = Results.of(name)
            if found and found[0] in sources and name not in planned:
                raise self._changed(sources[found[0]], name)

    def finish(self, shard: Shard, counts: Mapping[str, int]) -> None:
        """Put on record that the result is there."""
        record = {
            "range": [shard.start, shard.stop],
            "fingerprint": shard.fingerprint,
            "modified": shard.modified,
            "sha256": _sha256(shard.source, shard.modified),
            "counts": dict(counts),
        }
        atomic_write_text(self._record(shard), json.dumps(record) + "\n")

    def _record(self, shard: Shard) -> Path:
        return Path(self.folder) / OURS / "done" / f"{shard.name}.json"

    def _changed(self, source: str, name: str) -> SROError:
        """What to say of a source that is not what the result of this name was made from."""
        results, digits = Results.of(name) or (Results(name, ""), "")
        all_of_them = shlex.quote(str(Path(self.folder) / f"{results.stem}-")) + "[0-9]" * len(digits) + results.suffix
        return SROError(
            f"{source} has changed since {Path(self.folder) / name} was made from it\n"
            f"  fix: put it under another name, or have it done again: rm {all_of_them}"
        )


@lru_cache(maxsize=256)
def _sha256(source: str, modified: int) -> str | None:
    """Of the whole file, read once by each process; None where it is gone, or has changed since `modified`.

    An edit in the middle leaves size and ends as they are. Sources are read whole only where work is done on them,
    and where the time of change is another than it was.
    """
    try:
        return file_sha256(source) if os.stat(source).st_mtime_ns == modified else None
    except OSError:
        return None
