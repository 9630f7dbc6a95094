"""The public training sets of an encoder: file, licence and label map of each, most trusted first.

All sets are openly licensed. If two sets disagree about a text, the first set decides.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sro.comments.formats import require_file
from sro.screeners.encoder import label_maps as maps
from sro.screeners.encoder.label_maps import (
    SEVERE_TOXICITY,
    THREAT,
    TOXICITY,
    Record,
    Row,
    Targets,
    not_hate,
    toxic_or_clean,
    with_profanity,
)

TUNING_SPLIT = 500  # the last comments of ParaDetox train, on which rewriters are compared
OTHER = "multilingual/multilingual_toxicity"


@dataclass(frozen=True)
class Source:
    """One file of a set: its path below the data folder, its licence and its label map."""

    name: str
    file: str
    licence: str
    targets: Callable[[Record], Targets | None]
    text: str = "text"
    pair: Callable[[Record], str] = lambda row: ""
    tests: frozenset[str] = frozenset({"test", "test_v02"})


def _label(row: Record) -> Targets:
    return maps.hate_or_not_hate(row["text"], bool(row["label"]))


def _wikipedia(row: Record) -> Targets:
    return toxic_or_clean(row["text"], float(row["label"]))


SOURCES = (
    Source("dynahate", "toxicity/dynahate/dynahate.jsonl.gz", "CC-BY-4.0", maps.dynahate),
    Source(
        "hatemoji_build",
        "toxicity/hatemoji_build/hatemoji_build.jsonl.gz",
        "CC-BY-4.0",
        maps.hatemoji,
        pair=lambda row: "hatemoji" + "-".join(sorted((str(row["id"]), str(row["pair_id"])))),
    ),
    Source("toxigen", "toxicity/toxigen/toxigen.jsonl.gz", "MIT", maps.toxigen),
    Source("toxigen", "toxicity/toxigen/toxigen_demonstrations.jsonl", "MIT", _label),
    Source("hatexplain", "toxicity/hatexplain/hatexplain.jsonl.gz", "MIT", maps.hatexplain),
    Source("sbic", "toxicity/sbic/sbic.jsonl.gz", "CC-BY-4.0", maps.sbic, tests=frozenset()),
    Source("implicit_hate", "toxicity/implicit_hate/implicit_hate.jsonl.gz", "MIT", maps.implicit_hate),
    Source("implicit_abuse", "toxicity/implicit_abuse_wiegand/identity_groups.jsonl.gz", "CC-BY-4.0", _label),
    Source("edos_sexism", "toxicity/edos_sexism/edos_sexism.jsonl.gz", "CC0-1.0", maps.sexism),
    Source("stormfront", "toxicity/stormfront/stormfront.jsonl.gz", "CC-BY-SA-3.0", maps.stormfront),
    Source("redditbias", "toxicity/redditbias/redditbias.jsonl.gz", "MIT", maps.redditbias),
    Source("convabuse", "toxicity/convabuse/convabuse.jsonl.gz", "CC-BY-4.0", maps.convabuse),
    Source("civil_span_types", "toxicity/civil_span_types/civil_span_types.jsonl.gz", "CC0-1.0", maps.civil_spans),
    Source(
        "civil_toxic",
        "toxicity/civil_toxic_marco/civil_toxic_marco.jsonl.gz",
        "MIT, CC0-1.0",
        lambda row: with_profanity(row["text"], {TOXICITY: 1.0}),
    ),
    Source("jigsaw6_small", "toxicity/jigsaw6_small/jigsaw6_small.jsonl.gz", "CC0-1.0", maps.jigsaw_six),
    Source("jigsaw_toxic", "jigsaw_toxic/jigsaw_toxic.csv", "CC0-1.0", maps.jigsaw_six, text="comment_text"),
    Source("jigsaw_binary20k", "toxicity/jigsaw_binary20k/jigsaw_binary20k.jsonl.gz", "CC0-1.0", maps.binary20k),
    Source(
        "jigsaw_balanced12k",
        "toxicity/jigsaw_balanced12k/jigsaw_balanced12k.jsonl.gz",
        "MIT, CC0-1.0",
        lambda row: toxic_or_clean(row["text"], row["label"]),
    ),
    Source("wikipedia_talk", "wikipedia_talk/gc.csv", "Apache-2.0", _wikipedia),
    Source("wikipedia_talk", "wikipedia_talk/gn.csv", "Apache-2.0", _wikipedia),
    Source("davidson", "davidson/labeled_data.csv", "MIT", maps.davidson, text="tweet"),
    Source(
        "surge_toxicity",
        "toxicity/surge_toxicity/surge_toxicity.jsonl.gz",
        "MIT",
        lambda row: (
            with_profanity(row["text"], {TOXICITY: 1.0}) if row["label"] else not_hate(row["text"]) | {TOXICITY: 0.0}
        ),
    ),
    Source("github_incivility", "toxicity/github_incivility/github_incivility.jsonl.gz", "MIT", maps.github),
    Source("openai_moderation", "toxicity/openai_moderation/openai_moderation.jsonl.gz", "MIT", maps.openai),
    Source("cold_zh", "multilingual/cold_zh.jsonl.gz", "Apache-2.0", maps.cold),
    Source(
        "germeval2018_de", "multilingual/multilingual_toxicity/germeval2018_de.jsonl.gz", "CC-BY-4.0", maps.germeval
    ),
    Source("kor_ko", f"{OTHER}/kor_ko.jsonl.gz", "CC-BY-SA-4.0", maps.korean),
    Source("toldbr_pt", f"{OTHER}/toldbr_pt.jsonl.gz", "CC-BY-SA-4.0", maps.toldbr),
    Source("mlma_ar", "multilingual/mlma_ar.jsonl.gz", "MIT", maps.mlma),
    Source("mlma_fr", "multilingual/mlma_fr.jsonl.gz", "MIT", maps.mlma),
)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a JSON Lines file (also gzip) or of a CSV or TSV file with a header.

    Raises SROError if there is no such file.
    """
    require_file(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        if ".jsonl" in path.name:
            yield from (json.loads(line) for line in file if line.strip())
        else:
            yield from csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")


def read_source(source: Source, data: Path) -> Iterator[Row]:
    """The rows of one file that decide at least one attribute."""
    for record in read_records(data / source.file):
        targets = source.targets(record)
        if targets:
            test = record.get("split") in source.tests
            yield Row(record[source.text], targets, source.name, source.pair(record), test)


def read_paradetox(data: Path) -> Iterator[Row]:
    """ParaDetox (CC0-1.0) as unpaired rows: toxic sentences, human rewrites, sentences that raters did not rewrite."""
    records = list(read_records(data / "paradetox_train/paradetox.tsv"))
    for number, record in enumerate(records):
        tuning = number >= len(records) - TUNING_SPLIT
        toxic = record["toxic"]
        yield Row(toxic, with_profanity(toxic, {TOXICITY: 1.0}), "paradetox", held_out=tuning)
        for column in ("neutral1", "neutral2", "neutral3"):
            if neutral := record[column]:
                targets = not_hate(neutral) | {TOXICITY: 0.0, THREAT: 0.0, SEVERE_TOXICITY: 0.0}
                yield Row(neutral, targets, "paradetox", held_out=tuning)
    for record in read_records(data / "paradetox_train/cannot_rewrite.tsv"):
        text, reasons = record["INPUT:toxic_comment"].strip('" '), json.loads(record["OUTPUT:reasons"])
        if reasons == {"not_toxic": True}:
            yield Row(text, not_hate(text) | {TOXICITY: 0.0, SEVERE_TOXICITY: 0.0}, "paradetox_hard")
        elif reasons == {"toxic_content": True}:
            yield Row(text, with_profanity(text, {TOXICITY: 1.0}), "paradetox_hard")


def read_sentences(data: Path, last: int = 500) -> Iterator[Row]:
    """Jigsaw in sentences (CC0-1.0); the last `last` of each side are held out."""
    for name in ("dev_toxic", "dev_normal"):
        lines = (data / "sentences" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            targets = toxic_or_clean(line, name == "dev_toxic")
            yield Row(line, targets, "sentences", held_out=number >= len(lines) - last)
