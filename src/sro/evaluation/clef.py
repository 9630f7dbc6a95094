"""Texts to be scored: CLEF 2024's JSON Lines `{"id": …, "text": …}`, CLEF 2025's TSV, tables, or plain text.

The rows of a CLEF 2024 file are matched to the input by their ids, and so are the rows of tables if both have a column
`id`. The rows of all other files keep their order. There an empty line or a blank row is an empty text and is kept.

A file has the format of CLEF 2024 if its name ends in `.jsonl` or `.ndjson`. It has the format of CLEF 2025 if its
name ends in `.tsv` and its header has `toxic_sentence` and `neutral_sentence`. `.gz` may follow. The input is read
from `toxic_sentence`, rewrites and references from `neutral_sentence`; in their files, `toxic_sentence` must
repeat the comments of the input. `sro rewrite --clef` writes both formats. Tables are also recognised by their name
(`sro.evaluation.text_tables`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sro.comments.clean import letters_and_digits
from sro.comments.columns import Columns
from sro.comments.formats import read_lines
from sro.comments.rows import STRAY_BYTE
from sro.comments.sources import replace_flag_hints
from sro.core.errors import SROError
from sro.evaluation.text_tables import CLEF_SUFFIXES, TextColumn, is_table, read_texts, suffix_of, text_rows

SHOWN_IDS = 5
TOXIC, NEUTRAL = "toxic_sentence", "neutral_sentence"
"""Columns of CLEF 2025's TSV: the comment, and its rewrite or reference."""


def read_clef(path: str | Path) -> dict[str, str]:
    """Texts by id, in the order of the file. Ids are taken as text: 1 and "1" are the same row.

    Raises:
        SROError: the file cannot be read, a line is not an object with `id` and `text`, or an id occurs twice. The
            message names file and line.
    """
    texts: dict[str, str] = {}
    line_of: dict[str, int] = {}
    for number, line in enumerate(text_lines(path), 1):
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SROError(f"{where}: no JSON: {error}\n  fix: one object a line, no empty lines") from error
        if not isinstance(row, dict):
            raise SROError(f'{where}: want an object like {{"id": 1, "text": "…"}}, not {line.strip()[:60]}')
        identity, text = row.get("id"), row.get("text")
        if isinstance(identity, bool) or not isinstance(identity, str | int):
            raise SROError(f"{where}: `id` must be text or a whole number, not {json.dumps(identity)}")
        if not isinstance(text, str):
            raise SROError(f"{where}: `text` of id {identity!r} must be text, not {json.dumps(text)[:60]}")
        name = str(identity)
        if name in texts:
            raise SROError(f"{where}: id {identity!r} was on line {line_of[name]} already")
        texts[name], line_of[name] = text, number
    if not texts:
        raise SROError(f"{path}: holds no row")
    return texts


def aligned(texts: Mapping[str, str], ids: Sequence[str], path: str | Path) -> list[str]:
    """The texts of `ids`, in that order.

    Raises:
        SROError: ids are missing, or have no row in the input. The message names `path` and these ids.
    """
    known = set(ids)
    missing = [identity for identity in ids if identity not in texts]
    strange = [identity for identity in texts if identity not in known]
    for fault, found in (("has no row for", missing), ("has rows that the input has not:", strange)):
        if found:
            more = f" and {len(found) - SHOWN_IDS:,} more" if len(found) > SHOWN_IDS else ""
            raise SROError(f"{path}: {fault} id {', '.join(map(repr, found[:SHOWN_IDS]))}{more}")
    return [texts[identity] for identity in ids]


def read_parallel(paths: Mapping[str, str | Path]) -> dict[str, list[str]]:
    """Read files with parallel rows, by name. The first file (the input) sets the order and the number of rows.

    Raises:
        SROError: a file cannot be read, some are CLEF's and some are not, or the rows do not fit together.
    """
    first = next(iter(paths.values()))
    clef = is_clef(first)
    if odd := [str(path) for path in paths.values() if is_clef(path) != clef]:
        raise SROError(
            f"{first} is {'' if clef else 'not '}CLEF JSON Lines, but {', '.join(odd)} "
            f"{'are' if len(odd) > 1 else 'is'}{' not' if clef else ''}\n  fix: all files in one format; the name of "
            f"a CLEF file ends in {' or '.join(CLEF_SUFFIXES)}"
        )
    if clef:
        ids = list(read_clef(first))
        return {name: aligned(read_clef(path), ids, path) for name, path in paths.items()}
    given = _column(first)
    columns = {
        name: _answers(path, given, first) if place else given.texts
        for place, (name, path) in enumerate(paths.items())
    }
    counts = {str(path): len(columns[name]) for name, path in paths.items()}
    if len(set(counts.values())) > 1 or not counts[str(first)]:
        told = ", ".join(f"{path} has {count:,}" for path, count in counts.items())
        raise SROError(f"want one or more texts, and as many in each file: {told}\n  fix: one text a line, or row")
    return columns


def _column(path: str | Path) -> TextColumn:
    """The texts of a file, in its order: of CLEF 2025's TSV the comments."""
    if is_clef25(path):
        return TextColumn(_clef25(path, None))
    if is_table(path):
        return read_texts(path)
    return TextColumn([line.rstrip("\r") for line in text_lines(path)])


def _answers(path: str | Path, given: TextColumn, input_path: str | Path) -> list[str]:
    """The texts that a file has for the comments of the input, in the order of the input.

    Raises:
        SROError: the file cannot be read, answers other comments, or repeats the comments instead of answering them.
    """
    if is_clef25(path):
        return _clef25(path, given.texts)
    found = _column(path)
    texts = found.texts
    if found.ids and given.ids and found.ids != given.ids:
        by_id = _by_id(found, path)
        ids = list(_by_id(given, input_path))
        answers = dict(zip(ids, aligned(by_id, ids, path)))
        texts = [answers.get(identity, "") for identity in given.ids]
    if is_table(path) and texts == given.texts:
        raise SROError(
            f"{path}: its column of texts holds the input's comments\n  fix: leave out all but the rewrites"
        )
    return texts


def _by_id(column: TextColumn, path: str | Path) -> dict[str, str]:
    """The texts of a table by id, without its blank rows.

    Raises:
        SROError: a row has no id, or the id of another row.
    """
    texts: dict[str, str] = {}
    for number, (identity, text) in enumerate(zip(column.ids or (), column.texts), 1):
        if not identity and not text:
            continue
        if not identity or identity in texts:
            fault = f"has the id {identity!r} of a row before it" if identity else "has no id"
            raise SROError(
                f"{path}: row {number} {fault}, and the ids are not those of the input, row by row\n"
                "  fix: an id for each row, or no column `id`: then rows belong together by their order"
            )
        texts[identity] = text
    return texts


def is_clef(path: str | Path) -> bool:
    """Whether a file of this name is read as CLEF JSON Lines."""
    return suffix_of(path) in CLEF_SUFFIXES


def is_clef25(path: str | Path) -> bool:
    """Whether a file is CLEF 2025's TSV, told by its name and its header."""
    if suffix_of(path) != ".tsv":
        return False
    header = first_line(path).rstrip("\r\n").split("\t")
    return {TOXIC, NEUTRAL} <= {name.strip('"') for name in header}  # some programs quote every name


def _clef25(path: str | Path, sources: Sequence[str] | None) -> list[str]:
    """The comments of CLEF 2025's TSV; if `sources` are given, the texts beside the comments.

    The comments must then be `sources`, in the same order.

    Raises:
        SROError: a row cannot be read or answers another comment, or the rows are of several languages.
    """
    rows = list(text_rows(path, lambda available: Columns(TOXIC, NEUTRAL)))
    if len(languages := {str(row.fields["lang"]) for row in rows if row.fields and "lang" in row.fields}) > 1:
        raise SROError(
            f"{path}: holds several languages ({', '.join(sorted(languages))}), and one mean of all means nothing\n"
            "  fix: one file a language, of input, rewrites and reference"
        )
    if sources is None:
        return [row.text for row in rows]
    for number, (row, source) in enumerate(zip(rows, sources), 1):
        if letters_and_digits(row.text) != letters_and_digits(source):
            raise SROError(
                f"{path}:{row.line}: answers another comment than row {number} of the input\n"
                "  fix: the rows of the input, in its order"
            )
    return [row.label for row in rows]


def text_lines(path: str | Path) -> list[str]:
    """Lines of a file, also of a gzip file, without their ends. They end where they do for `sro rewrite` (see
    `sro.comments.formats.read_lines`), because texts may hold other characters that Unicode calls breaks.

    Raises:
        SROError: the file cannot be read, or is not in UTF-8.
    """
    lines = [line.removesuffix("\n") for line in _decoded(path)]
    for number, line in enumerate(lines, 1):
        if STRAY_BYTE.search(line):
            raise SROError(f"{path}:{number}: not UTF-8\n  fix: iconv -f latin1 -t utf-8 IN > OUT")
    return lines


def first_line(path: str | Path) -> str:
    """The first line of a file with its end; "" if there is none. Nothing behind it is read. Raises as `text_lines`,
    but bytes that are not UTF-8 are no error."""
    return next(_decoded(path), "")


def _decoded(path: str | Path) -> Iterator[str]:
    try:
        yield from read_lines(str(path))
    except SROError as error:
        raise SROError(replace_flag_hints(str(error))) from error
