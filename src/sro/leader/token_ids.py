"""Prompts and completions as token ids of the leader, and token ids as text again.

If a comment contains a special token literally, it is read as text, and decoding returns it as it was.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from sro.core.errors import SROError

ANY_TEXT = ":"
"""If a prompt ends with its comment, a completion is tokenized after this text."""


def prompt_ids(tokenizer: Any, prompt: str, comments: Sequence[str], max_length: int) -> list[list[int]]:
    """Prompts as token ids; a comment that makes its prompt longer than `max_length` tokens is an error, not cut.

    Encoder–decoder tokenizers add their end token to the input by themselves, as they were trained.
    """
    rows = fill_prompts(tokenizer, prompt, comments)
    for comment, row in zip(comments, rows):
        if len(row) > max_length:
            raise SROError(
                f"the prompt of this comment has {len(row)} tokens, more than max_prompt_length={max_length}: "
                f"{comment[:60]!r}\n  fix: raise --max_prompt_length, or filter by --max_words"
            )
    return rows


def fill_prompts(tokenizer: Any, prompt: str, comments: Sequence[str]) -> list[list[int]]:
    """Prompts as token ids, of any length; see `prompt_ids`. Special tokens in a comment are text, those of the
    template are not."""
    texts = [prompt.replace("{text}", text) for text in as_plain_text(tokenizer, comments)]
    rows: list[list[int]] = tokenizer(texts)["input_ids"] if texts else []
    return rows


def as_plain_text(tokenizer: Any, texts: Iterable[str]) -> list[str]:
    """The texts without literal special tokens of the leader.

    A comment that quotes `</s>` must not end its prompt: a space is put after the first character, so that the
    tokenizer reads letters. Other texts are returned as they are.
    """
    special = special_tokens(tokenizer)
    plain = []
    for text in texts:
        for token in special:
            if token in text:
                text = text.replace(token, _loosened(token))
        plain.append(text)
    return plain


def special_tokens(tokenizer: Any) -> list[str]:
    """The tokens that the tokenizer reads as one sign and leaves out of texts, longest first. This includes tokens
    such as `<repo_name>`, which have no role in a prompt."""
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    return sorted({one for one in (*tokenizer.all_special_tokens, *added) if len(one) > 1}, key=len, reverse=True)


def _loosened(token: str) -> str:
    return f"{token[0]} {token[1:]}"


def completion_ids(tokenizer: Any, texts: Iterable[str], prompt: str | None) -> list[list[int]]:
    """Completions as token ids with the end token, as the leader would write them after its prompt.

    They are tokenized together with the end of the prompt, so that neither a space nor the sign that some tokenizers
    put before a text occurs twice.

    Args:
        prompt: the template of a decoder-only leader, where the completion continues the prompt; None: an
            encoder–decoder, where the completion stands alone and begins with the tokenizer's own begin token, if it
            has one (BART).
    """
    plain = as_plain_text(tokenizer, texts)
    if not plain:
        return []
    if prompt is None:
        return [_ended(row, tokenizer.eos_token_id) for row in tokenizer(text_target=plain)["input_ids"]]
    before = prompt.partition("{text}")[2] or ANY_TEXT
    lead = lead_of_completion(tokenizer, prompt)

    def ids(some: Sequence[str]) -> list[list[int]]:
        rows: list[list[int]] = tokenizer(list(some), add_special_tokens=False)["input_ids"]
        return rows

    [known] = ids([before])
    alone = ids([lead + text for text in plain])
    behind = ids([before + lead + text for text in plain])
    # If a text merges with the prompt's last sign, it is tokenized alone, because the prompt's ids are fixed.
    rows = [row[len(known) :] if row[: len(known)] == known else own for row, own in zip(behind, alone)]
    return [[*row, tokenizer.eos_token_id] for row in rows]


def _ended(row: list[int], end: int) -> list[int]:
    """The row up to its last end token, which is added if there is none; mBART puts a language behind it."""
    return row[: len(row) - row[::-1].index(end)] if end in row else [*row, end]


def lead_of_completion(tokenizer: Any, prompt: str) -> str:
    """The text between a prompt and the completion that continues it: nothing if the template ends with white space or
    with a sign of a chat template, else a space."""
    signs = tuple(str(token) for token in (*tokenizer.added_tokens_decoder.values(), *tokenizer.all_special_tokens))
    return "" if prompt[-1:].isspace() or prompt.endswith(signs) else " "


def end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """The tokens that end a completion: the tokenizer's, and those that the model's generation settings name."""
    own = model.generation_config.eos_token_id
    return {tokenizer.eos_token_id, *(own if isinstance(own, list) else [] if own is None else [own])}


def with_end_of_turn(tokenizer: Any, model: Any, prompt: str) -> Any:
    """The tokenizer; for a chat template, a copy with the end token that ends the comment's turn: Gemma's
    `<end_of_turn>`, Phi-3's `<|end|>`. The leader's turn ends with the same token."""
    behind = prompt.partition("{text}")[2]
    ends = [tokenizer.convert_ids_to_tokens(one) for one in end_tokens(model, tokenizer)]
    found = sorted((behind.index(end), end) for end in ends if end in behind)
    if not found or found[0][1] == tokenizer.eos_token:
        return tokenizer
    ending = copy.deepcopy(tokenizer)
    ending.eos_token = found[0][1]
    return ending


def decode(tokenizer: Any, rows: Sequence[Sequence[int]]) -> list[str]:
    """Token ids to text: special tokens dropped, white space folded, and special tokens that `as_plain_text` took
    apart put together again."""
    texts = [" ".join(text.split()) for text in tokenizer.batch_decode(rows, skip_special_tokens=True)]
    for token in special_tokens(tokenizer) if any(" " in text for text in texts) else ():
        texts = [text.replace(_loosened(token), token) for text in texts]
    return texts
