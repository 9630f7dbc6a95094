"""All figures of a screener on held-out sets, with their goals, as one Markdown table.

    python -m benchmarks.screener_figures --screener embedded --texts 1000 --output docs/results/encoder.md

Reads the public sets in `SRO_DATA`; `sro.screeners.encoder.splits` defines the held-out parts. A screener without
attributes is measured by its P(fail).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sro.comments.test_set import is_held_out
from sro.core.data_folder import data_folder
from sro.core.files import atomic_write_text
from sro.evaluation.judges.training.data import calibration
from sro.screeners.check import auc
from sro.screeners.encoder.label_maps import JIGSAW, RUDE, SWEARING
from sro.screeners.encoder.mixture import groups_named
from sro.screeners.encoder.sources import read_paradetox, read_records, read_sentences
from sro.screeners.encoder.splits import bucket, in_test_half, in_test_quarter
from sro.screeners.loading import load_screener
from sro.screeners.reliability import expected_calibration_error, reliability_table

Line = tuple[str, str, str]


class Measured:
    """Runs the screener on samples of texts."""

    def __init__(self, name: str, texts: int) -> None:
        self.screener, self.texts = load_screener(name), texts

    def sample(self, rows: Iterable) -> list:
        """At most `texts` of the rows, sampled with a fixed seed."""
        rows = list(rows)
        return rows if len(rows) <= self.texts else random.Random(0).sample(rows, self.texts)

    def ask(self, texts: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Whether each text fails, and its probability by attribute."""
        verdicts = self.screener.screen(list(texts))
        failed = np.array([not verdict.passed for verdict in verdicts])
        if verdicts and verdicts[0].attributes is not None:
            return failed, {name: np.array([v.attributes[name] for v in verdicts]) for name in verdicts[0].attributes}
        return failed, {"TOXICITY": np.array([verdict.probability for verdict in verdicts])}


def split_auc(scores: np.ndarray, labels: Sequence[float]) -> float:
    """AUC of scores against labels of 0 and 1."""
    positive = np.asarray(labels) >= 0.5
    return auc(scores[positive], scores[~positive])


def share(values: np.ndarray) -> str:
    return f"{values.mean():.1%}" if len(values) else "–"


def contrast_cases(m: Measured, data: Path) -> Iterator[Line]:
    rows = [
        r for r in read_records(data / "toxicity/dynahate/dynahate.jsonl.gz") if r["split"] in ("test", "test_v02")
    ]
    rows = m.sample(rows)
    failed, scores = m.ask([row["text"] for row in rows])
    labels = np.array([row["label"] for row in rows])
    for name, values in scores.items():
        if name in ("TOXICITY", "IDENTITY_ATTACK"):
            yield f"dynahate test, AUC of {name}", "≥ .92", f"{split_auc(values, labels):.3f}"
    best = scores.get("IDENTITY_ATTACK", scores["TOXICITY"])
    yield "dynahate test, accuracy: verdict", "", f"{(failed == labels).mean():.3f}"
    yield "dynahate test, accuracy: IDENTITY_ATTACK at .5", "", f"{((best >= 0.5) == labels).mean():.3f}"
    calm = np.array(
        [bool(label) or not (SWEARING.search(r["text"]) or RUDE.search(r["text"])) for r, label in zip(rows, labels)]
    )
    yield (
        "… without rows that are merely rude, AUC of TOXICITY",
        "≥ .92",
        f"{split_auc(scores['TOXICITY'][calm], labels[calm]):.3f}",
    )


def identities(m: Measured, data: Path) -> Iterator[Line]:
    for name in ("bias_madlibs_sample", "intersectional_madlibs_sample"):
        rows = m.sample(read_records(data / f"toxicity/bias_madlibs/{name}.jsonl.gz"))
        failed, scores = m.ask([row["text"] for row in rows])
        labels = np.array([row["label"] for row in rows])
        yield f"{name}: harmless ones flagged", "≤ 5 %", share(failed[labels == 0])
        yield f"{name}: AUC", "", f"{split_auc(scores['TOXICITY'], labels):.3f}"
        yield from _by_group("flagged", [row["text"] for row in rows], failed, labels)
    rows = m.sample(r for r in read_records(data / "toxicity/toxigen/toxigen.jsonl.gz") if in_test_quarter(r["text"]))
    failed, scores = m.ask([row["text"] for row in rows])
    rating = np.array([float(row["toxicity_human"]) for row in rows])
    yield "toxigen: harmless ones (≤ 2 of 5) flagged", "≤ 5 %", share(failed[rating <= 2])
    clear = (rating <= 2) | (rating >= 4)
    yield "toxigen: AUC of ≥ 4 against ≤ 2", "", f"{split_auc(scores['TOXICITY'][clear], rating[clear] >= 4):.3f}"
    lines = Path("tests/data/identity.jsonl").read_text(encoding="utf-8").splitlines()
    failed, _ = m.ask([json.loads(line)["text"] for line in lines])
    yield "tests/data/identity.jsonl untouched", "≥ 99 %", share(~failed)


def _by_group(what: str, texts: Sequence[str], failed: np.ndarray, labels: np.ndarray) -> Iterator[Line]:
    by_group: dict[str, list[bool]] = {}
    for text, fails, label in zip(texts, failed, labels):
        for group in groups_named(text) if not label else ():
            by_group.setdefault(group, []).append(bool(fails))
    worst = sorted(
        ((np.mean(some), group, len(some)) for group, some in by_group.items() if len(some) >= 20), reverse=True
    )
    found = ", ".join(f"{group} {rate:.0%} of {count}" for rate, group, count in worst[:4])
    yield f"… worst groups {what}", "≤ 10 %", found or "–"


def rewrites(m: Measured, data: Path) -> Iterator[Line]:
    official = m.sample(calibration(data)["held_out"])
    _, scores = m.ask([rewrite.text for rewrite in official])
    area = split_auc(scores["TOXICITY"], [rewrite.toxic for rewrite in official])
    yield "official labels on rewrites (judge_calibration, held-out half), AUC", "≥ .95", f"{area:.3f}"
    for name, source in (
        ("Jigsaw's last 500 of each side", read_sentences),
        ("ParaDetox tuning split", read_paradetox),
    ):
        held = m.sample(row for row in source(data) if row.held_out)
        failed, scores = m.ask([row.text for row in held])
        toxic = np.array([row.targets["TOXICITY"] >= 0.5 for row in held])
        yield f"{name}: AUC", "≥ .98", f"{split_auc(scores['TOXICITY'], toxic):.3f}"
        yield (
            f"{name}: toxic flagged, clean passed",
            "≥ 97 %, ≥ 94 %",
            f"{share(failed[toxic])}, {share(~failed[~toxic])}",
        )


def attributes(m: Measured, data: Path) -> Iterator[Line]:
    rows = m.sample(read_records(data / "toxicity/perspective_wiki2k/perspective_wiki2k.jsonl.gz"))
    _, scores = m.ask([row["text"] for row in rows])
    keys = {"TOXICITY": "TOXICITY@6", "SEVERE_TOXICITY": "SEVERE_TOXICITY@2"}
    for name, values in scores.items():
        theirs = [row["scores"].get(keys.get(name, name), 0.0) for row in rows]
        yield f"perspective_wiki2k, {name} (theirs > .5), AUC", "≥ .95", f"{split_auc(values, theirs):.3f}"
    six = read_records(data / "toxicity/jigsaw6_small/jigsaw6_small.jsonl.gz")
    rows = m.sample(row for row in six if in_test_half(row["text"]))
    _, scores = m.ask([row["text"] for row in rows])
    columns = {attribute: column for column, attribute in JIGSAW.items()}
    for name, values in scores.items():
        labels = [float(row[columns[name]]) for row in rows]
        yield (
            f"jigsaw6_small held out, {name} ({sum(labels):.0f} of {len(labels)}), AUC",
            "≥ .95",
            f"{split_auc(values, labels):.3f}",
        )
        if name == "TOXICITY":
            error = expected_calibration_error(reliability_table(values, np.array(labels), bins=15))
            yield "jigsaw6_small held out (natural mix): ECE of TOXICITY", "≤ .03", f"{error:.3f}"


def threats(m: Measured, data: Path) -> Iterator[Line]:
    rows = read_records(data / "toxicity/threats_and_wishes/threats_and_wishes.jsonl.gz")
    named = [row for row in rows if in_test_half(row["text"]) and not is_held_out(row["text"])]
    hostile = m.sample(row for row in named if row.get("gold_threat") and row["source"] != "openai_moderation")
    failed, scores = m.ask([row["text"] for row in hostile])
    threat = scores.get("THREAT", scores["TOXICITY"])
    yield "threats_and_wishes with a threat label: fails", "≥ 90 %", share(failed)
    wishes = m.sample(
        row
        for row in named
        if row.get("pattern") and any(v == 1 or v == "hatespeech" for v in row["source_labels"].values())
    )
    yield (
        "threats and wishes by pattern, labelled abusive: fails",
        "≥ 90 %",
        share(m.ask([r["text"] for r in wishes])[0]),
    )
    safe = [row["text"] for row in read_records(data / "toxicity/xstest/xstest.jsonl") if row["label"] == "safe"]
    failed, safe_scores = m.ask(safe)
    yield "xstest safe: fails", "≤ 3 %", share(failed)
    calm = read_records(data / "toxicity/github_incivility/github_incivility.jsonl.gz")
    calm_rows = m.sample(r for r in calm if r["tbdf"] == "None" and in_test_half(r["text"]))
    yield "github_incivility, no incivility: fails", "≤ 3 %", share(m.ask([r["text"] for r in calm_rows])[0])
    bar = float(np.quantile(safe_scores.get("THREAT", safe_scores["TOXICITY"]), 0.97))
    yield "threat label: THREAT found at 3 % false alarms on xstest safe", "≥ 90 %", share(threat > bar)


def contrast_sentences(m: Measured, data: Path) -> Iterator[Line]:
    from sro.screeners.encoder.splits import read_contrast_rows

    rows = [row for row in read_contrast_rows() if row.held_out and "TOXICITY" in row.targets]
    failed, _ = m.ask([row.text for row in rows])
    toxic = np.array([row.targets["TOXICITY"] >= 0.5 for row in rows])
    yield "own contrast sentences, held-out templates: right", "≥ 84 %", share(failed == toxic)
    yield "… toxic ones failed, others passed", "", f"{share(failed[toxic])}, {share(~failed[~toxic])}"


def speed(m: Measured, data: Path) -> Iterator[Line]:
    texts = [row["text"][:80] for row in read_records(data / "toxicity/dynahate/dynahate.jsonl.gz")]
    texts = [text for text in texts if bucket(text) < 50 and len(text) == 80][:512]
    started = time.perf_counter()
    m.ask(texts)
    yield "texts of 80 characters a second", "≥ 1,000", f"{len(texts) / (time.perf_counter() - started):,.0f}"


PARTS = (contrast_cases, contrast_sentences, identities, rewrites, attributes, threats, speed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screener", default="embedded")
    parser.add_argument("--texts", type=int, default=1000, help="most texts of each set, sampled with seed 0")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    data = Path(data_folder())
    m = Measured(options.screener, options.texts)
    lines = [
        f"`{options.screener}`, at most {options.texts} texts a set.",
        "",
        "| what | goal | measured |",
        "|---|---|---|",
    ]
    for part in PARTS:
        for what, goal, value in part(m, data):
            lines.append(f"| {what} | {goal} | {value} |")
            print(lines[-1], flush=True)
    if options.output:
        atomic_write_text(options.output, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
