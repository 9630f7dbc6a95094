"""Candidates in languages that the leader does not write: the author's sentence without dispensable words.

    >>> foreign_deletions("Lern erst mal lesen, du Vollidiot!", "de")
    ['Lern erst mal lesen!']
    >>> foreign_deletions("Du bist ein Idiot", "de")
    []

There is no generator for these languages, and deleting everything that the screener objects to leaves no sentence ("Du
bist ein"). So only a few kinds of words are deleted: a swear word between words, an adjective of contempt before its
noun, a name called out between commas (`foreign_words`). The rest must be a sentence of some length in which no word
lacks its complement; all other sentences are refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sro.comments.words import with_capital_of, word_set
from sro.rewriting.english_tokens import Token
from sro.rewriting.foreign_words import LEXICONS, Lexicon

MAX_SENTENCE_CHARACTERS = 2000
"""Most characters of a sentence that is examined."""
FEWEST_WORDS, FEWEST_CONTENT_WORDS = 3, 2
LEAST_LEFT = 0.5
"""Smallest share of the letters that must be left."""
TOKEN = re.compile(r"\w+(?:-\w+)*|[^\w\s]")
CLAUSE_ENDS = frozenset(',;:.!?…()—–"«»“”„')
QUOTES = frozenset('"«»“”„')
"""A word inside quotation marks is quoted or discussed."""
PRONOUNS = word_set("du ihr dir dich euch tu toi te vous tú vos ты вы тебе тебя вам вас")
NO_RUSSIAN_NOUN = tuple(word_set("ли ла ло ет ит ут ют ат ят но ть ся ый ая ое ые же"))
"""Endings of verbs, adverbs and adjectives: a word before these may be the whole statement of a sentence."""
EXCLAIMING = word_set("für was pas")
"""Before an article: "was für ein beschissenes Jahr" says nothing else, and "pas un" would have to become "pas de"."""
ELIDES = word_set("le la de ce je me te se ne que ma ta sa")
VOWELS = frozenset("aeiouyhâàéèêëîïôûùœ")


@dataclass(frozen=True)
class _Words:
    """A word list of `foreign_words`, prepared for look-ups."""

    whole: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, listed: str) -> _Words:
        words = listed.split()
        return cls(
            frozenset(word for word in words if word[-1] != "*"), tuple(word[:-1] for word in words if word[-1] == "*")
        )

    def __contains__(self, word: str) -> bool:
        return word in self.whole or (bool(self.stems) and word.startswith(self.stems))


@cache
def _words_of(language: str) -> dict[str, _Words]:
    """The word lists of a lexicon by name; its lists of phrases are left out."""
    lists = vars(LEXICONS[language])
    return {name: _Words.of(listed) for name, listed in lists.items() if isinstance(listed, str)}


def foreign_deletions(sentence: str, language: str) -> list[str]:
    """Shorter versions of the sentence: one without all names, swear words and contemptuous adjectives, and one for
    each of these kinds alone; only those that `is_fit` accepts.

    Args:
        sentence: one sentence, as written.
        language: its code; without a lexicon there are no candidates.
    """
    lexicon = LEXICONS.get(language)
    if lexicon is None or len(sentence) > MAX_SENTENCE_CHARACTERS:
        return []
    tokens = [Token(match[0], *match.span()) for match in TOKEN.finditer(sentence)]
    finders = (_called_out, _swear_words, _adjectives)
    kinds = [sorted(set(finder(tokens, language))) for finder in finders]
    every = sorted({place for places in kinds for place in places})
    found = []
    for places in [every, *kinds]:
        text = _without(sentence, tokens, places, kinds[1]) if places else sentence
        if text != sentence and is_fit(text, tokens, places, language):
            found.append(text)
    return list(dict.fromkeys(found))


def holds_rude_word(text: str, language: str) -> bool:
    """Whether a text holds a word of the language's list of words that may not stay; False without a lexicon."""
    if language not in LEXICONS:
        return False
    rude = _words_of(language)["rude"]
    return any(match[0].lower() in rude for match in TOKEN.finditer(text))


def is_fit(text: str, tokens: Sequence[Token], gone: Collection[int], language: str) -> bool:
    """Whether enough text is left, none of it is rude, and no word lacks a complement that was deleted."""
    words = _words_of(language)
    left = [token for place, token in enumerate(tokens) if place not in gone and token.word]
    content = [token for token in left if token.word not in words["function"] and len(token.word) > 1]
    letters = sum(len(token.text) for token in left)
    if holds_rude_word(text, language):
        return False
    if len(left) < FEWEST_WORDS or len(content) < FEWEST_CONTENT_WORDS:
        return False
    if letters < LEAST_LEFT * sum(len(token.text) for token in tokens if token.word):
        return False
    return not any(_dangles(tokens, gone, place, words["function"], language) for place in gone)


def _dangles(tokens: Sequence[Token], gone: Collection[int], place: int, function: _Words, language: str) -> bool:
    """Whether the word before a deleted one needs a word after it and has none now, or would need another form."""
    before = next((tokens[at] for at in range(place - 1, -1, -1) if at not in gone), None)
    after = next((tokens[at] for at in range(place + 1, len(tokens)) if at not in gone), None)
    if before is None or not before.word:
        return False
    if after is None or not after.word:
        return before.word in function and before.word not in PRONOUNS
    return language == "fr" and before.word in ELIDES and after.word[0] in VOWELS


def _called_out(tokens: Sequence[Token], language: str) -> Iterator[int]:
    """Segments between punctuation that are only a name for a person, with the words of address beside it."""
    words = _words_of(language)
    for start, end in _segments(tokens):
        inside = [tokens[at].word for at in range(start, end)]
        named = any(word in words["called"] for word in inside)
        apart = (start > 0 and tokens[start - 1].text == ",") or (end < len(tokens) and tokens[end].text == ",")
        if named and apart and all(word in words["called"] or word in words["address"] for word in inside):
            yield from range(start, end)


def _swear_words(tokens: Sequence[Token], language: str) -> Iterator[int]:
    """Swear words, as single words and in phrases."""
    words = _words_of(language)
    for start, end in _segments(tokens):
        quoted = start > 0 and tokens[start - 1].text in QUOTES
        if not quoted and all(tokens[at].word in words["swear_words_apart"] for at in range(start, end)):
            yield from range(start, end)
    for place, token in enumerate(tokens):
        before = tokens[place - 1].word if place else ""
        needed = before in words["function"] and before not in words["questions"]
        if token.word in words["swear_words"] and not needed and not _governs(tokens, place):
            yield place
    yield from _phrases(tokens, LEXICONS[language], words)


def _governs(tokens: Sequence[Token], place: int) -> bool:
    """Whether other words depend on the word: "putain de …"."""
    return place + 1 < len(tokens) and tokens[place + 1].word in ("de", "d", "del")


def _phrases(tokens: Sequence[Token], lexicon: Lexicon, words: dict[str, _Words]) -> Iterator[int]:
    spoken = [token.word for token in tokens]
    for phrase in (*lexicon.phrases, *lexicon.behind_nouns):
        asked = phrase.split()
        for place in range(len(tokens) - len(asked) + 1):
            if spoken[place : place + len(asked)] != asked:
                continue
            before = spoken[place - 1] if place else ""
            if phrase in lexicon.behind_nouns:
                spare = _is_known_noun(spoken[max(0, place - 4) : place], words)
            else:
                spare = before not in words["function"]
            if spare:
                yield from range(place, place + len(asked))


def _is_known_noun(before: Sequence[str], words: dict[str, _Words]) -> bool:
    """Whether these words end with a noun made known by a determiner: "ton téléphone", "cette sophistique
    libérale"."""
    if not before or before[-1] in words["function"] or before[-1] in words["not_heads"]:
        return False
    if before[-1].endswith(("ment", "mente")):
        return False
    articles = [word for word in before[:-1] if word in words["determiners"] or word in words["definite"]]
    return bool(articles) and articles[-1] in words["definite"]


def _adjectives(tokens: Sequence[Token], language: str) -> Iterator[int]:
    """Adjectives of contempt before a noun, and French `putain de`."""
    words = _words_of(language)
    for place, token in enumerate(tokens[:-1]):
        before, after = (tokens[place - 1] if place else None), tokens[place + 1]
        led = before is not None and (before.word in words["determiners"] or before.word in words["adjectives"])
        led = led or (language == "ru" and (before is None or before.text in CLAUSE_ENDS))  # Russian has no articles
        led = led and not (place > 1 and tokens[place - 2].word in EXCLAIMING)
        if language == "fr" and token.word in ("putain", "putains") and led and after.word in ("de", "d"):
            end = place + (3 if _is_apostrophe(tokens, place + 2) else 2)
            if end < len(tokens) and _is_noun(tokens, end, language):
                yield from range(place, end)
        elif token.word in words["feminine_swear_words"] and after.word in words["feminine_nouns"]:
            if before is None or before.word != "de":  # "hijo de puta, verdad"
                yield place
        elif token.word.startswith("schei") and not after.text[1:].islower():
            continue  # "einen Scheiß MÜSSEN wir": a noun
        elif token.word.startswith("foutu") and before is not None and before.word in ("ta", "la", "t"):
            continue  # "t'as foutu", which many people spell so
        elif token.word in words["adjectives"] and led and _is_noun(tokens, place + 1, language):
            yield place


def _is_noun(tokens: Sequence[Token], place: int, language: str) -> bool:
    """Whether a word may be a noun, or an adjective before one; in German capitals decide."""
    words, token = _words_of(language), tokens[place]
    if not token.word or token.word in words["function"] or token.word in words["called"] or token.word == "madre":
        return False
    if language == "de":
        return token.text[0].isupper() or token.word in words["adjectives"]
    return len(token.word) > 2 and not (language == "ru" and token.word.endswith(NO_RUSSIAN_NOUN))


def _is_apostrophe(tokens: Sequence[Token], place: int) -> bool:
    return place < len(tokens) and tokens[place].text in ("'", "’")


def _segments(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of words between punctuation that ends a clause, or the ends of the sentence."""
    start = 0
    for place in range(len(tokens) + 1):
        if place == len(tokens) or tokens[place].text in CLAUSE_ENDS:
            if start < place:
                yield start, place
            start = place + 1


def _without(sentence: str, tokens: Sequence[Token], gone: Sequence[int], swear_words: Collection[int]) -> str:
    """The sentence without these tokens, with its spaces and commas corrected."""
    lost, pieces, at = set(gone), [], 0
    for place, token in enumerate(tokens):
        if place in lost or (token.text == "," and _is_spare(tokens, place, lost, swear_words)):
            pieces.append(sentence[at : token.start])
            at = token.end
    whole = ""
    for piece in (*pieces, sentence[at:]):
        fused = whole[-1:].isalnum() and piece[:1].isalnum()  # "уметь,сука,а то" has no spaces of its own
        whole += f" {piece}" if fused else piece
    text = " ".join(whole.split())
    for sign in ",.…!?;:":  # French has spaces before some
        if sign in ",.…" or f" {sign}" not in sentence:
            text = text.replace(f" {sign}", sign)
    if min(lost) == next(place for place, token in enumerate(tokens) if token.word):
        text = text.lstrip(" ,;:.!…")
    return with_capital_of(text, sentence)


def _is_spare(tokens: Sequence[Token], place: int, lost: Collection[int], swear_words: Collection[int]) -> bool:
    """Whether a comma has lost its function: before deleted words; after them at the beginning, after a swear word
    ("бензин, блядь, скоро"), or if a pronoun stands before ("du, Idiot, hast" → "du hast")."""
    if place + 1 in lost:
        return True
    if place - 1 not in lost:
        return False
    before = place - 1
    while before in lost or (before >= 0 and tokens[before].text == ","):
        before -= 1
    if before < 0 or not tokens[before].word or tokens[before].word in PRONOUNS:
        return True
    after = tokens[place + 1].word if place + 1 < len(tokens) else ""
    return place - 1 in swear_words or after in ("que", "qu")
