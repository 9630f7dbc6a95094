"""Idiom that hangs on the rude word ("not give a shit", "full of shit", "the fuck out of here"), and its civil form.

Single edits cannot undo an idiom, and a small leader does not know it: it puts "stuff" where the word stood ("can 't
do stuff about that"). Here is a phrase table, written by hand from the phrases alone (`assets/starter/idioms.txt`,
which also says how its rules read). It pairs phrases, never comments; what it makes of a comment is a try like any
other, learnt from only where the follower's panel approves and likes no other try better
(`sro.training.warmup.best_of_n`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sro.comments.words import VOWEL, words
from sro.core.errors import SROError

START, END, ANY = "^", "$", "_"
_STOPS = frozenset([".", "!", "?", ";", "…", "..."])
_MARKS = ",.!?;:…"
_EDGE = {".", "!", "?", "…"}

Lists = dict[str, tuple[str, ...]]
"""The lists that a file has named so far, by their names with the angle brackets."""

Side = tuple[tuple[tuple[str, ...], int | None], ...]
"""A civil form: at each place the words that stand there, and which list of the rude phrase they answer, if any."""


@dataclass(frozen=True)
class Rule:
    """A line of the file: the words at each place of a rude phrase, and its civil forms, the best first. `^`, `$` and
    `_` as in the file. A line stands for up to thousands of phrases, so none is spelt out before it is met."""

    rude: tuple[tuple[str, ...], ...]
    mild: tuple[Side, ...]

    def openings(self) -> Iterator[tuple[str, str | None]]:
        """The pairs of words that its phrases begin with; None for any second word, or none.

        Raises:
            ValueError: a phrase without a word.
        """
        for at, words_here in enumerate(self.rude):
            second = self.rude[at + 1] if at + 1 < len(self.rude) else (END,)
            others = dict.fromkeys(second) if {START, END, ANY}.isdisjoint(second) else {None: None}
            for word in words_here:
                if word not in (START, END):
                    yield from ((word, other) for other in others)
            if START not in words_here:
                return
        raise ValueError("no rude word\n  fix: name a word of the phrase, beside ^")

    def civil(self, k: int, choice: Sequence[int]) -> list[str]:
        """The k-th civil form, or the last, for the phrase of these words."""
        side = self.mild[min(k, len(self.mild) - 1)]
        answers = (some[0] if at is None else some[choice[at]] for some, at in side)
        return " ".join(answers).replace("~", " ").split()


@dataclass(frozen=True)
class Hit:
    """A phrase that was found: its rule, which word of each list, the word that `_` stands for, where it ends."""

    rule: Rule
    choice: tuple[int, ...]
    caught: str
    end: int


@dataclass(frozen=True)
class Idioms:
    """The table, by the first plain word of each rule and the word behind it; longer rules before shorter ones."""

    rules: dict[str, dict[str | None, list[Rule]]]
    """Under each first word the rules for a second one, and under None those for all other second words."""

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Idioms:
        """The table of these rules."""
        found: dict[str, dict[str | None, list[tuple[int, Rule]]]] = defaultdict(lambda: defaultdict(list))
        for number, rule in enumerate(rules):
            for first, second in dict.fromkeys(rule.openings()):
                found[first][second].append((number, rule))
        table: dict[str, dict[str | None, list[Rule]]] = {}
        for first, by_second in found.items():
            others = by_second[None]
            table[first] = {
                second: [
                    rule
                    for _, rule in sorted(
                        {**dict(some), **dict(others)}.items(), key=lambda one: (-len(one[1].rude), one[0])
                    )
                ]
                for second, some in by_second.items()
            }
        return cls(table)

    def variants(self, comment: str, n: int = 3) -> list[str]:
        """Up to `n` different comments without the table's rude phrases; none where it knows no phrase of it.

        The k-th takes the k-th civil form of every phrase that has so many, else the last.
        """
        tokens = split(comment)
        hits = self._hits([token.lower() for token in tokens])
        if not hits:
            return []
        found: dict[str, None] = {}
        for k in range(n):
            changed = _replaced(tokens, hits, k)
            if changed != tokens:
                found[join(changed, like=comment)] = None
        return list(found)

    def _hits(self, tokens: Sequence[str]) -> dict[int, Hit]:
        """The phrases of lowered tokens, none within another, by where they begin."""
        found: dict[int, Hit] = {}
        i = 0
        while i < len(tokens):
            hit = self._match(tokens, i)
            if hit is not None:
                found[i] = hit
            i = max(i + 1, hit.end if hit else 0)
        return found

    def _match(self, tokens: Sequence[str], i: int) -> Hit | None:
        """The longest rule that fits at `i`."""
        behind = tokens[i + 1] if i + 1 < len(tokens) else ""
        hits = []
        for first in (tokens[i], ANY):
            by_second = self.rules.get(first, {})
            for rule in by_second.get(behind) or by_second.get(None) or []:
                fit = _fit(rule.rude, tokens, i)
                if fit is not None:
                    hits.append(Hit(rule, *fit))
                    break
        return max(hits, key=lambda hit: len(hit.rule.rude), default=None)


def _replaced(tokens: Sequence[str], hits: Mapping[int, Hit], k: int) -> list[str]:
    """The tokens with the k-th civil form of each phrase."""
    out: list[str] = []
    i = 0
    while i < len(tokens):
        hit = hits.get(i)
        if hit is None:
            out.append(tokens[i])
            i += 1
            continue
        here = tokens[i : hit.end]
        new = [hit.caught if word == ANY else word for word in hit.rule.civil(k, hit.choice)]
        new = [word for word in new if word not in (START, END)]
        if new == [token.lower() for token in here]:
            new = list(here)  # a phrase that only looks rude keeps its capitals ("Dick Cheney")
        elif new and tokens[i][:1].isupper() and (i == 0 or tokens[i - 1] in _STOPS):
            new[0] = new[0][:1].upper() + new[0][1:]
        out += new
        i = hit.end
    return _tidied(out)


def _fit(rude: tuple[tuple[str, ...], ...], tokens: Sequence[str], at: int) -> tuple[tuple[int, ...], str, int] | None:
    """Which words of each list stand at `at` and behind, the word that the last `_` stands for, and where they end;
    None where they do not. The first words of a list that fit are taken."""
    if not rude:
        return (), "", at
    for k, word in enumerate(rude[0]):
        here = tokens[at] if at < len(tokens) else ""
        if word == START:
            fits, step = at == 0 or tokens[at - 1] in _STOPS, 0
        elif word == END:
            fits, step = not here or here in _STOPS, 0
        else:
            fits, step = here == word or (word == ANY and here.isalpha()), 1
        if fits and (rest := _fit(rude[1:], tokens, at + step)) is not None:
            choice, caught, end = rest
            return (k, *choice), caught or (here if word == ANY else ""), end
    return None


def load_idioms(path: Path | None = None) -> Idioms:
    """The table that ships with the package, or another of the same form.

    Raises:
        SROError: a line that is neither rule nor list, with its number and a remedy.
    """
    if path is None:
        name = "idioms.txt"
        text = (resources.files("sro") / "assets/starter" / name).read_text("utf-8")
    else:
        name, text = str(path), path.read_text("utf-8")
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
    return Idioms.of(rules)


def parsed(line: str, lists: Lists | None = None) -> Rule:
    """The rule that a line spells, which may refer to these lists.

    Raises:
        ValueError: no `=>`, no rude word, an unknown list, or a mild list that answers no rude one; with a remedy.
    """
    rude, arrow, mild = line.partition("=>")
    if not arrow:
        raise ValueError("no rule\n  fix: rude => mild ; mild …")
    places = tuple(_words(place, lists or {}) for place in rude.split())
    rule = Rule(places, tuple(_side(side, places, lists or {}) for side in mild.split(";")))
    next(rule.openings(), None)  # raises where there is none
    return rule


def _define(line: str, lists: Lists) -> None:
    """Adds the list that a line names, `<name> = a/b/c`."""
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
    """The words of a place: `a/b`, where `<name>` is the words of a list and `<name=word>` a word for each of them."""
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
                f"no list {word} above\n  fix: define it in a line above, <name> = a/b/c, or mend its name"
            )
        found += [answer[:-1]] * len(known) if equals else known
    return tuple(found)


def _side(side: str, rude: Sequence[Sequence[str]], lists: Lists) -> Side:
    """A mild side, with the list of the rude side that each place follows; each is followed once, in order."""
    free = [at for at, words in enumerate(rude) if len(words) > 1]
    found: list[tuple[tuple[str, ...], int | None]] = []
    for place in side.split():
        answers = _words(place, lists)
        same = [at for at in free if len(rude[at]) == len(answers)]
        if len(answers) > 1 and not same:
            raise ValueError(f"{place} answers no list of {len(answers)} words\n  fix: as many as in a list before =>")
        found.append((answers, same[0] if same else None))
        free = [at for at in free if at not in same[:1]]
    return tuple(found)


def split(comment: str) -> list[str]:
    """White-space tokens, with punctuation behind a word as tokens of its own."""
    tokens: list[str] = []
    for token in words(comment):
        word = token.rstrip(_MARKS) or token  # a pattern for the end would search from each mark of "...!...x"
        tokens += [word, *token[len(word) :]]
    return tokens


def join(tokens: Sequence[str], like: str) -> str:
    """The tokens as a comment whose punctuation stands as it does in `like`: glued to its word, or apart."""
    text = " ".join(tokens)
    apart = re.search(r"\s[,.!?]", like) is not None
    return text if apart else re.sub(r"\s+([,.!?;:…])", r"\1", text)


def _tidied(tokens: list[str]) -> list[str]:
    """Articles that agree with the word behind them, and no comma where nothing is left in front of it."""
    out: list[str] = []
    for i, word in enumerate(tokens):
        behind = tokens[i + 1].lower() if i + 1 < len(tokens) else ""
        if word in ("a", "an") and behind[:1].isalpha():
            out.append("an" if VOWEL.match(behind) else "a")
        elif word == "," and (not out or out[-1] == ","):
            continue
        elif word in _EDGE and (not out or out[-1] == ","):
            out[-1:] = [word] if out else []
        else:
            out.append(word)
    return out
