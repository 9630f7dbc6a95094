"""`sro export`: a leader with its adapter merged, for CTranslate2, transformers and vLLM, or llama.cpp.

    sro export --to ctranslate2 --output_dir fast
    sro export --to safetensors --adapter runs/mine/adapter --output_dir merged
    sro export --to gguf --precision q8_0 --output_dir small
    sro export --to onnx --screener my_encoder --output_dir screener      # an encoder screener, for ONNX Runtime

Exit status 1 if the copy's rewrites differ from the original's (mean cosine below 0.9); the folder is written anyway.
"""

from __future__ import annotations

import sys

from sro.apps.cli.subcommands import take_flag
from sro.core.config import parse
from sro.core.machine import quiet_libraries
from sro.rewriting.export import ExportArguments, export

DESCRIPTION = "Export a leader with its adapter merged, and report how similar its rewrites are to the original's."


def run(argv: list[str]) -> int:
    """Export what the command line names; print how close the copy is to the original."""
    quiet_libraries()
    if take_flag("--to", argv)[0] == "onnx":
        return run_onnx(argv)
    arguments = parse(ExportArguments, argv, prog="sro export", description=DESCRIPTION)
    agreement = export(arguments, ["sro", "export", *argv])
    if agreement:
        print(agreement)
    print(f"written: {arguments.output_dir}")
    if agreement and not agreement.same:
        print("sro: this copy is not the same leader: see its README.md", file=sys.stderr)
        return 1
    return 0


def run_onnx(argv: list[str]) -> int:
    """Export an encoder screener; exit status 1 if its answers are not the original's."""
    from pathlib import Path

    from sro.screeners.encoder.export import SAME, OnnxExport, export_onnx

    arguments = parse(OnnxExport, argv, prog="sro export --to onnx", description="Write an encoder screener as ONNX.")
    difference = export_onnx(Path(arguments.screener), Path(arguments.output_dir))
    print(f"written: {arguments.output_dir}; probabilities differ from the original by at most {difference:.3f}")
    return 0 if difference <= SAME else 1
