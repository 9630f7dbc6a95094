"""`sro export`: a leader with its adapter merged, for CTranslate2, transformers and vLLM, or llama.cpp.

    sro export --to ctranslate2 --output_dir fast
    sro export --to safetensors --adapter runs/mine/adapter --output_dir merged
    sro export --to gguf --precision q8_0 --output_dir small

Exit status 1 if the copy's rewrites are not the original's (mean cosine below 0.9); the folder is there all the same.
"""

from __future__ import annotations

import sys

from sro.core.config import parse
from sro.core.machine import quiet_libraries
from sro.rewriting.export import ExportArguments, export

DESCRIPTION = "Write a leader with its adapter merged, and say how far its rewrites are the original's."


def run(argv: list[str]) -> int:
    """Export what the command line names; print how far the copy is the original."""
    quiet_libraries()
    arguments = parse(ExportArguments, argv, prog="sro export", description=DESCRIPTION)
    agreement = export(arguments, ["sro", "export", *argv])
    if agreement:
        print(agreement)
    print(f"written: {arguments.output_dir}")
    if agreement and not agreement.same:
        print("sro: this copy is not the same leader: see its README.md", file=sys.stderr)
        return 1
    return 0
