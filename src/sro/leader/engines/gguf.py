"""Write Llama-like leaders as one GGUF file, for llama.cpp and tools that are built on it.

The layout is that of llama.cpp's own conversion: names from the `gguf` package, query and key rows reordered for its
rotary embedding, norms in float32. Only models known to be read back the same are written; others are refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args

import gguf
import numpy as np

from sro.core.errors import SROError
from sro.leader.model import Leader

Precision = Literal["float16", "float32", "bfloat16", "q8_0"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
_TYPES = {
    "float32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "float16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "bfloat16": (gguf.GGMLQuantizationType.BF16, gguf.LlamaFileType.MOSTLY_BF16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}


def write_gguf(leader: Leader, path: Path, precision: Precision = "float16", name: str = "sro leader") -> None:
    """Write a leader without adapter to one file.

    Raises:
        SROError: the architecture is not Llama's, or GGUF has no name for the tokenizer.
    """
    config, tokenizer = leader.model.config, leader.tokenizer
    _refuse_what_is_not_llama(config)
    before = _pre_tokenizer(tokenizer)
    tensor_type, file_type = _TYPES[precision]
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, tokenizer, config.vocab_size, before)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for key, tensor in leader.model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = tensor.detach().float().cpu().numpy()
        if key.endswith(("q_proj.weight", "k_proj.weight")):
            values = _interleaved(values, heads if key.endswith("q_proj.weight") else kv_heads)
        kind = tensor_type if values.ndim > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(str(names.get_name(key, (".weight",))), gguf.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _interleaved(rows: np.ndarray, heads: int) -> np.ndarray:
    """[heads · size, in]: llama.cpp rotates neighbouring rows of a head, transformers those half a head apart."""
    size = rows.shape[0] // heads
    return np.ascontiguousarray(rows.reshape(heads, 2, size // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape))


def _refuse_what_is_not_llama(config: Any) -> None:
    plain = (
        config.model_type == "llama"
        and config.hidden_act == "silu"
        and config.rope_parameters.get("rope_type", "default") == "default"
        and not config.attention_bias
        and not config.mlp_bias
        and config.head_dim in (None, config.hidden_size // config.num_attention_heads)
    )
    if not plain:
        raise SROError(
            f"GGUF is written for plain Llama models, and this leader ({config.model_type}) is another or has scaled "
            "rotary embeddings, biases or odd heads\n  fix: --to safetensors, then llama.cpp's convert_hf_to_gguf.py"
        )


def _pre_tokenizer(tokenizer: Any) -> str:
    """GGUF's name for how a byte-level BPE tokenizer cuts text before it merges."""
    about = json.loads(tokenizer.backend_tokenizer.to_str())
    steps = about["pre_tokenizer"] or {}
    steps = steps.get("pretokenizers", [steps])
    kinds = [(step.get("type"), step.get("use_regex"), step.get("individual_digits")) for step in steps]
    known = {
        (("ByteLevel", True, None),): "gpt-2",
        (("Digits", None, True), ("ByteLevel", True, None)): "smollm",
    }
    found = known.get(tuple(kinds))
    if about["model"]["type"] != "BPE" or about["normalizer"] or found is None:
        raise SROError(
            "GGUF is written for byte-level BPE tokenizers as GPT-2 and SmolLM have them, and this leader has another "
            f"({about['model']['type']})\n  fix: --to safetensors, then llama.cpp's convert_hf_to_gguf.py"
        )
    return found


def _add_tokenizer(writer: Any, tokenizer: Any, size: int, before: str) -> None:
    about = json.loads(tokenizer.backend_tokenizer.to_str())
    special = {token["id"] for token in about["added_tokens"]}
    tokens = tokenizer.convert_ids_to_tokens(list(range(min(size, len(tokenizer)))))
    spare = [f"<|unused_{i}|>" for i in range(len(tokens), size)]
    kinds = [gguf.TokenType.CONTROL if i in special else gguf.TokenType.NORMAL for i in range(len(tokens))]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in about["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(before)
    writer.add_token_list(tokens + spare)
    writer.add_token_types([*kinds, *[gguf.TokenType.UNUSED] * len(spare)])
    writer.add_token_merges(merges)
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id])
    for put, token in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if token is not None:
            put(token)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)
