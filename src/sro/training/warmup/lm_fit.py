"""Score edits with a frozen language model: which words fit at a place, and whether the whole comment is still fluent.

`edit_search` needs two scores, from the leader before training:
    proposals   log p(phrase's first token | text before it) − log p(it anywhere): cheap enough for every phrase
    gains       how much better the new words fit the whole comment than the old ones, for the few edits that are left

Both scores correct for how common a word is, `gains` by half. Plain log-probability prefers common words at any place
("they are intolerance" is likelier than "they are intolerant thugs"); full mutual information prefers rare words ("the
iron fist of indecent named …").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
import torch

from sro.leader.logprobs import causal_log_probs

RARITY = 0.5  # share of a word's usual log-probability that is subtracted in `gains`


class Fit(Protocol):
    """The scores that the edit search needs from a language model."""

    def proposals(self, comments: Sequence[str], places: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """For each comment [places, phrases] nats: how much likelier each phrase is there than elsewhere."""
        ...

    def gains(self, comments: Sequence[str], rewrites: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """For each comment [rewrites] nats: fit of the words put in − fit of the words taken out."""
        ...


class LanguageModelFit:
    """`Fit` by a decoder-only model, which is not trained.

    Args:
        phrases: the vocabulary of `proposals`.
        usual: comments with a few hundred words in all; the mean over all their places says how likely a token is
            anywhere.
        bf16: compute under bfloat16 autocast (twice as fast if the processor supports it).
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        phrases: Sequence[str],
        usual: Sequence[str],
        bf16: bool = False,
        batch_size: int = 16,
    ) -> None:
        self.model, self.tokenizer, self.bf16, self.batch_size = model, tokenizer, bf16, batch_size
        self.first = torch.tensor([self._ids(" " + phrase)[0] for phrase in phrases], dtype=torch.long)
        self.anywhere = self._average([self._ids(text) for text in usual])
        self._alone: dict[str, float] = {"": 0.0}

    def proposals(self, comments: Sequence[str], places: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """`places` are the character offsets of word starts."""
        found = [np.zeros((0, len(self.first)), np.float32) for _ in comments]
        wanted = [i for i, spots in enumerate(places) if len(spots)]
        for at in range(0, len(wanted), self.batch_size):
            chunk = wanted[at : at + self.batch_size]
            rows = [self.tokenizer(comments[i], add_special_tokens=False, return_offsets_mapping=True) for i in chunk]
            logits = self._logits([[self.tokenizer.eos_token_id, *row["input_ids"]] for row in rows])
            for i, row, scores in zip(chunk, rows, logits):
                # At position p the model has read p tokens of the comment: those that end before the place.
                reads = [sum(end <= place for _, end in row["offset_mapping"]) for place in places[i]]
                rates = torch.log_softmax(scores[reads].float(), dim=-1).cpu()
                found[i] = (rates[:, self.first] - self.anywhere[self.first]).numpy()
        return found

    def gains(self, comments: Sequence[str], rewrites: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """The common beginning of a comment and its rewrites is read only once."""
        changes = [[_changes(comment, text) for text in texts] for comment, texts in zip(comments, rewrites)]
        self._learn_alone({part for group in changes for pairs in group for pair in pairs for part in pair})
        gains = [np.zeros(0, np.float32) for _ in comments]
        wanted = [i for i, texts in enumerate(rewrites) if len(texts)]
        for at in range(0, len(wanted), self.batch_size):
            chunk = wanted[at : at + self.batch_size]
            totals = self._totals([[comments[i], *rewrites[i]] for i in chunk])
            for i, total in zip(chunk, totals):
                given = [sum(self._alone[old] - self._alone[new] for old, new in pairs) for pairs in changes[i]]
                gains[i] = total[1:] - total[0] + RARITY * np.array(given, np.float32)
        return gains

    def _totals(self, groups: list[list[str]]) -> list[np.ndarray]:
        """log p of the texts of each group, without their common beginning."""
        end = self.tokenizer.eos_token_id
        ids = [[[*self._ids(text), end] for text in group] for group in groups]
        shared = [_shared(group) for group in ids]
        prompts = [[end, *group[0][:n]] for n, group in zip(shared, ids)]
        tails = [[row[n:] for row in group] for n, group in zip(shared, ids)]
        with self._quietly():
            found = causal_log_probs(self.model, prompts, tails, self.tokenizer.pad_token_id).total().cpu()
        return [part.numpy() for part in found.split([len(group) for group in groups])]

    def _learn_alone(self, phrases: set[str]) -> None:
        """log p of a phrase anywhere: its first token on average, plus the other tokens given the first."""
        new = sorted(phrases - self._alone.keys(), key=len)
        for at in range(0, len(new), 8 * self.batch_size):
            chunk = new[at : at + 8 * self.batch_size]
            ids = [self._ids(" " + phrase) for phrase in chunk]
            rates = [self.anywhere[row[0]].item() for row in ids]
            longer = [i for i, row in enumerate(ids) if len(row) > 1]
            if longer:
                with self._quietly():
                    rest = causal_log_probs(
                        self.model,
                        [[self.tokenizer.eos_token_id, ids[i][0]] for i in longer],
                        [[ids[i][1:]] for i in longer],
                        self.tokenizer.pad_token_id,
                    )
                for i, value in zip(longer, rest.total().tolist()):
                    rates[i] += value
            self._alone.update(zip(chunk, rates))

    def _average(self, rows: list[list[int]]) -> torch.Tensor:
        """log of the mean next-token distribution over all places of the texts, [vocabulary]."""
        total, n = torch.zeros(()), 0
        rows = sorted((row for row in rows if row), key=len)
        for at in range(0, len(rows), self.batch_size):
            chunk = rows[at : at + self.batch_size]
            for row, scores in zip(chunk, self._logits(chunk)):
                total, n = total + torch.softmax(scores[: len(row)].float(), -1).sum(0).cpu(), n + len(row)
        return torch.log(total / n)

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _logits(self, rows: list[list[int]]) -> Any:
        """[rows, longest, vocabulary]. Padding is on the right, where a causal model does not see it."""
        width = max(map(len, rows))
        ids = torch.tensor([row + [self.tokenizer.pad_token_id] * (width - len(row)) for row in rows])
        with self._quietly():
            return self.model(input_ids=ids.to(next(self.model.parameters()).device), use_cache=False).logits

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        device = next(self.model.parameters()).device.type
        with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16, enabled=self.bf16):
            yield


def _changes(comment: str, rewrite: str) -> list[tuple[str, str]]:
    """The words taken out and the words put in, for each changed span."""
    old, new = comment.split(), rewrite.split()
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(" ".join(old[a:b]), " ".join(new[c:d])) for kind, a, b, c, d in blocks if kind != "equal"]


def _shared(rows: list[list[int]]) -> int:
    """Length of the common beginning of all rows; at least one id of each row is not part of it."""
    same = takewhile(lambda column: len(set(column)) == 1, zip(*rows))
    return min(sum(1 for _ in same), min(map(len, rows)) - 1)
