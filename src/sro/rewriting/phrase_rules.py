"""Rules of a phrase table in the format of its file: `rude => mild ; mild …`, with word lists and names for lists.

`assets/starter/idioms.txt` explains the format; `sro.rewriting.phrase_table` applies the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sro.core.errors import SROError

START, END, ANY = "^", "$", "_"
MOST_OPENINGS = 4000
"""Most pairs of first words under which a rule is stored; with more, it is stored under the first word only."""

Lists = dict[str, tuple[str, ...]]
"""The lists that the file has defined so far, by their names in angle brackets."""

Side = tuple[tuple[tuple[str, ...], int | None], ...]
"""A civil form: at each place its words, and the list of the rude phrase that they follow, if any."""


@dataclass(frozen=True)
class Rule:
    """A line of the file: the words at each place of a rude phrase, and its civil forms, the best first. `^`, `$` and
    `_` as in the file. A line stands for up to thousands of phrases, so these are not written out in advance."""

    rude: tuple[tuple[str, ...], ...]
    mild: tuple[Side, ...]

    def openings(self) -> Iterator[tuple[str, str | None]]:
        """Pairs of words with which its phrases begin; None stands for any second word, or no second word.

        Raises:
            ValueError: a phrase without a word.
        """
        for at, words_here in enumerate(self.rude):
            second = self.rude[at + 1] if at + 1 < len(self.rude) else (END,)
            told = {START, END, ANY}.isdisjoint(second) and len(words_here) * len(second) <= MOST_OPENINGS
            others = dict.fromkeys(second) if told else {None: None}
            for word in words_here:
                if word not in (START, END):
                    yield from ((word, other) for other in others)
            if START not in words_here:
                return
        raise ValueError("no rude word\n  fix: name a word of the phrase, beside ^")

    def civil(self, k: int, choice: Sequence[int]) -> list[str]:
        """The k-th civil form, or the last one if there are fewer, for the phrase with these words."""
        side = self.mild[min(k, len(self.mild) - 1)]
        answers = (some[0] if at is None else some[choice[at]] for some, at in side)
        return " ".join(answers).replace("~", " ").split()


def read_rules(text: str, name: str) -> list[Rule]:
    """The rules of a file in its order.

    Raises:
        SROError: a line that is neither a rule nor a list, with its number and a fix.
    """
    rules: list[Rule] = []
    lists: Lists = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(("#", "[")):
            continue
        try:
            if "=>" in line:
                rules.append(parsed(line, lists))
            else:
                _define(line, lists)
        except ValueError as error:
            raise SROError(f"{name}, line {number}: {error}") from error
    return rules


def parsed(line: str, lists: Lists | None = None) -> Rule:
    """The rule in a line; the line may refer to these lists. Its rude words are in lower case, as the comments
    with which they are compared.

    Raises:
        ValueError: no `=>`, no rude word, an unknown list, or a mild list that follows no rude one; with a fix.
    """
    rude, arrow, mild = line.partition("=>")
    if not arrow:
        raise ValueError("no rule\n  fix: rude => mild ; mild …")
    places = tuple(_lower(_words(place, lists or {})) for place in rude.split())
    rule = Rule(places, tuple(_side(side, places, lists or {}) for side in mild.split(";")))
    next(rule.openings(), None)  # raises if there is none
    return rule


def _define(line: str, lists: Lists) -> None:
    """Add the list that a line defines, `<name> = a/b/c`."""
    name, _, words = line.strip().partition(" = ")
    named = name[:1] == "<" and name[1:2].isalpha() and name[-1:] == ">" and {" ", "/", "="}.isdisjoint(name)
    if not named or len(words.split()) != 1:
        raise ValueError("no rule and no list\n  fix: rude => mild ; mild …, or <name> = a/b/c")
    if name in lists:
        raise ValueError(f"{name} is defined twice\n  fix: another name, or one list")
    found, of = _words(words, lists), name.partition(":")[0] + ">"
    if ":" in name and len(found) != (asked := len(_words(of, lists))):
        raise ValueError(f"{name} has {len(found)} words, {of} {asked}\n  fix: one answer to each word of {of}")
    lists[name] = found


def _words(place: str, lists: Lists) -> tuple[str, ...]:
    """The words at a place: `a/b`; `<name>` is the words of a list, `<name=word>` is `word` for each of them."""
    if "<" not in place or place in lists:
        return lists.get(place) or tuple(place.split("/"))
    found: list[str] = []
    for word in place.split("/"):
        if word[:1] != "<" or not word[1:2].isalpha():  # "<3" is a word
            found.append(word)
            continue
        name, equals, answer = word.partition("=")
        known = lists.get(f"{name}>" if equals else name) if word.endswith(">") else None
        if known is None:
            raise ValueError(
                f"no list {word} above\n  fix: define it in a line above, <name> = a/b/c, or correct its name"
            )
        found += [answer[:-1]] * len(known) if equals else known
    return tuple(found)


def _lower(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _side(side: str, rude: Sequence[Sequence[str]], lists: Lists) -> Side:
    """A mild side, with the list of the rude side that each place follows: the same list, else the first list of the
    same length; each list is followed once."""
    free = [at for at, words in enumerate(rude) if len(words) > 1]
    found: list[tuple[tuple[str, ...], int | None]] = []
    for place in side.split():
        answers = _words(place, lists)
        same = [at for at in free if rude[at] == _lower(answers)]
        same = same or [at for at in free if len(rude[at]) == len(answers)]
        if len(answers) > 1 and not same:
            raise ValueError(f"{place} answers no list of {len(answers)} words\n  fix: as many as in a list before =>")
        found.append((answers, same[0] if same else None))
        free = [at for at in free if at not in same[:1]]
    return tuple(found)
