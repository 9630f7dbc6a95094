"""Rewrite toxic comments: screen → rewrite → screen again → best of N → refuse.

    rewriter = Rewriter.load()
    for found in rewriter.rewrite(["thank you for the edit", "you are an idiot"]):
        print(found.status, found.text)

A comment that passes the screener comes back untouched. Any other goes to the leader, greedily first; where that move
will not do, `samples` more are drawn and the best of all is taken. A move will do if it passes the screener, keeps the
meaning and is a sentence of its own. Where none will do the comment is *refused*: there is no text, only the reason,
and what to do with the comment (hide it, ask its author, show it after all) stays the caller's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch

from sro.corpus import clean, key
from sro.errors import SROError
from sro.leader import Leader, LeaderArguments, bf16_pays, is_peft, prompt_ids, store_frozen_linears_in_bf16
from sro.monitor import fault
from sro.rollout import Paraphrase, Rollout, Sampling, TransformersRollout
from sro.screeners import Screener, Verdict, load_screener
from sro.similarity import SentenceEncoder, Similarity

Status = Literal["unchanged", "rewritten", "refused"]
Reason = Literal[
    "too_long",  # the comment does not fit the leader; nothing was tried
    "still_fails",  # no move passes the screener
    "meaning_lost",  # moves pass, but by saying something else
    "empty",  # moves pass and keep the meaning, but have neither letter nor digit,
    "unfinished",  # … break off,
    "repeating",  # … stutter,
    "copy",  # … or have the comment's own letters and digits: the screener has a hole there
]


@dataclass(frozen=True)
class RewriteArguments:
    """How hard to try, and when to refuse.

    Raises:
        SROError: a value outside its range, with the range.
    """

    samples: int = field(default=4, metadata={"help": "N, moves drawn where the greedy one will not do; 0: none"})
    min_similarity: float = field(
        default=0.5, metadata={"help": "cosine with the comment below which a rewrite is refused, in [-1, 1]"}
    )
    temperature: float = field(default=0.8, metadata={"help": "of the moves that are drawn, > 0"})
    seed: int = field(default=0, metadata={"help": "of the moves that are drawn"})

    def __post_init__(self) -> None:
        _within("samples", self.samples, self.samples >= 0, "≥ 0")
        _within("min_similarity", self.min_similarity, -1 <= self.min_similarity <= 1, "in [-1, 1]")
        _within("temperature", self.temperature, self.temperature > 0, "> 0 (the greedy move comes first anyway)")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What became of one comment."""

    source: str
    text: str | None
    """The source itself if `unchanged`, the rewrite if `rewritten`, None if `refused`."""
    status: Status
    before: Verdict
    """The screener's verdict on the comment."""
    after: Verdict | None = None
    """Its verdict on the best move, also if that was refused; None where the leader did not move."""
    similarity: float | None = None
    """Cosine of the best move with the comment, in [−1, 1]; None where the leader did not move."""
    tries: int = 0
    """How many moves the leader made."""
    reason: Reason | None = None
    """Why the comment was refused: what is wrong with the best move."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One move with what the follower and the sentence encoder say of it."""

    text: str
    verdict: Verdict
    similarity: float
    fault: Reason | None
    """What is wrong with its shape, if anything."""

    def objection(self, min_similarity: float) -> Reason | None:
        """Why it will not do, if so: the screener's word first, then meaning, then shape."""
        if not self.verdict.passed:
            return "still_fails"
        return self.fault if self.similarity >= min_similarity else "meaning_lost"


def best(candidates: Iterable[Candidate], min_similarity: float) -> Candidate:
    """The best move: it passes before it keeps the meaning before it is well shaped; then the nearest in meaning.

    The first of equals, so the greedy move wins a tie.
    """

    def rank(candidate: Candidate) -> tuple[bool, bool, bool, float]:
        keeps_meaning = candidate.similarity >= min_similarity
        return candidate.verdict.passed, keeps_meaning, candidate.fault is None, candidate.similarity

    return max(candidates, key=rank)


@dataclass
class Rewriter:
    """A leader, its follower, and an eye on the meaning. Make one with `Rewriter.load`, or of any parts that fit.

    Attributes:
        fits: whether the leader can take a comment; by default it can take any.
        bf16: play under bfloat16 autocast.
    """

    rollout: Rollout
    screener: Screener
    similarity: Similarity
    fits: Callable[[str], bool] = field(default=lambda comment: True)
    bf16: bool = False

    @classmethod
    def load(
        cls,
        leader: str = "embedded",
        *,
        adapter: str | None = None,
        prompt: str | None = None,
        load_in_4bit: bool = False,
        screener: str | Screener = "embedded",
        similarity: str | Similarity = "embedded",
        max_prompt_length: int = 256,
        batch_size: int = 64,
        bf16: bool | None = None,
    ) -> Rewriter:
        """Load what is named: `embedded` parts need no network, others are folder or hub names.

        Args:
            leader, load_in_4bit: see `sro.leader.LeaderArguments`.
            adapter: by default `embedded/rewriter` on the embedded leader and none on others.
            prompt: template with `{text}`; by default the adapter's own.
            screener: see `sro.screeners.load_screener`; or any object that screens.
            similarity: a sentence encoder; or any object that compares.
            max_prompt_length: tokens of prompt and comment together; longer comments are refused.
            batch_size: moves generated side by side.
            bf16: bfloat16 autocast; None: where this machine is fast at it.

        Raises:
            SROError: a part is missing or unusable; the message names the mend.
        """
        arguments = LeaderArguments(leader, adapter, load_in_4bit)
        loaded = Leader.load(arguments, default_adapter="embedded/rewriter", prompt=prompt)
        model, tokenizer = loaded.model, loaded.tokenizer
        if is_peft(model) and not load_in_4bit:
            model = model.merge_and_unload()  # the same function, 1.2 times faster
        model.requires_grad_(False)
        if bf16 is None:
            bf16 = bf16_pays()
        if bf16:
            store_frozen_linears_in_bf16(model)

        def fits(comment: str) -> bool:
            try:
                return bool(prompt_ids(tokenizer, loaded.prompt, [comment], max_prompt_length))
            except SROError:
                return False

        return cls(
            rollout=TransformersRollout(model, tokenizer, loaded.prompt, max_prompt_length, batch_size),
            screener=load_screener(screener) if isinstance(screener, str) else screener,
            similarity=SentenceEncoder(similarity) if isinstance(similarity, str) else similarity,
            fits=fits,
            bf16=bf16,
        )

    def rewrite(self, texts: Sequence[str], arguments: RewriteArguments | None = None) -> list[Rewrite]:
        """What becomes of each comment, in order.

        The same texts with the same seed give the same answers; which moves are drawn for a comment also depends on
        the other texts of the call, for they share one stream of chances.

        Args:
            texts: comments, of any length and with any characters.
            arguments: how hard to try, and when to refuse; None: the defaults of `RewriteArguments`.

        Raises:
            TypeError: one string, where a list of them is wanted.
        """
        if isinstance(texts, str):
            raise TypeError("rewrite takes a list of texts, not one string: rewrite([text])")
        return self._answer(texts, self._screen(texts), arguments or RewriteArguments())

    def stream(
        self, texts: Iterable[str], arguments: RewriteArguments | None = None, batch_size: int = 64
    ) -> Iterator[list[Rewrite]]:
        """`rewrite` for any number of comments in constant memory: lists of answers, together all of them in order.

        Comments are screened as they come. The leader moves when `batch_size` of them have failed, because generation
        in small batches is slow, or when 32 times as many comments wait for their turn.
        """
        arguments = arguments or RewriteArguments()
        waiting: list[str] = []
        verdicts: list[Verdict] = []
        for text in texts:
            waiting.append(text)
            if len(waiting) % batch_size:
                continue
            verdicts += self._screen(waiting[-batch_size:])
            failed = sum(not verdict.passed for verdict in verdicts)
            if failed >= batch_size or len(waiting) >= 32 * batch_size:
                yield self._answer(waiting, verdicts, arguments)
                waiting, verdicts = [], []
        if waiting:
            verdicts += self._screen(waiting[len(verdicts) :])
            yield self._answer(waiting, verdicts, arguments)

    def _screen(self, texts: Sequence[str]) -> list[Verdict]:
        return self.screener.screen([readable(text) for text in texts]) if texts else []

    def _answer(self, texts: Sequence[str], verdicts: Sequence[Verdict], arguments: RewriteArguments) -> list[Rewrite]:
        """The game for comments that are screened already."""
        comments = {i: readable(text) for i, (text, before) in enumerate(zip(texts, verdicts)) if not before.passed}
        moves: dict[int, list[Candidate]] = {i: [] for i, comment in comments.items() if self.fits(comment)}
        found: dict[int, Candidate] = {}
        for n, temperature in ((1, 0.0), (arguments.samples, arguments.temperature)):
            wanting = [i for i in moves if i not in found or found[i].objection(arguments.min_similarity)]
            if not wanting or not n:
                break
            played = self._play([comments[i] for i in wanting], n, temperature, arguments.seed)
            for i, candidates in zip(wanting, played):
                moves[i] += candidates
                found[i] = best(moves[i], arguments.min_similarity)

        def answer(i: int) -> Rewrite:
            source, before = texts[i], verdicts[i]
            if before.passed:
                return Rewrite(source, source, "unchanged", before)
            if i not in found:
                return Rewrite(source, None, "refused", before, reason="too_long")
            choice, tries = found[i], len(moves[i])
            reason = choice.objection(arguments.min_similarity)
            seen = (before, choice.verdict, choice.similarity, tries)
            if reason:
                return Rewrite(source, None, "refused", *seen, reason)
            return Rewrite(source, choice.text, "rewritten", *seen)

        return [answer(i) for i in range(len(texts))]

    def _play(self, comments: list[str], n: int, temperature: float, seed: int) -> list[list[Candidate]]:
        """`n` moves of the leader for each comment, screened and compared."""
        # As long as its comment's length allows: the limit of `Sampling` is the trainer's, for rollouts of equal cost.
        sampling = Sampling(temperature=temperature, max_new_tokens=10_000, avoid_loops=True)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        with torch.autocast(device, torch.bfloat16, enabled=self.bf16):
            played = self.rollout.play(comments, n, sampling, seed)
        texts = [move.text for moves in played for move in moves]
        sources = [comment for comment, moves in zip(comments, played) for _ in moves]
        verdicts = iter(self.screener.screen(texts, sources=sources))
        similarities = iter(self.similarity.similarity(texts, sources))
        return [
            [Candidate(m.text, next(verdicts), float(next(similarities)), shape_fault(m, comment)) for m in moves]
            for comment, moves in zip(comments, played)
        ]


def shape_fault(move: Paraphrase, comment: str) -> Reason | None:
    """What is wrong with a move that anyone can see without a screener, if anything."""
    if not key(move.text):
        return "empty"
    found: Reason | None = fault(move, comment) or None  # type: ignore[assignment]
    return found or ("copy" if key(move.text) == key(comment) else None)


def readable(text: str) -> str:
    """The comment as screener and leader read it: `clean`, with U+FFFD for half characters (lone surrogates)."""
    return clean(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _within(name: str, value: object, holds: bool, bounds: str) -> None:
    if not holds:
        raise SROError(f"{name}={value} must be {bounds}")
