"""Measure language detection on short, rude comments: accuracy, English taken for another language, speed.

    python -m benchmarks.languages                    # a minute; needs $SRO_DATA (see the README of that folder)
    python -m benchmarks.languages --show true        # also the English sets' texts that are detected as not English

Comments in the column `not English` are refused. The column should be near 0 on the English sets. Read the remaining
texts (`--show`), because these sets also hold comments in other languages. Comments of `unknown` are not refused.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import this_machine
from sro.comments.languages import Language, detect
from sro.core.config import parse
from sro.core.data_folder import data_folder
from sro.core.errors import SROError
from sro.core.markdown import write_table

HINDI_LETTER = re.compile("[\u0900-\u097f]")
SETS = {  # file, the field with the text, and the fields that choose its rows
    "de germeval": ("multilingual/multilingual_toxicity/germeval2018_de.jsonl.gz", "text", {}),
    "fr mlma": ("multilingual/mlma_fr.jsonl.gz", "text", {}),
    "es hateval": ("multilingual/hateval_es.jsonl.gz", "text", {}),
    "pt told": ("multilingual/multilingual_toxicity/toldbr_pt.jsonl.gz", "text", {}),
    "zh cold": ("multilingual/cold_zh.jsonl.gz", "text", {}),
    "ko": ("multilingual/multilingual_toxicity/kor_ko.jsonl.gz", "text", {}),
    "ar mlma": ("multilingual/mlma_ar.jsonl.gz", "text", {}),
    "hi hasoc": ("multilingual/hasoc2019_hi.jsonl.gz", "text", {}),
    "ru rudetox": ("multilingual/rudetox_pairs/rudetox_pairs.jsonl.gz", "toxic", {}),
    **{
        f"{code} clef": ("multilingual/clef24_tune.jsonl.gz", "toxic", {"lang": code})
        for code in ("de", "es", "ru", "uk", "zh", "ar", "hi", "am")
    },
    **{
        f"{code} clef": ("multilingual/mt0_outputs.jsonl.gz", "toxic", {"lang": lang})
        for code, lang in {"it": "it", "fr": "fr", "he": "he", "ja": "ja", "tt": "tt", "hi-Latn": "hin"}.items()
    },
    "en paradetox": ("paradetox_train/paradetox.tsv", "toxic", {}),
    "en jigsaw": ("sentences/dev_toxic.txt", "", {}),
    "en gab": ("toxicity/gab_hate_corpus/gab_hate_corpus.jsonl.gz", "text", {}),
    "en olid": ("toxicity/olid/olid.jsonl.gz", "text", {}),
    "en aae": ("toxicity/aae_tweets/aae_tweets.jsonl.gz", "text", {}),
    "en davidson": ("davidson/labeled_data.csv", "tweet", {}),
    "en convabuse": ("toxicity/convabuse/convabuse.jsonl.gz", "text", {}),
    "en github": ("toxicity/github_incivility/github_incivility.jsonl.gz", "text", {}),
    "en ldnoobw": ("lexicons/ldnoobw_en", "", {}),
}


@dataclass
class Work:
    """The texts to measure on."""

    texts: int = field(default=2000, metadata={"help": "most texts drawn from each set"})
    seed: int = field(default=1, metadata={"help": "random seed of the draw"})
    show: bool = field(default=False, metadata={"help": "also print English sets' texts that are not English"})


def rows(path: Path, name: str, wanted: dict[str, str]) -> Iterator[str]:
    """The texts of one set."""
    opened: Callable[..., object] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:  # type: ignore[attr-defined]
        if not name:
            yield from (line.strip() for line in file)
        elif path.suffix == ".gz":
            found = (json.loads(line) for line in file)
            yield from (row[name] for row in found if wanted.items() <= row.items())
        else:
            tabs = path.suffix == ".tsv"
            table = csv.DictReader(file, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_NONE if tabs else 0)
            yield from (row[name] for row in table)


def draw(folder: Path, label: str, work: Work) -> list[str]:
    """Random distinct texts of a set; of the Hindi tweets, only those in Hindi script."""
    path, name, wanted = SETS[label]
    if not (folder / path).is_file():
        raise SROError(f"{folder / path}: no such file\n  fix: SRO_DATA=FOLDER with the data sets")
    texts = sorted({text for text in rows(folder / path, name, wanted) if text and text.strip()})
    if label == "hi hasoc":
        texts = [text for text in texts if 2 * len(HINDI_LETTER.findall(text)) > len(text) / 2]
    random.Random(work.seed).shuffle(texts)
    return texts[: work.texts]


def line(label: str, found: list[Language], seconds: float) -> list[str]:
    """A row of the table."""
    own, n = label.split()[0], len(found)
    shares = [
        sum(one.code == own for one in found),
        sum(one.code not in (own, "und") for one in found),
        sum(one.english is False for one in found),
        sum(one.english is None for one in found),
    ]
    return [label, f"{n:,}", *(f"{100 * share / n:.1f}" for share in shares), f"{1e6 * seconds / n:.0f}"]


def main(argv: list[str]) -> int:
    """Sample the texts, detect their languages, print the table."""
    work = parse(Work, argv, prog="languages.py", description=(__doc__ or "").splitlines()[0])
    folder = Path(data_folder())
    machine = this_machine(["py3langid", "numpy"])
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    detect("du bist so ein Idiot")
    load = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    lines, foreign = [], []
    for label in SETS:
        texts = draw(folder, label, work)
        start = time.process_time()
        found = [detect(text) for text in texts]
        lines.append(line(label, found, time.process_time() - start))
        foreign += [
            [label, one.code, text] for text, one in zip(texts, found) if label[:3] == "en " and one.english is False
        ]
    print(f"{machine}; loaded in {load:.2f} s of processor time, {memory / 1024:.0f} MB\n")
    print(write_table(["set", "texts", "named right, %", "other name", "not English", "unknown", "µs"], lines))
    if work.show:
        print(write_table(["set", "told", "text"], foreign, left=(0, 1, 2)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
