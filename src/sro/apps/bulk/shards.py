"""Cut files into shards: ranges whose rows can be found without reading the file from its start."""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sro.apps.bulk.config import AS_FOUND, Reading
from sro.apps.bulk.formats import WHOLE, FileInfo, Kind, Results, Shard, inspect_file, kind_of
from sro.comments.formats import FORMAT_OF_SUFFIX, Unreadable
from sro.core.errors import SROError

ENDS = 1 << 16  # bytes that its fingerprint reads at each end of a file; Parquet keeps its statistics there


@dataclass(frozen=True)
class Plan:
    """The planned work."""

    shards: list[Shard]
    sources: dict[Results, str]
    """Every file that could be read, by the names of its results; files without rows are included."""
    column: str
    """The column with the comments."""
    left_alone: Counter[str]
    """Suffixes of files in other formats, which are not read."""
    troubles: list[str]
    """Messages about files that cannot be read."""
    unread: set[Results]
    """The names of the results of these files, which an earlier run may have written."""


def plan(
    source: str | Path,
    column: str | None,
    shard_bytes: int,
    added: Collection[str],
    reading: Reading = AS_FOUND,
    say: Callable[[str], None] = lambda line: None,
) -> Plan:
    """Cut a file, or all files of a folder, into shards of about `shard_bytes`.

    Hidden files and those that start with `_` are skipped, as in Spark and Arrow. A file that cannot be read from the
    middle is one shard: compressed files, CSV and TSV (a field may hold a line break), XLSX, JSON arrays and exports,
    UTF-16.

    Args:
        column: the column with the comments; None: the first column with a usual name in the first file.
        added: columns that the work adds; no file may already have one of these.
        reading: how the files are read.
        say: is called with a message if one column or sheet was chosen among several.

    Raises:
        SROError: nothing to read, no such column, or a column name that is already used.
    """
    root = Path(source)
    files, left_alone = _files(root)
    shards: list[Shard] = []
    sources: dict[Results, str] = {}
    troubles: list[str] = []
    unread: set[Results] = set()
    for path, kind in files:
        results = _results(path.relative_to(root) if root.is_dir() else Path(path.name), kind)
        try:
            info = inspect_file(path, kind, column, reading, say)
        except Unreadable as error:
            if len(files) == 1:
                raise
            troubles.append(str(error))
            unread.add(results)
            continue
        sources[results] = str(path)
        if not info.columns:
            continue  # an empty file has no columns and no comments
        column = info.text
        if taken := sorted(set(added).intersection(info.columns)):
            raise SROError(
                f"{path} has a column {taken[0]!r} already, which would be written over\n"
                "  fix: --prefix sro_   (put before the names of the new columns)"
            )
        shards += _cut(path, results, kind, info, shard_bytes)
    if column is None:
        raise SROError("\n".join([f"{root}: there is no comment in it", *troubles]))
    _refuse_twins(shards)
    return Plan(shards, sources, column, left_alone, troubles, unread)


def fingerprint(path: Path) -> str:
    """16 hexadecimal digits from a file's size and its two ends: fast, and the same after a copy elsewhere."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.sha256(f"{size} ".encode() + file.read(ENDS))
        file.seek(max(0, size - ENDS))
        digest.update(file.read(ENDS))
    return digest.hexdigest()[:16]


def _files(root: Path) -> tuple[list[tuple[Path, Kind]], Counter[str]]:
    if not root.exists():
        raise SROError(f"{root}: no such file or folder")
    if not root.is_dir():
        found = [root]
    else:
        every = (folder / name for folder, names in walk(root) for name in names)
        found = sorted(path for path in every if path.is_file() and not _hidden(path.relative_to(root)))
    kinds = {path: kind_of(path) for path in found}
    known = [(path, kind) for path, kind in kinds.items() if kind is not None]
    others = Counter(path.suffix.lower() or path.name for path, kind in kinds.items() if kind is None)
    if not known:
        seen = f" but {', '.join(others)}" if others else ""
        names = " ".join(suffix for suffix in FORMAT_OF_SUFFIX if suffix)
        raise SROError(f"{root}: no file with one of {names} (or these with .gz) in it{seen}")
    return known, others


def walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder in `root`, and `root` itself, with the names of the files in it. Links to folders and files
    are followed, except links to a folder that contains the link."""
    for place, folders, names in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if not _leads_back(Path(place) / name, root)]
        yield Path(place), names


def _leads_back(folder: Path, root: Path) -> bool:
    if not folder.is_symlink():
        return False
    lies_in = [above.resolve() for above in folder.parents if above == root or root in above.parents]
    return any(folder.resolve() in (above, *above.parents) for above in lies_in)


def _hidden(below: Path) -> bool:
    return any(part.startswith((".", "_")) for part in below.parts)


def _results(below: Path, kind: Kind) -> Results:
    packed = below.suffix.lower() == ".gz"
    stem = (below.with_suffix("") if packed else below).with_suffix("").as_posix()
    return Results(stem, (".jsonl" if kind in ("text", "xlsx") else f".{kind}") + (".gz" if packed else ""))


def _cut(path: Path, results: Results, kind: Kind, info: FileInfo, shard_bytes: int) -> list[Shard]:
    """Cut a file into equal ranges."""
    size, modified, mark = info.size, path.stat().st_mtime_ns, fingerprint(path)
    end = WHOLE if info.whole else size if info.rows is None else info.rows
    pieces = 1 if info.whole else max(1, min(end, math.ceil(size / shard_bytes)))
    bounds = [end * i // pieces for i in range(pieces + 1)]
    sizes = [size * (i + 1) // pieces - size * i // pieces for i in range(pieces)]
    return [
        Shard(results.name(i), str(path), kind, bounds[i], bounds[i + 1], sizes[i], mark, modified)
        for i in range(pieces)
    ]


def _refuse_twins(shards: Sequence[Shard]) -> None:
    """Refuse files such as `a.txt` and `a.jsonl`, whose results would have the same name."""
    owners: dict[str, str] = {}
    for shard in shards:
        owner = owners.setdefault(shard.name, shard.source)
        if owner != shard.source:
            raise SROError(f"{owner} and {shard.source} would both be written to {shard.name}; rename one of them")
