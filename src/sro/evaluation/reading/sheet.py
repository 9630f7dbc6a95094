"""The shuffled sheet: pairs of rewrites for the readers, without system names, and the key with the names.

sheet.csv         id, comment, left, right, and empty columns for the answers
instructions.md   what to judge, for readers; neither file names a system
key.json          which side belongs to which system; readers must not see it

An id begins with the sheet's name: eight letters computed from its texts. So answers to one sheet are never counted
with the key of another.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sro.core.errors import SROError
from sro.core.files import atomic_folder, atomic_write_bytes, atomic_write_text, file_sha256
from sro.evaluation.reading.instructions import INSTRUCTIONS, REFUSED
from sro.evaluation.reading.systems import System

Side = Literal["a", "b"]
Place = Literal["left", "right"]
PLACES: tuple[Place, Place] = ("left", "right")
TEXTS = ("id", "comment", "left", "right")
ANSWERS = ("preferred", "left_fit", "right_fit", "note")
FORMULA = "=+-@＝＋－＠"
KEY = "key.json"


@dataclass(frozen=True)
class Pair:
    """One comment with two rewrites that differ; None if a system refused."""

    comment: str
    a: str | None
    b: str | None
    left: Side
    """The system with its rewrite on the left."""

    def rewrite(self, place: Place) -> str | None:
        """The rewrite at this place."""
        return self.a if (place == "left") == (self.left == "a") else self.b

    def shown(self, place: Place) -> str:
        """The text that readers see at this place."""
        rewrite = self.rewrite(place)
        return REFUSED if rewrite is None else rewrite


@dataclass(frozen=True)
class Sheet:
    """The drawn pairs; an id is `name` and the number of the pair, from 1."""

    pairs: tuple[Pair, ...]
    a: str
    """Name of the system."""
    b: str
    seed: int
    shared: int
    """Number of comments that both systems answer; the pairs were drawn from them."""
    identical: int
    """Number of drawn comments with two identical rewrites: these are not shown."""

    @property
    def name(self) -> str:
        """Eight letters computed from the texts that readers see; no digits, because spreadsheets may turn these into
        numbers."""
        seen = [[pair.comment, *map(pair.shown, PLACES)] for pair in self.pairs]
        return "".join(chr(ord("a") + int(digit, 16)) for digit in _sha256(json.dumps(seen))[:8])

    def ids(self) -> list[str]:
        """The id of each pair, in order."""
        name = self.name
        return [f"{name}-{number:03}" for number in range(1, len(self.pairs) + 1)]


def draw(a: System, b: System, n: int, seed: int, *, leave_out_refused: bool = False) -> Sheet:
    """Draw comments that both systems answer, until `n` comments have rewrites that differ, or no comments are left.

    The place of a comment in the draw depends only on the seed and its own letters. So two readings with the same seed
    share their comments, whatever systems are compared. Each system is on the left in half of the pairs.

    Raises:
        SROError: the systems have the same name, share no comment, or never differ.
    """
    if a.name == b.name:
        raise SROError(f"both systems are called {a.name!r}\n  fix: name them: --a one={a.path} --b other={b.path}")
    shared = [letters for letters in a.rewrites if letters in b.rewrites]
    if leave_out_refused:
        shared = [letters for letters in shared if None not in (a.rewrites[letters].text, b.rewrites[letters].text)]
    if not shared:
        why = " that neither refused" if leave_out_refused else ""
        raise SROError(
            f"{a.path} and {b.path} share no comment{why}\n  fix: both must hold rewrites of the same comments"
        )
    drawn: list[tuple[str, str | None, str | None]] = []
    identical = 0
    for letters in sorted(shared, key=lambda one: _sha256(f"{seed} {one}")):
        ours, theirs = a.rewrites[letters], b.rewrites[letters]
        if ours.text == theirs.text:
            identical += 1
        else:
            drawn.append((ours.comment, ours.text, theirs.text))
        if len(drawn) == n:
            break
    if not drawn:
        raise SROError(f"{a.name} and {b.name} give the same {identical:,} rewrites: there is nothing to read")
    # The sides depend on the texts too, so that two sheets with the same seed do not put a system in the same places.
    lefts: list[Side] = ["a" if place % 2 else "b" for place in range(len(drawn))]
    random.Random(_sha256(json.dumps([seed, drawn]))).shuffle(lefts)
    pairs = tuple(Pair(*texts, left) for texts, left in zip(drawn, lefts))
    return Sheet(pairs, a.name, b.name, seed, len(shared), identical)


def write_sheet(sheet: Sheet, folder: str | Path, files: dict[Side, str], command: Sequence[str]) -> None:
    """Make the folder with sheet.csv, instructions.md and key.json in one step.

    Args:
        files: the file with the rewrites of each system.
        command: the command line, for the key.

    Raises:
        SROError: the folder is not empty.
    """
    names: dict[Side, str] = {"a": sheet.a, "b": sheet.b}
    key = {
        "sheet": sheet.name,
        "command": list(command),
        "systems": {
            side: {"name": name, "file": files[side], "sha256": file_sha256(files[side])}
            for side, name in names.items()
        },
        **{name: getattr(sheet, name) for name in ("seed", "shared", "identical")},
        "pairs": [
            {"id": identity, **{name: getattr(pair, name) for name in ("comment", "a", "b", "left")}}
            for identity, pair in zip(sheet.ids(), sheet.pairs)
        ],
    }
    with atomic_folder(folder) as path:
        # The byte order mark tells spreadsheets that the file is UTF-8.
        atomic_write_bytes(path / "sheet.csv", to_csv(sheet).encode("utf-8-sig"))
        atomic_write_text(path / "instructions.md", INSTRUCTIONS)
        atomic_write_text(path / KEY, json.dumps(key, ensure_ascii=False, indent=1) + "\n")


def read_key(folder: str | Path) -> Sheet:
    """The sheet of a folder, from its key.

    Raises:
        SROError: there is no key, or it was changed.
    """
    path = Path(folder) / KEY
    if not path.is_file():
        raise SROError(f"{path}: no such file\n  fix: --sheet FOLDER, as `sro experiment read sheet --output` made it")
    try:
        key: dict[str, Any] = json.loads(path.read_text("utf-8"))
        systems = key["systems"]
        sheet = Sheet(
            tuple(Pair(pair["comment"], pair["a"], pair["b"], pair["left"]) for pair in key["pairs"]),
            systems["a"]["name"],
            systems["b"]["name"],
            **{name: int(key[name]) for name in ("seed", "shared", "identical")},
        )
        intact = key["sheet"] == sheet.name and [pair["id"] for pair in key["pairs"]] == sheet.ids()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SROError(f"{path}: no key of a sheet ({error!r:.80})\n  fix: make the sheet again") from error
    if not intact:
        raise SROError(
            f"{path}: the texts are not those that sheet {key['sheet']} was made of\n"
            "  fix: use the key as it was written; what readers were shown cannot be changed afterwards"
        )
    return sheet


def to_csv(sheet: Sheet) -> str:
    """The CSV that readers fill in; the fit of a refusal is already `no`."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow((*TEXTS, *ANSWERS))
    for identity, pair in zip(sheet.ids(), sheet.pairs):
        texts = map(spreadsheet_text, (pair.comment, *map(pair.shown, PLACES)))
        fits = ("no" if pair.rewrite(place) is None else "" for place in PLACES)
        lines.writerow((identity, *texts, "", *fits, ""))
    return out.getvalue()


def spreadsheet_text(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet would read it as a formula, as on the service's page."""
    visible = next((sign for sign in text if not (sign.isspace() or unicodedata.category(sign)[0] == "C")), "")
    return f"'{text}" if (visible and visible in FORMULA) or text[:1] in ("\t", "\r", "\n") else text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
