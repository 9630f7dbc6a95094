"""Words that a sentence only names, as in: The word "bitch" means a female dog.

    >>> named_pieces('The word "bitch" means a female dog.'), named_pieces('Your "stupid" edits are here.')
    (['"bitch"'], [])
    >>> loses_named_word("It is spelled “hell”.", 'It is spelled "fuck".')
    True

With another word in its place the sentence makes another claim, so no rewrite may change or drop it. A word counts as
named if it is quoted, alone or with one or two more, and a word of language stands beside it ("word", "spelled",
"means"). What somebody said ("he said: “idiot”") and scare quotes (your "art") may be rewritten.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

_WORD = r"[^\W_](?:[\w'’*@$#-]{0,40}\w)?"
_QUOTED = re.compile(
    rf"(?<!\w)(?:[\"“”„‘’'`]|[«»‹›]\s?)({_WORD}(?:\s{_WORD}){{0,2}})[.,!?…]?(?:[\"“”‘’'`]|\s?[«»‹›])(?!\w)"
)
_NEAR = 60
"""Number of characters before and behind a quoted word among which a word of language is looked for."""

_BE = r"(?:is|was|are|were|isn['’]t|wasn['’]t|aren['’]t)"
_NOUN = (
    r"(?:(?:(?:swear|cuss|curse|slang|rude)[\s-]?)?words?|terms?|phrases?|expressions?|slang|slurs?|epithets?"
    r"|expletives?|profanity|nouns?|verbs?|adjectives?|adverbs?|synonyms?|abbreviation|acronym|pejorative"
    r"|(?:mis)?spellings?"
    r"|(?:schimpf)?wort|begriff|ausdruck|mots?|palabras?|palavras?|слов[оа])"
)
_FORM = r"(?:(?:mis-?)?(?:spell(?:s|ed|ing)?|spelt)|(?:mis)?pronounc(?:es?|ed|ing)|translat(?:es?|ed|ing))"
_CONTENT = r"(?:meanings?|definitions?|etymology|pronunciation|translation|title|spelling|synonyms?)"
# A word of language before the quoted word, with small words between the two: the word for it is "…", spell it as "…".
_BEFORE = re.compile(
    rf"""\b(?:
        {_NOUN} (?:\s(?:for|like|such\sas|here|it|this|that|{_BE}|also|not|just|a|an|the)){{0,3}}
      | {_FORM} (?:\s(?:it|them|that|this|as|like|to|into|with|correctly|right|wrong|{_BE}|a|an|the)){{0,3}}
      | {_CONTENT} (?:\s(?:of|for|the|a|an|{_BE}|song|film|movie|book|album|article|page)){{0,5}}
      | (?:means|meant|meaning|titled|(?:use|usage)\sof(?:\sthe)?|(?:the|by|nick)\s?names?|the\sinsult)
    ) [:,]?\s$""",
    re.IGNORECASE | re.VERBOSE,
)
# The same behind it: "…" also means, "…" is a vulgar word.
_BEHIND = re.compile(
    rf"""(?:
        ,?\s (?:(?:also|really|just|actually|literally|usually|often|does(?:\snot|n['’]t)|can|may|might)\s){{0,2}}
        (?:means?|meant|rhymes|translates?|refers?|derives?|comes\sfrom|bedeutet|signifie|significa|означает)
      | \s (?:{_BE}\s)? (?:also|just|only|not|still|really|considered|one\sof|an?|the|in)\s (?:\w{{1,20}}[\s-]){{0,2}}
        (?:{_NOUN}|insults?)
      | \s {_BE}\s (?:(?:not|also|often|usually|\w{{1,20}}ly)\s){{0,2}} (?:{_NOUN}|{_FORM})
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Before a quoted word that is the subject of its clause, not part of a phrase as in: this crap "art" is an insult.
_SUBJECT = re.compile(
    rf"(?:^|[,.;:!?(–—-]\s?|\b(?:that|because|and|or|but|so|if|since|whether|think|though|while|when|how|what|does|do"
    rf"|did|{_BE})\s)$",
    re.IGNORECASE,
)
# Between the quoted words of a list: "…", "…" or "…".
_LINK = re.compile(r"[,/]?\s?(?:(?:and|or|not|nor|but|vs\.?|instead\sof|rather\sthan|the|an?)\s){0,3}", re.IGNORECASE)


def named_pieces(sentence: str) -> list[str]:
    """The quoted words that the sentence names instead of using them, in order, with their quotation marks."""
    found = list(_QUOTED.finditer(sentence))
    named = [_is_named(sentence, quoted) for quoted in found]
    links = [bool(_LINK.fullmatch(sentence, one.end(), other.start())) for one, other in pairwise(found)]
    for places in (range(len(links)), reversed(range(len(links)))):  # of a list, all are named or none
        for at in places:
            if links[at] and (named[at] or named[at + 1]):
                named[at] = named[at + 1] = True
    return [quoted[0] for quoted, is_named in zip(found, named) if is_named]


def loses_named_word(text: str, sentence: str) -> bool:
    """Whether a rewrite quotes a word that the sentence names less often than the sentence, in whatever marks."""
    wanted = Counter(_QUOTED.sub(_bare, piece) for piece in named_pieces(sentence))
    return not wanted <= Counter(map(_bare, _QUOTED.finditer(text)))


def _bare(quoted: re.Match[str]) -> str:
    return quoted[1].casefold()


def _is_named(sentence: str, quoted: re.Match[str]) -> bool:
    before = sentence[max(0, quoted.start() - _NEAR) : quoted.start()]
    behind = sentence[quoted.end() : quoted.end() + _NEAR]
    return bool(_BEFORE.search(before)) or bool(_SUBJECT.search(before) and _BEHIND.match(behind))
