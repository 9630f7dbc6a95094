"""The result of a reading as Markdown, JSON and bars."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sro.core.files import atomic_write_text, file_sha256
from sro.core.markdown import write_table
from sro.evaluation.experiments.figures import Bar, preference_bars
from sro.evaluation.intervals import Interval
from sro.evaluation.reading.result import Fit, Preference, Result, Score

TOGETHER = "together"
NOTHING = "–"


def save(result: Result, folder: str | Path, files: Sequence[str], command: Sequence[str]) -> None:
    """Write result.md, result.json and preferences.png, each in one step.

    Args:
        files: the files that the readers sent back; their hashes are kept.
        command: the command line.
    """
    atomic_write_text(Path(folder) / "result.md", markdown(result) + "\n")
    hashes = {path: file_sha256(path) for path in files}
    record = {"command": list(command), "files": hashes, **to_json(result)}
    atomic_write_text(Path(folder) / "result.json", json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    bars = [Bar(name, one.preference.a, one.preference.same, one.preference.b) for name, one in _scores(result)]
    preference_bars(bars, result.sheet.a, result.sheet.b, Path(folder) / "preferences.png")


def markdown(result: Result) -> str:
    """The tables with a caption, without a line break at the end."""
    parts = [f"# Blind reading: {result.sheet.a} and {result.sheet.b}", _caption(result)]
    parts += [_preferences(result), _fits(result)]
    if result.agreements:
        parts.append(_agreements(result))
    return "\n\n".join(parts)


def to_json(result: Result) -> dict[str, Any]:
    """Every number of the tables, and every pair with its answers and notes; null for a missing value."""
    sheet = result.sheet
    pairs = [
        {
            **{"id": identity, "comment": pair.comment, "a": pair.a, "b": pair.b},
            "answers": {
                reading.reader: {
                    "preferred": {1.0: "a", -1.0: "b", 0.0: "same"}.get(float(reading.preferred[at])),
                    "fit_a": _yes_no(reading.fit[at, 0]),
                    "fit_b": _yes_no(reading.fit[at, 1]),
                    "note": reading.notes[at],
                }
                for reading in result.readings
            },
        }
        for at, (identity, pair) in enumerate(zip(sheet.ids(), sheet.pairs))
    ]
    return {
        "sheet": sheet.name,
        "systems": {"a": sheet.a, "b": sheet.b},
        **{name: getattr(sheet, name) for name in ("seed", "shared", "identical")},
        "shown": len(sheet.pairs),
        "readers": {name: _named(asdict(one)) for name, one in result.scores.items()},
        "together": result.together and _named(asdict(result.together)),
        "agreement": [
            {"readers": list(readers), "question": question, **(_named(found._asdict()) if found else {"answers": 0})}
            for readers, questions in result.agreements.items()
            for question, found in questions.items()
        ],
        "pairs": pairs,
    }


def _caption(result: Result) -> str:
    sheet = result.sheet
    refused = [sum(text is None for text in texts) for texts in zip(*((pair.a, pair.b) for pair in sheet.pairs))]
    return (
        f"{len(sheet.pairs):,} pairs, drawn with seed {sheet.seed} from {sheet.shared:,} comments that both answer. "
        f"Sides were drawn by lot, and readers were not told whose is whose. Identical: {sheet.identical:,} more came "
        f"up in the draw whose rewrites do not differ; they were not shown. Refused: {sheet.a} {refused[0]:,}, "
        f"{sheet.b} {refused[1]:,} of the pairs; a refusal can be preferred, and is not fit to show. Intervals are of "
        "95 %: exact for shares of decided pairs (on one side of .500 where the sign test refutes a tie), Wilson's "
        "for one reader's fit, a bootstrap over pairs for differences, for kappa and for all readers together. "
        "Together, a pair goes to the side that more readers prefer (the same where they are divided), and its fit "
        "is the mean of theirs."
    )


def _preferences(result: Result) -> str:
    sheet = result.sheet
    head = ["reader", f"{sheet.a} preferred", f"{sheet.b} preferred", "same", "identical", "neither fit"]
    head += [f"{sheet.a}'s share of decided [95 %]", "sign test p", "left's share [95 %]", "not answered"]

    def cells(name: str, one: Score) -> list[str]:
        found: Preference = one.preference
        counts = (found.a, found.b, found.same, sheet.identical, one.neither)
        p = NOTHING if found.p is None else f"{found.p:.3f}" if found.p >= 0.001 else "< .001"
        return [name, *map(str, counts), _interval(found.share), p, _interval(found.left), str(found.missing)]

    return write_table(head, [cells(name, one) for name, one in _scores(result)])


def _fits(result: Result) -> str:
    sheet = result.sheet
    head = ["reader", f"{sheet.a} fit", "share [95 %]", f"{sheet.b} fit", "share [95 %]"]
    head += ["difference [95 %]", "not answered"]

    def counted(fit: Fit) -> list[str]:
        return [f"{round(fit.fit, 1):g} of {fit.answered}", _interval(fit.share)]

    return write_table(
        head,
        [
            [
                name,
                *counted(one.a),
                *counted(one.b),
                _interval(one.difference, "+"),
                str(one.a.missing + one.b.missing),
            ]
            for name, one in _scores(result)
        ],
    )


def _agreements(result: Result) -> str:
    rows = []
    for (first, second), questions in result.agreements.items():
        for question, found in questions.items():
            numbers = (
                [str(found.answers), f"{found.equal:.3f}", _interval(found.kappa)]
                if found
                else ["0", NOTHING, NOTHING]
            )
            rows.append([f"{first} and {second}", question, *numbers])
    return write_table(["readers", "question", "answered by both", "equal", "kappa [95 %]"], rows, left=(0, 1))


def _scores(result: Result) -> list[tuple[str, Score]]:
    return [*result.scores.items(), *([(TOGETHER, result.together)] if result.together else [])]


def _interval(interval: Interval | None, sign: str = "") -> str:
    if interval is None:
        return NOTHING
    value, low, high = (f"{one:{sign}.3f}" for one in interval)
    return f"{value} [{low}, {high}]"


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Intervals as JSON objects; JSON would turn named tuples into lists."""
    return {
        name: value._asdict() if isinstance(value, Interval) else _named(value) if isinstance(value, dict) else value
        for name, value in fields.items()
    }


def _yes_no(fit: float) -> bool | None:
    return None if math.isnan(fit) else bool(fit)
