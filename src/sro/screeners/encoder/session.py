"""ONNX Runtime's session of an encoder's graph, with the kind of products that the processor is quick at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sro.core.errors import SROError
from sro.core.machine import describe_processor

QUICK_AT_INTEGERS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Flags of processors that multiply int8 four times as fast as float32 or more. AVX2 alone does so only twice as fast,
and by an instruction whose sums may overflow."""


def integer_graph(graph: Path, digest: str) -> Path:
    """Where the same graph in whole numbers is, if there is one: named after the hash of the file that it points into,
    so that a new `graph` is never read through an old one."""
    return graph.with_name(f"integer-{digest[:8]}.onnx")


def quick_at_integers(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor says that it has instructions for products of int8; only Linux tells."""
    return not QUICK_AT_INTEGERS.isdisjoint(describe_processor(cpuinfo).get("flags", "").split())


def open_session(graph: Path, threads: int, digest: str = "") -> Any:
    """ONNX Runtime's session of an encoder's graph, on the CPU.

    Args:
        graph: `model.onnx`.
        threads: 0: one a core.
        digest: Its SHA-256; where given, processors that are quick at whole numbers take the graph in them.
    """
    try:
        import onnxruntime
    except ImportError:
        raise SROError("The encoder screener needs onnxruntime\n  fix: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # multiply int8 out once, compute in float32
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to others between calls
    other = integer_graph(graph, digest)
    chosen = other if digest and other.is_file() and quick_at_integers() else graph
    return onnxruntime.InferenceSession(str(chosen), options, providers=["CPUExecutionProvider"])
