"""What the labels of each public set say about the six attributes, and what they leave open.

One function a set, from a row of its file to a `Row`: the text and the targets it really informs, as shares from 0 to
1. An attribute that is absent is masked in training. The rules of thumb:

- hate against a group is TOXICITY and IDENTITY_ATTACK; it says nothing about THREAT or SEVERE_TOXICITY;
- "not hate" is no IDENTITY_ATTACK, and no TOXICITY only where no rude word stands in the row;
- swear words are PROFANITY whoever they are about, so English rows without gold labels get it from a short word list;
- only sets under an open licence are here: weights that ship learn from nothing else.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

T, S, I, P, TH, ID = "TOXICITY", "SEVERE_TOXICITY", "INSULT", "PROFANITY", "THREAT", "IDENTITY_ATTACK"
CLEAN = {T: 0.0, S: 0.0, I: 0.0, P: 0.0, TH: 0.0, ID: 0.0}
JIGSAW = {"toxic": T, "severe_toxic": S, "insult": I, "obscene": P, "threat": TH, "identity_hate": ID}

TUNING_SPLIT = 500  # the last comments of ParaDetox train, on which rewriters are compared

Targets = dict[str, float]
Record = dict


@dataclass
class Row:
    """A text with the targets that its source informs.

    Attributes:
        text: As the source has it.
        targets: Attribute → share of 0 to 1; absent attributes are masked.
        source: Name of the set.
        pair: Rows with the same non-empty value are a contrast pair and meet in one batch.
        held_out: The source's own test split: measured on, never learnt from.
        groups: Groups of people that the text names.
        kind: Kind of a contrast sentence.
    """

    text: str
    targets: Targets
    source: str = ""
    pair: str = ""
    held_out: bool = False
    groups: tuple[str, ...] = ()
    kind: str = ""


SWEARING = re.compile(
    r"\b(?:(?:mother ?)?f+u+c+k\w*|fck\w*|fuk\w*|wtf|stfu|s+h+i+t\w*|bull ?shit\w*|horse ?shit|dip ?shit|b+i+t+c+h\w*"
    r"|biatch\w*|(?:ass|arse)(?:hole|holes|hat|wipe)?|(?:dumb|jack|smart|bad|fat|lazy)ass(?:es)?|cunts?|dicks?"
    r"|dick ?heads?|cocks?|cocksuck\w*|pussy|pussies|twats?|wankers?|pricks?|bastards?|sluts?|whores?|hoes?|piss\w*"
    r"|damn\w*|goddamn\w*|crap\w*|bollocks|fags?|faggots?|niggers?|nigg(?:a|as|az)|tits?|douche\w*|jizz|cum)\b",
    re.IGNORECASE,
)
RUDE = re.compile(
    r"\b(?:idiot\w*|moron\w*|stupid\w*|dumb\w*|retard\w*|imbecile\w*|losers?|scum\w*|trash|garbage|filth\w*|vermin"
    r"|pathetic|disgust\w*|ugly|fat|dirty|worthless|useless|coward\w*|liars?|lying|fools?|foolish|clowns?|pigs?|rats?"
    r"|cockroach\w*|parasites?|leech\w*|subhuman\w*|savages?|animals?|apes?|monkeys?|evil|creeps?|creepy|perverts?"
    r"|freaks?|nazis?|racists?|bigots?|hypocrites?|trolls?|hate|hates|suck|sucks|kill\w*|die|dies|rape\w*|hang|shoot"
    r"|punch|beat|gas|burn|stab|shut up|go to hell|hell|insane|crazy|lunatics?|psycho\w*|nuts|sick|snowflakes?|libtards?"
    r"|cucks?|simps?|incels?|thots?|bint|kike\w*|chinks?|spics?|pakis?|trann(?:y|ies)|dykes?|homos?|towelhead\w*"
    r"|raghead\w*|gooks?|wetback\w*|coons?|gyppo\w*|chavs?|mongs?|spastics?|cripples?|nonces?)\b",
    re.IGNORECASE,
)


def with_profanity(text: str, targets: Targets) -> Targets:
    """The targets and, unless they say otherwise, PROFANITY from the word list."""
    return {P: 1.0 if SWEARING.search(text) else 0.0, **targets}


def not_hate(text: str, toxicity: float = 0.0) -> Targets:
    """Targets of a row about which a source says only that it is no hate."""
    targets: Targets = {ID: 0.0}
    if not SWEARING.search(text):
        targets |= {P: 0.0, S: 0.0}
        if not RUDE.search(text):
            targets |= {T: toxicity, I: toxicity, TH: 0.0}
    else:
        targets |= {P: 1.0}
    return targets


def hate(text: str, toxicity: float = 1.0, attack: float = 1.0, threat: bool = False) -> Targets:
    targets = with_profanity(text, {T: toxicity, ID: attack})
    return targets | {TH: 1.0} if threat else targets


def either(text: str, hateful: bool) -> Targets:
    return hate(text) if hateful else not_hate(text)


def jigsaw_six(row: Record) -> Targets:
    return {attribute: float(row[column]) for column, attribute in JIGSAW.items()}


def toxic_or_clean(text: str, toxic: float) -> Targets:
    """A set whose labels are Jigsaw's TOXICITY alone: clean rows are clean of all six."""
    return with_profanity(text, {T: 1.0}) if toxic > 0 else dict(CLEAN)


def binary20k(row: Record) -> Targets:
    if row["six"] is None:
        return toxic_or_clean(row["text"], float(row["toxic"]))
    return dict(zip((T, S, P, TH, I, ID), map(float, row["six"])))


def dynahate(row: Record) -> Targets:
    return hate(row["text"], threat=row["type"] == "threatening") if row["label"] else not_hate(row["text"])


def hatemoji(row: Record) -> Targets:
    return hate(row["text"], threat=row["type"] == "threateninglanguage") if row["label"] else not_hate(row["text"])


def toxigen(row: Record) -> Targets:
    share = (float(row["toxicity_human"]) - 1) / 4
    if share <= 0.26:
        return dict(CLEAN)
    if share >= 0.7:
        return hate(row["text"], toxicity=min(1.0, share + 0.15))
    return {T: share, ID: share, P: 0.0}


def hatexplain(row: Record) -> Targets:
    if row["label"] == "hatespeech":
        return hate(row["text"])
    if row["label"] == "offensive":
        return with_profanity(row["text"], {T: 0.95})
    return not_hate(row["text"])


def sbic(row: Record) -> Targets:
    offensive = float(row["offensive"] or 0)
    targets = with_profanity(row["text"], {T: offensive})
    if offensive < 0.3 and targets[P] == 0:
        return dict(CLEAN) | {T: offensive}
    group = row["group_targeted"]
    if group is not None:
        targets[ID] = float(group) * offensive
    elif offensive < 0.5:
        targets[ID] = 0.0
    return targets


def implicit_hate(row: Record) -> Targets | None:
    if row["label"] == "not_hate":
        return not_hate(row["text"], toxicity=0.08)
    if row["label"] == "explicit_hate":
        return hate(row["text"])
    if row["label"] != "implicit_hate":
        return None
    threat = row["implicit_class"] == "threatening"
    return hate(row["text"], toxicity=0.85, attack=0.95, threat=threat)


def sexism(row: Record) -> Targets:
    if not row["label"]:
        return not_hate(row["text"])
    category = row["category"][:1]
    return hate(row["text"], toxicity={"1": 1.0, "2": 1.0, "3": 0.9}.get(category, 0.75), threat=category == "1")


def stormfront(row: Record) -> Targets | None:
    return {"hate": hate, "noHate": not_hate}[row["label"]](row["text"]) if row["label"] in ("hate", "noHate") else None


def redditbias(row: Record) -> Targets | None:
    if row["bias_sent"] == "1":
        return hate(row["text"], toxicity=0.8, attack=0.9)
    return not_hate(row["text"]) if row["bias_sent"] == "0" else None


def convabuse(row: Record) -> Targets:
    tags = {tag for rater in row["annotations"] for tag in rater["tags"]}
    if not row["label"]:
        return not_hate(row["text"], toxicity=0.1) if tags else dict(CLEAN) | not_hate(row["text"])
    targets = with_profanity(row["text"], {T: 1.0 if row["severity_mean"] <= -1 else 0.8})
    targets[ID] = 1.0 if tags & {"racist", "sexist", "homophobic", "transphobic", "ableist"} else 0.0
    if "intellectual" in tags:
        targets[I] = 1.0
    return targets


def civil_spans(row: Record) -> Targets:
    raters = row["raters"]
    names = {"Insult": I, "Threat": TH, "Identity based Attack": ID, "Profane/Obscene": P}
    marked = {names[kind]: min(1.0, count / raters) for kind, count in row["types"].items() if kind in names}
    return {I: 0.0, TH: 0.0, ID: 0.0, T: 1 - row["not_toxic"] / raters, **marked} | (
        {P: max(marked.get(P, 0.0), 1.0 if SWEARING.search(row["text"]) else 0.0)}
    )


def davidson(row: Record) -> Targets:
    if row["class"] == "0":
        return hate(row["tweet"])
    if row["class"] == "1":
        return with_profanity(row["tweet"], {T: 1.0})
    return not_hate(row["tweet"])


def github(row: Record) -> Targets:
    tone = row["tbdf"].lower()
    if tone == "none":
        return with_profanity(row["text"], {T: 0.0, I: 0.0, S: 0.0, TH: 0.0, ID: 0.0})
    if tone == "threat":
        return with_profanity(row["text"], {T: 1.0})
    if tone == "insulting" or "name-calling" in tone:
        return with_profanity(row["text"], {T: 1.0, I: 1.0})
    if tone == "vulgarity":
        return {P: 1.0, ID: 0.0, TH: 0.0}
    return {ID: 0.0, TH: 0.0, S: 0.0, T: 0.25}


def openai(row: Record) -> Targets:
    targets: Targets = {}
    if row["H"] is not None:
        targets[ID] = float(row["H"] or row["H2"] or 0)
    if row["H"] or row["H2"] or row["HR"]:
        targets[T] = 1.0
    elif row["H"] == 0 and row["HR"] == 0 and not row["S"] and not SWEARING.search(row["text"]):
        targets[T] = 0.0
    if row["H2"]:
        targets[TH] = 1.0
    return with_profanity(row["text"], targets)


def cold(row: Record) -> Targets:
    return {T: float(row["toxic"]), ID: float(row["toxic"])} if row["toxic"] else {T: 0.0, ID: 0.0, TH: 0.0, S: 0.0}


def germeval(row: Record) -> Targets:
    if row["coarse"] == "OTHER":
        return dict(CLEAN)
    kinds = {"INSULT": {I: 1.0}, "PROFANITY": {P: 1.0}, "ABUSE": {ID: 1.0}}
    return {T: 1.0, **kinds[row["fine"]]}


def korean(row: Record) -> Targets:
    if row["hate"] == "none":
        return dict(CLEAN) if row["bias"] == "none" else {T: 0.2}
    return {T: 1.0 if row["hate"] == "hate" else 0.85}


def mlma(row: Record) -> Targets:
    if not row["toxic"]:
        return {T: 0.0, ID: 0.0, TH: 0.0}
    return {T: 0.95, ID: 1.0} if "hateful" in row["labels"] else {T: 0.9}


def toldbr(row: Record) -> Targets | None:
    votes = [float(row[kind]) for kind in ("homophobia", "obscene", "insult", "racism", "misogyny", "xenophobia")]
    if max(votes) == 0:
        return dict(CLEAN)
    if max(votes) < 2:
        return None
    attack = max(votes[0], *votes[3:])
    return {T: 1.0, P: min(1.0, votes[1] / 2), I: min(1.0, votes[2] / 2), ID: min(1.0, attack / 2)}


@dataclass(frozen=True)
class Source:
    """One file of a set: where it stands below the data folder, its licence and its map."""

    name: str
    file: str
    licence: str
    targets: Callable[[Record], Targets | None]
    text: str = "text"
    pair: Callable[[Record], str] = lambda row: ""
    tests: frozenset[str] = frozenset({"test", "test_v02"})


def _label(row: Record) -> Targets:
    return either(row["text"], bool(row["label"]))


def _wikipedia(row: Record) -> Targets:
    return toxic_or_clean(row["text"], float(row["label"]))


SOURCES = (
    Source("dynahate", "toxicity/dynahate/dynahate.jsonl.gz", "CC-BY-4.0", dynahate),
    Source(
        "hatemoji_build",
        "toxicity/hatemoji_build/hatemoji_build.jsonl.gz",
        "CC-BY-4.0",
        hatemoji,
        pair=lambda row: "hatemoji" + "-".join(sorted((str(row["id"]), str(row["pair_id"])))),
    ),
    Source("toxigen", "toxicity/toxigen/toxigen.jsonl.gz", "MIT", toxigen),
    Source("toxigen", "toxicity/toxigen/toxigen_demonstrations.jsonl", "MIT", _label),
    Source("hatexplain", "toxicity/hatexplain/hatexplain.jsonl.gz", "MIT", hatexplain),
    Source("sbic", "toxicity/sbic/sbic.jsonl.gz", "CC-BY-4.0", sbic, tests=frozenset()),
    Source("implicit_hate", "toxicity/implicit_hate/implicit_hate.jsonl.gz", "MIT", implicit_hate),
    Source("implicit_abuse", "toxicity/implicit_abuse_wiegand/identity_groups.jsonl.gz", "CC-BY-4.0", _label),
    Source("edos_sexism", "toxicity/edos_sexism/edos_sexism.jsonl.gz", "CC0-1.0", sexism),
    Source("stormfront", "toxicity/stormfront/stormfront.jsonl.gz", "CC-BY-SA-3.0", stormfront),
    Source("redditbias", "toxicity/redditbias/redditbias.jsonl.gz", "MIT", redditbias),
    Source("convabuse", "toxicity/convabuse/convabuse.jsonl.gz", "CC-BY-4.0", convabuse),
    Source("civil_span_types", "toxicity/civil_span_types/civil_span_types.jsonl.gz", "CC0-1.0", civil_spans),
    Source(
        "civil_toxic",
        "toxicity/civil_toxic_marco/civil_toxic_marco.jsonl.gz",
        "MIT, CC0-1.0",
        lambda row: with_profanity(row["text"], {T: 1.0}),
    ),
    Source("jigsaw6_small", "toxicity/jigsaw6_small/jigsaw6_small.jsonl.gz", "CC0-1.0", jigsaw_six),
    Source("jigsaw_toxic", "jigsaw_toxic/jigsaw_toxic.csv", "CC0-1.0", jigsaw_six, text="comment_text"),
    Source("jigsaw_binary20k", "toxicity/jigsaw_binary20k/jigsaw_binary20k.jsonl.gz", "CC0-1.0", binary20k),
    Source(
        "jigsaw_balanced12k",
        "toxicity/jigsaw_balanced12k/jigsaw_balanced12k.jsonl.gz",
        "MIT, CC0-1.0",
        lambda row: toxic_or_clean(row["text"], row["label"]),
    ),
    Source("wikipedia_talk", "wikipedia_talk/gc.csv", "Apache-2.0", _wikipedia),
    Source("wikipedia_talk", "wikipedia_talk/gn.csv", "Apache-2.0", _wikipedia),
    Source("davidson", "davidson/labeled_data.csv", "MIT", davidson, text="tweet"),
    Source(
        "surge_toxicity",
        "toxicity/surge_toxicity/surge_toxicity.jsonl.gz",
        "MIT",
        lambda row: with_profanity(row["text"], {T: 1.0}) if row["label"] else not_hate(row["text"]) | {T: 0.0},
    ),
    Source("github_incivility", "toxicity/github_incivility/github_incivility.jsonl.gz", "MIT", github),
    Source("openai_moderation", "toxicity/openai_moderation/openai_moderation.jsonl.gz", "MIT", openai),
    Source("cold_zh", "multilingual/cold_zh.jsonl.gz", "Apache-2.0", cold),
    Source(
        "germeval2018_de", "multilingual/multilingual_toxicity/germeval2018_de.jsonl.gz", "CC-BY-4.0", germeval
    ),
    Source("kor_ko", "multilingual/multilingual_toxicity/kor_ko.jsonl.gz", "CC-BY-SA-4.0", korean),
    Source("toldbr_pt", "multilingual/multilingual_toxicity/toldbr_pt.jsonl.gz", "CC-BY-SA-4.0", toldbr),
    Source("mlma_ar", "multilingual/mlma_ar.jsonl.gz", "MIT", mlma),
    Source("mlma_fr", "multilingual/mlma_fr.jsonl.gz", "MIT", mlma),
)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a JSON Lines file (also gzip) or of a CSV or TSV file with a header."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        if ".jsonl" in path.name:
            yield from (json.loads(line) for line in file if line.strip())
        else:
            yield from csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ",")


def read_source(source: Source, data: Path) -> Iterator[Row]:
    """The rows of one file that inform at least one attribute."""
    for record in read_records(data / source.file):
        targets = source.targets(record)
        if targets:
            test = record.get("split") in source.tests
            yield Row(record[source.text], targets, source.name, source.pair(record), test)


def read_paradetox(data: Path) -> Iterator[Row]:
    """ParaDetox (CC0-1.0) as unpaired rows: toxic sentences, rewrites of people, and what raters would not rewrite."""
    records = list(read_records(data / "paradetox_train/paradetox.tsv"))
    for number, record in enumerate(records):
        tuning = number >= len(records) - TUNING_SPLIT
        toxic = record["toxic"]
        yield Row(toxic, with_profanity(toxic, {T: 1.0}), "paradetox", held_out=tuning)
        for column in ("neutral1", "neutral2", "neutral3"):
            if neutral := record[column]:
                targets = not_hate(neutral) | {T: 0.0, TH: 0.0, S: 0.0}
                yield Row(neutral, targets, "paradetox", held_out=tuning)
    for record in read_records(data / "paradetox_train/cannot_rewrite.tsv"):
        text, reasons = record["INPUT:toxic_comment"].strip('" '), json.loads(record["OUTPUT:reasons"])
        if reasons == {"not_toxic": True}:
            yield Row(text, not_hate(text) | {T: 0.0, S: 0.0}, "paradetox_hard")
        elif reasons == {"toxic_content": True}:
            yield Row(text, with_profanity(text, {T: 1.0}), "paradetox_hard")


def read_sentences(data: Path, last: int = 500) -> Iterator[Row]:
    """Jigsaw in sentences (CC0-1.0); the last `last` of each side are held out."""
    for name in ("dev_toxic", "dev_normal"):
        lines = (data / "sentences" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            targets = toxic_or_clean(line, name == "dev_toxic")
            yield Row(line, targets, "sentences", held_out=number >= len(lines) - last)
