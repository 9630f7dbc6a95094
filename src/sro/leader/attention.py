"""What the layers of a decoder look at: which masks of ours they obey, and for how wide a row.

Packed scoring (`sro.leader.logprobs`) and speculative decoding lay texts side by side that must not see each
other, and say so by a mask and by positions. Convolutions, state spaces and linear attention run over a row whatever a
mask says, ALiBi counts places by itself, and a sliding window counts them in the row and not in the text.
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
    """How many tokens wide a row may be for every layer to see what a mask of ours and the positions say: 0 where some
    layer never does, the narrowest window where some have one, else infinity.

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
        names.add("sliding_window")  # of all layers, where a configuration names no kinds
    return min((getattr(config, name, None) or math.inf for name in names), default=math.inf)
