"""Map the labels of each public set to the six attributes, and leave attributes open that they do not decide.

One function per set maps a row of its file to a `Row`: the text and the targets that the labels decide, as values from
0 to 1. An attribute that is absent is masked in training. The rules:

- hate against a group is TOXICITY and IDENTITY_ATTACK; it does not decide THREAT or SEVERE_TOXICITY;
- "not hate" means no IDENTITY_ATTACK; it means no TOXICITY only if the row has no rude word;
- swear words are PROFANITY, no matter who they are about, so a short word list sets it in English rows without gold
  labels;
- all sets have an open licence, because shipped weights are trained on such sets only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sro.screeners.encoder.attributes import ATTRIBUTES

TOXICITY, SEVERE_TOXICITY, INSULT, PROFANITY, THREAT, IDENTITY_ATTACK = ATTRIBUTES
CLEAN = {TOXICITY: 0.0, SEVERE_TOXICITY: 0.0, INSULT: 0.0, PROFANITY: 0.0, THREAT: 0.0, IDENTITY_ATTACK: 0.0}
JIGSAW = {
    "toxic": TOXICITY,
    "severe_toxic": SEVERE_TOXICITY,
    "insult": INSULT,
    "obscene": PROFANITY,
    "threat": THREAT,
    "identity_hate": IDENTITY_ATTACK,
}

Targets = dict[str, float]
Record = dict


@dataclass
class Row:
    """A text with the targets that its source decides.

    Attributes:
        text: The text as in the source.
        targets: Attribute → value from 0 to 1; absent attributes are masked.
        source: Name of the set.
        pair: Rows with the same non-empty value are a contrast pair and go into the same batch.
        held_out: Whether the row is in the source's own test split, which is never trained on.
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
    r"|punch|beat|gas|burn|stab|shut up|go to hell|hell|insane|crazy|lunatics?|psycho\w*|nuts|sick|snowflakes?"
    r"|libtards?|cucks?|simps?|incels?|thots?|bint|kike\w*|chinks?|spics?|pakis?|trann(?:y|ies)|dykes?|homos?|towelhead\w*"
    r"|raghead\w*|gooks?|wetback\w*|coons?|gyppo\w*|chavs?|mongs?|spastics?|cripples?|nonces?)\b",
    re.IGNORECASE,
)


def with_profanity(text: str, targets: Targets) -> Targets:
    """The targets, with PROFANITY from the word list if they do not set it."""
    return {PROFANITY: 1.0 if SWEARING.search(text) else 0.0, **targets}


def not_hate(text: str, toxicity: float = 0.0) -> Targets:
    """Targets of a row that its source only labels as "not hate"."""
    targets: Targets = {IDENTITY_ATTACK: 0.0}
    if not SWEARING.search(text):
        targets |= {PROFANITY: 0.0, SEVERE_TOXICITY: 0.0}
        if not RUDE.search(text):
            targets |= {TOXICITY: toxicity, INSULT: toxicity, THREAT: 0.0}
    else:
        targets |= {PROFANITY: 1.0}
    return targets


def hate(text: str, toxicity: float = 1.0, attack: float = 1.0, threat: bool = False) -> Targets:
    targets = with_profanity(text, {TOXICITY: toxicity, IDENTITY_ATTACK: attack})
    return targets | {THREAT: 1.0} if threat else targets


def hate_or_not_hate(text: str, hateful: bool) -> Targets:
    return hate(text) if hateful else not_hate(text)


def jigsaw_six(row: Record) -> Targets:
    return {attribute: float(row[column]) for column, attribute in JIGSAW.items()}


def toxic_or_clean(text: str, toxic: float) -> Targets:
    """Targets for a set with only Jigsaw's TOXICITY as label; in a clean row all six attributes are 0."""
    return with_profanity(text, {TOXICITY: 1.0}) if toxic > 0 else dict(CLEAN)


def binary20k(row: Record) -> Targets:
    if row["six"] is None:
        return toxic_or_clean(row["text"], float(row["toxic"]))
    return dict(zip((TOXICITY, SEVERE_TOXICITY, PROFANITY, THREAT, INSULT, IDENTITY_ATTACK), map(float, row["six"])))


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
    return {TOXICITY: share, IDENTITY_ATTACK: share, PROFANITY: 0.0}


def hatexplain(row: Record) -> Targets:
    if row["label"] == "hatespeech":
        return hate(row["text"])
    if row["label"] == "offensive":
        return with_profanity(row["text"], {TOXICITY: 0.95})
    return not_hate(row["text"])


def sbic(row: Record) -> Targets:
    offensive = float(row["offensive"] or 0)
    targets = with_profanity(row["text"], {TOXICITY: offensive})
    if offensive < 0.3 and targets[PROFANITY] == 0:
        return dict(CLEAN) | {TOXICITY: offensive}
    group = row["group_targeted"]
    if group is not None:
        targets[IDENTITY_ATTACK] = float(group) * offensive
    elif offensive < 0.5:
        targets[IDENTITY_ATTACK] = 0.0
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


def judged_rewrite(row: Record) -> Targets:
    """Targets of a judged rewrite: civil ("no insult, swearing, slur, contempt or threat is left") or not."""
    civil: Targets = {TOXICITY: 0.0, SEVERE_TOXICITY: 0.0, INSULT: 0.0, THREAT: 0.0, IDENTITY_ATTACK: 0.0}
    return with_profanity(row["candidate"], civil if row["civil"] else {TOXICITY: 1.0})


def sexism(row: Record) -> Targets:
    if not row["label"]:
        return not_hate(row["text"])
    category = row["category"][:1]
    return hate(row["text"], toxicity={"1": 1.0, "2": 1.0, "3": 0.9}.get(category, 0.75), threat=category == "1")


def stormfront(row: Record) -> Targets | None:
    return (
        {"hate": hate, "noHate": not_hate}[row["label"]](row["text"]) if row["label"] in ("hate", "noHate") else None
    )


def redditbias(row: Record) -> Targets | None:
    if row["bias_sent"] == "1":
        return hate(row["text"], toxicity=0.8, attack=0.9)
    return not_hate(row["text"]) if row["bias_sent"] == "0" else None


def convabuse(row: Record) -> Targets:
    tags = {tag for rater in row["annotations"] for tag in rater["tags"]}
    if not row["label"]:
        return not_hate(row["text"], toxicity=0.1) if tags else dict(CLEAN) | not_hate(row["text"])
    targets = with_profanity(row["text"], {TOXICITY: 1.0 if row["severity_mean"] <= -1 else 0.8})
    targets[IDENTITY_ATTACK] = 1.0 if tags & {"racist", "sexist", "homophobic", "transphobic", "ableist"} else 0.0
    if "intellectual" in tags:
        targets[INSULT] = 1.0
    return targets


def civil_spans(row: Record) -> Targets:
    raters = row["raters"]
    names = {
        "Insult": INSULT,
        "Threat": THREAT,
        "Identity based Attack": IDENTITY_ATTACK,
        "Profane/Obscene": PROFANITY,
    }
    marked = {names[kind]: min(1.0, count / raters) for kind, count in row["types"].items() if kind in names}
    return {INSULT: 0.0, THREAT: 0.0, IDENTITY_ATTACK: 0.0, TOXICITY: 1 - row["not_toxic"] / raters, **marked} | (
        {PROFANITY: max(marked.get(PROFANITY, 0.0), 1.0 if SWEARING.search(row["text"]) else 0.0)}
    )


def davidson(row: Record) -> Targets:
    if row["class"] == "0":
        return hate(row["tweet"])
    if row["class"] == "1":
        return with_profanity(row["tweet"], {TOXICITY: 1.0})
    return not_hate(row["tweet"])


def github(row: Record) -> Targets:
    tone = row["tbdf"].lower()
    if tone == "none":
        return with_profanity(
            row["text"], {TOXICITY: 0.0, INSULT: 0.0, SEVERE_TOXICITY: 0.0, THREAT: 0.0, IDENTITY_ATTACK: 0.0}
        )
    if tone == "threat":
        return with_profanity(row["text"], {TOXICITY: 1.0})
    if tone == "insulting" or "name-calling" in tone:
        return with_profanity(row["text"], {TOXICITY: 1.0, INSULT: 1.0})
    if tone == "vulgarity":
        return {PROFANITY: 1.0, IDENTITY_ATTACK: 0.0, THREAT: 0.0}
    return {IDENTITY_ATTACK: 0.0, THREAT: 0.0, SEVERE_TOXICITY: 0.0, TOXICITY: 0.25}


def openai(row: Record) -> Targets:
    targets: Targets = {}
    if row["H"] is not None:
        targets[IDENTITY_ATTACK] = float(row["H"] or row["H2"] or 0)
    if row["H"] or row["H2"] or row["HR"]:
        targets[TOXICITY] = 1.0
    elif row["H"] == 0 and row["HR"] == 0 and not row["S"] and not SWEARING.search(row["text"]):
        targets[TOXICITY] = 0.0
    if row["H2"]:
        targets[THREAT] = 1.0
    return with_profanity(row["text"], targets)


def cold(row: Record) -> Targets:
    return (
        {TOXICITY: float(row["toxic"]), IDENTITY_ATTACK: float(row["toxic"])}
        if row["toxic"]
        else {TOXICITY: 0.0, IDENTITY_ATTACK: 0.0, THREAT: 0.0, SEVERE_TOXICITY: 0.0}
    )


def germeval(row: Record) -> Targets:
    if row["coarse"] == "OTHER":
        return dict(CLEAN)
    kinds = {"INSULT": {INSULT: 1.0}, "PROFANITY": {PROFANITY: 1.0}, "ABUSE": {IDENTITY_ATTACK: 1.0}}
    return {TOXICITY: 1.0, **kinds[row["fine"]]}


def korean(row: Record) -> Targets:
    if row["hate"] == "none":
        return dict(CLEAN) if row["bias"] == "none" else {TOXICITY: 0.2}
    return {TOXICITY: 1.0 if row["hate"] == "hate" else 0.85}


def mlma(row: Record) -> Targets:
    if not row["toxic"]:
        return {TOXICITY: 0.0, IDENTITY_ATTACK: 0.0, THREAT: 0.0}
    return {TOXICITY: 0.95, IDENTITY_ATTACK: 1.0} if "hateful" in row["labels"] else {TOXICITY: 0.9}


def toldbr(row: Record) -> Targets | None:
    votes = [float(row[kind]) for kind in ("homophobia", "obscene", "insult", "racism", "misogyny", "xenophobia")]
    if max(votes) == 0:
        return dict(CLEAN)
    if max(votes) < 2:
        return None
    attack = max(votes[0], *votes[3:])
    return {
        TOXICITY: 1.0,
        PROFANITY: min(1.0, votes[1] / 2),
        INSULT: min(1.0, votes[2] / 2),
        IDENTITY_ATTACK: min(1.0, attack / 2),
    }
