"""Read and write submissions to CLEF, with a text for every row, as the CLEF evaluation requires.

2024: JSON Lines `{"id": …, "text": …}`. 2025: TSV with the columns toxic_sentence, neutral_sentence, lang; the
rewrite goes into neutral_sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sro.apps.bulk.delimited import DelimitedLines
from sro.apps.cli.input import Input, InputArguments
from sro.apps.cli.output import Put
from sro.core.errors import SROError
from sro.core.files import atomic_text_writer, to_json_line
from sro.evaluation.clef import NEUTRAL, TOXIC, read_clef
from sro.evaluation.text_tables import CLEF_SUFFIXES


def check_clef_arguments(arguments: InputArguments, words: Sequence[str]) -> None:
    """Refuse flags and files that do not fit a submission.

    Raises:
        SROError: a flag is for another kind of file, or input and output are not both of one CLEF format.
    """
    others = {"column": arguments.column, **arguments.of_one_file(), **vars(arguments.reading)}
    if given := [name for name, value in others.items() if value is not None]:
        raise SROError(f"--{given[0]} is for other files: --clef reads every row, in CLEF's own format")
    source, target = arguments.input or "", arguments.output or ""
    if words or not ((_is_jsonl(source) and _is_jsonl(target)) or (_is_tsv(source) and _is_tsv(target))):
        raise SROError(
            "--clef wants files whose names tell their format: --input FILE.jsonl --output FILE.jsonl (2024), or .tsv "
            "for both (2025)"
        )


def _is_jsonl(path: str) -> bool:
    return path.lower().endswith(CLEF_SUFFIXES)


def _is_tsv(path: str) -> bool:
    return path.lower().endswith(".tsv")


def read_submission(source: Input) -> Input:
    """All rows of a CLEF file.

    Raises:
        SROError: a row of JSON Lines is malformed, or an id appears twice.
    """
    path = source.arguments.input or ""
    if _is_tsv(path):
        return Input(replace(source.arguments, column=TOXIC), [], source.say)
    found = read_clef(path)
    return Input(replace(source.arguments, input=None), list(found.values()), source.say, names=list(found))


@contextmanager
def open_submission(output: str | None, source: Input) -> Iterator[Put]:
    """Write a submission: the rewrite of every row; a refused comment is written unchanged, so the judges see it."""

    def text(result: Any) -> str:
        found = result.found
        return str(result.row.text if found is None or found.text is None else found.text)

    def json_line(result: Any) -> str:
        return to_json_line({"id": source.names[result.row.number - 1], "text": text(result)}) + "\n"

    def tsv_line(result: Any) -> str:
        return lines.row({**result.row.fields, NEUTRAL: text(result)})

    lines = DelimitedLines(list(dict.fromkeys([*source.columns, NEUTRAL])), "\t")
    with atomic_text_writer(Path(output or "")) as write:
        if source.is_file:
            write(lines.header)
        put_line = tsv_line if source.is_file else json_line
        yield lambda result: write(put_line(result))
