"""Screening: texts per second of the linear screener, and of the encoder on the CPU and on the GPU.

The shipped encoder runs on the CPU (ONNX Runtime). The same weights in a torch module show the speed on a GPU.
*Reading* (normalising, splitting words into pieces) stays on the CPU and is timed separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.gpu_parts.leaders import enough
from benchmarks.gpu_parts.recorder import Found, Recorder
from benchmarks.machine import data_file
from benchmarks.training.timing import now
from sro.comments.sources import load_source
from sro.core.files import asset
from sro.screeners.encoder.inference import GRAPH, EncoderScreener, batches_by_length
from sro.screeners.encoder.model import EncoderClassifier, EncoderConfig
from sro.screeners.encoder.onnx import read
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.loading import load_screener

if TYPE_CHECKING:
    from benchmarks.gpu import Work

COMPARED = 200
"""Texts on which the GPU's results are compared with those of the shipped screener."""


def play(recorder: Recorder, work: Work) -> None:
    """Measure the linear screener, the encoder on the CPU, its reading alone, and its module in two number formats."""
    sizes = work.sizes
    texts = sentences(sizes.texts)
    recorder.measure("linear, processor", partial(_linear, texts))
    folder = asset("encoder") if work.encoder == "embedded" else Path(work.encoder)
    screener = EncoderScreener.load(folder)
    some = texts[: sizes.encoder_texts]
    recorder.measure("encoder, processor, as shipped", partial(_shipped, screener, some))
    recorder.measure("encoder, reading alone, one core", partial(_reading, screener, texts))
    for dtype in (torch.float32, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        recorder.measure(
            f"encoder, torch module, {name}",
            partial(_module, screener, folder, texts, dtype, sizes.encoder_tokens),
            least=5.0,
        )


def sentences(count: int) -> list[str]:
    """Texts of about 80 characters from the data folder, or else from the starter corpus."""
    source = data_file("sentences/dev_normal.txt", "starter:civil")
    return enough(load_source(source, training=False).texts, count)


def module_of(folder: Path, heads: int = 12) -> EncoderClassifier:
    """The weights of a shipped encoder as a torch module in eval mode; matrices have the int8 precision."""
    arrays = read(folder / GRAPH)
    layers = 1 + max(int(name.split(".")[1]) for name in arrays if name.startswith("layers."))
    positions, hidden = arrays["positions"].shape
    wide = arrays["layers.0.expand.weight"].shape[0]
    model = EncoderClassifier(EncoderConfig(hidden, layers, heads, wide, positions))
    model.load_state_dict({name: torch.tensor(value) for name, value in arrays.items()})
    return model.eval()


@torch.inference_mode()
def module_logits(
    model: EncoderClassifier, screener: EncoderScreener, rows: Sequence[Sequence[int]], tokens: int
) -> np.ndarray:
    """Logits [rows, attributes] of rows of token ids, in batches of `tokens` tokens, on the model's device."""
    device, dtype = model.positions.device, model.positions.dtype
    distinct = np.unique(np.fromiter(chain.from_iterable(rows), dtype=np.int64))
    table = torch.from_numpy(screener.base.embed(distinct)).to(device, dtype)  # all fit on a GPU
    found = torch.empty(len(rows), model.head.out_features, device=device)
    for batch in batches_by_length([len(row) for row in rows], tokens):
        width = max(len(rows[place]) for place in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=bool)
        for line, place in enumerate(batch):
            ids[line, : len(rows[place])] = np.searchsorted(distinct, rows[place])
            mask[line, : len(rows[place])] = True
        places = torch.tensor(batch, device=device)
        found[places] = model(table[torch.from_numpy(ids).to(device)], torch.from_numpy(mask).to(device)).float()
    return found.cpu().numpy()


def _linear(texts: list[str]) -> Found:
    screener = load_screener("embedded/linear")
    screener.screen(texts)
    begin = now()
    screener.screen(texts)
    return Found(len(texts) / (now() - begin), "texts/s", {}, f"{_characters(texts):.0f} characters; words are warm")


def _shipped(screener: EncoderScreener, texts: list[str]) -> Found:
    screener.screen(texts[:8])
    begin = now()
    screener.screen(texts)
    return Found(len(texts) / (now() - begin), "texts/s", {}, f"{len(texts)} of {_characters(texts):.0f} characters")


def _reading(screener: EncoderScreener, texts: list[str]) -> Found:
    tokenizer = EncoderTokenizer(screener.base)
    tokenizer(texts[:8])
    begin = now()
    rows = tokenizer(texts)
    seconds = now() - begin
    return Found(len(texts) / seconds, "texts/s", {}, f"{sum(map(len, rows)) / len(rows):.1f} tokens a text")


def _module(screener: EncoderScreener, folder: Path, texts: list[str], dtype: torch.dtype, tokens: int) -> Found:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = EncoderTokenizer(screener.base)(texts, screener.longest)
    model = module_of(folder).to(device, dtype)
    module_logits(model, screener, rows, tokens)  # warm up with every shape before the clock starts
    begin = now()
    found = module_logits(model, screener, rows, tokens)
    seconds, used = now() - begin, sum(p.numel() for p in model.layers.parameters()) * 2 * sum(map(len, rows))
    whole = [place for place in range(min(COMPARED, len(rows))) if len(rows[place]) < screener.longest]
    theirs = screener.logits([texts[place] for place in whole])
    apart = np.abs(screener.calibrated(found[whole]) - screener.calibrated(theirs)).max() if whole else float("nan")
    note = f"{device}, without reading; {used / seconds / 1e12:.2f} TFLOP/s; within {apart:.2g} of the shipped P"
    return Found(len(texts) / seconds, "texts/s", {}, note)


def _characters(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / len(texts)
