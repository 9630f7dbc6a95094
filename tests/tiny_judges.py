"""Tiny random judges of the official judges' classes, saved as `from_pretrained` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TEXT = "you idiot thank are the page is good very much what bad a this stupid edit and not"
WORDS = TEXT.split()
SPECIAL = ["<pad>", "<unk>", "<cls>", "<sep>"]
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}


def tiny_tokenizer() -> Any:
    """Words of `WORDS` between <cls> and <sep>."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(SPECIAL + WORDS)}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="<cls> $A <sep>", special_tokens=[("<cls>", 2), ("<sep>", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>", cls_token="<cls>", sep_token="<sep>"
    )


def save(folder: Path, model: Any, seed: int = 0) -> Path:
    """Weights far enough from 0 that texts differ."""
    import torch

    torch.manual_seed(seed)
    for weights in model.parameters():
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=0.5)
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def tiny_roberta(folder: Path, labels: list[str], seed: int = 0) -> Path:
    """RobertaForSequenceClassification that reads 30 tokens (32 positions less its padding)."""
    from transformers import RobertaConfig, RobertaForSequenceClassification

    names = {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    vocabulary = {"vocab_size": len(SPECIAL + WORDS), "pad_token_id": 0, "max_position_embeddings": 31}
    return save(folder, RobertaForSequenceClassification(RobertaConfig(**SIZES, **vocabulary, **names)), seed)


def tiny_bert(folder: Path, pooler: bool = True) -> Path:
    """BertModel that reads 32 tokens, with LaBSE's pooler or without."""
    from transformers import BertConfig, BertModel

    vocabulary = {"vocab_size": len(SPECIAL + WORDS), "pad_token_id": 0, "max_position_embeddings": 32}
    return save(folder, BertModel(BertConfig(**SIZES, **vocabulary), add_pooling_layer=pooler))
