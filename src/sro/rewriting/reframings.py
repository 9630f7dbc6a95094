"""Candidates that replace a whole insulting noun phrase by a plain word, depending on its neighbours.

    >>> reframings("you are a complete moron who doesn't know the rules .", {"moron"})
    ["you don't know the rules .", "you are someone who doesn't know the rules ."]
    >>> reframings("that smug weasel voted against the clinic .", {"weasel"})
    ['he voted against the clinic .', 'this guy voted against the clinic .']

Replacing a single word leaves the frame of the insult ("a complete person who"); the whole phrase has to go, with its
article and adjectives. As in `sro.rewriting.phrase_cuts`, the screener decides which words are rude, these rules know
only grammar, and screener and critic choose among the candidates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sro.comments.words import word_set
from sro.rewriting.english_tokens import (
    ADVERBS,
    AUXILIARIES,
    BASE_VERBS,
    BE,
    DETERMINERS,
    FUNCTION_WORDS,
    MAX_SENTENCE_CHARACTERS,
    OBJECTS,
    PARTICLES,
    PREPOSITIONS,
    PRONOUNS,
    YOU,
    least_rude,
    may_be_verb,
    rude_runs,
    tokenize,
    word_at,
)
from sro.rewriting.noun_phrase import NounPhrase, opens_clause
from sro.rewriting.repair import shouts, tidied

MOST = 6

Change = tuple[int, int, str]
"""First token, last token + 1, and the words that replace them."""

_QUALIFIES = word_set("who that like in from with on at trying running")
"""Words after which the sentence says who is meant."""
_IN_ONE = {"you're": "you", "he's": "he", "she's": "she", "they're": "they", "i'm": "I", "we're": "we", "it's": "it"}
_IN_ONE |= {"youre": "you", "your": "you", "ur": "you", "hes": "he", "shes": "she", "theyre": "they", "im": "I"}
"""Subject and "are" in one word, with common misspellings; "your" counts only before "a"."""
_FINITE = word_set("is are was were am r") | _IN_ONE.keys()
_NO_SUBJECTS = word_set("there this that it here these those")
_NO_PREDICATES = PRONOUNS | DETERMINERS | word_set("nobody everyone everybody people no none one all")
"""Words that begin a clause with its own subject after "who" or "that"."""
_PLURAL_SUBJECTS = YOU | word_set("i we they people these those")
_OBJECTS = {"your": "you", "ur": "u", "his": "him", "her": "her", "their": "them", "my": "me", "our": "us"}
_SUBJECTS = {"your": "you", "ur": "u", "his": "he", "her": "she", "their": "they", "my": "I", "our": "we"}
_BACKSIDES = word_set("ass asses arse arses butt butts azz")
_MOVES = word_set("move moves moving moved haul hauls hauling hauled drag")
_GETS = word_set("get gets getting got")
_KISSES = word_set("kiss kisses eat lick suck")
_NO_PERSONS = word_set("""
    fuck fucks fuk fck hell shit shite shits crap bullshit dick cock balls tits pussy cum damn garbage trash filth
    nonsense hate porn sex stuff sucks""")
"""Rude nouns that do not name a person."""
_NO_TRAIT = word_set("""
    big huge little complete total real absolute old fat such same biggest bunch great typical whole true another utter
    perfect proper right good of""")
"""Adjectives that say nothing about a person without their noun."""
_NEGATED = word_set("not isn't aren't wasn't weren't ain't isnt arent wasnt aint never")
_NO_PEOPLE_BEHIND = word_set("or and people them us you call calls called calling no like as of")
_QUANTITIES = word_set("all most many few several two three more")


def reframings(sentence: str, rude: Collection[str]) -> list[str]:
    """The sentence with a plain word for each insulting noun phrase, or with its relative clause promoted.

    Args:
        sentence: one sentence.
        rude: its words that are rude by themselves, lower-case (`sro.rewriting.english_tokens.words_of`).

    Returns:
        At most `MOST` candidates; those that keep some of several rude words come last.
    """
    if len(sentence) > MAX_SENTENCE_CHARACTERS or not rude:
        return []
    texts, found = [sentence], dict[str, None]()
    for _ in range(2):  # two insults
        texts = [text for one in texts for text in _once(one, rude)][:24]
        found |= dict.fromkeys(texts)
    return least_rude(found, sentence, rude, MOST)


def _once(sentence: str, rude: Collection[str]) -> Iterator[str]:
    """The sentence after each single change."""
    tokens, shouted = tokenize(sentence), shouts(sentence)
    for start, end in rude_runs(tokens, rude):
        for first, last, words in _changes(NounPhrase(tokens, start, end)):
            before, behind = sentence[: tokens[first].start], sentence[tokens[last - 1].end :]
            yield tidied(f"{before.rstrip()} {words.upper() if shouted else words} {behind}", sentence)


def _changes(phrase: NounPhrase) -> Iterator[Change]:
    """The possible replacements of tokens around the rude words."""
    if phrase.noun in _BACKSIDES:
        yield from _for_backside(phrase)
    elif phrase.noun not in _NO_PERSONS:
        found = _predicate(phrase)
        if found:
            yield from _for_predicate(phrase, found)
        yield from _for_qualified(phrase)
        if not found and phrase.may_be_persons and phrase.after not in _QUALIFIES:
            yield from _for_persons(phrase)


def _for_backside(phrase: NounPhrase) -> Iterator[Change]:
    """ "your ass" means you."""
    first, end, owner = phrase.first, phrase.end, phrase.determiner
    if owner not in _OBJECTS or phrase.before in _KISSES:
        return
    away = phrase.after in PARTICLES | {"to", "in", "home", "here"}
    if phrase.before in _MOVES or (phrase.before in _GETS and away):
        yield first, end, ""  # "get your ass out of here"
    elif not phrase.opens_clause:
        if phrase.is_closed or (phrase.after != "off" and _is_no_noun(phrase.after)):
            yield first, end, _OBJECTS[owner]  # not "your ass phone", nor "work your ass off"
    elif may_be_verb(phrase.after):
        verb = _agreeing(phrase.tokens[end].text, _SUBJECTS[owner])
        yield first, end + 1, f"{_SUBJECTS[owner]} {verb}"


def _is_no_noun(word: str) -> bool:
    return word in FUNCTION_WORDS | ADVERBS or may_be_verb(word)


def _predicate(phrase: NounPhrase) -> tuple[int, str, bool] | None:
    """The place of the "is" before a noun phrase, its subject, and whether both are one word; None without "is"."""
    place = phrase.first - 1
    while word_at(phrase.tokens, place) in ADVERBS:
        place -= 1
    word = word_at(phrase.tokens, place)
    if word in BE:
        return place, word_at(phrase.tokens, place - 1), False
    if word in _IN_ONE and (word not in ("your", "ur") or phrase.determiner in ("a", "an")):
        return place, _IN_ONE[word], True
    return None


def _for_predicate(phrase: NounPhrase, found: tuple[int, str, bool]) -> Iterator[Change]:
    """For "somebody is …": only the relative clause, "wrong" or "rude", or the phrase's only adjective."""
    verb, subject, glued = found
    finite = phrase.tokens[verb].word in _FINITE and subject and subject not in _NO_SUBJECTS
    if finite and phrase.after in ("who", "that") and _has_predicate(phrase):
        agreeing = _agreeing(phrase.tokens[phrase.end + 1].text, subject)
        yield verb, phrase.end + 2, f"{subject} {agreeing}" if glued else agreeing
    if phrase.after in ("if", "when") or (phrase.after == "for" and phrase.then.endswith("ing")):
        yield phrase.first, phrase.end, "wrong"
    elif phrase.after == "to" and phrase.then in PRONOUNS | OBJECTS | DETERMINERS:
        yield phrase.first, phrase.end, "rude"
    elif phrase.after == "to" and phrase.then in BASE_VERBS:
        yield phrase.first, phrase.end, "wrong"
    adjectives = phrase.tokens[phrase.first : phrase.start]
    traits = [token.text for token in adjectives if token.word and token.word not in DETERMINERS | _NO_TRAIT]
    if phrase.is_closed and phrase.determiner in ("a", "an") and len(traits) == 1:
        yield phrase.first, phrase.end, traits[0]


def _has_predicate(phrase: NounPhrase) -> bool:
    """Whether "who" or "that" after the phrase is the subject of its clause; not in "so stupid that nobody …"."""
    if not phrase.is_noun or not phrase.then or phrase.then in _NO_PREDICATES:
        return False
    return phrase.after == "who" or may_be_verb(phrase.then) or phrase.then in ADVERBS | {"never", "always"}


def _for_qualified(phrase: NounPhrase) -> Iterator[Change]:
    """ "someone" or "people" if the sentence then says who they are, or if a plural has a verb."""
    addressed = phrase.determiner in YOU  # "you fools are wrong" needs no noun: `phrase_cuts` has it
    many_do = phrase.is_plural and not addressed and phrase.after in ("and", "are", "have", "can", "will", "should")
    told = phrase.after in _QUALIFIES and (phrase.after != "that" or _has_predicate(phrase))
    bare = not phrase.determiner
    if not phrase.is_noun or not (told or (many_do and not bare)) or (bare and not _takes_people(phrase)):
        return
    if addressed and phrase.before == "of":
        return  # "all of you fools"
    plain = "people" if phrase.is_plural else "someone"
    yield phrase.first, phrase.end, "those of you" if addressed else plain


def _takes_people(phrase: NounPhrase) -> bool:
    """Whether a bare plural is a noun phrase by itself, and not an address or a name that people are called."""
    return phrase.first == phrase.start and phrase.before not in _NO_PEOPLE_BEHIND


def _for_persons(phrase: NounPhrase) -> Iterator[Change]:
    """A pronoun, or "someone" and the like, for the person that the phrase names."""
    first, end, determiner, before = phrase.first, phrase.end, phrase.determiner, phrase.before
    if before in _NEGATED or before in ("like", "as", "of"):
        return
    if determiner in ("this", "that", "the", "these", "those"):
        liked = word_at(phrase.tokens, first - 2) == "who"  # "who likes that fool is welcome"
        subject = phrase.opens_clause or (phrase.after in AUXILIARIES and not liked)
        pronouns = {(True, True): "they", (False, True): "he", (False, False): "him"}
        pronoun = pronouns.get((phrase.is_plural, subject))
        yield from ((first, end, words) for words in (pronoun, _these(phrase)) if words)
    elif determiner == "some" and phrase.is_plural:
        yield first, end, "some people"
    elif determiner in ("some", "a", "an") and phrase.opens_clause and phrase.has_verb:
        yield first, end, "someone"
    elif before in ("every", "any") and first == phrase.start and phrase.has_verb:
        if opens_clause(phrase.tokens, first - 1):
            yield first - 1, end, f"{before}one"
    elif not determiner and phrase.is_plural and _takes_people(phrase):
        if before in _QUANTITIES:
            yield first, end, "people"
        elif phrase.opens_clause or may_be_verb(before) or before in PREPOSITIONS:
            yield first, end, "some people"


def _these(phrase: NounPhrase) -> str:
    return "these people" if phrase.is_plural else "this guy"


_FORMS = {"is": "are", "isn't": "aren't", "has": "have", "hasn't": "haven't", "does": "do", "doesn't": "don't"}
_FORMS |= {"doesnt": "dont", "was": "were", "wasn't": "weren't", "goes": "go"}


def _agreeing(verb: str, subject: str) -> str:
    """A verb of a relative clause, changed to agree with this subject: ("doesn't", "you") → "don't"."""
    word, person = verb.lower().replace("’", "'"), subject.lower()
    agreeing = _agreeing_form(word, person) if person in _PLURAL_SUBJECTS else word
    if agreeing == word:
        return verb
    return agreeing.upper() if verb.isupper() else agreeing


def _agreeing_form(verb: str, subject: str) -> str:
    if subject == "i" and verb in ("is", "was"):
        return "am" if verb == "is" else verb
    if verb in _FORMS:
        return _FORMS[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith(("ss", "us", "is")) else verb
