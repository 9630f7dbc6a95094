"""Read the files of contrast sentences: paragraphs of labelled sentences, and the names of the groups.

The files, line by line:

    @ kind threats            what the paragraphs below are examples of; also `@ groups`, `@ times`, `@ lang`, and
                              `@ each pair` or `@ each alone`: whether neighbouring lines are one pair
    TH I will {find|get} you  a sentence, after its labels; `{a|b}` is a choice, `{people}` a slot of the group
                              (an empty line ends the paragraph, and with it the minimal pair)

Labels are Perspective's attributes, one letter for each that applies: T toxic, S severe, I insult, P profanity,
H threat, A identity attack. A lower-case letter means "undecided" (null), and a missing letter means 0. `~` means a
TOXICITY of 0.25, and `0` means no attribute. If a sentence is toxic and has no S, SEVERE_TOXICITY is undecided, unless
the labels end with `-` (`TI-`): then the sentence is rude but not severe.

Content warning: the files contain abuse of every kind, because a detector has to learn it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sro.core.errors import SROError

Label = float | None

ATTRIBUTE_OF_LETTER = {
    "T": "TOXICITY",
    "S": "SEVERE_TOXICITY",
    "I": "INSULT",
    "P": "PROFANITY",
    "H": "THREAT",
    "A": "IDENTITY_ATTACK",
}
RUDE_AT_NOBODY = 0.25  # TOXICITY of "damn, that was good": it may offend a reader, but attacks nobody
CODE = re.compile(r"(?:0|p|~P|[Tt][SIPHAsipha]*-?)\Z")
SLOT = re.compile(r"\{([^{}]*)\}")
GROUP_SLOTS = frozenset({"people", "person", "a_person", "slurs", "slur", "a_slur"})


class Group(NamedTuple):
    """An identity group: its name, its classes ("origin", "faith", …), and words for it, plural and singular."""

    name: str
    classes: frozenset[str]
    names: tuple[tuple[str, str], ...]
    slurs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Paragraph:
    """Sentences that belong together, in the order of the file; each of `lines` is (label code, text)."""

    id: str
    kind: str
    lang: str
    groups: frozenset[str]
    times: int
    lines: tuple[tuple[str, str], ...]

    def slots(self) -> set[str]:
        """The group slots in its sentences, in lower case."""
        found = {slot.lower() for _, text in self.lines for slot in SLOT.findall(text)}
        return found & GROUP_SLOTS


def labels(code: str) -> dict[str, Label]:
    """The values of the six attributes for a label code; see the module docstring."""
    values: dict[str, Label] = dict.fromkeys(ATTRIBUTE_OF_LETTER.values(), 0.0)
    for letter in code.rstrip("-").replace("0", ""):
        if letter == "~":
            values["TOXICITY"] = RUDE_AT_NOBODY
        else:
            values[ATTRIBUTE_OF_LETTER[letter.upper()]] = 1.0 if letter.isupper() else None
    if values["TOXICITY"] != 0 and not any(sign in code for sign in "S~-"):
        values["SEVERE_TOXICITY"] = None
    return values


def read_groups(text: str) -> dict[str, Group]:
    """Groups by name, from lines `name | classes | plural:singular / … | slurs:slur / …`."""

    def names(field: str) -> tuple[tuple[str, str], ...]:
        pairs = (pair.strip().partition(":") for pair in field.split("/") if pair.strip())
        return tuple((plural, singular) for plural, _, singular in pairs)

    groups = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, classes, called, slurs = (field.strip() for field in line.split("|"))
            groups[name] = Group(name, frozenset(classes.split()), names(called), names(slurs))
    return groups


def read_paragraphs(text: str, source: str) -> list[Paragraph]:
    """The paragraphs of one file.

    Raises:
        SROError: a line has no label code, or an unknown setting; the message gives file and line.
    """
    settings = {"kind": "", "groups": "", "times": "1", "lang": "en", "each": "pair"}
    paragraphs: list[Paragraph] = []
    lines: list[tuple[str, str]] = []
    start = 0

    def close() -> None:
        if lines:
            about = (settings["kind"], settings["lang"], frozenset(settings["groups"].split()), int(settings["times"]))
            paragraphs.append(Paragraph(f"{source}:{start}", *about, tuple(lines)))
            lines.clear()

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            close()
        elif line.startswith("@"):
            close()
            name, _, value = line[1:].strip().partition(" ")
            if name not in settings:
                raise SROError(
                    f"{source}:{number}: unknown setting {name!r}\n  fix: use one of {', '.join(settings)}."
                )
            settings[name] = value.strip()
        else:
            code, _, sentence = line.partition(" ")
            if not CODE.match(code) or not sentence.strip():
                raise SROError(
                    f"{source}:{number}: {line[:40]!r} has no label code\n  fix: begin it as in 'TI You fool'."
                )
            start = start if lines else number
            lines.append((code, sentence.strip()))
            if settings["each"] == "alone":
                close()
    close()
    return paragraphs
