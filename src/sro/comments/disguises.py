"""Find the word that is hidden in `f*ck`, `1d1ot`, `stuuupid` or `ѕhіt`.

Guessing at every odd spelling would harm plain text (`A55` is a road, `as*` has a footnote, `c1ass` may be code), so
the rule is: **a disguise is undone only if the whole word in it is on the list below**.

    >>> undo_disguise("1d1ot"), undo_disguise("f***"), undo_disguise("stuuuupid"), undo_disguise("h2o")
    ('idiot', 'fuck', 'stupid', None)

Content warning: the list holds insults and slurs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from itertools import groupby, product

from sro.core.bounded_cache import cache_short_strings

# If a mask fits several words, the earlier word wins. Words of the first line may show only one letter: `f***`.
STRONG_STEMS = "fuck shit bitch asshole cunt dick ass pussy nigga nigger motherfuck bullshit"
STEMS = f"""{STRONG_STEMS}
shitt bullshitt cock cocksuck damn goddamn whore slut bastard crap crappy piss faggot fag fagg twat wank
prick tit titt arse arsehole dumbass jackass smartass fatass badass dipshit horseshit shite fucktard fuckwit
clusterfuck dickhead dyke tranny kike spic chink gook coon wetback paki negro retard libtard douche douchebag skank
hooker prostitute penis vagina dildo porn blowjob bollock bugger turd tosser wanker cum jizz anus anal boob
butthole

idiot idiocy moron stupid stupidity dumb dumber imbecile loser scum scumbag clown fool jerk coward liar hypocrite
hypocrisy pathetic ignorant ignoramus cretin dimwit nitwit halfwit dummy dummies bigot pervert pedo pedophile
paedophile freak creep creepy trash trashy garbage filth vermin parasite lunatic psycho psychopath traitor rapist
rape buffoon schmuck twit nutcase crybaby dolt sissy crook crooked darn ridiculous silly ignorance incompetent
arrogant crazy corrupt rubbish nonsense inept bully hypocritical narcissist cuck sexist selfish demented imbecilic
pig ugly disgust disgusting worthless useless hate kill kys suck stfu nazi racist troll lame bloody bloodsuck
""".split()
SUFFIXES = ["", *["s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "ic", "ly", "ish", "est"]]
COMPOUNDS = ["head", "heads", "face", "faces"]
STRONG_WORDS = frozenset(stem + suffix for stem in STRONG_STEMS.split() for suffix in SUFFIXES + COMPOUNDS)
LEXICON = list(dict.fromkeys([*(stem + suffix for suffix in SUFFIXES for stem in STEMS), *sorted(STRONG_WORDS)]))
LISTED = frozenset(LEXICON)

# What a character may stand for besides itself. A mask hides one letter.
VOWELS, ANY = "aeiou", "abcdefghijklmnopqrstuvwxyz"
STANDS_FOR = {
    **{"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "+": "t", "(": "c"},
    **{"|": "il", "¡": "i", "¢": "c", "£": "l", "€": "e", "¥": "y", "§": "s", "†": "t", "µ": "u", "μ": "u", "×": "x"},
    **{"@": "a" + VOWELS, "!": "il" + VOWELS, "$": "s" + VOWELS},
    **dict.fromkeys("%&._~-", VOWELS),
    **dict.fromkeys("*#", ANY),
}
MASKS, GAPS = "*#", "._~-"
HEXADECIMAL = re.compile(r"[0-9a-f]+")

_by_shape: dict[tuple[str, int], list[str]] = defaultdict(list)  # (first letter, length) → listed words
for _word in LEXICON:
    _by_shape[_word[0], len(_word)].append(_word)

# Words allowed between words spelled letter by letter; without "the", which would find a rapist in a therapist.
BETWEEN = frozenset(
    re.findall(r"\w+", "you u your ur are r off a an i am is it this that all up go me my so and such 2")
)


@cache_short_strings(20_000)
def undo_disguise(seen: str) -> str | None:
    """The first listed word that `seen`, lower-cased, may spell with stand-ins, masks and repeated letters.

    None if it spells no listed word, if it is plain letters (nothing is hidden), or if it shows too few letters to be
    sure: `4*5` is a product, `A55` a road, `a55e5` a hexadecimal number, `as*` has a footnote.
    """
    shown = sum(map(str.isalpha, seen))
    numbered = any(map(str.isdigit, seen))
    if numbered and (shown < 2 or HEXADECIMAL.fullmatch(seen)):
        return None
    if not shown and not set(seen) <= set("@$#!+|("):
        return None
    for form in _drawn_in(seen):
        if form.isalpha() and form == seen:
            continue
        for first in form[0] + STANDS_FOR.get(form[0], "") if form[0] not in MASKS + GAPS else "":
            for word in _by_shape.get((first, len(form)), ()):
                if all(map(_may_be, form, word)) and _shows_enough(form, word):
                    return word
    return None


def _may_be(seen: str, letter: str) -> bool:
    return seen == letter or letter in STANDS_FOR.get(seen, "")


def _shows_enough(form: str, word: str) -> bool:
    masks = sum(map(form.count, MASKS))
    if form[-1] in MASKS and form[-2] not in MASKS and (word not in STRONG_WORDS or len(word) == 3):
        return False  # a footnote
    if len(form) - masks == 1:
        return word in STRONG_STEMS.split()  # `f***`; but `S****` may be anyone
    if masks and word not in STRONG_WORDS and 2 * masks > len(form) + 1:
        return False
    # Three letters are easily spelled by accident (`a*s`, `4ss`, `F-G`), so only a vowel may be masked, by a star.
    return len(word) > 3 or not any(
        sign in GAPS + "%&" or sign.isdigit() or (sign in MASKS and letter not in VOWELS)
        for sign, letter in zip(form, word)
    )


def _drawn_in(seen: str) -> list[str]:
    """`seen` itself, then every combination in which runs of three or more equal characters are one or two long.

    `aaassshole` → `ashole`, `asshole`, `aashole`, `aasshole`. Masks stay, because each hides one letter.
    """
    runs = [(sign, len(list(run))) for sign, run in groupby(seen)]
    if len(seen) > 40 or sum(length > 2 and sign not in MASKS for sign, length in runs) not in (1, 2, 3, 4):
        return [seen] if seen else []
    ways = [(sign, sign * 2) if length > 2 and sign not in MASKS else (sign * length,) for sign, length in runs]
    return [seen, *map("".join, product(*ways))]


LONGEST_WORD = 16  # letters, for words that are spelled letter by letter


@cache_short_strings(20_000)
def split_spelled_out(letters: str) -> tuple[str, ...] | None:
    """The words of a text that was spelled letter by letter, if at least one of them is listed; else None.

    All parts must be words: `youidiot` → `("you", "idiot")`, but no ass is found in `class`, and nothing in `usa`. The
    longest listed word is tried first.
    """
    if sum(map(str.isalpha, letters)) < 2:
        return None
    ends: dict[int, list[int]] = {}  # start of a word → its possible ends, the longest first
    reached = {0}
    for start in range(len(letters)):
        if start in reached:
            ends[start] = [
                end
                for end in range(min(len(letters), start + LONGEST_WORD), start, -1)
                if letters[start:end] in BETWEEN or _is_rude(letters[start:end])
            ]
            reached.update(ends[start])
    if len(letters) not in reached:
        return None
    leads_to_the_end = {len(letters)}
    for start in sorted(ends, reverse=True):
        ends[start] = [end for end in ends[start] if end in leads_to_the_end]
        if ends[start]:
            leads_to_the_end.add(start)
    words, at = [], 0
    while at < len(letters):
        words.append(letters[at : ends[at][0]])
        at = ends[at][0]
    return tuple(words) if any(map(_is_rude, words)) else None


def _is_rude(part: str) -> bool:
    """Whether it is a listed word, or hides one."""
    return part in LISTED or (len(part) > 2 and undo_disguise(part) is not None)


# --- letters that look like others -----------------------------------------------------------------------------------

# Letters of other scripts, in either case, and the Latin ones they look like: those single letters of Unicode's
# confusables.txt that people can type or copy from a "fancy text" page.
LOOK_ALIKES = {
    "Cyrillic": (
        "АВЕЅІЈКМНОРСТУХҮԌԚԜӀЗПГЁЇавеѕіјкмнорстухүһԁԛԝӏпгёїѵѡь",
        "ABESIJKMHOPCTYXYGQWIZNREIabesijkmhopctyxyhdqwlnreivwb",
    ),
    "Greek": ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳαβγδεηικνορςστυχω", "ABEZHIKMNOPTYXCjabydenikvopcotuxw"),
    "Armenian": ("ՕՏՍԼօհոսցզյքռա", "OSULohnugqjfnw"),
    "Cherokee": ("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᎩᏃ", "ABCDEGHIJKLMPRSTVWYZ"),
    "Canadian syllabics": ("ᗩᗷᑕᗪᖴᕼᒍᒪᗰᑎᑭᑫᖇᔕᑌᐯᗯ᙭ᘔ", "ABCDFHJLMNPQRSUVWXZ"),
    "Latin": ("ɑɩɣƧƽ", "aiyss"),
}
OTHER_SCRIPTS = str.maketrans(*("".join(side) for side in zip(*LOOK_ALIKES.values())))
LATIN_BY_NAME = re.compile(
    r"(?:LATIN |NEGATIVE CIRCLED LATIN |NEGATIVE SQUARED LATIN |REGIONAL INDICATOR SYMBOL )"
    r"(?:(SMALL|CAPITAL) )?(?:LETTER )(?:SMALL CAPITAL |DOTLESS |SCRIPT |TURNED )?([A-Z])(?: WITH .*)?"
)


@lru_cache(maxsize=4096)
def looks_like(character: str) -> str:
    """The ASCII letter that a character looks like, lower-cased: `ı`, `ï`, `ɪ`, `і`, `🅸` → `i`; others as they are."""
    if character.isascii():
        return character.lower()
    if (other := character.translate(OTHER_SCRIPTS)) != character:
        return other.lower()
    named = LATIN_BY_NAME.fullmatch(unicodedata.name(character, ""))
    return named.group(2).lower() if named else character
