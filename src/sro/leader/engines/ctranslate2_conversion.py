"""Convert a loaded leader for CTranslate2, and cache converted leaders.

CTranslate2's own converter does the work; it gets the model in memory, adapter merged, instead of a name. Afterwards
the folder holds all that rewriting needs: weights, vocabulary, the tokenizer and the prompt.
"""

from __future__ import annotations

import copy
import logging
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from sro.core.errors import SROError
from sro.core.files import cache_root, cached_folder
from sro.core.provenance import version
from sro.leader.card import write_prompt
from sro.leader.files import LeaderParts
from sro.leader.logprobs import log_probs
from sro.leader.model import Leader
from sro.leader.token_ids import completion_ids, prompt_ids

logger = logging.getLogger(__name__)

Precision = Literal["int8", "int8_float32", "int8_float16", "int8_bfloat16", "float32", "float16", "bfloat16"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
WEIGHTS = "model.bin"


class CannotConvert(SROError):
    """CTranslate2 cannot run this leader, or computes something else from it."""


class UnknownArchitecture(CannotConvert):
    """CTranslate2 has no conversion for leaders of this kind."""


def default_precision() -> Precision:
    """float16 if CTranslate2 has a GPU, else int8: the fastest precision that rewrites as well as float32."""
    return "float16" if import_ctranslate2().get_cuda_device_count() else "int8"


def as_precision(name: str | None) -> Precision | None:
    """Return the name; if it is unknown, raise SROError with the list of precisions."""
    if name is not None and name not in PRECISIONS:
        raise SROError(f"no precision {name!r}; there are {', '.join(PRECISIONS)}")
    return name  # type: ignore[return-value]


def import_ctranslate2() -> Any:
    """The package, or an SROError that says how to install it."""
    try:
        import ctranslate2
    except ImportError as error:
        raise SROError(f"CTranslate2 cannot be imported: {error}\n  fix: pip install -e '.[fast]'") from error
    return ctranslate2


def cached_conversion(parts: LeaderParts, precision: Precision) -> Path:
    """The leader in CTranslate2's format, converted at its first use and then kept.

    The cache is `$SRO_CACHE/ctranslate2`, else `$XDG_CACHE_HOME/sro/ctranslate2`, else `~/.cache/sro/ctranslate2`; a
    folder's name holds the hash of the base and the adapter. How it is made: `sro.core.files.cached_folder`.

    Raises:
        SROError: CTranslate2 is not installed; no leader could be loaded.
        CannotConvert: it does not know the architecture, or computes something else from it.
        UnwritableCache: the cache cannot be written.
    """
    import_ctranslate2()
    folder = cache_root() / "ctranslate2" / f"{parts.base.name}-{parts.fingerprint()}-{precision}"
    if not os.path.isfile(folder / WEIGHTS):
        _check_architecture(parts.base)

    def make(fresh: Path) -> None:
        logger.warning(
            "converting the leader for CTranslate2 (%s), once: it is kept in %s …", precision, folder.parent
        )
        convert(parts.load(), fresh, precision)

    return cached_folder(folder, WEIGHTS, make)


def _check_architecture(base: Path) -> None:
    """Raise UnknownArchitecture if CTranslate2 has no conversion for the leader in a folder; reads no weights."""
    from ctranslate2.converters import TransformersConverter

    class Known(Exception):
        """The converter knows the architecture: it asks for the weights."""

    class Asking(TransformersConverter):
        def load_model(self, *names: Any, **options: Any) -> Any:
            raise Known

    with tempfile.TemporaryDirectory() as nothing:
        try:
            Asking(str(base)).convert(nothing, force=True)
        except (Known, OSError):  # OSError: nothing to load there; loading gives a better message
            return
        except ValueError as error:
            raise UnknownArchitecture(_refusal(base.name, error)) from error


def _refusal(which: str, error: Exception) -> str:
    return (
        f"CTranslate2 {version('ctranslate2')} cannot convert this leader ({which}): {error}\n"
        "  fix: --engine transformers, which plays any"
    )


def convert(leader: Leader, folder: Path, precision: Precision) -> None:
    """Write a leader without adapter into an empty folder, as `CTranslate2Generator` reads it.

    Raises:
        SROError: CTranslate2 is not installed.
        CannotConvert: it does not know the architecture, or computes something else from it.
    """
    import_ctranslate2()
    from ctranslate2.converters import TransformersConverter

    class InMemory(TransformersConverter):
        """Reads the configuration from a folder, as usual, and takes the rest from memory."""

        def load_model(self, *names: Any, **options: Any) -> Any:
            return _own_copy(leader.model)

        def load_tokenizer(self, *names: Any, **options: Any) -> Any:
            return leader.tokenizer

    kind = leader.model.config.model_type
    with tempfile.TemporaryDirectory() as settings:
        leader.model.config.save_pretrained(settings)
        try:
            InMemory(settings).convert(str(folder), quantization=precision, force=True)
            leader.tokenizer.save_pretrained(folder)
            _check(leader, folder, precision)
        except (ValueError, RuntimeError, AttributeError, LookupError, TypeError) as error:
            raise CannotConvert(_refusal(kind, error)) from error
    write_prompt(folder, leader.prompt)


def _own_copy(model: Any) -> Any:
    """A copy for the converter, which removes modules from the model and rounds its weights in place."""
    copied = copy.deepcopy(model).cpu()
    if copied.config.model_type == "t5":
        # transformers 5 sets `tie_word_embeddings` on every T5. It keeps the old meaning of that setting, whether
        # outputs are scaled, under another name, but the converter reads the old name.
        copied.config.tie_word_embeddings = copied.config.scale_decoder_outputs
    return copied


def _check(leader: Leader, folder: Path, precision: Precision) -> None:
    """Raise CannotConvert unless the copy gives a sentence nearly the same log-probability as the original. The
    converter goes by the configuration's name and ignores settings that it does not expect."""
    ctranslate2 = import_ctranslate2()
    model, tokenizer = leader.model, leader.tokenizer
    decodes_only = not model.config.is_encoder_decoder
    [given] = prompt_ids(tokenizer, leader.prompt, ["you are a fool and this page is bad"], 10_000)
    template = leader.prompt if decodes_only else None
    [said] = completion_ids(tokenizer, ["you are wrong and this page is not good"], template)
    with torch.no_grad():
        expected = float(log_probs(model, [given], [[said]], tokenizer.pad_token_id).total()) / len(said)
    words = tokenizer.convert_ids_to_tokens
    kind = ctranslate2.Generator if decodes_only else ctranslate2.Translator
    copied = kind(str(folder), device="cpu", compute_type="float32", intra_threads=1)
    if decodes_only:
        [scored] = copied.score_batch([words(given + said)])
    else:
        [scored] = copied.score_batch([words(given)], [words(said[:-1])], max_input_length=0)  # adds the end itself
    found = sum(scored.log_probs[-len(said) :]) / len(said)
    allowed = 0.5 if precision.startswith("int8") else 0.05
    if not abs(found - expected) < allowed:
        raise CannotConvert(
            f"CTranslate2 {version('ctranslate2')} computes another model from this leader "
            f"({model.config.model_type}): log-probability {found:.3f} a token instead of {expected:.3f}\n"
            "  fix: --engine transformers, which plays it as it is"
        )
