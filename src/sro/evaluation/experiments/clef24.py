"""Rewriting by language on the tuning half of CLEF 2024: ours, copy, delete, people and a stored system.

    sro experiment clef24 --languages de es ru --output_dir runs/clef24

Our system does what `sro rewrite --rule_languages` does: rules leave out or replace rude phrases
(`sro.rewriting.foreign_candidates`). If the screener accepts none of the candidates, the comment is refused and counts
as a copy. `delete` leaves out every word of a public list (LDNOOBW).

The judges are not CLEF's, because those need a hub. The encoder screener judges style; our rewrites are chosen by it,
so its STA is not an independent measure of them. E5 judges meaning. Fluency is chrF with people's rewrite, as at CLEF.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sro.core.data_folder import data_folder_field
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.provenance import write_manifest
from sro.evaluation.baselines import COPY, DELETE
from sro.evaluation.judges.cache import ScoreCache
from sro.evaluation.judges.loading import load_judges
from sro.evaluation.run import Evaluation, Scoring, Texts, evaluate
from sro.rewriting.foreign_candidates import LANGUAGES_WITH_RULES
from sro.rewriting.rewriter import Rewriter
from sro.screeners.encoder.sources import read_records
from sro.screeners.loading import load_screener

OURS, PEER = "ours (rules)", "mT0-XL-detox-orpo, 3.7 B"
LANGUAGES = ("de", "es", "ru", "uk", "zh", "ar", "hi", "am")


@dataclass
class Clef24Arguments:
    """The languages, and the judges of their rewrites."""

    languages: list[str] = field(
        default_factory=lambda: list(LANGUAGES), metadata={"help": "languages of CLEF 2024: " + " ".join(LANGUAGES)}
    )
    texts: int = field(
        default=150, metadata={"help": "largest number of comments per language, from the start of the file"}
    )
    screener: str = field(default="embedded/encoder", metadata={"help": "screener that decides what passes"})
    judges: list[str] = field(
        default_factory=lambda: ["style=embedded/encoder", "content=e5"],
        metadata={"help": "as for `sro evaluate`; use `official` if a hub can be reached"},
    )
    data: str = data_folder_field()
    output_dir: str = field(default="runs/clef24", metadata={"help": "folder for the tables, by language"})
    seed: int = field(default=0, metadata={"help": "random seed of the bootstrap"})


def read_language(data: Path, language: str, most: int) -> Texts:
    """Comments of a language with people's rewrites, and with the stored system's if it rewrote all of them.

    Raises:
        SROError: there are no comments in this language.
    """
    folder = data / "multilingual"
    stored = {
        row["toxic"]: row["mt0_xl_detox_orpo"]
        for row in read_records(folder / "mt0_outputs.jsonl.gz")
        if row["lang"] == language
    }
    rows = [row for row in read_records(folder / "clef24_tune.jsonl.gz") if row["lang"] == language][:most]
    if not rows:
        raise SROError(f"CLEF 2024 has no comments in {language!r}\n  fix: one of {' '.join(LANGUAGES)}")
    sources = [row["toxic"] for row in rows]
    peers = {PEER: [stored[text] for text in sources]} if all(text in stored for text in sources) else {}
    return Texts(sources, peers, [row["reference"] for row in rows])


def word_list(data: Path, language: str) -> list[str]:
    """The public list of rude words of a language; empty if there is none."""
    path = data / "multilingual" / "lexicons" / "ldnoobw_all.jsonl"
    return [row["term"] for row in read_records(path) if row["lang"] == language]


def clef24(
    arguments: Clef24Arguments, progress: Callable[[str], None] = lambda line: None, command: Sequence[str] = ()
) -> Path:
    """Evaluate every language. Returns the folder with `table.md` and a folder for each language."""
    screener, data, folder = load_screener(arguments.screener), Path(arguments.data), Path(arguments.output_dir)
    ruled = [language for language in arguments.languages if language in LANGUAGES_WITH_RULES]
    rewriter = Rewriter.load(screener=screener, rule_languages=ruled)
    judges = load_judges(arguments.judges, "clef24").cached(ScoreCache())
    pages = []
    for language in arguments.languages:
        progress(language)
        texts = read_language(data, language, arguments.texts)
        ours = [found.text for found in rewriter.rewrite(texts.sources)]
        texts = Texts(texts.sources, {OURS: ours, **texts.systems}, texts.references)
        scoring = Scoring("clef24", judges, screener, word_list(data, language), seed=arguments.seed)
        evaluation = evaluate(texts, scoring, progress)
        evaluation.save(folder / language)
        pages.append(f"## {language}\n\n{evaluation.markdown()}\n\n{_against_copy_and_delete(evaluation, ours)}")
    atomic_write_text(folder / "table.md", "\n\n".join(pages) + "\n")
    write_manifest(folder, list(command), vars(arguments), {}, arguments.seed)
    return folder


def _against_copy_and_delete(evaluation: Evaluation, ours: Sequence[str | None]) -> str:
    """The gain of our system in J, and how many comments it rewrote, refused or passed unchanged."""
    changed = sum(text is not None and text != source for text, source in zip(ours, evaluation.sources))
    told = []
    for other in (COPY, DELETE):
        gain = evaluation.bootstrap.difference(OURS, other)
        told.append(f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) against {other}")
    refused = sum(text is None for text in ours)
    passed = len(ours) - changed - refused
    return f"J of {OURS}: {', '.join(told)}; {changed} rewritten, {refused} refused, {passed} let through as they are."
