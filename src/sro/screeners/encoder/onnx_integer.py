"""The same encoder with its matrix products in whole numbers, for processors that are quick at those (VNNI, AMX).

int8 activations in the usual way do not do: with one range for a batch an answer depends on its company, and with one
for each row, or block of a row, the answers to one text in twenty up to one in three move by over .01, for eight bits
are few where some channels are ten times as large as the rest. So every activation x is the sum of two codes,
x = a · (high + low / 254), each of which meets the int8 weights in a product of its own (`MatMulIntegerToFloat`):
sixteen bits, and still faster than float32 where such products are more than three times as fast.

The range of x is no measurement but a bound from the weights. A normalised row z has length √width, so that
|γᵢzᵢ + βᵢ| ≤ |γᵢ|√width + |βᵢ| and, by Cauchy and Schwarz, |w·(γz + β) + b| ≤ ‖wγ‖√width + |w·β + b|. What attention
mixes is bounded by the values, what GELU lets through by its input. So nothing is clipped, whatever the text, and the
answer to a text does not depend on its company.

The file holds nodes alone and points at the weights inside `model.onnx`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sro.core.files import atomic_write_bytes, file_sha256
from sro.screeners.encoder.onnx import CONTRIB, Arrays, Graph, build, quantise
from sro.screeners.encoder.session import integer_graph

STEPS = 127
FINER = 254  # low codes in the step of a high one
GELU_LEAST = 0.17  # GELU(x) > −.17
FEWEST_BYTES = 1024
"""Weights of fewer bytes are copied."""


class IntegerGraph(Graph):
    """A graph whose `linear` multiplies in whole numbers."""

    def linear(self, x: str, arrays: Arrays, name: str) -> str:
        codes, scales = quantise(arrays[f"{name}.weight"])
        weight = self.constant(f"{name}.codes", codes)
        outputs = self.constant(f"{name}.scales", scales)
        bias = self.constant(f"{name}.bias", arrays[f"{name}.bias"])
        least, most = input_range(arrays, name)
        zero = STEPS + 1 if least == -most else int(np.ceil(-least * 255 / (most - least))) + 1
        step = np.float32(most / (255 - zero))
        coarse = self.constant(f"{name}.step", np.array(step))
        fine = self.constant(f"{name}.fine_step", np.array(step / FINER, dtype=np.float32))
        at = self.constant(f"{name}.zero", np.array(zero, dtype=np.uint8))
        middle = self.constant(f"{name}.middle", np.array(STEPS + 1, dtype=np.uint8))
        none = self.constant(f"{name}.weight_zero", np.array(0, dtype=np.int8))
        high = self.node("QuantizeLinear", [x, coarse, at], f"{name}.high")
        said = self.node("DequantizeLinear", [high, coarse, at], f"{name}.said")
        rest = self.node("Sub", [x, said], f"{name}.rest")
        low = self.node("QuantizeLinear", [rest, fine, middle], f"{name}.low")
        kind = "MatMulIntegerToFloat"
        first = self.node(kind, [high, weight, coarse, outputs, at, none, bias], f"{name}.of_high", CONTRIB)
        second = self.node(kind, [low, weight, fine, outputs, middle, none], f"{name}.of_low", CONTRIB)
        return self.node("Add", [first, second], f"{name}.out")


def write_integer(arrays: Arrays, graph: Path, layers: int, heads: int, epsilon: float) -> None:
    """Write the file beside `graph`, which `onnx.write` wrote of these weights, and remove those of earlier ones.

    Weights that `onnx.read` read from `graph` do as well.
    """
    for stale in graph.parent.glob(integer_graph(graph, "*").name):
        stale.unlink()
    nodes = pointing_at(build(arrays, layers, heads, epsilon, kind=IntegerGraph), graph)
    atomic_write_bytes(integer_graph(graph, file_sha256(graph)), nodes)


def input_range(arrays: Arrays, name: str) -> tuple[float, float]:
    """Between which values every input of the matrix `layers.N.KIND` lies, whatever the text."""
    layer, kind = name.rsplit(".", 1)
    number = int(layer.split(".")[1])
    before = f"layers.{number - 1}.output_norm" if number else "embedding_norm"
    if kind == "qkv":
        most = _largest_normalised(arrays, before)
    elif kind == "attention_out":
        width = arrays[f"{layer}.attention_out.weight"].shape[1]
        most = _largest_product(arrays, before, f"{layer}.qkv", slice(-width, None))
    elif kind == "expand":
        most = _largest_normalised(arrays, f"{layer}.attention_norm")
    else:
        most = _largest_product(arrays, f"{layer}.attention_norm", f"{layer}.expand", slice(None))
        return -GELU_LEAST, most
    return -most, most


def _largest_normalised(arrays: Arrays, norm: str) -> float:
    gain, shift = np.abs(arrays[f"{norm}.weight"]), np.abs(arrays[f"{norm}.bias"])
    return float((gain * np.sqrt(len(gain)) + shift).max())


def _largest_product(arrays: Arrays, norm: str, matrix: str, rows: slice) -> float:
    """The largest output, of these rows, of a matrix as its codes keep it, on what `norm` puts out."""
    codes, scales = quantise(arrays[f"{matrix}.weight"])
    weight: NDArray[np.float32] = (codes.T * scales[:, None])[rows]
    gain, shift = arrays[f"{norm}.weight"], arrays[f"{norm}.bias"]
    lengths = np.linalg.norm(weight * gain, axis=1) * np.sqrt(len(gain))
    return float((lengths + np.abs(weight @ shift + arrays[f"{matrix}.bias"][rows])).max())


def pointing_at(graph: bytes, holder: Path) -> bytes:
    """The serialised graph without those weights whose bytes stand in the file `holder`, which is beside it."""
    from onnx import ModelProto, TensorProto

    held = holder.read_bytes()
    model = ModelProto.FromString(graph)
    for tensor in model.graph.initializer:
        raw = tensor.raw_data
        place = held.find(raw) if len(raw) >= FEWEST_BYTES else -1
        if place < 0:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", holder.name), ("offset", place), ("length", len(raw))):
            tensor.external_data.add(key=key, value=str(value))
    return model.SerializeToString()
