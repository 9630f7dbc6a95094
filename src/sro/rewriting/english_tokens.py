"""Words and signs of an English sentence, and the grammar of its small words.

`sro.rewriting.phrase_cuts` and `sro.rewriting.reframings` use this grammar.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sro.comments.words import COMBINING_MARKS, word_set
from sro.rewriting.deletions import ADJECTIVES

MAX_SENTENCE_CHARACTERS = 600
"""Most characters of a sentence that is examined; a longer text is not a sentence, and these rules skip it."""


DETERMINERS = word_set("a an the this that these those some such my your ur his her their our")
JOINS = word_set("and but so or because cause cuz then while though plus yet")
YOU = word_set("you u ya ye yall y'all")
PRONOUNS = YOU | word_set("i he she it we they")
SUBJECTS = PRONOUNS | word_set("this that who people everyone")
OBJECTS = word_set("me him her them us it")
QUESTIONS = word_set("why what who how where when")
CONDITIONS = word_set("if unless")
PREPOSITIONS = word_set("of in on at by for from with about to like than as")
PARTICLES = word_set("out off up down away back over on of along around")
ADVERBS = word_set("just really such clearly obviously all still truly simply only so")
BE = word_set("is are was were am be being been r")
MODALS = word_set("""
    can could will would should may might must shall cannot can't couldn't won't wouldn't shouldn't cant couldnt wont
    wouldnt shouldnt""")
AUXILIARIES = MODALS | word_set("is are was were am has have had do does did ain't aint isnt arent wasnt dont doesnt")
FUNCTION_WORDS = (
    (JOINS | SUBJECTS | OBJECTS | QUESTIONS | CONDITIONS | PREPOSITIONS | BE | AUXILIARIES)
    | word_set("""
    whether which been not my your his their our a an the there here up down out off now again too before after until
    myself yourself himself herself itself ourselves yourselves themselves enough""")
) - {"people"}
"""Words that are not nouns: a word before them is not an adjective."""


def _third_person(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s")


BASE_VERBS = word_set("""
    act add admire agree ask attack be believe block break buy bring call care change claim come complain defend delete
    deserve despise do edit elect enjoy explain expect feel find fix follow force get give go hate have hear help hire
    ignore insult judge keep know lead learn leave let lie listen live lose love make mean mind move need pay play post
    prefer pretend protect put read remove report respect revert run say see show spread stand start stay stop support
    take talk teach tell think treat trust try undo use vote wait want waste watch win work write""")
INFLECTED_VERBS = frozenset(map(_third_person, BASE_VERBS - {"be"})) | word_set("""
    kept made knew got went took said came saw wrote ran won lost gave thought told left put read felt found heard led
    let meant paid stood taught understood broke brought bought began sent spent""")


def may_be_verb(word: str) -> bool:
    """Whether the form of a word suggests a finite verb."""
    return word in BASE_VERBS or is_inflected(word)


def is_inflected(word: str) -> bool:
    """Whether a word is likely an auxiliary, a past tense or a verb of "he" or "she"."""
    past = word.endswith("ed") and "-" not in word and not _NAMES_QUALITY.fullmatch(word)
    return past or word in AUXILIARIES | INFLECTED_VERBS or word.endswith("n't")


_NAMES_QUALITY = re.compile(ADJECTIVES, re.IGNORECASE)


def names_quality(word: str) -> bool:
    """Whether a rude word is a known adjective."""
    return _NAMES_QUALITY.fullmatch(word) is not None


def is_plural(word: str) -> bool:
    """Whether the form of a word suggests a plural."""
    return word.endswith("s") and not word.endswith(("ss", "us", "'s"))


_MEASURES = word_set("piece pieces bunch pack load bag lot gang sack")
_STOPS = frozenset('.!?…,;:–—-()"”“')
_LETTERS = rf"[^\W_](?:[^\W_]|[{COMBINING_MARKS}])*"
_TOKEN = re.compile(rf"{_LETTERS}(?:['’*$@#-]{_LETTERS})*|[^\w\s]+|_+")


@dataclass(frozen=True)
class Token:
    """A word or a run of signs, and its place."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; empty for signs."""
        return self.text.lower().replace("’", "'") if self.text[0].isalnum() else ""

    @property
    def is_stop(self) -> bool:
        """Whether a phrase ends here."""
        return self.text[0] in _STOPS

    @property
    def is_comma(self) -> bool:
        """Whether these signs only set a phrase off."""
        return not self.text.strip(",;:–—-")


def tokenize(sentence: str) -> list[Token]:
    """The words and signs of a sentence in order."""
    return [Token(match[0], *match.span()) for match in _TOKEN.finditer(sentence)]


def words_of(sentence: str) -> list[str]:
    """The distinct words of a sentence in lower case; a screener is asked about them one by one."""
    return list(dict.fromkeys(token.word for token in tokenize(sentence) if token.word))


def word_at(tokens: Sequence[Token], place: int) -> str:
    """The word at a place; empty for signs and beyond the ends."""
    return tokens[place].word if 0 <= place < len(tokens) else ""


def is_closed(tokens: Sequence[Token], place: int) -> bool:
    """Whether nothing follows a phrase that ends before this place: the end, a sign, or a joining word."""
    return place >= len(tokens) or tokens[place].is_stop or tokens[place].word in JOINS


def count_of(text: str, words: Collection[str]) -> int:
    """How many words of a text are among these."""
    return sum(token.word in words for token in tokenize(text))


def least_rude(texts: Iterable[str], sentence: str, rude: Collection[str], most: int) -> list[str]:
    """The texts without rude words, then those with fewer than the sentence, because a harmless word may be blamed.

    Args:
        texts: their order is kept within either group.
        most: the largest number of texts to return.
    """
    counts = {text: count_of(text, rude) for text in texts}
    before = count_of(sentence, rude)
    clean = [text for text, count in counts.items() if count == 0]
    return (clean + [text for text, count in counts.items() if 0 < count < before])[:most]


MOST_RUDE_RUNS = 4
"""A sentence with more says little else, and rules that try pairs of changes would need too much time."""


def rude_runs(tokens: Sequence[Token], rude: Collection[str]) -> list[tuple[int, int]]:
    """First and last + 1 of each run of rude words, with "a piece of" before it; none if there are too many."""
    runs: list[tuple[int, int]] = []
    place = 0
    while place < len(tokens):
        if tokens[place].word not in rude:
            place += 1
            continue
        start = place
        while place < len(tokens) and tokens[place].word in rude:
            place += 1
        measured = word_at(tokens, start - 1) == "of" and word_at(tokens, start - 2) in _MEASURES
        runs.append((start - 2 if measured else start, place))
    return runs if len(runs) <= MOST_RUDE_RUNS else []
