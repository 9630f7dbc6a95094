"""ONNX Runtime's session of an encoder's graph, with integer products if the processor is fast at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sro.core.errors import SROError
from sro.core.machine import describe_processor

QUICK_AT_INTEGERS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Flags of processors that multiply int8 at least four times as fast as float32. AVX2 alone is only twice as fast, and
the sums of its instruction may overflow."""


def integer_graph(graph: Path, digest: str) -> Path:
    """Path of the integer form of the graph, which may not exist. Its name has the hash of `graph`, so that it is
    never used with another `graph`."""
    return graph.with_name(f"integer-{digest[:8]}.onnx")


def quick_at_integers(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has instructions for int8 products; known on Linux only."""
    return not QUICK_AT_INTEGERS.isdisjoint(describe_processor(cpuinfo).get("flags", "").split())


def open_session(graph: Path, threads: int, digest: str = "") -> Any:
    """ONNX Runtime's session of an encoder's graph, on the CPU.

    Args:
        graph: `model.onnx`.
        threads: 0: one per core.
        digest: SHA-256 of `graph`; if given, processors that are fast at integers use the integer form.
    """
    try:
        import onnxruntime
    except ImportError:
        raise SROError("The encoder screener needs onnxruntime\n  fix: pip install onnxruntime") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # convert int8 to float32 once, at loading
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to others between calls
    other = integer_graph(graph, digest)
    chosen = other if digest and other.is_file() and quick_at_integers() else graph
    return onnxruntime.InferenceSession(str(chosen), options, providers=["CPUExecutionProvider"])
