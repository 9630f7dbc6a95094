"""Candidates that only leave out: an insult that addresses the reader, an adjective or an oath before another word.

What is left is the author's own sentence, so these say what the comment says, and in its own words ("Learn to spell."
for "Learn to spell, you moron."). Each is a candidate like any other: the screener has to pass it.
"""

from __future__ import annotations

import re

from sro.comments.words import VOWEL

_CALLED = (
    r"(?:idiots?|morons?|dumb ?ass(?:es)?|ass ?holes?|bastards?|bitch(?:es)?|pricks?|dick ?heads?|retards?|imbeciles?"
    r"|scum ?bags?|douche ?bags?|twats?|cunts?|shit ?heads?|dipshits?|wankers?|dimwits?|jackass(?:es)?|fuck ?wits?"
    r"|fuckers?|mother ?fuckers?|pieces? of (?:shit|crap|trash|garbage)|nitwits?|sons? of bitches|son of a bitch"
    r"|dumb ?fucks?)"
)
"""Names that a person is called without `you`: nobody lists them ("thieves, liars") or keeps them ("cows, pigs")."""
_NAMES = (
    rf"(?:{_CALLED}|fools?|clowns?|losers?|jerks?|scum|douches?|pigs?|cowards?|trolls?|freaks?|pussy|pussies|faggots?"
    r"|fags?|whores?|sluts?|dolts?|dunces?|pillocks?|knob|hypocrites?|liars?|vermin|weirdos?|creeps?|nazis?|fucks?)"
)
_ADJECTIVES = (
    r"(?:f+u+c+k+i+n+g?|stupid(?:[- ]ass)?|dumb(?:[- ]?ass)?|pathetic|goddamn(?:ed)?|damn(?:ed)?|bloody|shitty|crappy"
    r"|retarded|idiotic|moronic|brainless|ignorant|worthless|useless|ugly|disgusting|mother ?fucking|freaking|frigging"
    r"|filthy|lousy|lazy|little|big|fat|old|sick|sorry|miserable|lame|absolute|complete|total|arrogant|silly|imbecilic)"
)
_ALWAYS_SPARE = re.compile(
    r"\b(?:f+u+c+k+i+n+g?|goddamn(?:ed)?|damn|bloody|mother ?fucking|freaking|frigging) (?=[^\W\d_])", re.IGNORECASE
)
"""Oaths that no clause needs; `damned` and the like may be a verb."""
_SPARE_ADJECTIVE = re.compile(
    r"\b(your|my|his|her|their|our|this|that|these|those|the) "
    r"(?:(?:stupid[- ]ass|dumb[- ]?ass|stupid|dumb|pathetic|shitty|crappy|retarded|idiotic|moronic|brainless|ignorant"
    r"|worthless|useless|ugly|disgusting|filthy|lousy|lame|silly|fucked[- ]up|bullshit|shit|crap) )+(?=[a-z]{3})",
    re.IGNORECASE,
)
"""Behind these a thing is known by its noun; "a stupid idea" would lose what is said of it."""
_ADDRESS = rf"(?:(?:you|u|ya|ye) (?:{_ADJECTIVES} ){{0,4}}{_NAMES}|(?:{_ADJECTIVES} ){{0,4}}{_CALLED})"
_AT_END = re.compile(rf"(?: ?, ?{_ADDRESS}| (?:you|u|ya) (?:{_ADJECTIVES} ){{0,4}}{_NAMES})(?= ?[.!?…]* ?$)", re.I)
_AT_START = re.compile(
    rf"^ ?(?:(?:hey|listen|look|dear|oi|yo|ok|okay|oh|shut up|fuck you|fuck off|screw you|jesus|christ|fuck|shit|damn"
    rf"|bullshit|holy shit) ?,? ?)?"
    rf"(?:{_ADDRESS} ?[,!.;:-]|(?:fuck you|fuck off|screw you|holy shit|bullshit) ?[,!.;:-]) ?",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf", ?{_ADDRESS} ?,", re.IGNORECASE)
_YOU_NAMES = re.compile(
    rf"\b(you|u) (?:{_ADJECTIVES} ){{0,4}}{_NAMES} (?=(?:are|should|need|have|can|can't|will|won't|do|don't|did"
    rf"|didn't|must|just|keep|never|always|think|know|want|really|would|could|might|made|make|get|got|deserve)\b)",
    re.IGNORECASE,
)
_GOVERNING = frozenset(
    [
        *("about", "are", "at", "believe", "by", "for", "from", "hate", "help", "is", "like", "love", "of", "on"),
        *("tell", "than", "thank", "to", "told", "trust", "were", "with"),
    ]
)
"""Behind these words `you` is not called out to, but a part of the clause."""
_ARTICLE = re.compile(r"\b([Aa])n? (?=([a-z]\w*))")
_FEWEST_WORDS = 2
_LONGEST = 2000
"""Characters of a sentence; a longer one is no sentence, and is left to others."""


def deletions(sentence: str) -> list[str]:
    """The sentence without what nobody misses: one candidate with the addresses cut, one with the adjectives, one
    with both; those that change something and leave two words at least.

    >>> deletions("Learn to spell, you stupid moron.")
    ['Learn to spell.']
    >>> deletions("Read the fucking manual, asshole!")
    ['Read the fucking manual!', 'Read the manual, asshole!', 'Read the manual!']
    """
    if len(sentence) > _LONGEST:
        return []
    sentence = " ".join(sentence.split())
    addressed, plain = without_address(sentence), without_adjectives(sentence)
    found = dict.fromkeys([addressed, plain, without_adjectives(addressed)])
    return [text for text in found if text != sentence and len(re.findall(r"[^\W\d_]+", text)) >= _FEWEST_WORDS]


def without_address(sentence: str) -> str:
    """Without insults of whom it speaks to: behind it, before it, between commas, and "you idiots" before a verb."""
    text = _INSIDE.sub(",", sentence)
    text = _YOU_NAMES.sub(r"\1 ", text)
    text = _AT_END.sub(_end, text)
    rest = _AT_START.sub("", text)
    return _capital(rest, sentence) if rest.strip(" .!?,") else text


def without_adjectives(sentence: str) -> str:
    """Without oaths before another word, and without contemptuous adjectives behind a determiner."""
    text = _ALWAYS_SPARE.sub("", sentence)
    text = _SPARE_ADJECTIVE.sub(r"\1 ", text)
    if text == sentence:
        return sentence
    return _capital(_ARTICLE.sub(_article, text), sentence)


def _end(match: re.Match[str]) -> str:
    """`you` where the clause needs it ("What is wrong with you morons?"), else nothing."""
    before = match.string[: match.start()].rpartition(" ")[2].lower()
    called = match[0].lstrip().startswith(",") or before not in _GOVERNING
    return "" if called else match[0][: match[0].index(" ", 1)]


def _article(match: re.Match[str]) -> str:
    return f"{match[1]}{'n' if VOWEL.match(match[2]) else ''} "


def _capital(text: str, like: str) -> str:
    return text[:1].upper() + text[1:] if like.lstrip()[:1].isupper() else text
