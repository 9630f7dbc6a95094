"""What a file of comments is: its format by its name, and its lines of text whatever encoding it was saved in."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sro.core.config import suggestion
from sro.core.errors import SROError

FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx", "text")
FORMAT_OF_SUFFIX = {
    **{".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"},
    **{".parquet": "parquet", ".xlsx": "xlsx", ".txt": "text", "": "text"},
}
BINARY = ("parquet", "xlsx")
MARKS = (  # what a file may begin with, and the encoding that it then has; the longer mark first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def format_of(source: str) -> str:
    """The format of a path by its suffix, `.gz` aside; of standard input plain text. One of FORMATS.

    Raises:
        SROError: the suffix is unknown.
    """
    if source == "-":
        return "text"
    suffix = Path(source.removesuffix(".gz")).suffix.lower()
    if suffix not in FORMAT_OF_SUFFIX:
        known = " ".join(filter(None, FORMAT_OF_SUFFIX))
        raise SROError(
            f"{source}: unknown suffix {suffix!r} (known: {known})"
            f"\n  fix: name the format: --format {'|'.join(FORMATS)}"
        )
    return FORMAT_OF_SUFFIX[suffix]


def require_file(path: Path) -> None:
    """Raise SROError, with the nearest name of a neighbour, where there is no such file."""
    if not path.exists():
        siblings = [sibling.name for sibling in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SROError(f"{path}: no such file{suggestion(path.name, siblings)}")


def read_lines(source: str, encoding: str | None = None) -> Iterator[str]:
    """Decoded lines with their ends. Only `\\n` ends a line, so that line numbers are those of `sed -n`.

    A byte order mark tells the encoding; without one it is `encoding`, by default UTF-8. Bytes that do not fit become
    lone surrogates (Python's `surrogateescape`): nothing is lost, and only the rows that hold them are set aside.

    Raises:
        SROError: the file cannot be read, is not in UTF-16 as its mark says, or `encoding` is unknown.
    """
    try:
        raw: Any = sys.stdin.buffer if source == "-" else _opened(source)
        binary = io.BufferedReader(raw)
        try:
            chosen, errors = _decoding(binary.peek(4)[:4], source, encoding)
            with_ends = io.TextIOWrapper(binary, encoding=chosen, errors=errors, newline="\n")
            try:
                yield from iter(with_ends.readline, "")  # from the stream itself, it would be closed
            finally:
                with_ends.detach()
        finally:
            binary.detach()  # standard input is not ours to close
            if source != "-":
                raw.close()
    except (OSError, EOFError, zlib.error) as error:
        raise SROError(f"{source}: cannot be read: {error}") from error
    except UnicodeError as error:
        raise SROError(f"{source}: not the text that its beginning or --encoding says: {error}") from error


def _opened(source: str) -> Any:
    return gzip.open(source, "rb") if source.endswith(".gz") else open(source, "rb", buffering=0)


def _decoding(head: bytes, source: str, encoding: str | None) -> tuple[str, str]:
    """The encoding, and what becomes of bytes that do not fit."""
    marked = next((name for mark, name in MARKS if head.startswith(mark)), None)
    if marked is None and encoding is None and 0 in head[:2] and len(head) > 1:
        name = "utf-16-be" if head[0] == 0 else "utf-16-le"
        raise SROError(f"{source}: looks like UTF-16 without its mark\n  fix: --encoding {name}")
    chosen = marked or encoding or "utf-8"
    try:
        codecs.lookup(chosen)
    except LookupError as error:
        raise SROError(f"unknown encoding {chosen!r}\n  fix: --encoding utf-8, windows-1252, utf-16, …") from error
    wide = chosen.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    return chosen, "surrogatepass" if wide else "surrogateescape"
