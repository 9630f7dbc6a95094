"""What is finished, and by which settings: a run that was killed goes on, and no folder mixes the answers of two.

_sro/manifest.json              settings, versions, command, time
_sro/done/comments-00003.json   counts of a finished shard, and the fingerprint of its source
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sro.apps.bulk.formats import Shard
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
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
                + f"\n  fix: another --output, the settings of then, or begin anew: rm -r {self.folder}"
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
            mark, counts = record["fingerprint"], Counter({str(k): int(v) for k, v in record["counts"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # no record, or not one of ours: the shard is done again, which costs time only
        if not self.result(shard).is_file():
            return None
        if (mark, record.get("range")) != (shard.fingerprint, [shard.start, shard.stop]):
            raise SROError(
                f"{shard.source} has changed since {self.result(shard)} was made from it\n"
                f"  fix: put it under another name, or have it done again: rm {self._record(shard)}"
            )
        return counts

    def finish(self, shard: Shard, counts: Mapping[str, int]) -> None:
        """Put on record that the result is there."""
        record = {"fingerprint": shard.fingerprint, "range": [shard.start, shard.stop], "counts": dict(counts)}
        atomic_write_text(self._record(shard), json.dumps(record) + "\n")

    def _record(self, shard: Shard) -> Path:
        return Path(self.folder) / OURS / "done" / f"{shard.name}.json"
