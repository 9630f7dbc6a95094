"""The sheet: every system's rewrite of every sentence, shown worst first.

It is stored in a folder as `sheet.jsonl`, with one JSON object for each sentence and system:

    {"system": "SRO", "row": 17, "source": "…", "rewrite": "…", "reference": "…" or null, "scores": {"sta": 0.98, …}}

`row` is the sentence's number, the same for all systems. Four scores are used for the order and the verdicts, if they
are there: `j` (the protocol's), `pass` (1: the screener passes it), `sta` and `sim` (cosine to the source). Others are
only shown. The system of the first line is shown first.

`sentences.jsonl` of `sro evaluate --output_dir` and `rewrites.jsonl` of a training run are read as sheets too.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sro.comments.clean import letters_and_digits
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.evaluation.baselines import HUMAN
from sro.rewriting.measures import LOW_SIMILARITY

if TYPE_CHECKING:
    from sro.screeners.base import Screener, Similarity

VERDICTS = ("failed", "copy", "low similarity", "empty")
GALLERY_SIZE, GALLERY_SEED = 60, 0


@dataclass(frozen=True, slots=True)
class Line:
    """One system's rewrite of one sentence."""

    system: str
    row: int
    source: str
    rewrite: str
    reference: str | None = None
    """A human's rewrite."""
    scores: Mapping[str, float] = field(default_factory=dict)


def write_sheet(folder: str | Path, lines: Iterable[Line]) -> Path:
    """Write `folder`/sheet.jsonl in one step and return its path. A score that is not finite is left out."""
    path = Path(folder) / "sheet.jsonl"
    atomic_write_text(path, "".join(json.dumps({**asdict(line), "scores": _finite(line)}) + "\n" for line in lines))
    return path


def read_sheet(folder: str | Path) -> list[Line]:
    """The sheet of a folder: sheet.jsonl, else sentences.jsonl, else rewrites.jsonl, else nothing.

    Raises:
        SROError: a line is not such an object, or a system has a row twice; the message says where.
    """
    for name, lines_of in (("sheet", _own), ("sentences", _of_evaluation), ("rewrites", _of_run)):
        if (path := Path(folder) / f"{name}.jsonl").is_file():
            lines = lines_of(path)
            _refuse_repeated(lines, path)
            return lines
    return []


def scored(lines: Sequence[Line], screener: Screener, similarity: Similarity) -> list[Line]:
    """Add `pass` (by the screener) and `sim` to each line; a training run, for example, saves only their means."""
    rewrites, sources = [line.rewrite for line in lines], [line.source for line in lines]
    verdicts, cosines = screener.screen(rewrites, sources=sources), similarity.similarity(rewrites, sources)
    return [
        replace(line, scores={**line.scores, "pass": float(verdict.passed), "sim": round(float(cosine), 4)})
        for line, verdict, cosine in zip(lines, verdicts, cosines)
    ]


def worst_first(lines: Iterable[Line]) -> list[Line]:
    """Sort by lowest j, then lowest pass · cosine, then lowest cosine, then copies. A missing score counts as good."""

    def badness(line: Line) -> tuple[float, float, float, bool, int]:
        joint, known = 1.0, _finite(line)
        for name in ("pass", "sim"):
            joint *= known.get(name, 1.0)
        return known.get("j", math.inf), joint, known.get("sim", 1.0), "copy" not in verdicts(line), line.row

    return sorted(lines, key=badness)


def verdicts(line: Line) -> list[str]:
    """The `VERDICTS` that hold. Failed means that `pass` is below 1/2, or `sta` if there is no `pass`."""
    found, letters = _finite(line), letters_and_digits(line.rewrite)
    holds = (
        found.get("pass", found.get("sta", 1.0)) < 0.5,
        bool(letters) and letters == letters_and_digits(line.source),
        found.get("sim", 1.0) < LOW_SIMILARITY,
        not letters,
    )
    return [name for name, yes in zip(VERDICTS, holds) if yes]


def payload(lines: Sequence[Line]) -> dict[str, Any]:
    """The sheet as data for the page. Systems and sentences are numbers in it, so that no text occurs twice.

    Returns:
        `systems` and `scores`: the names. `sentences`: [row, source, reference] each. `lines`, worst first:
        [system, sentence, rewrite, verdicts, scores] each. `gallery`: the sentences to show with all systems, by row.
        `rivals`: the systems shown there, without the reference. Both are empty if there is only one system.
    """
    systems = list(dict.fromkeys(line.system for line in lines))
    names = list(dict.fromkeys(name for line in lines for name in line.scores))
    sentences: dict[tuple[int, str], int] = {}
    references: dict[tuple[int, str], str] = {}
    seen: dict[tuple[int, str], set[str]] = {}
    for line in lines:
        sentence = line.row, line.source
        sentences.setdefault(sentence, len(sentences))
        seen.setdefault(sentence, set()).add(line.system)
        if line.reference is not None:
            references.setdefault(sentence, line.reference)
    number = {system: place for place, system in enumerate(systems)}
    own = {line.system for line in lines if line.rewrite != references.get((line.row, line.source))}
    rivals = [name for name in systems if name in own]
    shared = [sentence for sentence in sentences if len(seen[sentence]) > 1]
    drawn = random.Random(GALLERY_SEED).sample(shared, min(GALLERY_SIZE, len(shared)))
    return {
        "systems": systems,
        "scores": names,
        "sentences": [[row, source, references.get((row, source))] for row, source in sentences],
        "lines": [
            [
                number[line.system],
                sentences[line.row, line.source],
                line.rewrite,
                verdicts(line),
                [_finite(line).get(name) for name in names],
            ]
            for line in worst_first(lines)
        ],
        "gallery": [sentences[sentence] for sentence in sorted(drawn)],
        "rivals": [number[name] for name in rivals] if drawn else [],
    }


def _finite(line: Line) -> dict[str, float]:
    return {name: value for name, value in line.scores.items() if math.isfinite(value)}


# --- reading ---------------------------------------------------------------------------------------------------------


def _own(path: Path) -> list[Line]:
    return [
        _line(
            record,
            "rewrite",
            where,
            reference=None if record.get("reference") is None else _value(record, "reference", str, where),
            scores=_scores(record.get("scores") or {}, where),
        )
        for where, record in _records(path)
    ]


def _of_evaluation(path: Path) -> list[Line]:
    """The lines of sentences.jsonl: scores are beside the texts, and the references are a system."""
    texts = ("system", "row", "source", "text")
    lines = [
        _line(
            record,
            "text",
            where,
            scores=_scores({name: value for name, value in record.items() if name not in texts}, where),
        )
        for where, record in _records(path)
    ]
    references = {line.row: line.rewrite for line in lines if line.system == HUMAN}
    return [replace(line, reference=references.get(line.row)) for line in lines]


def _line(record: Mapping[str, Any], rewrite: str, where: str, **more: Any) -> Line:
    """The line of a record; `rewrite` is the name of the field that holds the rewrite."""
    return Line(
        _value(record, "system", str, where),
        _value(record, "row", int, where),
        _value(record, "source", str, where),
        _value(record, rewrite, str, where),
        **more,
    )


def _of_run(path: Path) -> list[Line]:
    """The lines of rewrites.jsonl; the names are those of the run's table.md."""
    records = list(_records(path))
    return [
        Line(system, row, _value(record, "comment", str, where), _value(record, moment, str, where))
        for system, moment in (("after (SRO)", "after"), ("before (start)", "before"))
        for row, (where, record) in enumerate(records, 1)
    ]


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object, with its file and line. Only a line feed ends a line, because a text may contain U+2028."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read: {error}\n  fix: it has to be JSON Lines in UTF-8") from error
    for number, text in enumerate(content.split("\n"), 1):
        if not text.strip():
            continue
        where = f"{path}:{number}"
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SROError(f"{where}: no JSON: {error}\n  fix: one object a line") from error
        if not isinstance(record, dict):
            raise SROError(f"{where}: no JSON object\n  fix: one object a line")
        yield where, record


def _value(record: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = record.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SROError(f"{where}: '{name}' has to be {'text' if kind is str else 'a whole number'}, not {value!r:.40}")
    return value


def _scores(found: Any, where: str) -> dict[str, float]:
    """The scores that are present; null means no score."""
    if not isinstance(found, dict):
        raise SROError(f"{where}: 'scores' has to be an object of numbers, not {found!r:.40}")
    for name, value in found.items():
        if not isinstance(value, int | float | None):
            raise SROError(f"{where}: the score '{name}' has to be a number or null, not {value!r:.40}")
    return {name: float(value) for name, value in found.items() if value is not None}


def _refuse_repeated(lines: Iterable[Line], path: Path) -> None:
    seen: set[tuple[str, int]] = set()
    for line in lines:
        if (line.system, line.row) in seen:
            raise SROError(
                f"{path}: row {line.row} of {line.system!r} is there twice\n"
                "  fix: one line a sentence and system; the runs of several seeds are systems of their own"
            )
        seen.add((line.system, line.row))
