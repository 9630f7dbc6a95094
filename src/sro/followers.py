"""Put the follower of a run together: a toxicity screener, alone as in the paper, or in a panel that also sees
meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sro.screeners import Screener, load_screener
from sro.similarity import SentenceEncoder, Similarity

if TYPE_CHECKING:
    from sro.warmup.fit import LanguageModelFit


@dataclass
class FollowerArguments:
    """Who answers the leader."""

    screener: str = field(default="embedded", metadata={"help": "`embedded`, an NB-LR folder, or a classifier's name"})
    similarity: str = field(default="embedded", metadata={"help": "sentence encoder: `embedded`, folder or hub name"})
    min_similarity: float = field(
        default=0.7,
        metadata={
            "help": "a paraphrase also has to keep this cosine to its comment; 0: toxicity alone, as in the paper"
        },
    )
    well_formed: bool = field(
        default=True, metadata={"help": "a paraphrase also has to be free of holes, stutter and comma runs"}
    )
    fluent: bool = field(
        default=False,
        metadata={"help": "its new words also have to fit as well as the old ones did, by the frozen embedded leader"},
    )
    min_fit: float = field(default=-3.0, metadata={"help": "nats by which they may fit worse"})
    only_best: bool = field(
        default=False,
        metadata={"help": "of a comment's paraphrases only the best one passes (best-of-n fine-tuning)"},
    )
    flip_verdicts: float = field(
        default=0.0, metadata={"help": "flip each verdict with this probability (the perturbation experiment)"}
    )
    flip_seed: int = field(default=0, metadata={"help": "seed of the flips"})


def load_follower(arguments: FollowerArguments) -> tuple[Screener, Screener, Similarity]:
    """The follower that answers in training, the toxicity screener inside it, and the similarity it measures with."""
    from sro.screeners.best import BestOnly
    from sro.screeners.flipping import FlippingScreener
    from sro.screeners.panel import FluencyScreener, MeaningScreener, Panel, ShapeScreener

    toxicity = load_screener(arguments.screener)
    encoder = SentenceEncoder(arguments.similarity)
    members: list[Screener] = [toxicity]
    if arguments.min_similarity > 0:
        members.append(MeaningScreener(encoder.similarity, arguments.min_similarity))
    if arguments.well_formed:
        members.append(ShapeScreener())
    if arguments.fluent:
        members.append(FluencyScreener(_frozen_fit().gains, arguments.min_fit))
    follower: Screener = Panel(members) if len(members) > 1 else toxicity
    if arguments.only_best:
        follower = BestOnly(follower)
    if arguments.flip_verdicts:
        follower = FlippingScreener(follower, arguments.flip_verdicts, arguments.flip_seed)
    return follower, toxicity, encoder


def _frozen_fit() -> LanguageModelFit:
    """The embedded leader as it was before any training, asked how well words fit; the starter corpus says what is
    usual."""
    from sro.leader import Leader, LeaderArguments, bf16_pays, store_frozen_linears_in_bf16
    from sro.sources import load_source
    from sro.warmup.fit import LanguageModelFit

    judge = Leader.load(LeaderArguments(leader="embedded"), "none")
    model = judge.model.eval().requires_grad_(False)
    if bf16_pays():
        store_frozen_linears_in_bf16(model)
    usual = [*load_source("starter:toxic").texts[:100], *load_source("starter:civil").texts[:100]]
    return LanguageModelFit(model, judge.tokenizer, [], usual, bf16=bf16_pays())
