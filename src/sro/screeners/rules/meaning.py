"""Check if a rewrite keeps the meaning, by rules for four changes that neither cosine nor grammar rules detect.

- `negation`: the rewrite adds or drops a "not" ("that shit ain 't fun" → "that is fun"). Leaders learn that every
  toxicity screener passes "not honest", "not smart" and "not good", and use them as stopgaps.
- `praise`: the rewrite has a kind word and the comment has none ("he is a traitor" → "he is a friend").
- `subject`: the rewrite drops who or what the comment is about ("the clergy are gay" → "… are in the wrong faith").
  Screeners associate groups with abuse, so the easiest way to pass is to leave out the group, or the crime.
- `person`: the rewrite says of the author what was said of the reader ("you know nothing" → "I know nothing").

We counted these changes in 3,000 rewrites that people wrote (ParaDetox). 6.6 % change the count of "not" ("is shit" →
"is not good"), although another word would have been possible. .3 % add praise. If the comment has a subject, 10 %
lose it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sro.comments.words import word_set
from sro.screeners.base import RuleScreener

MeaningChange = Literal["negation", "praise", "subject", "person"]


# Also matches "isn 't" (tokenised corpora) and "isnt" (as people type it).
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|zero"
    r"|(?:ca|do|does|did|is|was|are|were|wo|ai|could|should|would|have|has|had)nt)\b|(?<=[n\s])['’´]t\b"
)
LESS = re.compile(r"\b(?:less|least|lack\w*|hardly|barely|far|stop|rid|against|poor|bad|worse)\b")
SCOPE = 5  # words after a "not" that do not count as praise: "not a very good idea"
PRAISE = word_set("""
    good great nice wise smart clever intelligent brilliant genius honest brave friend friends friendly love loves
    loved lovely beautiful wonderful amazing awesome excellent best hero heroes perfect reasonable sensible decent
    respectable thoughtful helpful admirable admire admires praise praises talented impressive delightful innocent
    honorable trustworthy""")
# If a comment has one of these words, its rewrite may contain praise: "the shit" means great.
WARM = PRAISE | word_set("""
    gorgeous sexy sexiest hot badass epic dope sick cool fun funny happy proud better adorable sweet lucky thanks
    buddy bro bros dude dudes homie homies pal pals mate mates nigga niggas fam bestie girl girls""")
WARM_PHRASE = re.compile(r"\b(?:the shit|da bomb|the bomb|as shit|as fuck|good shit)\b")

GROUPS = word_set("""
    black blacks white whites brown asian asians african africans american americans mexican mexicans latino latinos
    hispanic hispanics arab arabs indian indians immigrant immigrants refugee refugees foreigner foreigners muslim
    muslims islam islamic jew jews jewish christian christians catholic catholics hindu hindus atheist atheists gay
    gays lesbian lesbians bisexual transgender trans queer homosexual homosexuals homosexuality lgbt woman women
    female females male males feminist feminists elderly disabled deaf autistic homeless republican republicans
    democrat democrats liberal liberals conservative conservatives communist communists socialist socialists""")
GRAVE = word_set("""
    kill kills killed killing killer killers murder murders murdered murderer murderers murdering rape rapes raped
    raping rapist rapists terrorist terrorists terrorism genocide holocaust suicide abortion abortions slavery slave
    slaves clergy priest priests""")
SUBJECTS = GROUPS | GRAVE

WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")


def meaning_changes(text: str, source: str) -> list[MeaningChange]:
    """The changes of meaning from `source` to `text`, in the order of the module docstring; empty if none is found."""
    found: dict[MeaningChange, bool] = {
        "negation": negations(text) != negations(source),
        "praise": _praises(text) and not _is_warm(source),
        "subject": bool(lost_subjects(text, source)),
        "person": _turns_on_the_author(text, source),
    }
    return [turn for turn, seen in found.items() if seen]


READER, AUTHOR = frozenset(["you", "you're", "you’re"]), frozenset(["i", "i'm", "i’m"])
LINKING = frozenset(["are", "am", "were", "was", "have", "had", "do", "did", "will", "would", "can", "could", "just"])


EMPTY_WORDS = word_set("a an the not so to all very and or but that this think")


def _turns_on_the_author(text: str, source: str) -> bool:
    moved = said_of(AUTHOR, text) & said_of(READER, source)
    return bool(moved - said_of(AUTHOR, source) - said_of(READER, text))


def said_of(person: frozenset[str], text: str) -> set[str]:
    """The words that follow these pronouns, without auxiliary verbs: what a text says about that person."""
    words = [word for word in WORD.findall(text.lower()) if word not in LINKING]
    return {after for before, after in pairwise(words) if before in person} - EMPTY_WORDS


def negations(text: str) -> int:
    """The number of negations in a text."""
    return len(NEGATION.findall(text.lower()))


def lost_subjects(text: str, source: str) -> list[str]:
    """The words of `SUBJECTS` in `source` that `text` has in no form, each once, in order."""
    said = WORD.findall(text.lower())
    about = dict.fromkeys(word for word in WORD.findall(source.lower()) if word in SUBJECTS)
    return [word for word in about if not any(_akin(word, other) for other in said)]


def _akin(word: str, other: str) -> bool:
    """Whether two words are forms of one word, by their first letters: "women" and "woman", "rapist" and "rape"."""
    enough = max(3, min(len(word), len(other)) - 2)
    return word[:enough] == other[:enough]


def _praises(text: str) -> bool:
    words = WORD.findall(text.lower())
    return any(word in PRAISE and not _is_denied(words[max(0, i - SCOPE) : i]) for i, word in enumerate(words))


def _is_denied(before: Sequence[str]) -> bool:
    said = " ".join(before)
    return bool(NEGATION.search(said) or LESS.search(said) or re.search(r"n['’]t\b", said))


def _is_warm(text: str) -> bool:
    return not WARM.isdisjoint(WORD.findall(text.lower())) or bool(WARM_PHRASE.search(text.lower()))


@dataclass(frozen=True)
class MeaningRuleScreener(RuleScreener):
    """Passes a text if `meaning_changes` finds nothing."""

    name: str = "sense 1"
    faults: Callable[[str, str], Sequence[str]] = meaning_changes


def changes_but_negation(text: str, source: str) -> list[MeaningChange]:
    """`meaning_changes` without `negation`, for use with a faithfulness critic. The critic can see that "a liar" and
    "does not tell the truth" mean the same."""
    return [change for change in meaning_changes(text, source) if change != "negation"]
