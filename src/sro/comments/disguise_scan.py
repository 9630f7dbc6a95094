"""A fast scan of many texts for those that may hide a word; only these need `sro.comments.normalise`.

    >>> find_disguised(["Plain text, well-known!", "an i d i o t", "sh*t", "naïve"])
    [1, 2, 3]

For all other texts, `normalise` only lower-cases and replaces "`" by "'". Each step of `normalise` begins with a
search; the scan repeats these searches on one array of bytes for all texts. It may report a text that hides nothing,
but it never misses a text that hides a word.
"""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from sro.comments.normalise import is_disguised

END = "\0"  # between texts; a text that holds it is reported, whatever else it holds
WORDLIKE = string.ascii_lowercase + string.digits
LETTER, SINGLE, GAP, SIGN, STRONG, SPACE, ALNUM = (1 << bit for bit in range(7))


def _marked() -> np.ndarray:
    """The character classes of `sro.comments.normalise` for each byte of lower-cased text, as bits."""
    kinds = np.zeros(256, dtype=np.uint8)
    single = WORDLIKE + "@$!|+"  # ONE there
    for mark, characters in (
        (LETTER, string.ascii_lowercase),
        (ALNUM, WORDLIKE),
        (SINGLE, single),
        (GAP, "".join(set(map(chr, range(1, 128))) - set(single + ",()"))),
        # SIGN is ODD's first class there; one letter beside a STRONG sign is enough
        (SIGN, string.digits + "-@$*#+%&!|._~(:;,^"),
        (STRONG, string.digits + "@$*#+%&!|"),
        (SPACE, "\0\t\n\v\f\r\x1c\x1d\x1e\x1f "),
    ):
        kinds[[ord(character) for character in characters]] |= mark
    return kinds


KINDS = _marked()


def find_disguised(texts: Sequence[str]) -> list[int]:
    """The places, in order, of the texts in which `normalise` may change more than the case."""
    odd = {place for place, text in enumerate(texts) if not text.isascii() or END in text}
    joined = END.join(["", *("" if place in odd else text for place, text in enumerate(texts)), "", ""])
    cased = np.frombuffer(joined.encode("ascii"), dtype=np.uint8)
    lowered = joined.lower()
    signs = np.frombuffer(lowered.encode("ascii"), dtype=np.uint8)
    kinds = KINDS[signs]
    ends = np.flatnonzero(signs == 0)  # one before the first text, one after each
    hidden_l = (cased[1:] == ord("I")) & (signs[:-1] == cased[:-1]) & _is(kinds[:-1], LETTER)
    for place in map(np.flatnonzero, (hidden_l, _three_singles(kinds), _marked_up(signs, kinds))):
        odd.update((np.searchsorted(ends, place, side="right") - 1).tolist())
    found = np.flatnonzero(_odd(signs, kinds))
    spaces = np.flatnonzero(_is(kinds, SPACE))
    right = np.unique(np.searchsorted(spaces, found))  # each token is known by the space after it
    owners = np.searchsorted(ends, spaces[right], side="left") - 1
    for owner, start, end in zip(owners.tolist(), (spaces[right - 1] + 1).tolist(), spaces[right].tolist()):
        if owner not in odd and is_disguised(lowered[start:end].replace("`", "'")):
            odd.add(owner)
    return sorted(odd)


def _is(kinds: np.ndarray, mark: int) -> np.ndarray:
    return (kinds & mark) != 0


def _marked_up(signs: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Where a tag, an entity or a link of `sro.comments.markup` may begin, or a mark of emphasis follows a letter."""
    sign, after = signs[:-1], signs[1:]
    letter_after, letter = _is(kinds[1:], LETTER), _is(kinds[:-1], LETTER)
    tag = (sign == ord("<")) & (letter_after | np.isin(after, np.frombuffer(b"/!", np.uint8)))
    entity = (sign == ord("&")) & (letter_after | (after == ord("#")))
    link = (sign == ord("]")) & (after == ord("("))
    return tag | entity | link | (letter & np.isin(after, np.frombuffer(b"*_~|", np.uint8)))


def _three_singles(kinds: np.ndarray) -> np.ndarray:
    """Where a run of `sro.comments.spelled_out` may begin: three single characters with only gaps between them."""
    single, gap, alnum = _is(kinds, SINGLE), _is(kinds, GAP), _is(kinds, ALNUM)

    def after_a_gap(wanted: np.ndarray) -> np.ndarray:
        """Where `wanted` holds after one to three characters of a gap."""
        near = np.zeros_like(gap)
        for _ in range(3):
            near[:-1] = gap[:-1] & (wanted[1:] | near[1:])
        return np.append(near[1:], False)

    third = single & np.append(~alnum[1:], False)
    second = single & after_a_gap(third)
    return single & np.append(False, ~alnum[:-1]) & after_a_gap(second)


def _odd(signs: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Where ODD or DRAWN_OUT of `sro.comments.normalise` match."""
    letter = _is(kinds, LETTER)
    before, after = np.zeros_like(letter), np.zeros_like(letter)
    before[1:], after[:-1] = letter[:-1], letter[1:]
    found = (_is(kinds, STRONG) & (before | after)) | (_is(kinds, SIGN) & before & after)
    found[:-1] |= (signs[:-1] == ord("@")) & (signs[1:] == ord("$"))
    found[1:-1] |= letter[1:-1] & (signs[:-2] == signs[1:-1]) & (signs[1:-1] == signs[2:])
    return found
