"""Detect the language of a comment: by the package's list of English words, else by py3langid's model (139 languages).

    >>> detect("you are an idiot").code, detect("du bist so ein Idiot").code, detect("lol").code
    ('en', 'de', 'und')

Comments are short, rude and misspelt, and a wrong answer refuses somebody's comment. So there are three answers: a
text is English, is surely not English, or is unknown. It is surely not English if most letters are of another script,
if several words together are far more likely in another language than in English, or if none of three words is
English. Slang, names, laughter, leetspeak and single words are not enough. The name of the language is a separate
answer, because related languages are easily confused. The model has not read romanised languages; only the most common
one is recognised: Hindi (`hi-Latn`), by its small words. The thresholds were set on comments of thirty data sets
(`benchmarks/languages.py`, docs/research/lab-notes.md).

No network is needed. The model is loaded when the first text needs it; plain English does not need it.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sro.comments.normalise import normalise
from sro.comments.spelled_out import SHORT_WORDS, usual_words
from sro.comments.words import word_set
from sro.core.errors import SROError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


class Language(NamedTuple):
    """What is known of a text's language."""

    code: str
    """ISO 639-1 (`de`), `hi-Latn` for romanised Hindi; `und` if the language has no name here or is unknown."""
    confidence: float
    """Confidence in this language, in [0, 1]: the model's probability, or the share of words that are usual in it; 0
    for `und`."""
    english: bool | None
    """Whether the text is English. False: surely not, though the language may have no name here; None: unknown."""


UNKNOWN = Language("und", 0.0, None)
FOREIGN = Language("und", 0.0, False)

MAX_DETECTED_CHARACTERS = 400
"""Number of characters that are looked at; more add nothing new."""
USUAL = 0.8
"""The share of usual English words that makes a text English; the model is not asked then."""
ENGLISH = 0.5
"""If the model gives English at least this probability, the text counts as English."""
NOT_ENGLISH, NOT_ENGLISH_IN_TWO_WORDS = 2.0, 4.0
"""From these log-odds of another language against English on, a text is surely not English."""
MIN_LETTERS, MIN_WORDS = 10, 2
"""With fewer letters in different words, or fewer such words, a text in Latin letters never counts as not English."""
NAMED = 0.4
"""The least probability at which a language is named."""


NAMES = word_set(
    """
    af az bs ca cs cy da de es et eu fi fr ga gl hr hu id is it lt lv ms mt nl no pl pt ro sk sl sq sv sw tl tr uz vi
    be bg kk mk ru sr tt uk ar fa he ps ug ur am el hy ka ja ko zh as bn gu hi kn ml mr ne or pa si ta te km lo my
    th"""
)
"""Languages that are named. The model's others are small, and it gives them to slang and romanised languages."""
CODES = NAMES | {"en", "hi-Latn"}
"""The codes that `language_of` may return for a language that has a name here."""
VARIETIES = {
    **{"pcm": "en", "nn": "no", "arz": "ar", "ary": "ar", "wuu": "zh", "yue": "zh", "uzs": "uz"},
    **{"hbo": "he", "grc": "el", "gcr": "ht", "gcf": "ht", "sdh": "ku"},
}
"""Labels of the model that count as another label."""
SHORT_ENGLISH = SHORT_WORDS | word_set("an ya yo hi mr u r im id vs ll re ve don t s m d n")
"""Words of one and two letters, halves of `don't` and `you'll` among them."""
OTHERS = word_set(
    """
    aap aber als aus bent bueno che chi cojones com como con das dat del dem den der ein est fait font gracias gut hai
    hasta hijos ich ist jag las los med merci meu moi mon mongol nada nel nicht nie oui par para pas por pour puta que
    quer sans sie soy suis ton una und van wat weil yeh"""
)
"""Small and rude words of other languages that are in the list of usual English words by mistake."""
HINDI = word_set(
    """
    aaj abe abhi achi agar apna apne apni aur aulad baap baat bahot bahut behenchod bewakoof bhadwa bhadwe bhai
    bhenchod bhi bhosdike bohat bohot chahiye chup chutiya chutiye dekh desh diya ekdum gaand gadha gadhe gandu gaya
    gaye gayi ghar gya hai hain hamara hamare harami hoga hona hone hoon hota hote hua isko jaise kaam kabhi kahi kaise
    karke karna karne karo kaun khud kisi kiya krna krta krte kuch kutta kutte kya kyon kyu kyun liye maa madarchod
    madharchod matlab mera meri mujhe nahi nahin nhi pagal pehle phir rahe rahi randi rha rhe rhi saala saale sahi sala
    salo sath suar tera teri toh tujhe tum tumhara tumhare tumhari unki unko usko wala wale wali waise woh yaar yeh"""
)
"""Words of romanised Hindi that no other language here has."""
SMALL_HINDI = word_set(
    """
    ab ek gand h ho hu hum ja jab jo ka kar ke ki ko koi kr log mat mc mein mere ne ni pe se tab tak tere tha thi to tu
    us vo wo ye"""
)
"""Words of romanised Hindi that other languages have too: they count half, and only together with a word of HINDI."""
MIN_HINDI, HINDI_SHARE = 2.0, 0.3
"""A text is Hindi from this number of different words of the two lists on, and this share of its words."""

NO_WORDS = re.compile(r"(?:https?://|www\.|[@\\/])\S*|\S@\S+|<[^<>]{0,300}>|&\w{1,8};|\bRT\b")
APART = re.compile(r"['’‘`´-]")
EDGES = "!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~“”‘’«»„…–—¿¡•"
MIXED_WORD = re.compile("[a-z][\u0370-\u1cff]|[\u0370-\u1cff][a-z]", re.IGNORECASE)


def detect(text: str) -> Language:
    """The language of a text, whatever characters it holds.

    Example:
        >>> detect("Tu ekdum bewakoof aur gadha hai").code, detect("Ты полный идиот").english
        ('hi-Latn', False)
    """
    text = NO_WORDS.sub(" ", unicodedata.normalize("NFKC", text[:MAX_DETECTED_CHARACTERS]))
    found = _detect(text)
    if found.english is not False or text.isascii():
        return found
    plain = _undisguised(text)
    return found if _is_of_other_script(plain) else _by_words(_words(plain)) or found


def speaks(text: str, spoken: Collection[str] = ("en",)) -> bool | None:
    """Whether a text is in one of these languages. False only if it surely is not, None if unknown.

    Example:
        >>> [speaks(text) for text in ("you are an idiot", "du bist so ein Idiot", "lol")]
        [True, False, None]
    """
    return is_among(language_of(text), spoken)


def is_among(code: str | None, spoken: Collection[str]) -> bool | None:
    """Whether a language, as `language_of` returns it, is one of these. None if unknown.

    Example:
        >>> [is_among(code, ["en", "de"]) for code in ("de", "fr", "und", None)]
        [True, False, None, None]
    """
    if code == "und":
        return False if set(spoken) == {"en"} else None  # all that is known is that it is not English
    return None if code is None else code in spoken


def checked_codes(codes: Sequence[str]) -> list[str]:
    """The codes in the spelling of `language_of`; the case of the given codes does not matter.

    Raises:
        SROError: `language_of` can never return one of the codes, so no comment would ever be in that language.

    Example:
        >>> checked_codes(["EN", "hi-latn"])
        ['en', 'hi-Latn']
    """
    known = {code.lower(): code for code in CODES}
    if unknown := [code for code in codes if code.lower() not in known]:
        raise SROError(
            f"languages: no code of a language that is told apart here: {', '.join(map(repr, unknown))}\n"
            f"  fix: codes with blanks between, such as en de hi-Latn; there are {' '.join(sorted(CODES))}"
        )
    return [known[code.lower()] for code in codes]


def language_of(text: str) -> str | None:
    """The code of a text's language; `und` if it is not English and has no name here; None if unknown."""
    found = detect(text)
    return None if found.english is None else found.code


def _detect(text: str) -> Language:
    if not text.isascii() and _is_of_other_script(text):
        return _named(*_best(_probabilities(text)))
    words = _words(text)
    return _by_words(words) or _by_model(words)


def _by_words(words: Sequence[str]) -> Language | None:
    """English or Hindi, if enough words are usual in it."""
    if len(set(words)) < MIN_WORDS:
        return None
    english = sum(word in _usual_english() for word in words) / len(words)
    if english >= USUAL:
        return Language("en", english, True)
    sure, small = ([word for word in words if word in listed] for listed in (HINDI, SMALL_HINDI))
    hindi = (len(sure) + len(small)) / len(words)
    if sure and hindi >= HINDI_SHARE and len(set(sure)) + len(set(small)) / 2 >= MIN_HINDI:
        return Language("hi-Latn", hindi, False)
    return None


@cache
def _usual_english() -> frozenset[str]:
    return (usual_words() | SHORT_ENGLISH) - OTHERS


def _by_model(words: Sequence[str]) -> Language:
    different = {word for word in words if len(word) > 1}
    if len(different) < MIN_WORDS:
        return UNKNOWN
    likely = _probabilities(" ".join(words))
    code, probability = _best(likely)
    if likely["en"] >= ENGLISH:
        return Language("en", likely["en"], True)
    odds = math.log((probability + 1e-6) / (likely["en"] + 1e-6))
    enough = NOT_ENGLISH_IN_TWO_WORDS if len(different) == 2 else NOT_ENGLISH
    if sum(map(len, different)) < MIN_LETTERS:
        return UNKNOWN
    if odds >= enough:
        return _named(code, probability)
    return FOREIGN if len(different) > MIN_WORDS and _usual_english().isdisjoint(words) else UNKNOWN


def _named(code: str, probability: float) -> Language:
    return Language(code, probability, False) if probability >= NAMED and code in NAMES else FOREIGN


# --- what of a text is looked at -------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    """The lower-cased words, without leetspeak, code, laughter and other tokens without a language."""
    parts = [part for token in text.lower().split() for part in APART.split(token.strip(EDGES))]
    return [part for part in parts if part.isalpha() and not _is_laughter(part)]


def _is_laughter(word: str) -> bool:
    """Few letters again and again: haha, kkkk, aaargh."""
    return len(word) > 3 and len(set(word)) < (3 if len(word) < 6 else 4)


def _is_of_other_script(text: str) -> bool:
    letters = list(filter(str.isalpha, text))
    return 2 * sum(letter < "\u0250" or "\u1e00" <= letter <= "\u1eff" for letter in letters) < len(letters)


def _undisguised(text: str) -> str:
    """The text in the letters that it seems to have: `ídíot`, or `уоu` with two Cyrillic letters; else as it is."""
    folded = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return normalise(folded) if MIXED_WORD.search(folded) else folded


# --- the model -------------------------------------------------------------------------------------------------------


def _best(likely: Mapping[str, float]) -> tuple[str, float]:
    """The most likely language other than English; `zxx` is the model's label for text in no language."""
    return max((one for one in likely.items() if one[0] not in ("en", "zxx")), key=lambda one: one[1])


def _probabilities(text: str) -> dict[str, float]:
    """The probability of every language that the model knows."""
    found: dict[str, float] = {}
    for code, probability in _model().rank(text):
        code = VARIETIES.get(code, code)
        found[code] = found.get(code, 0.0) + probability
    return found


LOADING = threading.Lock()


def _model() -> LanguageIdentifier:
    with LOADING:  # two threads would load it twice
        return _load()


@cache
def _load() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
