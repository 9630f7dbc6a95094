"""Training sets of a faithfulness critic: openly licensed, and without sets in which people rated rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sro.comments.words import bare_word
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.mixture import hostile
from sro.screeners.encoder.sources import read_records
from sro.screeners.faithfulness.pairs import Material, Pair, has_usable_length

UNFIT = frozenset(
    {"cold_zh", "germeval2018_de", "kor_ko", "toldbr_pt", "mlma_ar", "mlma_fr"}
    | {"contrast", "contrast_languages", "readings"}
)
"""Sets that are left out: sets that are not English; contrast sentences, because they are too few and would repeat too
often; and rewrites, because many are unnatural."""


def read_ready(meaning: Path, paraphrases: Path) -> dict[str, list[Pair]]:
    """Ready-made pairs: paraphrases (ParaBank 2), negations (CANNOT), one-word contradictions (Breaking NLI)."""
    found: dict[str, list[Pair]] = {"paraphrase": list(_parabank(paraphrases))}
    found["cannot"] = [
        Pair(row["a"], row["b"], 1.0 - row["label"], "cannot")
        for row in read_records(meaning / "cannot_negation/cannot_negation.jsonl.gz")
        if row["source"] != "wikifactcheck"
    ]
    kept = {"entailment": 1.0, "contradiction": 0.0}
    found["breaking_nli"] = [
        Pair(row["a"], row["b"], kept[row["label"]], "breaking_nli")
        for row in read_records(meaning / "breaking_nli/breaking_nli.jsonl.gz")
        if row["label"] in kept
    ]
    return {
        name: [pair for pair in pairs if has_usable_length(pair.comment) and has_usable_length(pair.candidate)]
        for name, pairs in found.items()
    }


def _parabank(folder: Path) -> Iterable[Pair]:
    for path in sorted(folder.glob("parabk2_*.csv.gz")):
        yield from (Pair(row["source"], row["target"], 1.0, "paraphrase") for row in read_records(path))


def read_antonyms(meaning: Path) -> dict[str, list[str]]:
    """Single words and their antonyms (Fernald, CC BY-SA 3.0)."""
    rows = read_records(meaning / "antonym_list/antonym_list.jsonl.gz")
    pairs = ((row["word"], [word for word in row["antonyms"] if word.isalpha()]) for row in rows)
    return {word: antonyms for word, antonyms in pairs if word.isalpha() and antonyms}


def read_material(data: Path, rows: Sequence[Row], edit: Callable[[str], Sequence[str]]) -> Material:
    """Read all material in `data`.

    Args:
        data: Folder of the public sets.
        rows: Texts with attributes, as in the training of the encoder screener, without held-out texts.
        edit: Returns the phrase table's civil forms of a comment.
    """
    usable = [row for row in rows if row.source not in UNFIT and has_usable_length(row.text)]
    clean = [row.text for row in usable if not hostile(row) and row.targets.get("TOXICITY", 1.0) <= 0.1]
    rude = [row.text for row in usable if hostile(row) and any(bare_word(word) for word in row.text.split())]
    return Material(
        clean=clean,
        rude=rude,
        edit=edit,
        ready=read_ready(data / "meaning", data / "paraphrase"),
        antonyms=read_antonyms(data / "meaning"),
    )
