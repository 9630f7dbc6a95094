"""From texts to a table: every judge asked once, every row that a table needs.

found = evaluate(sources, {"ours": rewrites}, references, protocol="paradetox", judges=judges, screener=screener)
print(found.markdown())
found.save("runs/mine/evaluation")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.evaluation.baselines import HUMAN, baselines, refused_words
from sro.evaluation.chrf import chrf
from sro.evaluation.intervals import RESAMPLES, Bootstrap, bootstrap, win_tie_loss
from sro.evaluation.judges.loading import Judges
from sro.evaluation.protocols import NEEDS_REFERENCE, ProtocolName, Scores, clef24, clef25, paradetox
from sro.evaluation.tables import Caption, Row, markdown, to_csv
from sro.rewriting.measures import measure
from sro.screeners.base import Screener


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A table and what it was made from."""

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
        """Write `table.md`, `table.csv` and `sentences.jsonl` (one line a system and sentence), each in one step."""
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


def evaluate(
    sources: Sequence[str],
    systems: Mapping[str, Sequence[str]],
    references: Sequence[str] | None,
    *,
    protocol: ProtocolName,
    judges: Judges,
    screener: Screener,
    lexicon: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
) -> Evaluation:
    """Score systems and baselines by a protocol.

    Args:
        sources: N comments.
        systems: N outputs of each system, by name; stored peers are systems too.
        references: one human rewrite of each comment, or None (ParaDetox alone can do without).
        protocol, judges: how, and by whom; see `sro.evaluation.protocols` and `sro.evaluation.judges.loading`.
        screener: the one that systems were trained against; for the pass rate, and for the default lexicon.
        lexicon: words of the baseline `delete`; by default those of the sources that the screener refuses alone.
        resamples, seed: of the bootstrap.
        progress: told what is being judged; the first run of a table can take minutes.

    Raises:
        SROError: a row that cannot be scored, named; a protocol without the references it needs; a system with the
            name of a baseline, or another number of outputs.
    """
    if protocol in NEEDS_REFERENCE and references is None:
        raise SROError(f"the protocol {protocol} compares with references\n  fix: --reference FILE")
    names = judges.names()  # a judge that is nowhere shows here, before the others have worked for minutes
    words = refused_words(sources, screener) if lexicon is None else lexicon
    own = baselines(sources, references, words)
    if taken := sorted(own.keys() & systems.keys()):
        raise SROError(f"a system is called {taken[0]!r}, as a baseline is\n  fix: another name: --output NAME=FILE")
    outputs = {**{name: list(texts) for name, texts in systems.items()}, **own}
    scores: dict[str, Scores] = {}
    for name, texts in outputs.items():
        if len(texts) != len(sources):
            raise SROError(f"{name} has {len(texts):,} texts, the input {len(sources):,}\n  fix: one for each")
        progress(f"judging {name}: {len(texts):,} sentences")
        try:
            scores[name] = score(texts, sources, references, protocol, judges)
        except SROError as error:
            raise SROError(f"{name}: {error}") from error
    resampled = bootstrap({name: found.j for name, found in scores.items()}, resamples, seed)
    ranks, human = resampled.ranks(), scores.get(HUMAN)
    rows = []
    for name, texts in outputs.items():
        found = scores[name]
        passed = [verdict.passed for verdict in screener.screen(texts, sources=sources)]
        measures, means = measure(sources, texts, passed, found.sim), found.means()
        row = Row(
            system=name,
            sta=means["sta"],
            sim=means["sim"],
            fl=means["fl"],
            j=resampled.interval(name),
            rank=ranks[name],
            against_reference=None if human is None else win_tie_loss(found.j, human.j),
            pass_rate=measures.pass_rate,
            copy_rate=measures.copy_rate,
            length_ratio=measures.length_ratio,
            chrf=None if references is None else float(chrf(texts, references).mean()),
        )
        rows.append(row)
    caption = Caption(protocol, len(sources), names, screener.name, resamples, seed)
    return Evaluation(tuple(rows), caption, scores, resampled, tuple(sources), outputs)


def score(
    texts: Sequence[str],
    sources: Sequence[str],
    references: Sequence[str] | None,
    protocol: ProtocolName,
    judges: Judges,
) -> Scores:
    """Ask the judges what the protocol wants to know of N outputs, and score them by it."""
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
