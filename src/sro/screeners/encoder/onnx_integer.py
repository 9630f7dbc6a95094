"""The same encoder with integer matrix products, for processors that are fast at these (VNNI, AMX).

The usual int8 activations do not work well here. With one range per batch, a result depends on the other texts in the
batch. With one range per row, or per block of a row, the results of one text in twenty up to one in three change by
over .01, because some channels are ten times as large as the rest, and eight bits are too few for that. So every
activation x is the sum of two codes, x = a · (high + low / 254), and each code is multiplied by the int8 weights
separately (`MatMulIntegerToFloat`). That gives sixteen bits, and is still faster than float32 on processors where such
products are more than three times as fast.

The range of x is not measured; it is a bound from the weights. A normalised row z has length √width, so
|γᵢzᵢ + βᵢ| ≤ |γᵢ|√width + |βᵢ| and, by Cauchy and Schwarz, |w·(γz + β) + b| ≤ ‖wγ‖√width + |w·β + b|. The output of
attention is bounded by the values, and the output of GELU by its input. So no text is ever clipped, and the result of
a text does not depend on the other texts in the batch.

The file holds only nodes and points at the weights inside `model.onnx`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sro.core.files import atomic_write_bytes, file_sha256
from sro.screeners.encoder.onnx import CONTRIB, Arrays, Graph, build, quantise
from sro.screeners.encoder.session import integer_graph

STEPS = 127
FINER = 254  # low codes per step of the high code
GELU_LEAST = 0.17  # GELU(x) > −.17
FEWEST_BYTES = 1024
"""Weights of fewer bytes are copied into the file."""


class IntegerGraph(Graph):
    """A graph whose `linear` multiplies integers."""

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
    """Write the file next to `graph`, and remove the files of earlier graphs.

    `arrays` are the weights that `onnx.write` wrote to `graph`, or the weights that `onnx.read` reads from it.
    """
    for stale in graph.parent.glob(integer_graph(graph, "*").name):
        stale.unlink()
    nodes = pointing_at(build(arrays, layers, heads, epsilon, kind=IntegerGraph), graph)
    atomic_write_bytes(integer_graph(graph, file_sha256(graph)), nodes)


def input_range(arrays: Arrays, name: str) -> tuple[float, float]:
    """Bounds of all inputs of the matrix `layers.N.KIND`, for any text."""
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
    """The largest output of these rows of the quantised matrix, for outputs of `norm` as inputs."""
    codes, scales = quantise(arrays[f"{matrix}.weight"])
    weight: NDArray[np.float32] = (codes.T * scales[:, None])[rows]
    gain, shift = arrays[f"{norm}.weight"], arrays[f"{norm}.bias"]
    lengths = np.linalg.norm(weight * gain, axis=1) * np.sqrt(len(gain))
    return float((lengths + np.abs(weight @ shift + arrays[f"{matrix}.bias"][rows])).max())


def pointing_at(graph: bytes, holder: Path) -> bytes:
    """The serialised graph without the weights that the file `holder` next to it contains; it points at these."""
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
