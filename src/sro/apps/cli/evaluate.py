"""`sro evaluate`: score rewrites with the usual protocols, beside copy, delete and the human reference.

    sro evaluate --input toxic.txt --rewrites rewrites.txt --reference references.txt
    sro evaluate --input in.jsonl --rewrites ours=a.jsonl BART=b.jsonl --reference ref.jsonl \\
        --protocol clef24 --output_dir out
    sro evaluate --input toxic.txt --rewrites rewrites.txt --judges official

Files are plain text, one text per line, tables (CSV, TSV, Parquet, XLSX) with a column such as `text`, or CLEF JSON
Lines (`.jsonl`: {"id": …, "text": …}). CLEF JSON Lines are joined by id, and so are tables with a column `id`. A table
of rewrites needs the columns `comment` and `rewrite`. Rewrites may also be the output of `sro rewrite --output`, JSON
Lines or a table: a refused comment is scored as a copy, and the column `refused` counts such comments.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sro.core.config import parse, to_plain_dict
from sro.core.errors import SROError
from sro.core.machine import quiet_libraries
from sro.evaluation.intervals import RESAMPLES
from sro.evaluation.protocols import ProtocolName
from sro.screeners.config import ScreenerArguments

INPUT, REFERENCE = "--input", "--reference"  # names that no system may have
RENAMED = {"--output": "--rewrites", "--save": "--output_dir"}
"""Former names of two flags, which scripts may still use."""


@dataclass
class FilesArguments:
    """Files with the comments, the rewrites and the references."""

    input: str = field(
        metadata={
            "help": "file with the comments: plain text, one a line, a table, CLEF 2024's JSON Lines or "
            "CLEF 2025's TSV"
        }
    )
    rewrites: list[str] = field(
        metadata={
            "help": "rewrites to score, of one or more systems: FILE or NAME=FILE; also what `sro rewrite --output` "
            "wrote"
        }
    )
    reference: str | None = field(
        default=None, metadata={"help": "file with human rewrites; the CLEF protocols need it (default: none)"}
    )
    output_dir: str | None = field(
        default=None,
        metadata={"help": "folder to write: table.md, table.csv, sentences.jsonl, manifest.json (default: none)"},
    )


@dataclass
class EvaluationArguments(ScreenerArguments):
    """The protocol that scores the rewrites, and the judges."""

    protocol: ProtocolName = field(default="paradetox", metadata={"help": "how sentences are scored"})
    judges: list[str] = field(
        default_factory=lambda: ["embedded"],
        metadata={
            "help": "judges: `official`, `embedded`, or style=NAME content=NAME fluency=NAME, each a folder or "
            "hub name (fluency=relative: a language model compares with the comment)"
        },
    )
    screener: str = field(
        default="embedded/linear",
        metadata={"help": "screener that the systems were trained against; its scores are shown too"},
    )
    lexicon: str | None = field(
        default=None,
        metadata={
            "help": "word list of the baseline `delete` (default: words that fail the screener on their own; none in "
            "Chinese, Japanese, Thai and other scripts without spaces)"
        },
    )
    resamples: int = field(default=RESAMPLES, metadata={"help": "number of bootstrap resamples for the intervals"})
    seed: int = field(default=0, metadata={"help": "random seed of the bootstrap"})
    cache: str | None = field(
        default=None, metadata={"help": "cache folder for scores of judges (default: $SRO_CACHE/judges)"}
    )


def run(argv: list[str]) -> int:
    """Parse, evaluate, print the table as Markdown."""
    from sro.comments.words import read_word_list
    from sro.core.files import file_sha256
    from sro.core.provenance import write_manifest
    from sro.evaluation.clef import read_parallel
    from sro.evaluation.judges.cache import ScoreCache
    from sro.evaluation.judges.loading import load_judges
    from sro.evaluation.rewrite_files import is_rewrites_file, read_rewrites
    from sro.evaluation.run import Scoring, Texts, evaluate
    from sro.screeners.loading import load_named_screener

    quiet_libraries()
    files, how = parse(
        (FilesArguments, EvaluationArguments),
        [RENAMED.get(word, word) for word in argv],
        prog="sro evaluate",
        description="Score rewrites, with intervals.",
    )
    paths = named_files(files)
    answers = {name: path for name, path in paths.items() if name not in (INPUT, REFERENCE) and is_rewrites_file(path)}
    texts = read_parallel({name: path for name, path in paths.items() if name not in answers})
    sources, references = texts[INPUT], texts.get(REFERENCE)
    columns = Texts(
        sources,
        {
            name: read_rewrites(path, sources) if name in answers else texts[name]
            for name, path in paths.items()
            if name not in (INPUT, REFERENCE)
        },
        references,
    )
    scoring = Scoring(
        how.protocol,
        load_judges(how.judges, how.protocol).cached(ScoreCache(how.cache)),
        load_named_screener(how),
        read_word_list(how.lexicon) if how.lexicon else None,
        how.resamples,
        how.seed,
    )
    if files.output_dir:
        _make_folder(files.output_dir)  # a bad path shows before minutes of judging, not after
    evaluation = evaluate(columns, scoring, progress=lambda line: print(f"sro: {line}", file=sys.stderr, flush=True))
    print(evaluation.markdown())
    if files.output_dir:
        evaluation.save(files.output_dir)
        data = {str(path): file_sha256(path) for path in paths.values()}
        write_manifest(files.output_dir, ["sro", "evaluate", *argv], to_plain_dict((files, how)), data, how.seed)
    return 0


def _make_folder(path: str) -> None:
    """Make a folder for results, unless it exists. Raises SROError if it cannot be made, or not be written in."""
    fault = "it may not be written in"
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return
    except OSError as error:
        fault = error.strerror or str(error)
    raise SROError(f"{path} cannot be the folder of the results: {fault}\n  fix: another --output_dir")


def named_files(files: FilesArguments) -> dict[str, str]:
    """Path of each column: the input, then the systems by name (default: the file's), then the reference."""
    paths = {INPUT: files.input}
    for word in files.rewrites:
        name, equals, path = word.partition("=")
        if not equals or Path(word).exists():
            name, path = Path(word).stem, word
        if name in paths:
            raise SROError(f"two systems are called {name!r}\n  fix: name them: --rewrites a={path} b=…")
        paths[name] = path
    return {**paths, **({REFERENCE: files.reference} if files.reference else {})}
