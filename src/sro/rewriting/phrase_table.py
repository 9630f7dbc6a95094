"""Idioms with a rude word ("not give a shit", "full of shit", "the fuck out of here"), and their civil forms.

Single edits cannot undo an idiom, and a small leader does not know it: it replaces the word by "stuff" ("can 't do
stuff about that"). This phrase table was written by hand from the phrases alone (`assets/starter/idioms.txt`, which
also explains its rules). It pairs phrases, never comments. Its rewrite of a comment is a candidate like any other: the
leader learns from it only if the follower's panel approves it and likes no other better
(`sro.training.warmup.best_of_n`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

from sro.comments.words import takes_an
from sro.core.errors import SROError
from sro.rewriting.english_tokens import BASE_VERBS, FUNCTION_WORDS
from sro.rewriting.phrase_rules import ANY, END, START, Rule, read_rules
from sro.rewriting.phrase_tokens import OPENING_MARKS, Token, in_style_of, join, spacing, split

MAX_VARIANTS = 3
"""Variants of a sentence that the table makes; more gave no better results (docs/research/lab-notes.md)."""
_STOPS = frozenset(".!?;…؟؛।。！？；")
_EDGE = {".", "!", "?", "…", "؟", "।", "。", "！", "？"}
_COMMAS = {",", "،", "，"}
_OPENING, _CLOSING = " \t\n\"“”„«‘'([", " \t\n\"“”»’')]"
UNSPACED = frozenset(["zh"])
"""Languages written without spaces between words."""
_STRESS = frozenset(["really", "just", "truly", "simply", "actually", "basically", "literally", "honestly", "clearly"])
_BE, _BE_SHORT = frozenset(["is", "are", "was", "were", "am", "r"]), ("'s", "'re", "'m", "’s", "’re", "’m")
_CAPITAL_BY_PLACE = (FUNCTION_WORDS | BASE_VERBS) - {"i"}
"""Words that have a capital only at the beginning of a sentence."""


@dataclass(frozen=True)
class Hit:
    """A phrase that was found: its rule, the chosen word of each list, the word matched by `_`, and its end."""

    rule: Rule
    choice: tuple[int, ...]
    caught: str
    end: int


@dataclass(frozen=True)
class PhraseTable:
    """The table, by the first plain word of each rule and the next word; longer rules come before shorter ones."""

    rules: dict[str, dict[str | None, list[Rule]]]
    """For each first word, the rules by second word; under None the rules for all other second words."""
    language: str = "en"
    vocabulary: re.Pattern[str] | None = None
    """Splits a text without spaces between words: into words of the rules, else into single signs."""

    @classmethod
    def of(cls, rules: Sequence[Rule], language: str = "en") -> PhraseTable:
        """Make the table from rules in this language."""
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
        return cls(table, language, _vocabulary(rules) if language in UNSPACED else None)

    def variants(self, comment: str, n: int = 3) -> list[str]:
        """Up to `n` different comments without the table's rude phrases; none if it knows no phrase in the comment.

        The k-th variant takes the k-th civil form of every phrase, or the last one if there are fewer. Quotes and
        brackets around the whole stay; "is really a joke" is read as "is a joke" if the table does not know the
        former.
        """
        before, inside, behind = _unwrapped(comment)
        tokens = self._split(inside)
        hits = self._hits([token.text.lower() for token in tokens])
        if not hits and self.language == "en":
            tokens = _without_stress(tokens)
            hits = self._hits([token.text.lower() for token in tokens])
        found: dict[str, None] = {}
        for k in range(n if hits else 0):
            changed = _tidied(_replaced(tokens, hits, k), articles=self.language == "en")
            if [token.text for token in changed] != [token.text for token in tokens]:
                text = "".join(token.text for token in changed) if self.vocabulary else join(changed)
                if inside[-1] not in _COMMAS:
                    text = text.rstrip(" ,،，")  # the address after the comma is gone
                found[before + text + behind] = None
        return list(found)

    def _split(self, comment: str) -> list[Token]:
        return list(map(Token, self.vocabulary.findall(comment))) if self.vocabulary else split(comment)

    def _hits(self, tokens: Sequence[str]) -> dict[int, Hit]:
        """The phrases in lower-case tokens by where they begin; none inside another."""
        found: dict[int, Hit] = {}
        i = 0
        while i < len(tokens):
            hit = self._match(tokens, i)
            if hit is not None:
                found[i] = hit
            i = max(i + 1, hit.end if hit else 0)
        return found

    def _match(self, tokens: Sequence[str], i: int) -> Hit | None:
        """The longest rule that matches at `i`."""
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


def _unwrapped(comment: str) -> tuple[str, str, str]:
    """The signs that open a comment, the comment between, and the signs that close it."""
    rest = comment.lstrip(_OPENING)
    inside = rest.rstrip(_CLOSING)
    return comment[: len(comment) - len(rest)], inside, rest[len(inside) :]


def _without_stress(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without adverbs that stress, behind a form of "be"."""
    out: list[Token] = []
    for token in tokens:
        before = out[-1].text.lower() if out else ""
        if not (token.text.lower() in _STRESS and (before in _BE or before.endswith(_BE_SHORT))):
            out.append(token)
    return out


def _replaced(tokens: Sequence[Token], hits: Mapping[int, Hit], k: int) -> list[Token]:
    """The tokens with the k-th civil form of each phrase."""
    out: list[Token] = []
    texts, usual = [token.text for token in tokens], spacing(tokens)
    i, capital = 0, False
    while i < len(tokens):
        hit = hits.get(i)
        if hit is None:
            new, end = [tokens[i]], i + 1
        else:
            here, end = texts[i : hit.end], hit.end
            civil = [hit.caught if word == ANY else word for word in hit.rule.civil(k, hit.choice)]
            begins = _begins_sentence(texts, i)
            lower_first = begins and hit.caught != here[0].lower()
            cased = _in_case_of([word for word in civil if word not in (START, END)], here, lower_first)
            new = in_style_of(cased, tokens[i:end], usual)
            capital = capital or (here[0][:1].isupper() and begins)
        # If the phrase that began the sentence is removed, the next word begins it.
        first = next((at for at, token in enumerate(new) if token.text[:1].isalnum()), None)
        if capital and first is not None:
            text, clings = new[first]
            new[first] = Token(text[:1].upper() + text[1:], clings)
            capital = False
        out += new
        i = end
    return out


def _in_case_of(words: Sequence[str], here: Sequence[str], lower_first: bool) -> list[str]:
    """Give civil words the case of the phrase that they replace. Words of that phrase keep their spelling ("Dick
    Cheney" keeps its capitals, though it looks rude); other words are in capitals if the whole phrase is. A "You" with
    a capital only because it begins the sentence becomes "you" elsewhere, unless the first word is a name (not
    `lower_first`)."""
    written = {token.lower(): token for token in here}
    if lower_first and here[0].lower() in _CAPITAL_BY_PLACE and here[0][1:].islower():
        del written[here[0].lower()]
    spelt = [token for token in here if token[:1].isalpha()]
    shouted = all(token.isupper() for token in spelt) and any(len(token) > 1 for token in spelt)
    return [written.get(word) or (word.upper() if shouted else word) for word in words]


def _fit(rude: tuple[tuple[str, ...], ...], tokens: Sequence[str], at: int) -> tuple[tuple[int, ...], str, int] | None:
    """Match the lists at `at`: the index of the matching word of each list, the word matched by the last `_`, and the
    end; None if there is no match. The first matching words are taken."""
    if not rude:
        return (), "", at
    for k, word in enumerate(rude[0]):
        here = tokens[at] if at < len(tokens) else ""
        if word == START:
            fits, step = _begins_sentence(tokens, at), 0
        elif word == END:
            fits, step = not here or _is_stop(here), 0
        else:
            fits, step = here == word or (word == ANY and _is_word(here)), 1
        if fits and (rest := _fit(rude[1:], tokens, at + step)) is not None:
            choice, caught, end = rest
            return (k, *choice), caught or (here if word == ANY else ""), end
    return None


def _is_stop(token: str) -> bool:
    """Whether a token ends a sentence: "!" or a separate "!!!"."""
    return bool(token) and _STOPS.issuperset(token)


def _begins_sentence(tokens: Sequence[str], at: int) -> bool:
    return at == 0 or _is_stop(tokens[at - 1]) or tokens[at - 1] in OPENING_MARKS


def _is_word(token: str) -> bool:
    """Whether a token has only letters; in scripts such as Devanagari also their marks."""
    return token.isalpha() or (
        token[:1].isalpha() and all(char.isalpha() or unicodedata.category(char)[0] == "M" for char in token)
    )


def _vocabulary(rules: Sequence[Rule]) -> re.Pattern[str]:
    """A pattern for the longest word of the rules at each place, else a run of Latin letters or digits, else a
    sign."""
    words_known = {word for rule in rules for place in rule.rude for word in place} - {START, END, ANY}
    longest_first = sorted(words_known, key=lambda word: (-len(word), word))
    # A word that ends in Latin letters does not match if more of them follow: "nb" in "nbsp".
    whole = [re.escape(word) + ("(?![a-z0-9])" if word[-1].isascii() else "") for word in longest_first]
    return re.compile("|".join([*whole, "[a-z0-9]+", "."]), re.IGNORECASE | re.DOTALL)


def load_phrase_table(path: Path | None = None) -> PhraseTable:
    """Load the table that ships with the package, or another one of the same format.

    Raises:
        SROError: a file that cannot be read, or a line that is neither a rule nor a list, with its number and a fix.
    """
    if path is None:
        name = "idioms.txt"
        return PhraseTable.of(read_rules((resources.files("sro") / "assets/starter" / name).read_text("utf-8"), name))
    try:
        text = path.read_text("utf-8-sig")  # editors on Windows put a byte order mark before the first rule
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read as a phrase table: {error}\n  fix: save it as UTF-8") from error
    return PhraseTable.of(read_rules(text, str(path)))


def load_phrase_variants(name: str) -> Callable[[str], Sequence[str]] | None:
    """A function that makes variants of a sentence with a phrase table: `embedded`, `none`, or a file.

    Raises:
        SROError: the file does not exist, cannot be read, or has a line that is not a rule.
    """
    if name == "none":
        return None
    if name != "embedded" and not Path(name).is_file():
        raise SROError(
            f"phrases={name}: no such file\n  fix: `embedded`, `none`, or a file like assets/starter/idioms.txt"
        )
    return partial(load_phrase_table(None if name == "embedded" else Path(name)).variants, n=MAX_VARIANTS)


def _tidied(tokens: Sequence[Token], articles: bool) -> list[Token]:
    """Remove commas with no word before them, and make English articles fit the next word."""
    out: list[Token] = []
    for i, token in enumerate(tokens):
        word, before = token.text, out[-1].text if out else ""
        behind = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if articles and word in ("a", "an", "A", "An") and behind[:1].isalpha():
            out.append(Token(word[0] + ("n" if takes_an(behind, word) else "")))
        elif word in _COMMAS and (not out or before in _COMMAS):
            continue
        elif word in _EDGE and (not out or before in _COMMAS):
            out[-1:] = [token] if out else []
        else:
            out.append(token)
    return out
