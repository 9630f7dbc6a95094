"""Candidates that only delete words: an insult that addresses the reader, an adjective or a swear word before a word.

The rest is the author's own sentence, so these candidates say what the comment says, in its own words ("Learn to
spell." for "Learn to spell, you moron."). Each is a candidate like any other: it has to pass the screener.
"""

from __future__ import annotations

import re

from sro.comments.words import takes_an, with_capital_of

CALLED = (
    r"(?:idiots?|morons?|dumb ?ass(?:es)?|ass ?holes?|bastards?|bitch(?:es)?|pricks?|dick ?heads?|retards?|imbeciles?"
    r"|scum ?bags?|douche ?bags?|twats?|cunts?|shit ?heads?|dipshits?|wankers?|dimwits?|jackass(?:es)?|fuck ?wits?"
    r"|fuckers?|mother ?fuckers?|pieces? of (?:shit|crap|trash|garbage)|nitwits?|sons? of bitches|son of a bitch"
    r"|dumb ?fucks?)"
)
"""Insulting names that need no `you`; names from lists ("thieves, liars") or of farm animals ("cows, pigs") do."""
CONTEMPT = (
    r"(?:fools?|clowns?|losers?|jerks?|scum|douches?|pigs?|freaks?|pussy|pussies|faggots?|fags?|whores?|sluts?|dolts?"
    r"|dunces?|pillocks?|weirdos?|creeps?|fucks?)"
)
"""Names that need a `you`, and accuse of nothing specific."""
_NAMES = rf"(?:{CALLED}|{CONTEMPT}|cowards?|trolls?|knob|hypocrites?|liars?|vermin|nazis?)"
ADJECTIVES = (
    r"(?:f+u+c+k+i+n+g?|stupid(?:[- ]ass)?|dumb(?:[- ]?ass)?|pathetic|goddamn(?:ed)?|damn(?:ed)?|bloody|shitty|crappy"
    r"|retarded|idiotic|moronic|brainless|ignorant|worthless|useless|ugly|disgusting|mother ?fucking|freaking|frigging"
    r"|filthy|lousy|lazy|little|big|fat|old|sick|sorry|miserable|lame|absolute|complete|total|arrogant|silly|imbecilic)"
)
_ALWAYS_SPARE = re.compile(
    r"\b(?:f+u+c+k+i+n+g?|goddamn(?:ed)?|damn|bloody|mother ?fucking|freaking|frigging) (?=[^\W\d_])(?!it\b(?!['’]))",
    re.IGNORECASE,
)
"""Oaths that no clause needs; `damned` and the like may be a verb, and "damn it" goes as a whole or not at all."""
_SPARE_ADJECTIVE = re.compile(
    r"\b(your|my|his|her|their|our|this|that|these|those|the|[^\W\d_]{2,30}['’]s) "
    r"(?:(?:stupid[- ]ass|dumb[- ]?ass|stupid|dumb|pathetic|shitty|crappy|retarded|idiotic|moronic|brainless|ignorant"
    r"|worthless|useless|ugly|disgusting|filthy|lousy|lame|silly|fucked[- ]up|bullshit|shit|crap) )+(?=[a-z]{3})",
    re.IGNORECASE,
)
"""After these words the noun identifies the thing; in "a stupid idea" the adjective is the statement, so it stays."""
_ADDRESS = rf"(?:(?:you|u|ya|ye) (?:{ADJECTIVES} ){{0,4}}{_NAMES}|(?:{ADJECTIVES} ){{0,4}}{CALLED})"
_AT_END = re.compile(
    rf"(?: ?[,–—-]{{1,2}} ?{_ADDRESS}| (?:you|u|ya) (?:{ADJECTIVES} ){{0,4}}{_NAMES})(?= ?[.!?…]* ?$)", re.I
)
_AT_START = re.compile(
    rf"^ ?(?:(?:hey|listen|look|dear|oi|yo|ok|okay|oh|shut up|fuck you|fuck off|screw you|jesus|christ|fuck|shit|damn"
    rf"|bullshit|holy shit) ?,? ?)?"
    rf"(?:{_ADDRESS}|fuck you|fuck off|screw you|holy shit|bullshit) ?[,!.;:…-]{{1,12}} ?",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf", ?{_ADDRESS} ?,", re.IGNORECASE)
_YOU_NAMES = re.compile(
    rf"\b(you|u) (?:{ADJECTIVES} ){{0,4}}{_NAMES} (?=(?:are|should|need|have|can|can't|will|won't|do|don't|did"
    rf"|didn't|must|just|keep|never|always|think|know|want|really|would|could|might|made|make|get|got|deserve)\b)",
    re.IGNORECASE,
)
_CALLED_OUT = re.compile(
    rf"(?:(?: ?[–—-]{{1,2}})? (?:{ADJECTIVES} ){{0,4}}{CALLED})(?= ?(?:[.!?…]* ?$|,))", re.IGNORECASE
)
"""A name after a clause without a comma ("go away asshole"; "I know dumbass, it was me"), unless the word before it
needs it (`_NEEDS_A_NOUN`)."""
_PLURAL = re.compile(r"(?:[^s]s|sses|ches)$", re.IGNORECASE)
_NEEDS_A_NOUN = frozenset(
    [
        *("a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "their", "our"),
        *("its", "is", "are", "was", "were", "be", "been", "being", "am", "i'm", "you're", "he's", "she's"),
        *("they're", "it's", "of", "like", "as", "such", "some", "any", "all", "other", "no", "not", "and"),
        *("or", "with", "by", "from", "for", "to", "than", "at", "on", "about", "another", "two", "many"),
        *("every", "both", "same", "big", "u", "ur", "you", "what", "little", "real", "hate", "call", "called"),
        "calling",
    ]
)
_NAMED_YOU = re.compile(r" ?[,–—-] ?(?:you|u) ((?:[\w'’-]{1,30} ){0,3}[\w'’-]{1,30})(?= ?[.!?…]* ?$)", re.IGNORECASE)
"""", you …" at the end, whatever the name is, unless it is a clause or a kind word (`_NO_NAME`)."""
_NO_NAME = frozenset(
    [
        *("know", "see", "are", "were", "have", "had", "can", "could", "will", "would", "do", "did", "should"),
        *("must", "ever", "may", "might", "mean", "think", "say", "said", "want", "wanted", "need", "get"),
        *("got", "go", "went", "never", "always", "don't", "dont", "can't", "cant", "won't", "didn't", "too"),
        *("all", "guys", "both", "folks", "two", "people", "is", "was", "make", "made", "keep", "just"),
        *("really", "understand", "like", "love", "hear", "wonderful", "brave", "lovely", "dear", "poor"),
        *("wish", "admit", "agree", "lose", "win", "won", "lost"),
    ]
)
_HOSTILE = (
    r"(?:(?:go )?(?:fuck|screw) (?:you|u|off|ya|y['’]?all|yourself|yourselves)"
    r"|fuck ?off|piss off|eat shit|go to hell|kiss my (?:\w{1,15} )?ass|suck (?:my|a) (?:\w{1,15} )?(?:dick|cock)"
    r"|bite me|blow me|shove it(?: up your ass)?|get (?:a life|lost|bent|stuffed)|shut (?:the (?:fuck|hell) )?up)"
    r"(?: then| man| all| too| guys| bro| now| already| again)?"
)
"""Clauses that are nothing but hostile: the comment is about what stands beside them."""
_HOSTILE_AT_START = re.compile(rf"^ ?{_HOSTILE} ?(?:[,.;:!…–—-]{{1,12}}|and\b|but\b|because\b) ?", re.IGNORECASE)
_HOSTILE_AT_END = re.compile(
    rf" ?(?:[,.;:!…–—-]{{1,3}} ?(?:and |so |now )?|\b(?:and|so|or) ){_HOSTILE}(?= ?[.!…]* ?$)", re.I
)
GOVERNING = frozenset(
    [
        *("about", "are", "at", "believe", "by", "for", "from", "hate", "help", "is", "like", "love", "of", "on"),
        *("tell", "than", "thank", "to", "told", "trust", "were", "with"),
    ]
)
"""After these words `you` is not an address but a part of the clause."""
_ARTICLE = re.compile(r"\b(([Aa])[nN]?) (?=([A-Za-z]\w*))")
_FEWEST_WORDS = 2
_LONGEST = 2000
"""Most characters of a sentence; a longer text is not a sentence, and these rules skip it."""


def deletions(sentence: str) -> list[str]:
    """Return the sentence without dispensable words: one candidate with the addresses cut, one with the adjectives,
    one with both; only those that differ from the sentence and leave at least two words.

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
    """Remove insults that address the reader (at the end, at the start, between commas, and "you idiots" before a
    verb) and clauses that are nothing but hostile ("fuck you then")."""
    text = _INSIDE.sub(",", sentence)
    text = _YOU_NAMES.sub(r"\1 ", text)
    text = _HOSTILE_AT_END.sub("", text)
    text = _NAMED_YOU.sub(_named, _AT_END.sub(_end, text))
    for start in (_HOSTILE_AT_START, _AT_START):
        rest = start.sub("", text)
        text = with_capital_of(rest, sentence) if rest.strip(" .!?,") else text
    return _CALLED_OUT.sub(_called_out, text)


def without_adjectives(sentence: str) -> str:
    """Remove swear words before another word, and contemptuous adjectives after a determiner."""
    text = _ALWAYS_SPARE.sub("", sentence)
    text = _SPARE_ADJECTIVE.sub(r"\1 ", text)
    if text == sentence:
        return sentence
    return with_capital_of(fix_articles(text), sentence)


def fix_articles(text: str) -> str:
    """Make `a` and `an` fit the next words: "an stupid idea" → "a stupid idea"."""
    return _ARTICLE.sub(_article, text)


def _end(match: re.Match[str]) -> str:
    """`you` if the clause needs it ("What is wrong with you morons?"), else nothing."""
    before = match.string[: match.start()].rpartition(" ")[2].lower()
    called = match[0].lstrip()[0] in ",–—-" or before not in GOVERNING
    return "" if called else match[0][: match[0].index(" ", 1)]


def _named(match: re.Match[str]) -> str:
    return match[0] if _NO_NAME.intersection(match[1].lower().split()) else ""


def _called_out(match: re.Match[str]) -> str:
    before = match.string[: match.start()].rpartition(" ")[2].lower()
    if match.string[match.end() :].lstrip().startswith(",") and _PLURAL.search(match[0]):
        return match[0]  # "they met idiots, fools and worse"
    return match[0] if before.strip(",;:") in _NEEDS_A_NOUN or not before.strip(",.;:!?") else ""


def _article(match: re.Match[str]) -> str:
    article, letter, following = match.groups()
    shouted = letter == "A" and article != "An" and following.isupper() and len(following) > 1
    return f"{letter}{('N' if shouted else 'n') if takes_an(following, letter if shouted else article) else ''} "
