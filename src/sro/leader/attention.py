"""Whether the layers of a decoder follow our attention masks, and up to which row width.

Packed scoring (`sro.leader.logprobs`) and speculative decoding put texts side by side that must not see each other.
A mask and positions keep them apart, but some layers do not follow these: convolutions, state spaces and linear
attention ignore the mask, ALiBi counts positions by itself, and a sliding window counts them in the row, not the text.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

from sro.leader.model import is_peft

FULL = {"full_attention", "global"}
WINDOWS = {"sliding_attention": "sliding_window", "local": "window_size"}
"""Kinds of layers that see a window, and the setting with its width."""


def widest_row(model: Any) -> float:
    """The widest row, in tokens, in which every layer follows our mask and positions: 0 if some layer never does, the
    narrowest window if some layers have one, else infinity.

    Args:
        model: a language model, PEFT-wrapped or not.
    """
    base = model.get_base_model() if is_peft(model) else model
    config = base.config.get_text_config()
    if base.config.is_encoder_decoder or getattr(base, "_is_stateful", False) or getattr(config, "alibi", False):
        return 0
    if not {"position_ids", "past_key_values"} <= {*inspect.signature(type(base).forward).parameters}:
        return 0
    layers = {*(getattr(config, "layer_types", None) or ()), *(getattr(config, "attention_layers", None) or ())}
    if layers - FULL - WINDOWS.keys():
        return 0
    names = {WINDOWS[kind] for kind in layers - FULL}
    if getattr(config, "use_sliding_window", True):
        names.add("sliding_window")  # for all layers if the configuration names no kinds
    return min((getattr(config, name, None) or math.inf for name in names), default=math.inf)
