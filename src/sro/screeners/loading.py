"""Load a screener by its name or folder.

    >>> from sro.screeners.loading import load_screener
    >>> [verdict.label for verdict in load_screener("embedded").screen(["thank you very much", "you idiot"])]
    ['pass', 'fail']

Importing this module imports neither torch, nor transformers, nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sro.core.errors import SROError
from sro.screeners.base import Screener
from sro.screeners.config import ScreenerArguments
from sro.screeners.shipped import SHIPPED, full_name, screener_folder

OURS = ("encoder.json", "nblr.json", "ensemble.json", "adapter_model.safetensors")
"""Files that mark the folder of an `sro` screener; a folder without them is a Hugging Face classifier."""


def encoder_card(name_or_path: str) -> Path:
    """The card (`encoder.json`) of an encoder screener.

    Raises:
        SROError: there is no such file, because it is not an encoder screener.
    """
    card = screener_folder(name_or_path) / "encoder.json"
    if not card.is_file():
        raise SROError(f"{card} is missing: {name_or_path} is no encoder screener\n  fix: name one, or its folder")
    return card


def load_screener(name_or_path: str, *, toxic_labels: Sequence[str] = (), fail_on: Sequence[str] = ()) -> Screener:
    """Load the screener of that name.

    Two screeners ship with the package: `"embedded/encoder"` (also called `"embedded"`), a small transformer with six
    attributes, and `"embedded/linear"`, an NB-LR. If the first cannot run, the second never replaces it, so that it is
    always known which screener gave a verdict. The files in a folder decide what it is: an NB-LR, an encoder, an
    ensemble (`sro.screeners.ensemble`), or an adapter (`sro.screeners.lora.classifier`). Anything else is a Hugging
    Face sequence classifier, in a local folder or on the hub.

    Args:
        toxic_labels: labels that fail a text, only for a Hugging Face classifier; by default those with toxic names.
        fail_on: attributes that fail a text, only for an encoder screener.

    Raises:
        SROError: `embedded` lacks a part, the folder is damaged, the model is not a usable classifier, or its labels
            are ambiguous.

    Example:
        >>> [verdict.label for verdict in load_screener("embedded").screen(["thank you very much", "you idiot"])]
        ['pass', 'fail']
    """
    name = full_name(name_or_path)
    if name == "embedded/encoder":
        from sro.screeners.encoder.installed import require_embedded

        require_embedded()
    folder = screener_folder(name)
    if toxic_labels and (name in SHIPPED or any((folder / file).is_file() for file in OURS)):
        raise SROError(f"{name_or_path} is not a Hugging Face classifier\n  fix: leave out toxic_labels")
    if name == "embedded/encoder" or (folder / "encoder.json").is_file():
        from sro.screeners.encoder.inference import EncoderScreener

        encoder = EncoderScreener.load(folder)
        return encoder.with_policy(fail_on) if fail_on else encoder
    if fail_on:
        raise SROError(f"{name_or_path} has no attributes to fail on\n  fix: name an encoder screener: embedded")
    if name == "embedded/linear" or (folder / "nblr.json").is_file():
        from sro.screeners.nblr.model import NBLR

        return NBLR.load(folder)
    if (folder / "ensemble.json").is_file():
        from sro.screeners.ensemble import Ensemble

        return Ensemble.load(folder, load_screener)
    from sro.screeners.huggingface import HuggingFaceScreener

    if (folder / "adapter_model.safetensors").is_file():
        from sro.core.precision import compute_dtype
        from sro.screeners.lora.classifier import LABEL, merge_adapter

        return HuggingFaceScreener.load(str(merge_adapter(folder)), toxic_labels=[LABEL], bf16=compute_dtype().bf16)
    return HuggingFaceScreener.load(name_or_path, toxic_labels=toxic_labels)


def load_named_screener(arguments: ScreenerArguments) -> Screener:
    """The screener that a command's options name; raises the errors of `load_screener`."""
    return load_screener(arguments.screener, toxic_labels=arguments.toxic_labels, fail_on=arguments.fail_on)
