"""Count the n-grams of many texts at once in numpy, because the NB-LR spends most of its time on this.

A vocabulary maps an n-gram to its row: `wyou idiot` for words, `cidio` for characters (see
`sro.screeners.nblr.model`).

    >>> index = Index({"wyou": 0, "wyou idiot": 1, "cid": 2}, longest=5)
    >>> occurrences = index.occurrences(split(["you idiot", "you"]))
    >>> [(text.tolist(), row.tolist()) for text, row in occurrences]
    [([0, 1, 0], [0, 0, 1]), ([0], [2])]

The tokeniser gets all texts as one byte string, with `END` after each. Python looks up each distinct word once, and
gets a number and the rows of its character n-grams; numpy does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import numpy as np

from sro.core.bounded_cache import MAX_CACHED_CHARACTERS

WORDS, CHARACTERS = "w", "c"  # the two blocks: the first letter of every stored n-gram
END = b"\0"
ENDED, UNKNOWN = 0, 1  # numbers of `END` and of words that are in no known n-gram of words
CACHED_WORDS = 100_000  # a few tens of megabytes, and always below a hundred
BATCH, BATCH_CHARACTERS = 512, 40_000  # counted at a time, so that their n-grams fit the processor's cache

# Maps ASCII to lower-case letters, straight quotes, one kind of space, and one sign for all separators.
_KEPT = b"0123456789_abcdefghijklmnopqrstuvwxyz!?'\0" + bytes(range(128, 256))
READ = bytes(
    code if code in _KEPT else ord(chr(code).lower()) if 65 <= code <= 90 else 32 if chr(code).isspace() else 44
    for code in (39 if code == 96 else code for code in range(256))
)
SEPARATORS = bytes.maketrans(b"',", b"  ")
CONTRACTED = re.compile(rb"'(?=(?:s|re|m|ve|ll|d|t)(?![0-9_a-z\x80-\xff]))")


def word_ngrams(words: Sequence[str], longest: int) -> list[str]:
    """`["you", "idiot"]`, 2 → `["wyou", "widiot", "wyou idiot"]`."""
    return [WORDS + " ".join(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1)]


def character_ngrams(word: str, longest: int) -> list[str]:
    """N-grams of 2 to `longest` characters; a space marks the word's ends: `"ok"`, 3 → `c o cok ck  c ok cok `."""
    padded = f" {word} "
    return [CHARACTERS + padded[i : i + n] for n in range(2, longest + 1) for i in range(len(padded) - n + 1)]


def batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts, in order, in lists of at most `BATCH` and about `BATCH_CHARACTERS`."""
    start = characters = 0
    for place, text in enumerate(texts):
        if place - start == BATCH or characters > BATCH_CHARACTERS:
            yield texts[start:place]
            start, characters = place, 0
        characters += len(text)
    if texts:
        yield texts[start:]


def split(texts: Sequence[str]) -> list[bytes]:
    """The tokens of every text as UTF-8, with `END` after each text. The same as `nblr.tokens` for ASCII texts without
    disguises.

    Texts with other than ASCII characters must consist of words only.
    """
    if not texts:
        return []
    read = ("\0".join(texts) + "\0").encode("utf-8", "replace").translate(READ)
    read = _contracted(read).translate(SEPARATORS)
    for sign in (b"!", b"?", END):
        read = read.replace(sign, b" " + sign + b" ")
    return read.split()


def _contracted(read: bytes) -> bytes:
    """Remove the apostrophes of contractions and the spaces before them: `you 're` → `youre`, `do n't` → `dont`."""
    parts, at = [], 0
    for match in CONTRACTED.finditer(read):
        part, at = read[at : match.start()], match.end()
        negated = part.endswith(b" n") and read[at : at + 1] == b"t"
        parts.append(part[:-1].rstrip(b" ") + b"n" if negated else part.rstrip(b" "))
    return b"".join([*parts, read[at:]])


class Index:
    """Finds the n-grams of a vocabulary in texts; `longest`: length of its longest character n-gram."""

    def __init__(self, vocabulary: Mapping[str, int], longest: int) -> None:
        rows = {gram: row for gram, row in vocabulary.items() if gram[0] == WORDS}
        sizes = np.fromiter((gram.count(" ") for gram in rows), dtype=np.int64, count=len(rows)) + 1
        flat = " ".join(gram[1:] for gram in rows).encode().split(b" ") if rows else []
        numbers = dict(zip(dict.fromkeys(flat), count(UNKNOWN + 1)))
        words = np.fromiter(map(numbers.__getitem__, flat), dtype=np.int64, count=len(flat))
        self._pieces = _Pieces(vocabulary, numbers, longest)
        self._base = len(numbers) + UNKNOWN + 1
        self._rows = np.full(self._base, -1, dtype=np.int32)  # rows of single words
        self._levels: list[tuple[_Table, np.ndarray]] = []  # (n - 1 words, next word) → n words; their row or -1
        left, begins, n = np.fromiter(rows.values(), dtype=np.int32, count=len(rows)), np.cumsum(sizes) - sizes, 1
        rows_of, found = self._rows, words[begins]
        while len(left):
            rows_of[found[sizes == n]] = left[sizes == n]
            longer, n = sizes > n, n + 1
            left, begins, sizes = left[longer], begins[longer], sizes[longer]
            keys, found = np.unique(found[longer] * self._base + words[begins + n - 1], return_inverse=True)
            rows_of = np.full(len(keys), -1, dtype=np.int32)
            if len(keys):
                self._levels.append((_Table(keys), rows_of))

    def occurrences(self, tokens: Sequence[bytes]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """For tokens of `split`: (text, row) of each known n-gram of words, and of characters; int32 [occurrences]."""
        told = np.frombuffer(b"".join(map(self._pieces.__getitem__, tokens)), dtype=np.int32)
        is_word = told < 0
        places = np.flatnonzero(is_word)
        words = ~told[places]
        texts = np.zeros(len(words), dtype=np.int32)
        np.cumsum(words[:-1] == ENDED, out=texts[1:])
        owners = np.repeat(texts, np.diff(places, append=len(told)) - 1)
        return self._of_words(words, texts), (owners, told[~is_word])

    def _of_words(self, words: np.ndarray, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Known n-grams of words. Each is built from the n-gram of its first n - 1 words and the next word."""
        starts, found = np.arange(len(words)), words.astype(np.int64)
        known = [(starts, self._rows[words])]
        for n, (table, rows) in enumerate(self._levels, start=1):
            inside = np.searchsorted(starts, len(words) - n)
            starts = starts[:inside]
            found = table.find(found[:inside] * self._base + words[starts + n])
            more = np.flatnonzero(found >= 0)
            starts, found = starts[more], found[more]
            known.append((starts, rows[found]))
        of, seen = (np.concatenate(side) for side in zip(*known))
        whole = np.flatnonzero(seen >= 0)
        return texts[of[whole]], seen[whole]


class _Table:
    """Finds many numbers at once in an array of distinct numbers: a hash table with open addressing."""

    def __init__(self, keys: np.ndarray) -> None:
        self._keys = np.append(keys, -1)  # empty slots point to the last entry
        self._shift = np.uint64(64 - max(4, int(len(keys) * 4).bit_length()))
        self._slots = np.full(1 << int(64 - self._shift), -1, dtype=np.int32)
        places = np.arange(len(keys))
        slots = self._first(keys)
        while len(places):
            free = self._slots[slots] < 0
            self._slots[slots[free]] = places[free]  # if several go to one slot, the last one stays
            left = self._slots[slots] != places
            places, slots = places[left], (slots[left] + 1) % len(self._slots)

    def find(self, wanted: np.ndarray) -> np.ndarray:
        """The place of each number in the array, or -1; int64."""
        slots = self._first(wanted)
        found = self._slots[slots].astype(np.int64)
        missed = np.flatnonzero((self._keys[found] != wanted) & (found >= 0))
        while len(missed):
            slots[missed] = (slots[missed] + 1) % len(self._slots)
            found[missed] = self._slots[slots[missed]]
            missed = missed[(self._keys[found[missed]] != wanted[missed]) & (found[missed] >= 0)]
        return found

    def _first(self, keys: np.ndarray) -> np.ndarray:
        """The first slot to try: the highest bits of the number times 2⁶⁴ / φ (Knuth's multiplicative hash)."""
        return ((keys.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> self._shift).view(np.int64)


class _Pieces(dict[bytes, bytes]):
    """A word's number, inverted and therefore negative, and the rows of its character n-grams; int32.

    The entries of short words are cached, because words occur often.
    """

    def __init__(self, vocabulary: Mapping[str, int], numbers: Mapping[bytes, int], longest: int) -> None:
        super().__init__()
        self.vocabulary, self.numbers, self.longest = vocabulary, numbers, longest

    def __missing__(self, word: bytes) -> bytes:
        number = ENDED if word == END else self.numbers.get(word, UNKNOWN)
        grams = character_ngrams(word.decode(), self.longest) if word != END else []
        rows = [row for gram in grams if (row := self.vocabulary.get(gram)) is not None]
        piece = np.array([~number, *rows], dtype=np.int32).tobytes()
        if len(word) <= MAX_CACHED_CHARACTERS:
            if len(self) >= CACHED_WORDS:
                self.clear()
            self[word] = piece
        return piece
