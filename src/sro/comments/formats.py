"""The format of a comment file, found by its name, and its lines of text, in any encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sro.core.errors import SROError
from sro.core.suggestion import suggestion

FORMATS = ("csv", "tsv", "jsonl", "parquet", "xlsx", "text")
FORMAT_OF_SUFFIX = {
    **{".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"},
    **{".parquet": "parquet", ".xlsx": "xlsx", ".txt": "text", "": "text"},
}
BINARY = ("parquet", "xlsx")
BYTE_ORDER_MARKS = (  # first bytes of a file, and the encoding that they mean; the longer mark first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ONE_BYTE = ("cp125", "iso8859-", "koi8-", "mac-")
"""Encodings with one byte per character, in which a line break is the same byte as in ASCII."""
PIECE = 1 << 20  # characters of a long line that are read at a time; a dump of JSON may be one line of many gigabytes
Span = tuple[int, int]
"""A range of bytes of a file; the lines that begin in it are read."""
GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of a gzip file, whatever its name."""
HEAD = 1 << 13
"""Number of first bytes that are read to find out how the lines of a file end."""


class Unreadable(SROError):
    """A source cannot be read to its end: its bytes, not its rows, are broken."""


def format_of(source: str) -> str:
    """The format of a path by its suffix without `.gz`; plain text for standard input. One of FORMATS.

    Raises:
        SROError: the suffix is unknown.
    """
    if source == "-":
        return "text"
    suffix = Path(without_gz(source)).suffix.lower()
    if suffix not in FORMAT_OF_SUFFIX:
        known = " ".join(filter(None, FORMAT_OF_SUFFIX))
        raise SROError(
            f"{source}: unknown suffix {suffix!r} (known: {known})"
            f"\n  fix: name the format: --format {'|'.join(FORMATS)}"
        )
    return FORMAT_OF_SUFFIX[suffix]


def without_gz(name: str) -> str:
    """The name without `.gz`, in whatever case."""
    return name[:-3] if name.lower().endswith(".gz") else name


def require_file(path: Path) -> None:
    """Raise SROError if there is no such file; the message names the most similar file in the folder."""
    if not path.exists():
        siblings = [sibling.name for sibling in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SROError(f"{path}: no such file{suggestion(path.name, siblings)}")


def read_lines(source: str, encoding: str | None = None, span: Span | None = None) -> Iterator[str]:
    """Decoded lines with their ends. Only `\\n` ends a line, so that line numbers are those of `sed -n`. In a file
    without any `\\n`, as old spreadsheets write it, `\\r` ends a line.

    A byte order mark tells the encoding; without one it is `encoding`, by default UTF-8. Invalid bytes become
    lone surrogates (Python's `surrogateescape`): nothing is lost, and only the rows that hold them are set aside.

    Args:
        span: read only the lines that begin in these bytes; `can_split_by_bytes` must be true for the file.

    Raises:
        Unreadable: the file cannot be read, or is not in UTF-16 as its mark says.
        SROError: `encoding` is unknown, or needed.
    """
    return join_lines(read_pieces(source, encoding)) if span is None else _lines_of_span(source, encoding, span)


def join_lines(pieces: Iterable[str]) -> Iterator[str]:
    """Join the pieces of `read_pieces` to lines."""
    waiting: list[str] = []
    for piece in pieces:
        # a piece shorter than PIECE is the end of its line or of the file
        ended = piece.endswith("\n") or len(piece) < PIECE
        if waiting or not ended:
            waiting.append(piece)
            if not ended:
                continue
            piece = "".join(waiting)
            waiting.clear()
        yield piece
    if waiting:
        yield "".join(waiting)


def read_pieces(source: str, encoding: str | None = None) -> Iterator[str]:
    """As `read_lines`, but a line above `PIECE` characters comes in pieces; only its last piece has the line end."""
    with _opened(source) as binary:
        head = binary.peek(HEAD)
        chosen, errors = _decoding(head[:4], source, encoding)
        text = io.TextIOWrapper(binary, encoding=chosen, errors=errors, newline="\r" if _only_returns(head) else "\n")
        try:
            yield from iter(partial(text.readline, PIECE), "")  # `yield from text` would close it
        finally:
            text.detach()


def _lines_of_span(source: str, encoding: str | None, span: Span) -> Iterator[str]:
    at, stop = span
    with _opened(source) as binary:
        chosen, errors = _decoding(binary.peek(4)[:4], source, encoding)
        if at:  # a line that began before `at` belongs to the span before: skip to the next line
            chosen = "utf-8" if chosen == "utf-8-sig" else chosen  # the mark is behind us
            binary.seek(at - 1)
            at += len(binary.readline()) - 1
        while at < stop and (line := binary.readline()):
            yield line.decode(chosen, errors)
            chosen = "utf-8" if chosen == "utf-8-sig" else chosen
            at += len(line)


def can_split_by_bytes(source: str, encoding: str | None) -> bool:
    """Whether reading may start at any byte: the file is not compressed, and in its encoding the byte of a line break
    means nothing else.

    Raises:
        Unreadable, SROError: as `read_lines`.
    """
    with _opened(source) as binary:
        if isinstance(binary.raw, gzip.GzipFile):
            return False
        head = binary.peek(HEAD)
        chosen, _ = _decoding(head[:4], source, encoding)
    if _only_returns(head):
        return False
    name = codecs.lookup(chosen).name
    return name in ("utf-8", "utf-8-sig", "ascii") or name.startswith(ONE_BYTE)


@contextmanager
def _opened(source: str) -> Iterator[io.BufferedReader]:
    """The bytes of a file or of standard input; errors while reading become `Unreadable`."""
    try:
        raw: Any = sys.stdin.buffer if source == "-" else open(source, "rb", buffering=0)  # noqa: SIM115
        binary = io.BufferedReader(raw)
        if source.lower().endswith(".gz") or binary.peek(2)[:2] == GZIP_MAGIC:
            binary = io.BufferedReader(gzip.GzipFile(fileobj=binary))
        try:
            yield binary
        finally:
            binary.detach()  # standard input must stay open
            if source != "-":
                raw.close()
    except OSError as error:
        raise Unreadable(f"{source}: cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise Unreadable(f"{source}: cannot be read: {error}") from error
    except UnicodeError as error:
        raise Unreadable(f"{source}: not the text that its beginning or its encoding says: {error}") from error


def _only_returns(head: bytes) -> bool:
    """Whether lines end in `\\r` alone, as in a CSV "for the Macintosh"."""
    return b"\r" in head[:-1] and b"\n" not in head


def _decoding(head: bytes, source: str, encoding: str | None) -> tuple[str, str]:
    """The encoding, and Python's error handler for invalid bytes."""
    marked = next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if marked is None and encoding is None and 0 in head[:2] and len(head) > 1:
        name = "utf-16-be" if head[0] == 0 else "utf-16-le"
        raise SROError(f"{source}: looks like UTF-16 without its mark\n  fix: --encoding {name}")
    chosen = marked or encoding or "utf-8"
    if marked is None and chosen.lower().replace("_", "-") in ("utf-16", "utf16"):  # this codec needs a mark
        chosen = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    try:
        "a".encode(chosen)  # some codecs, such as base64, do not encode text
    except (LookupError, UnicodeError) as error:
        raise SROError(f"unknown encoding {chosen!r}\n  fix: --encoding utf-8, windows-1252, utf-16, …") from error
    wide = chosen.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    return chosen, "surrogatepass" if wide else "surrogateescape"
