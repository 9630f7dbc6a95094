"""`auto` chooses the fastest engine that is certain to run this leader on this machine.

On a CPU, CTranslate2 is about twice as fast as transformers, and four times as fast for a single comment
(docs/research/lab-notes.md); transformers runs the leaders that CTranslate2 cannot run. On a GPU, `auto` chooses
transformers: CTranslate2 needs its own cuBLAS there, notices only during generation if that is missing, and was never
measured on a GPU. `--engine ctranslate2` still uses it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import torch

from sro.core.errors import SROError
from sro.core.files import UnwritableCache
from sro.leader.engines.ctranslate2_conversion import (
    WEIGHTS,
    CannotConvert,
    UnknownArchitecture,
    cached_conversion,
    default_precision,
    import_ctranslate2,
)
from sro.leader.files import LeaderParts

logger = logging.getLogger(__name__)

LARGEST = 2 << 30
"""Bytes of weights above which `auto` does not convert, because converting holds the leader in float32 twice;
`--engine ctranslate2` still converts."""


def choose(
    leader: str, adapter: str | None, prompt: str | None, load_in_4bit: bool, bf16: bool | None
) -> Literal["transformers", "ctranslate2"]:
    """The engine for a leader; arguments as `sro.leader.engines.loading.load_generator` takes them.

    CTranslate2 if it is installed, there is no GPU, nothing is asked for that only transformers has (4-bit weights,
    `bf16` true or false), and the leader with its adapter is converted already or can be converted. The conversion is
    done here, reported on stderr, and kept. A folder of `sro export --to ctranslate2` always gets CTranslate2. In all
    other cases transformers.

    Raises:
        SROError: nothing is found under the name of the leader or the adapter, or a prompt without `{text}`.
    """
    if (Path(leader) / WEIGHTS).is_file():
        return "ctranslate2"
    if load_in_4bit or bf16 is not None or torch.cuda.is_available() or not _works():
        return "transformers"
    parts = LeaderParts.find(leader, adapter, prompt)
    if sum(file.stat().st_size for file in parts.base.glob("*.safetensors")) > LARGEST:
        return "transformers"
    try:
        cached_conversion(parts, default_precision())
    except UnknownArchitecture:
        return "transformers"
    except (CannotConvert, UnwritableCache, OSError) as error:
        why = str(error).splitlines()[0]
        logger.warning("transformers plays instead (--engine transformers spares the attempt): %s", why)
        return "transformers"
    return "ctranslate2"


def _works() -> bool:
    """Whether CTranslate2 is installed and would compute on the CPU."""
    try:
        return not import_ctranslate2().get_cuda_device_count()
    except SROError:
        return False
