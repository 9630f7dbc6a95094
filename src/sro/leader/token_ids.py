"""Prompts and responses as token ids of the leader, and token ids as text again.

A special token that stands literally in a comment is text on its way in, and comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sro.core.errors import SROError


def prompt_ids(tokenizer: Any, prompt: str, comments: Sequence[str], max_length: int) -> list[list[int]]:
    """Prompts as token ids; a comment that makes its prompt longer than `max_length` tokens is an error, never a cut.

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
    """Texts in which no special token of the leader stands literally.

    A comment that quotes `</s>` must not end its prompt: a space goes behind the first character, so that the
    tokenizer reads letters. Other texts come back as they are.
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
    """What the tokenizer reads as one sign and leaves out of texts, longest first: also such as `<repo_name>`, which
    have no part of their own in a prompt."""
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    return sorted({one for one in (*tokenizer.all_special_tokens, *added) if len(one) > 1}, key=len, reverse=True)


def _loosened(token: str) -> str:
    return f"{token[0]} {token[1:]}"


def response_ids(tokenizer: Any, texts: Iterable[str], continues_prompt: bool) -> list[list[int]]:
    """Responses as token ids with the end token.

    Args:
        continues_prompt: True for decoder-only leaders, whose response goes on behind the prompt after a space.
    """
    lead = " " if continues_prompt else ""
    filled = [lead + text for text in as_plain_text(tokenizer, texts)]
    rows = tokenizer(filled, add_special_tokens=False)["input_ids"] if filled else []
    return [[*row, tokenizer.eos_token_id] for row in rows]


def decode(tokenizer: Any, rows: Sequence[Sequence[int]]) -> list[str]:
    """Token ids to text: special tokens dropped, white space folded, and what `as_plain_text` took apart put together
    again."""
    texts = [" ".join(text.split()) for text in tokenizer.batch_decode(rows, skip_special_tokens=True)]
    for token in special_tokens(tokenizer) if any(" " in text for text in texts) else ():
        texts = [text.replace(_loosened(token), token) for text in texts]
    return texts
