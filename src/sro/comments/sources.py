"""Name each source of comments in one word: `FILE`, `FILE::COLUMN` or `FILE::COLUMN::WHERE`.

comments.csv                    column guessed
paradetox.tsv::toxic            column named
labelled.csv::text::label=1     rows that meet a condition only
log.txt[:-500]                  without the last 500 comments; log.txt[-500:] is those 500
starter:toxic, starter:civil    the corpus that ships with sro
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Literal

from sro.comments.clean import fingerprint
from sro.comments.corpus import Corpus, load_comments
from sro.comments.splitting import hold_out_last
from sro.core.errors import SROError

logger = logging.getLogger(__name__)

STARTER = re.compile(r"starter:(toxic|civil)$")
_SLICE = re.compile(r"\[(?::(-\d+)|(-\d+):)\]$")


HINTS_WITHOUT_FLAGS = (
    (re.compile(r"--column NAME( \(in Python: column=\))?"), "FILE::NAME"),
    (re.compile(r"one comment a line: --format text"), "one comment a line: call it FILE.txt"),
    (re.compile(r"name the format: --format [\w|-]+"), "call it FILE.csv, FILE.jsonl or FILE.txt, as what is in it"),
    (re.compile(r"--encoding ([\w-]+)(, [^\n]*)?"), r"iconv -f \1 -t utf-8 FILE > NEW"),
    (re.compile(r"or, if another sign separates the columns: --delimiter ';'"), "or separate the columns by commas"),
    (re.compile(r"--sheet names another"), "to take another, save it as CSV"),
)
"""Hints about flags of the commands that read files row by row, and the hints that replace them here, because a source
has only a name and no flags."""


def replace_flag_hints(message: str) -> str:
    """The message in which hints about flags such as `--column` are replaced by hints that apply to a source."""
    for flag, instead in HINTS_WITHOUT_FLAGS:
        message = flag.sub(instead, message)
    return message


@dataclass(frozen=True)
class Source:
    """A parsed name; see the module's docstring."""

    path: str
    column: str | None = None
    where: str | None = None
    without_last: int = 0
    only_last: int = 0


def parse_source(name: str) -> Source:
    """Parse a name. Raises SROError if it has more than three parts, or a slice of no comments."""
    cut = _SLICE.search(name)
    head = name[: cut.start()] if cut else name
    without_last, only_last = (-int(number or 0) for number in cut.groups()) if cut else (0, 0)
    if cut and not without_last and not only_last:
        raise SROError(f"{name!r}: a slice of 0 comments\n  fix: [:-N] leaves the last N out, [-N:] takes only those")
    if found := STARTER.match(head):
        starter = str(resources.files("sro") / "assets/starter/comments.jsonl")
        source = Source(starter, "text", f"label={found.group(1)}")
    else:
        parts = head.split("::")
        if len(parts) > 3:
            raise SROError(f"{name!r} has {len(parts)} parts; want FILE, FILE::COLUMN or FILE::COLUMN::WHERE")
        path, column, where = [*parts, "", ""][:3]
        source = Source(path, column or None, where or None)
    return replace(source, without_last=without_last, only_last=only_last)


def load_source(
    name: str,
    *,
    training: bool = True,
    min_words: int = 3,
    max_words: int | None = 60,
    held_out: Literal["refuse", "drop"] = "refuse",
    quarantine: str | Path | None = None,
    as_it_stands: bool = False,
) -> Corpus:
    """The comments that a name stands for; arguments and errors as those of `sro.comments.corpus.load_comments`.

    Pass `held_out="drop"` if a source may contain a sentence of the official test set by chance. Clean corpora of any
    size contain some short reference ("I don't care").
    """
    source = parse_source(name)
    try:
        corpus = load_comments(
            source.path,
            column=source.column,
            where=source.where,
            min_words=min_words,
            max_words=max_words,
            training=training,
            held_out=held_out,
            quarantine=quarantine,
            as_it_stands=as_it_stands,
            say=lambda line: logger.warning("%s", replace_flag_hints(line)),
        )
    except SROError as error:
        raise SROError(replace_flag_hints(str(error))) from error
    return _sliced(corpus, source)


def _sliced(corpus: Corpus, source: Source) -> Corpus:
    """The comments that the source's slice takes. Raises SROError if there are too few."""
    if n := source.without_last:
        return Corpus(hold_out_last(corpus, n)[0], replace(corpus.report, taken=f"all but the last {n:,}"))
    if n := source.only_last:
        if n > len(corpus):
            raise SROError(f"{source.path}: cannot take the last {n} of {len(corpus)} comments")
        return Corpus(corpus.comments[-n:], replace(corpus.report, taken=f"only the last {n:,}"))
    return corpus


def load_sources(
    names: Sequence[str],
    *,
    min_words: int = 3,
    max_words: int = 60,
    quarantine: Path | None = None,
    held_out: Literal["refuse", "drop"] = "refuse",
) -> tuple[list[str], dict[str, str]]:
    """Training texts of several sources, in order and without repeats, and the hash of each source's texts.

    Args:
        quarantine: folder for the rows not kept, one file per source.
        held_out: how to treat sentences of the official test set in a source: raise an error, or leave them out.
    """
    texts: dict[str, str] = {}
    hashes: dict[str, str] = {}
    for number, name in enumerate(names):
        place = quarantine / f"quarantine_{number}.jsonl" if quarantine else None
        corpus = load_source(name, min_words=min_words, max_words=max_words, quarantine=place, held_out=held_out)
        logger.info("%s", corpus.report.summary())
        hashes[name] = corpus.sha256
        for text in corpus.texts:
            texts.setdefault(fingerprint(text), text)
    return list(texts.values()), hashes
