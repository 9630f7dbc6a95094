"""Is this English? A light answer for a leader that writes nothing else: by script and by function words.

    >>> looks_english("you are an idiot"), looks_english("du bist so ein Idiot"), looks_english("lol")
    (True, False, None)

The rule is conservative: it says "no" only where letters of another script are the majority, or where at least two
different function words of German, French, Spanish, Portuguese, Italian, Dutch or Swedish stand in the text and less
than half as many English ones. It knows nothing of other languages in Latin letters, nor of romanised ones. Words that
are English too (*die*, *on*, *me*, *do*) are on no list but the English one.
"""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[^\W\d_]+")


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


ENGLISH = _set(
    """
    the and of to in is it you that was for on are with as i his they at be this have from or had by not but what all
    were we when your can said there an each which she do how their if will up about out many then them these so some
    her would make like him has more go no could my than been its who now did get come me our just don t s m re u ur
    im yourself please thanks why off here over a us am he any because should too only very being
    die man"""
)
OTHERS = {
    "German": _set(
        """
        der das und nicht ist ich du ein eine einen dem den mit auf für dass daß sich auch aber oder wenn haben hast
        bist sind wir ihr euch dich dir dein deine mein meine kein keine doch noch schon nur wie warum weil immer sehr
        zu"""
    ),
    "French": _set(
        """
        le la les des du est et pas que qui une un vous nous je tu il elle dans pour avec sur ce cette mais ton ta tes
        votre vos mon sont être t'es suis ne plus très comme quand pourquoi ça c'est j'ai aux"""
    ),
    "Spanish": _set(
        """
        el la los las que una un es por para con pero eres muy como tu tus mi y de del se lo le te al más qué está
        están son porque cuando eso esta este nada todo ser hay sí"""
    ),
    "Portuguese": _set(
        """
        os as que uma um é não você vocês muito mas com para seu sua por isso esse essa eu ele ela de da dos das em no
        na se são está tem como quando também"""
    ),
    "Italian": _set(
        """
        il lo gli che non una un sei di per con ma sono è sei del della dei nel questo questa tu tuo tua io mi ti si
        anche perché quando come più molto"""
    ),
    "Dutch": _set(
        """
        het een niet jij je bent en van dat die ik ook maar wat voor met zijn hij wij jullie naar hebben heb geen nog
        als zo deze"""
    ),
    "Swedish": _set(
        """
        och är det att jag inte du en ett som på för med han hon dig din ditt så men om var kan ska från har vi ni"""
    ),
}
FOREIGN = {name: listed - ENGLISH for name, listed in OTHERS.items()}


def looks_english(text: str) -> bool | None:
    """Whether a text, in any spelling, is English; None where there is too little to tell."""
    letters = [letter for letter in unicodedata.normalize("NFKC", text) if letter.isalpha()]
    if 2 * sum(map(_is_latin, letters)) < len(letters):
        return False
    words = set(WORD.findall(text.lower()))
    english = len(words & ENGLISH)
    foreign = max(len(words & listed) for listed in FOREIGN.values())
    if foreign >= 2 and foreign > 2 * english:
        return False
    return True if english else None


def _is_latin(letter: str) -> bool:
    return letter < "\u0250" or "\u1e00" <= letter <= "\u1eff"
