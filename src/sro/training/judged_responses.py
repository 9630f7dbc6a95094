"""Learn from rewrites that people have already judged: moderators' decisions, or readers' answers.

    sro feedback export --input feedback.db --output responses.jsonl
    sro train --judged_responses responses.jsonl --adapter embedded/rewriter --output_dir runs/next

A person who accepts or refuses a suggestion is a follower who answers the leader. The game is the same, but the
rewrites are read from a file instead of sampled: one that passed is preferred to its comment, and one that
failed becomes less likely. They should come from the leader that is trained, or from a similar one. The reference
knows little about others, and their fails teach little. Rewrites that people wrote (`by` is `person`) are left
out, because the method never trains on human rewrites.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from accelerate import PartialState

from sro.comments.clean import fingerprint
from sro.comments.columns import choose_columns
from sro.comments.corpus import texts_hash
from sro.comments.readers import read_rows
from sro.core.errors import SROError
from sro.leader.generation import Completion, Sampling
from sro.leader.model import Leader
from sro.leader.token_ids import completion_ids
from sro.screeners.base import Verdict
from sro.training.distributed import gather_from_all

logger = logging.getLogger(__name__)

COLUMNS = ("comment", "response", "verdict")


@dataclass(frozen=True)
class JudgedRewrite:
    """A comment, a leader's rewrite of it, and whether the rewrite was accepted."""

    comment: str
    rewrite: str
    passed: bool


def read_judged_rewrites(path: str) -> list[JudgedRewrite]:
    """The rows of a file with the columns `comment`, `response` and `verdict` (pass or fail).

    `sro feedback export` writes such files; any format that `sro` reads works. Rewrites that a person wrote are left
    out, and their number is logged.

    Raises:
        SROError: no such file or columns, a row without text, or another verdict. The message names the row.
    """
    found, by_people = [], 0
    for row in read_rows(path, partial(choose_columns, source=path, text="comment"), all_columns=True):
        comment, rewrite, verdict = ((row.fields or {}).get(name) for name in COLUMNS)
        if row.fault or not (isinstance(rewrite, str) and rewrite.strip()) or verdict not in ("pass", "fail"):
            raise SROError(
                f"{path}, line {row.line}: want a comment, a response and the verdict pass or fail, "
                f"found {verdict!r}\n  fix: rows as `sro feedback export` writes them"
            )
        if (row.fields or {}).get("by") == "person":
            by_people += 1
        else:
            found.append(JudgedRewrite(str(comment), rewrite, verdict == "pass"))
    if by_people:
        logger.info("%s: %d rewrites that people wrote are left out", path, by_people)
    if not found:
        raise SROError(f"{path} holds no rewrites of a leader\n  fix: rows as `sro feedback export` writes them")
    return found


def recorded_game(path: str, comments: Sequence[str], leader: Leader) -> JudgedGame:
    """The game of the rewrites in `path` of these comments.

    Args:
        comments: as `sro.comments.sources` reads them; their white space may be normalised.
    """
    tidy = {fingerprint(comment): comment for comment in comments}
    judged = [
        replace(one, comment=tidy[fingerprint(one.comment)])
        for one in read_judged_rewrites(path)
        if fingerprint(one.comment) in tidy
    ]
    return JudgedGame(judged, leader.tokenizer, None if leader.model.config.is_encoder_decoder else leader.prompt)


class JudgedGame:
    """Generator and screener in one: it plays the recorded rewrites and gives the recorded verdicts.

    Attributes:
        name: name of the screener.
        comments: comments to train on; each occurs once for each of its rewrites.
        sha256: hash of all comments, rewrites and verdicts.

    If one rewrite of a comment has several verdicts, the majority counts; a tie counts as fail.
    """

    name = "judged responses"

    def __init__(self, judged: Sequence[JudgedRewrite], tokenizer: Any, prompt: str | None) -> None:
        """tokenizer, prompt: see `sro.leader.token_ids.completion_ids`."""
        self.comments = [one.comment for one in judged]
        in_file: dict[str, list[str]] = {}
        for one in judged:
            in_file.setdefault(one.comment, []).append(one.rewrite)
        # A file may have all passes first; shuffled, no part of an epoch learns from passes only.
        self.rewrites = {key: random.Random(key).sample(some, len(some)) for key, some in in_file.items()}
        self._dealt: Counter[str] = Counter()  # comment → place of its next rewrite
        self.sha256 = texts_hash([f"{one.comment}\n{one.rewrite}\n{one.passed}" for one in judged])
        self._votes: Counter[tuple[str, str]] = Counter()
        for one in judged:
            self._votes[one.comment, as_read(one.rewrite)] += 1 if one.passed else -1
        self._ids = partial(completion_ids, tokenizer, prompt=prompt)

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """The next `n` rewrites of each comment, in turn; if a comment has fewer, some are repeated.

        So each rewrite is played `n` times an epoch. The processes deal from one pack and must call this together.
        """
        dealt = [[self._deal(one, n) for one in asked] for asked in gather_from_all([list(comments)])]
        chosen = dealt[PartialState().process_index]
        texts = [as_read(text) for some in chosen for text in some]
        played = [Completion(text, ids, finished=True) for text, ids in zip(texts, self._ids(texts))]
        return [played[at : at + n] for at in range(0, len(played), n)]

    def _deal(self, comment: str, n: int) -> list[str]:
        some, first = self.rewrites.get(comment, [""]), self._dealt[comment]
        self._dealt[comment] = (first + n) % len(some)
        return [some[(first + place) % len(some)] for place in range(n)]

    def state_dict(self) -> dict[str, int]:
        """The place of each comment's next rewrite, for the seal of a checkpoint."""
        return dict(self._dealt)

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Deal on from the places of a checkpoint."""
        self._dealt = Counter(state)

    def screen(self, texts: Sequence[str], sources: Sequence[str] | None = None) -> list[Verdict]:
        """The recorded verdict on each rewrite of its comment in `sources`."""
        passed = [self._votes[source, text] > 0 for text, source in zip(texts, sources or ())]
        return [Verdict("pass" if one else "fail", 0.0 if one else 1.0, self.name) for one in passed]


def as_read(text: str) -> str:
    """The rewrite with single spaces, as a leader would have written it."""
    return " ".join(text.split())
