"""Decide which texts an encoder is trained on, and which are held out for evaluation.

Duplicates across sets are found by their letters and digits, so that no evaluation text gets into training through
another set. A hash of the text alone decides about the held-out halves, so they are the same in every set and run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from sro.comments.clean import letters_and_digits
from sro.comments.test_set import is_held_out
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.contrast import contrast_rows
from sro.screeners.encoder.contrast_files import labels
from sro.screeners.encoder.label_maps import Row, judged_rewrite
from sro.screeners.encoder.sources import SOURCES, read_paradetox, read_records, read_sentences, read_source
from sro.screeners.judged import is_held_out_sentence, judged_candidates, judged_comments


def bucket(text: str, buckets: int = 100) -> int:
    """A number from 0 to `buckets` − 1, from the letters of the text alone; the same in every set and run."""
    return int(hashlib.sha256(letters_and_digits(text).encode()).hexdigest()[:8], 16) % buckets


def evaluation_texts(data: Path) -> Iterator[str]:
    """Every text that some evaluation uses: held-out halves (by `bucket`) and whole sets."""
    toxicity = data / "toxicity"
    for path in sorted((toxicity / "bias_madlibs").glob("*.jsonl.gz")):
        for row in read_records(path):
            yield row["text"]
            yield row.get("text_identity_swapped", row["text"])
    whole = ("perspective_wiki2k", "jigsaw_crowd_sample", "xstest")
    for name in whole:
        for path in sorted((toxicity / name).glob("*.jsonl*")):
            yield from (row["text"] for row in read_records(path))
    for name in ("jigsaw6_sample_b.jsonl.gz", "jigsaw6_sample_c.jsonl"):
        yield from (row["text"] for row in read_records(toxicity / "jigsaw6_small" / name))
    yield from (row["text"] for row in read_records(toxicity / "toxigen/toxigen_prompt_sentences.jsonl"))
    halves = (
        "jigsaw6_small/jigsaw6_small",
        "github_incivility/github_incivility",
        "threats_and_wishes/threats_and_wishes",
    )
    for name in halves:
        rows = read_records(toxicity / f"{name}.jsonl.gz")
        yield from (row["text"] for row in rows if in_test_half(row["text"]))
    for row in read_records(toxicity / "toxigen/toxigen.jsonl.gz"):
        if in_test_quarter(row["text"]):
            yield row["text"]
    for row in read_records(data / "judge_calibration/official_labels.jsonl"):
        yield row["text"]
        yield row["source"]
    yield from (row["text"] for row in read_records(data / "toxic_spans/tsd_test.csv"))
    starter = (files("sro") / "assets" / "starter" / "identity.jsonl").read_text(encoding="utf-8")
    yield from (json.loads(line)["text"] for line in starter.splitlines())


def in_test_half(text: str) -> bool:
    """Whether a text belongs to the held-out half of its set."""
    return bucket(text) < 50


def in_test_quarter(text: str) -> bool:
    """Whether a ToxiGen text is held out for evaluation."""
    return bucket(text) < 25


def in_development(text: str, percent: int = 2) -> bool:
    """Whether a text is held out of training, for calibration and for monitoring a run."""
    return bucket(text + "development") < percent


def in_test_template(template: str) -> bool:
    """Whether the contrast sentences of a template (`languages_de:5`, or a variant) are held out for evaluation."""
    return bucket(template.split(".")[0], 5) == 0


def read_all(data: Path) -> list[Row]:
    """All rows of the shipped model's sets, most trusted first; `merge` describes how duplicates are handled."""
    rows: list[Row] = []
    for source in SOURCES:
        rows += read_source(source, data)
    rows += read_judged_comments()
    rows += read_paradetox(data)
    rows += read_sentences(data)
    return rows + read_judged_rows() + read_contrast_rows()


def merge(rows: Iterable[Row], forbidden: Iterable[str]) -> list[Row]:
    """Merge rows with the same letters: later rows only add attributes that the first leaves open. Removes held-out
    texts.

    Args:
        rows: Most trusted first: if two sources disagree, the first one decides.
        forbidden: Texts that must not be trained on; rows marked `held_out` are added to them.
    """
    rows = list(rows)
    banned = {letters_and_digits(text) for text in forbidden} | {
        letters_and_digits(row.text) for row in rows if row.held_out
    }
    found: dict[str, Row] = {}
    for row in rows:
        letters = letters_and_digits(row.text)
        if len(letters) < 2 or letters in banned:
            continue
        if letters in found:
            found[letters].targets = row.targets | found[letters].targets
        else:
            found[letters] = row
    return [row for row in found.values() if not is_held_out(row.text)]


def read_judged_rows() -> list[Row]:
    """This project's own rewrites, labelled by readers as civil or not; see `sro.screeners.judged`.

    A screener passed each of them, so they are typical of what a leader writes to pass a screener.
    """
    return [
        Row(row["candidate"], judged_rewrite(row), "readings", held_out=is_held_out_sentence(row["sentence"]))
        for row in judged_candidates()
    ]


def read_judged_comments() -> list[Row]:
    """Real sentences that a reader labelled, mostly those of which an earlier encoder was unsure."""
    rows = []
    for row in judged_comments():
        targets = {name: value for name, value in labels(row["label"]).items() if value is not None}
        rows.append(Row(row["text"], targets, "judged_comments", held_out=is_held_out_sentence(row["text"])))
    return rows


def read_contrast_rows() -> list[Row]:
    """The project's own contrast sentences; a fifth of the templates is held out for evaluation.

    Sentences in other languages are a separate source, with the language as their kind.
    """
    rows = []
    for record in contrast_rows():
        targets = {name: float(str(record[name])) for name in ATTRIBUTES if record[name] is not None}
        held_out, pair = in_test_template(str(record["template"])), str(record["pair"] or "")
        source, kind = ("contrast", "kind") if record["lang"] == "en" else ("contrast_languages", "lang")
        rows.append(Row(str(record["text"]), targets, source, pair, held_out, kind=str(record[kind])))
    return rows
