"""From texts to a table: call every judge once, and compute every row of the table.

scoring = Scoring("paradetox", load_judges(["embedded"], "paradetox"), load_screener("embedded/linear"))
evaluation = evaluate(Texts(sources, {"ours": rewrites}, references), scoring)
print(evaluation.markdown())
evaluation.save("runs/mine/evaluation")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sro.comments.rows import LONE_SURROGATE
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.evaluation.baselines import HUMAN, baselines, refused_words
from sro.evaluation.chrf import chrf, chrf_metric
from sro.evaluation.intervals import RESAMPLES, Bootstrap, bootstrap, win_tie_loss
from sro.evaluation.judges.loading import Judges
from sro.evaluation.protocols import NEEDS_REFERENCE, ProtocolName, Scores, clef24, clef25, paradetox
from sro.evaluation.tables import Caption, Row, markdown, to_csv
from sro.rewriting.measures import measure
from sro.screeners.base import Screener


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A table and the data it was made from."""

    rows: tuple[Row, ...]
    caption: Caption
    scores: dict[str, Scores]
    """Sentence by sentence, by system."""
    bootstrap: Bootstrap
    sources: tuple[str, ...]
    outputs: dict[str, list[str]]
    """By system, baselines included."""

    def markdown(self) -> str:
        """The table with its caption."""
        return markdown(self.rows, self.caption)

    def save(self, folder: str | Path) -> None:
        """Write `table.md`, `table.csv` and `sentences.jsonl` (one line for each system and sentence), each in one
        step."""
        atomic_write_text(Path(folder) / "table.md", self.markdown() + "\n")
        atomic_write_text(Path(folder) / "table.csv", to_csv(self.rows, self.caption))
        atomic_write_text(Path(folder) / "sentences.jsonl", "".join(map(_json_line, self.sentences())))

    def sentences(self) -> list[dict[str, object]]:
        """Source, output and scores of every sentence of every system; `row` counts from 1."""
        found: list[dict[str, object]] = []
        for system, texts in self.outputs.items():
            scores = self.scores[system]
            columns = zip(self.sources, texts, scores.sta, scores.sim, scores.fl, scores.j)
            for row, (source, text, *values) in enumerate(columns, 1):
                figures = {name: round(float(value), 6) for name, value in zip(("sta", "sim", "fl", "j"), values)}
                found.append({"system": system, "row": row, "source": source, "text": text, **figures})
        return found


@dataclass(frozen=True)
class Texts:
    """Columns of N texts that belong together, row by row."""

    sources: Sequence[str]
    systems: Mapping[str, Sequence[str | None]]
    """N outputs of each system, by name; stored peers are systems too. None: the system refused to rewrite the
    comment. The comment then stays unchanged and is scored as a copy."""
    references: Sequence[str] | None = None
    """One human rewrite of each comment; only the ParaDetox protocol works without them."""


@dataclass(frozen=True)
class Scoring:
    """The protocol and the judges that score the texts.

    Raises:
        SROError: `resamples` is below 1, or `seed` below 0.
    """

    protocol: ProtocolName
    judges: Judges
    """See `sro.evaluation.judges.loading`."""
    screener: Screener
    """The screener that systems were trained against; for the pass rate, and for the default lexicon."""
    lexicon: Sequence[str] | None = None
    """Words of the baseline `delete`; by default the words of the sources that the screener refuses on their own."""
    resamples: int = RESAMPLES
    """Number of bootstrap resamples."""
    seed: int = 0
    """Random seed of the bootstrap."""

    def __post_init__(self) -> None:
        for name, value, least in (("resamples", self.resamples, 1), ("seed", self.seed, 0)):
            if value < least:
                raise SROError(f"{name}={value} must be ≥ {least}")


def evaluate(texts: Texts, scoring: Scoring, progress: Callable[[str], None] = lambda line: None) -> Evaluation:
    """Score systems and baselines by a protocol.

    Args:
        progress: is called with a line for each system, because the first run of a table can take minutes.

    Raises:
        SROError: a row cannot be scored (the message names it); there are references but sacrebleu is not installed;
            the protocol needs references; a system has the name of a baseline or the wrong number of outputs.
    """
    sources, references = texts.sources, texts.references
    _refuse_half_characters({"the input": sources, "the reference": references or (), **texts.systems})
    if scoring.protocol in NEEDS_REFERENCE and references is None:
        raise SROError(f"the protocol {scoring.protocol} compares with references\n  fix: --reference FILE")
    if references is not None:
        chrf_metric()  # a missing package shows now
    names = scoring.judges.names()  # a missing judge shows here, before the others work for minutes
    words = refused_words(sources, scoring.screener) if scoring.lexicon is None else scoring.lexicon
    own = baselines(sources, references, words)
    if taken := sorted(own.keys() & texts.systems.keys()):
        raise SROError(f"a system is called {taken[0]!r}, as a baseline is\n  fix: another name: --rewrites NAME=FILE")
    outputs: dict[str, list[str]] = {}
    refused = dict.fromkeys(own, 0.0)
    for name, column in texts.systems.items():
        if len(column) != len(sources):
            raise SROError(f"{name} has {len(column):,} texts, the input {len(sources):,}\n  fix: one for each")
        outputs[name] = [source if text is None else text for text, source in zip(column, sources)]
        refused[name] = sum(text is None for text in column) / len(column)
    outputs |= own
    scores: dict[str, Scores] = {}
    for name, column in outputs.items():
        progress(f"judging {name}: {len(column):,} sentences")
        try:
            scores[name] = score(column, sources, references, scoring.protocol, scoring.judges)
        except SROError as error:
            raise SROError(f"{name}: {error}") from error
    resampled = bootstrap({name: its.j for name, its in scores.items()}, scoring.resamples, scoring.seed)
    rows = _rows(texts, outputs, refused, scores, resampled, scoring.screener)
    caption = Caption(scoring.protocol, len(sources), names, scoring.screener.name, scoring.resamples, scoring.seed)
    return Evaluation(tuple(rows), caption, scores, resampled, tuple(sources), outputs)


def _refuse_half_characters(columns: Mapping[str, Sequence[str | None]]) -> None:
    """Raise SROError if a text holds half a character, because tokenizers refuse it and no file in UTF-8 can hold it.
    JSON can, and texts that were cut without regard to emoji often do."""
    for name, column in columns.items():
        for number, text in enumerate(column, 1):
            if text and (half := LONE_SURROGATE.search(text)):
                raise SROError(
                    f"{name}: row {number} holds half a character ({half[0]!r})\n"
                    "  fix: correct the row, or leave it out of every file"
                )


def _rows(
    texts: Texts,
    outputs: Mapping[str, Sequence[str]],
    refused: Mapping[str, float],
    scores: Mapping[str, Scores],
    resampled: Bootstrap,
    screener: Screener,
) -> list[Row]:
    """The table's row of each system and baseline."""
    ranks, human = resampled.ranks(), scores.get(HUMAN)
    rows = []
    for name, column in outputs.items():
        its = scores[name]
        passed = [verdict.passed for verdict in screener.screen(column, sources=texts.sources)]
        measures, means = measure(texts.sources, column, passed, its.sim), its.means()
        rows.append(
            Row(
                system=name,
                sta=means["sta"],
                sim=means["sim"],
                fl=means["fl"],
                j=resampled.interval(name),
                rank=ranks[name],
                against_reference=None if human is None else win_tie_loss(its.j, human.j),
                pass_rate=measures.pass_rate,
                refused=refused[name],
                copy_rate=measures.copy_rate,
                length_ratio=measures.length_ratio,
                chrf=None if texts.references is None else float(chrf(column, texts.references).mean()),
            )
        )
    return rows


def score(
    texts: Sequence[str],
    sources: Sequence[str],
    references: Sequence[str] | None,
    protocol: ProtocolName,
    judges: Judges,
) -> Scores:
    """Get the judges' scores of N outputs that the protocol needs, and score the outputs by the protocol."""
    style, cosine = judges.style(texts), judges.content(texts, sources)
    fluency = judges.fluency(texts, sources, references)
    if protocol == "paradetox":
        return paradetox(style, cosine, fluency)
    if protocol == "clef24":
        return clef24(style, cosine, fluency)
    if references is None:
        raise SROError("CLEF 2025 compares with references\n  fix: --reference FILE")
    to_reference = judges.content(texts, references)
    return clef25(style, judges.style(sources), judges.style(references), cosine, to_reference, fluency)


def _json_line(record: Mapping[str, object]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
