"""Keep the official ParaDetox test set out of training.

The package carries hashes of its 671 toxic sentences and their human references (`assets/held_out.txt`), not the
sentences, so a sentence can be recognised but not read. Make the file again, from the sentences, with

    python -m sro.comments.test_set $SRO_DATA/paradetox_test/test671.jsonl src/sro/assets/held_out.txt
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import count
from pathlib import Path

from sro.comments.clean import _digest, fingerprint, letters_and_digits
from sro.core.errors import SROError
from sro.core.files import atomic_write_text

HEADER = """\
# Held out of training: the official ParaDetox test set, 671 toxic sentences and their human references.
# One line a sentence, sorted: the first 16 hex digits of the sha256 of its letters and digits, as computed by
# sro.comments.clean.fingerprint. The sentences themselves are not distributed with this package.
# Made by: python -m sro.comments.test_set $SRO_DATA/paradetox_test/test671.jsonl src/sro/assets/held_out.txt
"""

SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+")
# Test sentences were cut from longer comments, so runs of sentences inside a comment are looked up too. Short ones ("i
# don't care") occur in any text, so a run must have at least RUN_LETTERS letters. No test item is longer than five
# sentences.
RUN_LETTERS = 25
RUN_SENTENCES = 5


def is_held_out(text: str) -> bool:
    """Whether `text` is a sentence of the official test set, or contains one of at least 25 letters."""
    held_out = held_out_fingerprints()
    if fingerprint(text) in held_out:
        return True
    sentences = [letters_and_digits(sentence) for sentence in SENTENCE_BREAK.split(text)]
    runs = (
        "".join(sentences[start:end])
        for start in range(len(sentences))
        for end in range(start + 1, min(start + RUN_SENTENCES, len(sentences)) + 1)
    )
    return any(len(run) >= RUN_LETTERS and _digest(run) in held_out for run in runs)


def refuse_held_out(texts: Iterable[str], source: str, lines: Iterable[int] | None = None) -> None:
    """Raise SROError, with file, lines and number, if `texts` contain sentences of the official test set.

    `lines` are the line numbers of the texts in `source`; 1, 2, 3, … by default.
    """
    found = [line for line, text in zip(count(1) if lines is None else lines, texts) if is_held_out(text)]
    if found:
        places = ", ".join(f"{source}:{line}" for line in found[:5]) + (", …" if len(found) > 5 else "")
        rows = "1 comment is" if len(found) == 1 else f"{len(found)} comments are"
        raise SROError(
            f"{rows} from the official ParaDetox test set, which no training may see: {places}."
            "\n  fix: remove these lines from the file, or --drop_test_set true (sro train, sro warmup)"
        )


@cache
def held_out_fingerprints() -> frozenset[str]:
    """The fingerprints that the package carries."""
    lines = (files("sro") / "assets" / "held_out.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def held_out_file(test_file: Path) -> str:
    """The content of `assets/held_out.txt`, made from JSON Lines with the fields `toxic` and `reference`."""
    rows = [json.loads(line) for line in test_file.read_text(encoding="utf-8").splitlines()]
    prints = {fingerprint(row[field]) for row in rows for field in ("toxic", "reference")}
    return HEADER + "".join(f"{value}\n" for value in sorted(prints))


if __name__ == "__main__":
    atomic_write_text(sys.argv[2], held_out_file(Path(sys.argv[1])))
