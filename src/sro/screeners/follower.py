"""Build the follower of a run: a toxicity screener alone (as in the paper), or a panel that also checks meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from sro.screeners.base import Screener, Similarity
from sro.screeners.config import ScreenerArguments
from sro.screeners.loading import load_named_screener
from sro.screeners.overused import OverusedWords
from sro.screeners.similarity import SentenceEncoder


@dataclass
class FollowerArguments(ScreenerArguments):
    """Options of the follower."""

    screener: str = field(
        default="embedded/linear",
        metadata={"help": "`embedded/linear`, `embedded`, the folder of a screener, or a classifier's name"},
    )
    similarity: str = field(default="embedded", metadata={"help": "sentence encoder: `embedded`, folder or hub name"})
    min_similarity: float = field(
        default=0.7,
        metadata={
            "help": "lowest cosine similarity to its comment at which a rewrite passes; 0: no such check, as in "
            "the paper"
        },
    )
    well_formed: bool = field(
        default=True, metadata={"help": "fail rewrites with missing words, repetitions or runs of commas"}
    )
    keep_meaning: bool = field(
        default=False,
        metadata={
            "help": "fail rewrites that no longer name the group or crime that the comment is about, that add "
            'praise, that say of the author what was said of the reader, or that add or drop a "not" (the last only '
            "without --faithfulness)"
        },
    )
    fluency: str = field(
        default="none",
        metadata={
            "help": "model that fails rewrites less acceptable than their comment: `embedded`, a folder, or `none`"
        },
    )
    fluency_slack: float = field(
        default=0.1, metadata={"help": "how far P(acceptable) may drop below the comment's, for --fluency"}
    )
    faithfulness: str = field(
        default="none",
        metadata={"help": "critic that fails rewrites that lose the meaning: `embedded`, a folder, or `none`"},
    )
    overused: str = field(
        default="none",
        metadata={
            "help": "fail rewrites that add words from this list, because leaders overuse them: `embedded`, a file "
            "from `sro screener train --kind overused`, or `none`"
        },
    )
    only_best: bool = field(
        default=False,
        metadata={"help": "pass only the best rewrite of each comment (best-of-n fine-tuning)"},
    )
    flip_verdicts: float = field(
        default=0.0, metadata={"help": "flip each verdict with this probability (the perturbation experiment)"}
    )
    flip_seed: int = field(default=0, metadata={"help": "seed of the flips"})


def load_follower(arguments: FollowerArguments) -> tuple[Screener, Screener, Similarity]:
    """The follower for training, the toxicity screener inside it, and the similarity encoder that it uses."""
    from sro.screeners.best_of_n import BestOnly
    from sro.screeners.noisy import FlippingScreener
    from sro.screeners.panel import FaithfulnessScreener, FluencyScreener, Panel, SimilarityScreener
    from sro.screeners.rules.form import FormScreener
    from sro.screeners.rules.meaning import MeaningRuleScreener, changes_but_negation

    toxicity = load_named_screener(arguments)
    encoder = SentenceEncoder(arguments.similarity)
    members: list[Screener] = [toxicity]
    if arguments.min_similarity > 0:
        members.append(SimilarityScreener(encoder, arguments.min_similarity))
    if arguments.well_formed:
        members.append(FormScreener())
    if arguments.keep_meaning:
        read = arguments.faithfulness != "none"
        members.append(
            MeaningRuleScreener("sense 1, a critic for not", changes_but_negation) if read else MeaningRuleScreener()
        )
    if arguments.overused != "none":
        members.append(OverusedWords.load(arguments.overused).screener())
    if arguments.fluency != "none":
        from sro.screeners.lora.acceptability import Acceptability

        members.append(FluencyScreener(Acceptability.load(arguments.fluency), arguments.fluency_slack))
    if arguments.faithfulness != "none":
        from sro.screeners.faithfulness.critic import FaithfulnessCritic

        members.append(FaithfulnessScreener(FaithfulnessCritic.load(arguments.faithfulness)))
    follower: Screener = Panel(members) if len(members) > 1 else toxicity
    if arguments.only_best:
        follower = BestOnly(follower)
    if arguments.flip_verdicts:
        follower = FlippingScreener(follower, arguments.flip_verdicts, arguments.flip_seed)
    return follower, toxicity, encoder
