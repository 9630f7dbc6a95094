"""Clean a text, reduce it to its letters and digits, and fingerprint it."""

from __future__ import annotations

import hashlib
import re
import unicodedata

NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def letters_and_digits(text: str) -> str:
    """The key of `text`: its letters and digits, lower-cased. Texts with equal keys count as the same sentence.

    Compatibility forms become what they look like (ｆｕｌｌ ｗｉｄｔｈ = full width). Empty if there are none.
    Marks that Unicode does not count as letters are left out, so two Hindi sentences that differ in a vowel sign may
    share a key.
    """
    return NOT_LETTER_OR_DIGIT.sub("", unicodedata.normalize("NFKC", text).lower())


def fingerprint(text: str) -> str:
    """First 16 hex digits of the sha256 of `letters_and_digits(text)`."""
    return _digest(letters_and_digits(text))


def _digest(letters: str) -> str:
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# Joiners are removed too. Some emoji and Persian words use them, but between letters they hide words from a screener.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


# After a right-to-left override, readers see the text backwards, up to the end of the line or the closing mark.
OVERRIDE = re.compile("\u202e([^\u202c\n]*)\u202c?")


def displayed_order(run: re.Match[str]) -> str:
    """The text of a match of `OVERRIDE`, in the order in which readers see it."""
    return run.group(1).replace("\u202e", "")[::-1]


def clean(text: str) -> str:
    """One line of Unicode NFC without control and zero-width characters; each run of white space becomes one space.

    Text after a right-to-left override is put into the order in which readers see it.

    Idempotent. Case, punctuation and spelling stay, because each of them can be offensive.
    """
    return " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", OVERRIDE.sub(displayed_order, text))).split())


def readable(text: str) -> str:
    """The text as screener and leader read it: `clean`, with U+FFFD for half characters (lone surrogates)."""
    return clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
