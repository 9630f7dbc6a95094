"""Screen → rewrite → screen again → best of N → once more from there → refuse; sentence by sentence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.comments.clean import readable
from sro.comments.languages import speaks
from sro.comments.normalise import normalise
from sro.core.errors import SROError
from sro.leader.engines.loading import EngineArguments
from sro.leader.generation import Completion, Sampling
from sro.rewriting.acceptance import Acceptance, GoodEnough
from sro.rewriting.candidates import Candidate, best, score_fluency_of_ties
from sro.rewriting.phrase_table import load_phrase_variants
from sro.rewriting.rewriter import Change, Rewrite, RewriteArguments, Rewriter
from sro.screeners.base import Verdict

COMMENT = "you are an idiot"
RUDE, MILD, NEARER, OFF_TOPIC = "such an idiot", "you are wrong", "you are an odd one", "what rainy weather"


@dataclass
class Words:
    """Fails what holds `idiot`; remembers what it was asked."""

    name: str = "words 1"
    asked: list[tuple[list[str], list[str] | None]] = field(default_factory=list)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked.append((list(texts), list(sources) if sources is not None else None))
        return [
            Verdict("fail", 0.9, self.name) if "idiot" in text else Verdict("pass", 0.1, self.name) for text in texts
        ]


class Overlap:
    """Share of the source's words that the text keeps."""

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        kept = [set(text.split()) & set(source.split()) for text, source in zip(texts, sources)]
        return np.array([len(k) / max(1, len(set(source.split()))) for k, source in zip(kept, sources)], np.float32)


@dataclass
class Scripted:
    """A leader that plays from a script: the greedy candidate of each comment, and then its draws."""

    greedy: dict[str, str]
    draws: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[list[str], int, Sampling, int]] = field(default_factory=list)

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.calls.append((list(comments), n, sampling, seed))
        script = [self.draws[c] if sampling.temperature else [self.greedy[c]] for c in comments]
        assert all(len(texts) == n for texts in script)
        return [[Completion(text, [1], True) for text in texts] for texts in script]


def game(greedy: str, *draws: str, **parts: Any) -> Rewriter:
    return Rewriter(Scripted({COMMENT: greedy}, {COMMENT: list(draws)}), Words(), Overlap(), **parts)


def played(greedy: str, *draws: str, min_similarity: float = 0.5) -> Rewrite:
    arguments = RewriteArguments(samples=len(draws), refine=0, min_similarity=min_similarity)
    (found,) = game(greedy, *draws).rewrite([COMMENT], arguments)
    return found


@dataclass
class Pending:
    """Completions that are generated in the background."""

    completions: list[list[Completion]]
    taken: bool = False
    cancelled: bool = False

    def result(self) -> list[list[Completion]]:
        assert not self.cancelled
        self.taken = True
        return self.completions

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class ScriptedAsync(Scripted):
    """The same with workers, which remembers what was generated in the background."""

    workers: int = 2
    begun: list[Pending] = field(default_factory=list)

    def generate_async(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None) -> Pending:
        self.begun.append(Pending(self.generate(comments, n, sampling, seed)))
        return self.begun[-1]


def ahead(
    greedy: str, seed: int | None, comments: Sequence[str] = (COMMENT,), workers: int = 2
) -> tuple[str | None, list[Pending]]:
    """What becomes of the last comment where the generator has workers, and what was begun in the background."""
    generator = ScriptedAsync({COMMENT: greedy}, {COMMENT: ["you are one"]}, workers=workers)
    rewriter = Rewriter(generator, Words(), Overlap())
    return rewriter.rewrite(comments, RewriteArguments(samples=1, refine=0, seed=seed))[-1].text, generator.begun


def test_a_lone_sentence_has_its_draws_begun_ahead_where_no_seed_is_named() -> None:
    text, [begun] = ahead("you idiot", None)
    assert text == "you are one" and begun.taken and not begun.cancelled
    text, [begun] = ahead("you are kind", None)
    assert text == "you are kind" and begun.cancelled and not begun.taken
    text, [begun] = ahead("elsewhere", None)  # passes and is off: cancelled too soon, and drawn after all
    assert text == "you are one" and begun.cancelled and not begun.taken
    assert ahead("you idiot", 0) == ("you are one", [])
    assert ahead("you idiot", None, [COMMENT, COMMENT]) == ("you are one", [])
    assert ahead("you idiot", None, workers=1) == ("you are one", [])


def test_nothing_is_begun_ahead_or_it_is_cancelled_where_a_rule_will_do() -> None:
    def begun(cut: str, greedy: str = RUDE, **parts: Any) -> list[Pending]:
        generator = ScriptedAsync({COMMENT: greedy}, {COMMENT: ["you are one"]})
        rewriter = Rewriter(
            generator,
            Words(),
            Overlap(),
            deletion_rules=lambda text: [cut] if text in (COMMENT, RUDE) else [],
            **parts,
        )
        rewriter.rewrite([COMMENT], RewriteArguments(samples=1, refine=0, seed=None))
        return generator.begun

    assert begun("you are sure") == []
    assert begun("you are sure", faithfulness=Reads()) == []
    [one] = begun("you are wrong", greedy="you are sure", faithfulness=Reads())  # the critic refuses the rule's
    assert one.cancelled and not one.taken


def test_a_comment_that_passes_is_untouched_and_the_leader_rests() -> None:
    rewriter = game(MILD)
    odd = "  Fine,\tby me\u200b …\r\n"
    assert rewriter.rewrite([odd]) == [Rewrite(odd, odd, "unchanged", Verdict("pass", 0.1, "words 1"))]
    assert rewriter.generator.calls == []


@dataclass
class Threatening(Words):
    """Says of every text that fails that it threatens with this probability."""

    threat: float = 0.0

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        answers = super().screen(texts, sources=sources)
        return [answer if answer.passed else replace(answer, attributes={"THREAT": self.threat}) for answer in answers]


@pytest.mark.parametrize(("threat", "bar", "refused"), [(0.8, 0.7, True), (0.6, 0.7, False), (1.0, 1.0, False)])
def test_a_threat_is_refused_and_never_put_into_civil_words(threat: float, bar: float, refused: bool) -> None:
    rewriter = Rewriter(Scripted({COMMENT: MILD}), Threatening(threat=threat), Overlap())
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=0, max_threat=bar))
    if refused:
        assert (found.status, found.reason, found.candidates, rewriter.generator.calls) == ("refused", "threat", 0, [])
    else:
        assert (found.status, found.text) == ("rewritten", MILD)


def test_a_comment_that_passes_the_policy_is_untouched_however_threatening() -> None:
    rewriter = Rewriter(Scripted({}), Threatening(threat=1.0), Overlap())
    assert rewriter.rewrite(["I could kill for a coffee"])[0].status == "unchanged"


@pytest.mark.parametrize(
    ("comment", "rewrite", "change"),
    [
        ("You idiot! The date is wrong.", "The date is wrong.", Change(0, 11, "")),
        ("The date is wrong. You idiot!", "The date is wrong.", Change(18, 29, "")),
        ("The date is wrong.\nYou idiot!\nRead it.", "The date is wrong.\n\nRead it.", Change(19, 29, "")),
    ],
    ids=["first", "last", "on a line of its own"],
)
def test_a_sentence_of_abuse_alone_is_left_out(comment: str, rewrite: str, change: Change) -> None:
    rewriter = Rewriter(Scripted({}), Words(), Overlap())
    (found,) = rewriter.rewrite([comment], RewriteArguments(samples=0))
    assert (found.status, found.text, found.changes) == ("rewritten", rewrite, (change,))
    assert rewriter.generator.calls == [] or all(texts == [] for texts, *_ in rewriter.generator.calls)


def test_the_greedy_move_is_enough_where_it_will_do() -> None:
    rewriter = game(MILD)
    (found,) = rewriter.rewrite([COMMENT])
    assert (found.text, found.status, found.candidates, found.reason) == (MILD, "rewritten", 1, None)
    assert found.before.label == "fail" and found.after == Verdict("pass", 0.1, "words 1")
    assert found.similarity == pytest.approx(0.5)  # `you are` of four words
    assert [(n, sampling.temperature) for _, n, sampling, _ in rewriter.generator.calls] == [(1, 0.0)]


def test_else_the_best_of_n() -> None:
    found = played(RUDE, OFF_TOPIC, MILD, NEARER, RUDE)
    assert (found.text, found.candidates) == (NEARER, 5)  # passes like MILD, and keeps three words of four


def test_draws_use_the_temperature_and_the_seed() -> None:
    rewriter = game(RUDE, MILD, MILD)
    rewriter.rewrite([COMMENT], RewriteArguments(samples=2, refine=0, temperature=0.6, seed=7))
    (_, _, greedy, _), (comments, n, drawn, seed) = rewriter.generator.calls
    assert (comments, n, drawn.temperature, seed) == ([COMMENT], 2, 0.6, 7)
    assert greedy.temperature == 0 and drawn.max_new_tokens > 1000  # bounded by the comment, not by a constant


@pytest.mark.parametrize(
    ("greedy", "draws", "reason", "after"),
    [
        (RUDE, [RUDE], "still_fails", "fail"),
        (RUDE, [OFF_TOPIC], "meaning_lost", "pass"),
        (RUDE, [""], "meaning_lost", "pass"),
        (RUDE, ["you are you are wrong"], "repeating", "pass"),
        (RUDE, ["You are an I.D.I.O.T"], "copy", "pass"),
        (RUDE, [], "still_fails", "fail"),
    ],
)
def test_a_bad_rewrite_is_never_handed_out(greedy: str, draws: list[str], reason: str, after: str) -> None:
    found = played(greedy, *draws)
    assert (found.status, found.text, found.reason) == ("refused", None, reason)
    assert found.after is not None and found.after.label == after and found.candidates == 1 + len(draws)


def test_without_a_minimum_of_meaning_shape_still_counts() -> None:
    assert played(RUDE, "", min_similarity=-1).reason == "empty"
    assert played(RUDE, OFF_TOPIC, min_similarity=-1).text == OFF_TOPIC


def test_while_the_screener_refuses_the_leader_rewrites_its_own_last_try() -> None:
    rude = "you are an odd idiot"
    leader = Scripted({COMMENT: RUDE, rude: NEARER}, {COMMENT: [rude, OFF_TOPIC + " idiot"]})
    rewriter = Rewriter(leader, Words(), Overlap())
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=2, refine=1))
    assert (found.text, found.candidates) == (NEARER, 4)
    assert [comments for comments, *_ in leader.calls] == [[COMMENT], [COMMENT], [rude]]
    (refused,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=2, refine=0))
    assert (refused.reason, refused.candidates) == ("still_fails", 3)


def test_meaning_is_not_lost_by_and_by() -> None:
    near = "you are the idiot"  # three words of the comment, and of these the next one has two
    leader = Scripted({COMMENT: near, near: "see the others are fine"})
    (found,) = Rewriter(leader, Words(), Overlap()).rewrite([COMMENT], RewriteArguments(samples=0, refine=1))
    assert (found.text, found.reason, found.candidates) == (None, "meaning_lost", 2)


def test_a_last_try_that_does_not_fit_the_leader_ends_the_search() -> None:
    leader = Scripted({COMMENT: "you are an odd idiot"})
    rewriter = Rewriter(leader, Words(), Overlap(), fits_leader=lambda sentence: len(sentence) <= len(COMMENT))
    assert rewriter.rewrite([COMMENT], RewriteArguments(samples=0, refine=3))[0].candidates == 1


def test_a_threshold_instead_of_the_screeners_own() -> None:
    assert game(RUDE).rewrite([COMMENT], RewriteArguments(threshold=0.95))[0].status == "unchanged"
    strict = RewriteArguments(samples=0, refine=0, threshold=0.1)
    (found,) = game(MILD).rewrite([COMMENT], strict)
    assert (found.status, found.reason, found.after) == ("refused", "still_fails", Verdict("fail", 0.1, "words 1"))
    assert [f.status for some in game(RUDE).stream([COMMENT], RewriteArguments(threshold=0.95)) for f in some] == [
        "unchanged"
    ]


def test_fluency_chooses_among_equally_near_candidates() -> None:
    def longest(texts: Sequence[str], sources: Sequence[str], references: Any = None, /) -> np.ndarray:
        return np.array([len(text) for text in texts], np.float32)

    draws = ("you are wrong", "you are very wrong")
    arguments = RewriteArguments(samples=2)
    assert game(RUDE, *draws, fluency=longest).rewrite([COMMENT], arguments)[0].text == "you are very wrong"
    assert game(RUDE, *draws).rewrite([COMMENT], arguments)[0].text == "you are wrong"


def test_fluency_is_asked_once_a_round_and_only_of_moves_it_can_tell_apart() -> None:
    asked: list[tuple[list[str], list[str]]] = []

    def judge(texts: Sequence[str], sources: Sequence[str], references: Any = None, /) -> np.ndarray:
        asked.append((list(texts), list(sources)))
        return np.array([len(text) for text in texts], np.float32)

    one_good, two_good, fine = "idiot you are", "are you an idiot", "you idiot"
    leader = Scripted(
        {one_good: RUDE, two_good: RUDE, COMMENT: RUDE, fine: "you"},
        {
            one_good: [RUDE, "you are wrong", RUDE],
            two_good: ["are you wrong", RUDE, "are you very wrong"],
            COMMENT: [MILD, NEARER, OFF_TOPIC],
        },
    )
    rewriter = Rewriter(leader, Words(), Overlap(), fluency=judge)
    arguments = RewriteArguments(samples=3, refine=0)
    assert [f.text for f in rewriter.rewrite([fine, one_good, COMMENT], arguments)] == ["you", "you are wrong", NEARER]
    assert asked == []
    found = rewriter.rewrite([two_good, fine, COMMENT, two_good], arguments)
    assert [f.text for f in found] == ["are you very wrong", "you", NEARER, "are you very wrong"]
    assert asked == [(["are you wrong", "are you very wrong"] * 2, [two_good] * 4)]


def test_candidates_of_a_phrase_table_stand_beside_the_greedy_one() -> None:
    table = {COMMENT: ["you are an ox", "you are one"], "idiot you": ["idiot thou"]}
    leader = Scripted({COMMENT: "you are", "idiot you": RUDE}, {"idiot you": ["hello you"]})
    rewriter = Rewriter(leader, Words(), Overlap(), phrases=lambda sentence: table.get(sentence, []))
    nearer, drawn = rewriter.rewrite([COMMENT, "idiot you"], RewriteArguments(samples=1, refine=0))
    assert (nearer.text, nearer.candidates) == ("you are an ox", 3)
    assert (drawn.text, drawn.candidates) == ("hello you", 3)
    table[COMMENT] = []
    assert rewriter.rewrite([COMMENT])[0].text == "you are"


def test_rules_are_asked_about_their_own_failing_candidates() -> None:
    """One rule leaves out the first insult, another one knows the second: neither of them alone will do."""
    comment = "idiot, you are a bad idiot"
    leader = Scripted({comment: RUDE})
    asked: list[str] = []

    def cut(text: str) -> list[str]:
        asked.append(text)
        return [text.removeprefix("idiot, ")]

    rewriter = Rewriter(
        leader,
        Words(),
        Overlap(),
        deletion_rules=cut,
        phrases=lambda text: [text.replace("a bad idiot", "a bad one")],
    )
    (found,) = rewriter.rewrite([comment], RewriteArguments(samples=0, refine=0))
    assert (found.text, found.candidates) == ("you are a bad one", 4)
    assert len(asked) == len(set(asked)) > 1  # none of them twice


class Reads:
    """A critic for which a candidate keeps the meaning unless it says `wrong`; remembers what it was asked."""

    threshold = 0.5

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked += pairs
        return np.array([0.1 if "wrong" in candidate else 0.9 for _, candidate in pairs])


def test_a_critic_refuses_what_says_something_else_and_is_asked_of_sound_candidates_alone() -> None:
    critic = Reads()
    rewriter = game(RUDE, MILD, NEARER, OFF_TOPIC, faithfulness=critic)
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=3, refine=0))
    assert found.text == NEARER
    assert critic.asked == [(COMMENT, MILD), (COMMENT, NEARER)]  # RUDE fails, and OFF_TOPIC is not close enough
    (found,) = game(MILD, MILD, faithfulness=Reads()).rewrite([COMMENT], RewriteArguments(samples=1, refine=0))
    assert (found.status, found.reason) == ("refused", "meaning_lost")


def test_of_equal_candidates_the_more_faithful_one_is_taken() -> None:
    class Prefers(Reads):
        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.array([0.6 if candidate == MILD else 0.95 for _, candidate in pairs])

    (found,) = game(MILD, faithfulness=Prefers(), deletion_rules=lambda sentence: [MILD, "you are sure"]).rewrite(
        [COMMENT]
    )
    assert found.text == "you are sure"
    assert game(RUDE, deletion_rules=lambda sentence: [MILD, "you are sure"]).rewrite([COMMENT])[0].text == MILD


def test_more_is_drawn_where_the_critic_lets_pass_and_doubts() -> None:
    class Doubts(Reads):
        threshold = 0.2

        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.array([0.3 if candidate == MILD else 0.9 for _, candidate in pairs])

    (found,) = game(MILD, NEARER, faithfulness=Doubts()).rewrite([COMMENT], RewriteArguments(samples=1))
    assert (found.text, found.candidates) == (NEARER, 2)
    (found,) = game(NEARER, MILD, faithfulness=Doubts()).rewrite([COMMENT], RewriteArguments(samples=1))
    assert (found.text, found.candidates) == (NEARER, 1)  # nothing to doubt
    (found,) = game(MILD, OFF_TOPIC, faithfulness=Doubts()).rewrite([COMMENT], RewriteArguments(samples=1))
    assert (found.status, found.text, found.candidates) == ("rewritten", MILD, 2)  # and no further round


def test_a_comment_with_entities_is_rewritten_as_it_is_seen_and_written_as_it_was() -> None:
    told: list[str] = []

    def rule(sentence: str, rude: frozenset[str]) -> list[str]:
        told.append(sentence)
        return []

    comment = "you&#39;re an idiot &amp; a moron, see https://a.example/?b=1&amp;c=2 please"
    seen = "you're an idiot & a moron, see https://a.example/?b=1&amp;c=2 please"
    leader = Scripted({seen: "you're wrong & late, see https://a.example/?b=1&amp;c=2 please"})
    (found,) = Rewriter(leader, Words(), Overlap(), word_rules=(rule,)).rewrite(
        [comment], RewriteArguments(samples=0, min_similarity=0.0)
    )
    assert found.text == "you&#39;re wrong &amp; late, see https://a.example/?b=1&amp;c=2 please"
    assert told == [seen.replace("https://a.example/?b=1&amp;c=2", "PIECE1X")]
    assert [change.text for change in found.changes] == [found.text]


STUCK = "that idiot took my bike."
TWO = f"{STUCK} Please add a source to the table."


@pytest.mark.parametrize(
    ("kept", "wanted"), [(0.9, ("rewritten", "Please add a source to the table.")), (0.4, ("refused", None))]
)
def test_a_sentence_without_a_rewrite_is_left_out_if_the_critic_lets_it_go(
    kept: float, wanted: tuple[str, str | None]
) -> None:
    class Told(Reads):
        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            self.asked += pairs
            return np.full(len(pairs), kept)

    critic = Told()
    leader = Scripted({STUCK: STUCK.upper().replace("IDIOT", "idiot")})
    rewriter = Rewriter(leader, Words(), Overlap(), faithfulness=critic)
    (found,) = rewriter.rewrite([TWO], RewriteArguments(samples=0, refine=0))
    assert (found.status, found.text) == wanted
    assert critic.asked == [(TWO, "Please add a source to the table.")]


def test_where_the_whole_fails_by_a_rewritten_sentence_that_may_go() -> None:
    class Whole(Words):
        """Fails "he" beside another sentence, too."""

        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            verdicts = super().screen(texts, sources=sources)
            return [
                replace(one, label="fail", probability=0.9) if text.startswith("he took") and "Please" in text else one
                for one, text in zip(verdicts, texts)
            ]

    leader = Scripted({STUCK: "he took my bike."})
    rewriter = Rewriter(leader, Whole(), Overlap(), faithfulness=Reads())
    (found,) = rewriter.rewrite([TWO], RewriteArguments(samples=0, refine=0, min_similarity=0.0))
    assert (found.status, found.text) == ("rewritten", "Please add a source to the table.")


def test_a_sentence_is_left_out_only_beside_one_that_says_something() -> None:
    class Never(Reads):
        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            raise AssertionError(pairs)

    leader = Scripted({STUCK: STUCK.upper().replace("IDIOT", "idiot")})
    for comment in (f"{STUCK} Bye now.", f"{STUCK} https://a.org/b", STUCK):
        (found,) = Rewriter(leader, Words(), Overlap(), faithfulness=Never()).rewrite(
            [comment], RewriteArguments(samples=0, refine=0)
        )
        assert found.status == "refused"


def test_rules_are_told_which_words_fail_by_themselves() -> None:
    told: list[tuple[str, frozenset[str]]] = []

    def rule(sentence: str, rude: frozenset[str]) -> list[str]:
        told.append((sentence, rude))
        return ["you are sure"]

    rewriter = game(RUDE, word_rules=(rule,))
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=0, refine=0))
    assert found.text == "you are sure"
    failing = {word for word in COMMENT.split() if not rewriter.screener.screen([word])[0].passed}
    assert told == [(COMMENT, failing)]
    assert failing


def test_rules_of_words_see_a_placeholder_for_a_link_and_are_told_of_no_word_in_it() -> None:
    told: list[tuple[str, frozenset[str]]] = []

    def rule(sentence: str, rude: frozenset[str]) -> list[str]:
        told.append((sentence, rude))
        return [sentence.replace("an idiot", "wrong"), "you are lost"]

    comment = "you are an idiot at https://a.org/idiots here"
    rewriter = Rewriter(Scripted({comment: comment}), Words(), Overlap(), word_rules=(rule,))
    (found,) = rewriter.rewrite([comment], RewriteArguments(samples=0, refine=0))
    assert told == [("you are an idiot at PIECE1X here", frozenset(["idiot"]))]
    assert found.candidates == 2  # the leader's and the rule's that keeps the link


def test_a_good_rule_spares_the_leader_and_a_good_greedy_candidate_spares_samples() -> None:
    @dataclass(frozen=True)
    class Told(Acceptance):
        """A pool whose answers are written down."""

        told: dict[str, float] = field(default_factory=dict)

        def probabilities(self, kept: Any, fails: Any, sources: Any, texts: Sequence[str]) -> np.ndarray:
            return np.array([self.told[text] for text in texts])

    def written(rule: float, greedy: float, sample: float) -> tuple[str | None, int]:
        told = {"you are sure": rule, MILD: greedy, NEARER: sample}
        pool = Told(lambda *_: np.zeros(0), threshold=0.5, enough=GoodEnough(0.6, 0.75), told=told)
        rewriter = game(
            MILD, NEARER, faithfulness=Reads(), acceptance=pool, deletion_rules=lambda sentence: ["you are sure"]
        )
        (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=1, refine=0))
        return found.text, found.candidates

    assert written(rule=0.8, greedy=0.99, sample=0.99) == ("you are sure", 1)
    assert written(rule=0.7, greedy=0.99, sample=0.99) == (MILD, 2)
    assert written(rule=0.7, greedy=0.1, sample=0.99)[1] == 2  # the rule's is good enough not to sample
    assert written(rule=0.55, greedy=0.1, sample=0.99) == (NEARER, 3)


def test_the_pool_decides_in_the_place_of_the_critic_which_alone_would_refuse() -> None:
    class Unsure(Reads):
        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.full(len(pairs), 0.4)

    def fluency(texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None) -> np.ndarray:
        return np.array([0.2 if text == NEARER else 0.95 for text in texts])

    once = RewriteArguments(samples=1, refine=0)
    assert game(NEARER, MILD, faithfulness=Unsure()).rewrite([COMMENT], once)[0].reason == "meaning_lost"
    pool = Acceptance(fluency, threshold=0.4, enough=GoodEnough(0.99, 0.99))
    pooled = game(NEARER, MILD, faithfulness=Unsure(), fluency=fluency, acceptance=pool)
    assert pooled.rewrite([COMMENT], once)[0].text == MILD  # NEARER, which is nearer, reads badly
    pooled.acceptance = Acceptance(fluency, threshold=0.999)
    assert pooled.rewrite([COMMENT], once)[0].reason == "meaning_lost"


def test_the_leader_is_asked_only_where_no_rule_will_surely_do() -> None:
    def leader_of(**parts: Any) -> list[Any]:
        rewriter = game(MILD, deletion_rules=lambda sentence: ["you are sure"], **parts)
        rewriter.rewrite([COMMENT], RewriteArguments(samples=0, refine=0))
        return cast(Scripted, rewriter.generator).calls

    class Unsure(Reads):
        threshold = 0.3

        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.full(len(pairs), 0.4)

    assert not leader_of(faithfulness=Reads())
    assert leader_of(faithfulness=Unsure())  # the rule's will do, and is doubted
    assert leader_of()  # without a critic all compete


def test_fluency_of_an_earlier_round_does_not_outweigh_a_better_candidate() -> None:
    first = [candidate("a", 0.5), candidate("b", 0.5)]
    score_fluency_of_ties([first], ["x"], lambda texts, sources: np.full(len(texts), 0.7), 0.4)
    assert [one.fluency for one in first] == [0.7, 0.7]
    both = [*first, candidate("c", 0.9)]
    score_fluency_of_ties([both], ["x"], lambda texts, sources: np.full(len(texts), 0.7), 0.4)
    assert best(both, 0.4).text == "c"


def candidate(text: str, faithfulness: float) -> Candidate:
    return Candidate(text, Verdict("pass", 0.0, "s"), 1.0, None, faithfulness=faithfulness)


def test_a_phrase_table_by_name(tmp_path: Path) -> None:
    known = load_phrase_variants("embedded")
    assert known and known("i do n't give a shit about it") and not known("thank you")
    assert load_phrase_variants("none") is None
    (tmp_path / "mine.txt").write_text("idiot => person\n")
    mine = load_phrase_variants(str(tmp_path / "mine.txt"))
    assert mine and mine("you idiot") == ["you person"]
    with pytest.raises(SROError, match="no such file"):
        load_phrase_variants(str(tmp_path / "none.txt"))


def test_only_comments_that_need_it_are_played_and_order_stays() -> None:
    other = "idiot you"
    leader = Scripted({COMMENT: MILD, other: RUDE}, {other: [RUDE, "hello you"]})
    found = Rewriter(leader, Words(), Overlap()).rewrite(["hi", other, COMMENT, "bye"], RewriteArguments(samples=2))
    assert [f.text for f in found] == ["hi", "hello you", MILD, "bye"]
    assert [comments for comments, *_ in leader.calls] == [[other, COMMENT], [other]]


def test_the_screener_sees_what_a_move_rewrites() -> None:
    rewriter = game(MILD)
    rewriter.rewrite(["hi", COMMENT])
    asked = rewriter.screener.asked
    assert asked[0] == (["hi", COMMENT], None) and ([MILD], [COMMENT]) in asked[1:]


def test_what_does_not_fit_the_leader_is_refused_untried() -> None:
    rewriter = game(MILD, fits_leader=lambda comment: len(comment) < 20)
    long, short = rewriter.rewrite([COMMENT * 9, COMMENT])
    assert long == Rewrite(COMMENT * 9, None, "refused", Verdict("fail", 0.9, "words 1"), reason="too_long")
    assert short.status == "rewritten"


def test_hidden_characters_hide_nothing() -> None:
    rewriter = game(MILD)
    hidden = "you are  an id\u200biot"
    (found,) = rewriter.rewrite([hidden])
    assert (found.source, found.text) == (hidden, MILD)


def test_nothing_to_do_and_a_lone_string() -> None:
    assert game(MILD).rewrite([]) == []
    with pytest.raises(TypeError, match=r"rewrite\(\[text\]\)"):
        game(MILD).rewrite(COMMENT)


# --- sentences and what stands between them --------------------------------------------------------------------------


@dataclass
class Replacing:
    """A leader that replaces words, and remembers what it was asked to rewrite."""

    words: dict[str, str] = field(default_factory=lambda: {"idiot": "person"})
    asked: list[str] = field(default_factory=list)

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.asked += comments
        return [[Completion(self._said(comment), [1], True)] * n for comment in comments]

    def _said(self, text: str) -> str:
        for word, milder in self.words.items():
            text = text.replace(word, milder)
        return text


LAYOUT = "\t# Hi  there\r\n\r\n- You are an idiot! 😂 @bob\n\n> I quote you\n`x = 1`  Thank\u200b you, \ud83d.\n"


def test_only_the_sentences_that_fail_are_rewritten_and_all_else_stays() -> None:
    rewriter = Rewriter(Replacing(), Words(), Overlap())
    (found,) = rewriter.rewrite([LAYOUT])
    assert found.text == LAYOUT.replace("idiot", "person")
    assert rewriter.generator.asked == ["You are an idiot!"]
    (change,) = found.changes
    assert LAYOUT[change.start : change.end] == "You are an idiot!" and change.text == "You are an person!"
    assert rewriter.rewrite([found.text])[0].status == "unchanged"


def test_changes_lead_from_the_source_to_the_text() -> None:
    source = "You idiot. Well. An idiot!\nOld idiot"
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([source])
    text, at = "", 0
    for change in found.changes:
        text += source[at : change.start] + change.text
        at = change.end
    assert text + source[at:] == found.text == source.replace("idiot", "person")
    assert found.changes[1] == Change(17, 26, "An person!") and found.candidates == 3


def test_one_sentence_that_cannot_be_mended_refuses_the_text() -> None:
    leader = Replacing({"an idiot": "wrong", "idiot!": "idiot?"})
    (found,) = Rewriter(leader, Words(), Overlap()).rewrite(["You are an idiot. You idiot! Bye."])
    assert (found.status, found.text, found.changes) == ("refused", None, ())
    assert found.after is not None and not found.after.passed and found.similarity is not None


class Diluted(Words):
    """Reads only the first three words, or counts `fool`: fails from two on."""

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.8, self.name)
            if "idiot" in " ".join(text.split()[:3]) or text.count("fool") > 1
            else Verdict("pass", 0.1 * text.count("fool"), self.name)
            for text in texts
        ]


def test_an_insult_does_not_hide_behind_civil_sentences() -> None:
    text = "I see what you mean. You idiot. Bye."
    (found,) = Rewriter(Replacing(), Diluted(), Overlap()).rewrite([text])
    assert (found.before.probability, found.text) == (0.8, "I see what you mean. Bye.")


def test_sentences_that_fail_only_together_are_rewritten_worst_first() -> None:
    leader = Replacing({"fool": "neighbour"})
    rewriter = Rewriter(leader, Diluted(), Overlap())
    (found,) = rewriter.rewrite(["Bye. You are a fool. He is a fool."], RewriteArguments(min_similarity=0))
    assert found.text == "Bye. You are a neighbour. He is a fool."
    many = "A fool you are. A fool is he. A fool am I."
    assert rewriter.rewrite([many], RewriteArguments(refine=0))[0].reason == "still_fails"
    assert (
        rewriter.rewrite([many], RewriteArguments(refine=1))[0].text
        == "A neighbour you are. A neighbour is he. A fool am I."
    )


def test_the_meaning_of_each_sentence_counts() -> None:
    leader = Replacing({"Your boss is an idiot.": "What lovely weather."})
    text = "I am fine with all of this as long as it takes. Your boss is an idiot."
    assert Rewriter(leader, Words(), Overlap()).rewrite([text])[0].reason == "meaning_lost"


@pytest.mark.parametrize(
    "text",
    [
        "See [idiot](http://example.org)",
        "Hi @idiot, how are you",
        "> you idiot",
        "```\nidiot = 1\n```\nok",
        "#idiot",
    ],
)
def test_what_nobody_may_alter_is_named_and_nothing_is_tried(text: str) -> None:
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text])
    assert (found.status, found.reason, found.candidates, found.after) == ("refused", "protected_fails", 0, None)


def test_words_and_links_may_both_be_to_blame() -> None:
    leader = Replacing({"you idiot": "you"})
    text = "Hi @idiot, you idiot, look at idiot.org"
    (found,) = Rewriter(leader, Words(), Overlap()).rewrite([text])
    assert (found.reason, found.text) == ("protected_fails", None) and found.candidates > 0


def test_a_piece_within_a_sentence_survives_or_the_move_is_refused() -> None:
    text = "Ask @bob_x, you idiot, please"
    assert Rewriter(Replacing(), Words(), Overlap()).rewrite([text])[0].text == "Ask @bob_x, you person, please"
    mangling = Replacing({"idiot": "person", "@bob_x": "@bob"})
    assert Rewriter(mangling, Words(), Overlap()).rewrite([text])[0].reason == "protected_lost"


@pytest.mark.parametrize(
    "piece",
    [
        *("https://x.org/Café", "https://x.org/Cafe\u0301", "https://x.org/a\u200bb", "#cafe\u0301", "@Jose\u0301"),
        *("`man ls`", "`man  ls`", "`if x:\ty()`"),
    ],
)
def test_a_piece_that_is_read_otherwise_than_written_is_watched_over_and_stays_as_written(piece: str) -> None:
    text = f"Ask at {piece}, you idiot, please"
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text])
    assert found.text == f"Ask at {piece}, you person, please"
    losing = Scripted({f"Ask at {readable(piece)}, you idiot, please": "Ask at length, you person, please"})
    (found,) = Rewriter(losing, Words(), Overlap()).rewrite([text], RewriteArguments(samples=0, min_similarity=0))
    assert found.reason == "protected_lost"


def test_of_one_link_in_two_spellings_each_stays_as_it_was() -> None:
    text = "Ask @Jose\u0301 or @José, you idiot, please"
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text])
    assert found.text == text.replace("idiot", "person")


def test_a_piece_that_is_not_seen_as_written_at_all_is_not_given_up() -> None:
    text = "Please ask, you idiot, \u202e@bob_x\u202c today"  # read backwards
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text])
    assert found.reason == "protected_lost"


WRITTEN = st.sampled_from(
    [
        *("You idiot!", "Read  the page.", "Well\u200b, e\u0301 is it.", " ", "\n", "\r", "**", "- ", "???", "😂"),
        *(" `a  b` ", " @Jose\u0301 "),
    ]
)


@given(st.lists(WRITTEN, max_size=10).map("".join))
def test_outside_changed_sentences_each_character_stays(text: str) -> None:
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text], RewriteArguments(samples=0, min_similarity=0))
    if found.text is None:
        return
    made, at = "", 0
    for change in found.changes:
        assert at <= change.start < change.end
        lost = text[change.start : change.end]
        assert "idiot" in lost  # nothing else is changed
        assert change.text == "" or all(
            lost.count(piece) == change.text.count(piece) for piece in ("`a  b`", "@Jose\u0301")
        )
        made += text[at : change.start] + change.text
        at = change.end
    assert made + text[at:] == found.text


def test_a_sentence_that_does_not_fit_refuses_a_text_that_would() -> None:
    rewriter = Rewriter(Replacing(), Words(), Overlap(), fits_leader=lambda sentence: len(sentence) < 20)
    assert rewriter.rewrite(["You idiot. " * 9])[0].status == "rewritten"
    assert rewriter.rewrite(["You idiot, " * 9])[0].reason == "too_long"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "See http://idiot.org",
            "https://example.org/idiot",
            "Fine.\n> you idiot\nBye.",
            "&gt; you idiot\r\n\r\nNo.",
        ),
        *("😂😂", "", "   ", "\t\u200c\n"),
    ],
)
def test_what_the_author_did_not_say_is_not_held_against_them(text: str) -> None:
    everything = RewriteArguments(threshold=0.1)  # "Words" gives any text at least that
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text])
    assert (found.status, found.text, found.source) == ("unchanged", text, text)
    if not any(map(str.isalpha, text)):
        assert Rewriter(Replacing(), Words(), Overlap()).rewrite([text], everything)[0].status == "unchanged"


def test_a_reply_is_rewritten_and_the_quote_above_it_stays() -> None:
    quoted = "> you idiot\n>  you  idiot\n\n"
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([quoted + "No, you are an idiot."])
    assert found.text == quoted + "No, you are an person."


@pytest.mark.parametrize(
    "text", ["", " \n", "\ud83d", "😂", "idiot", "\x00idiot\x00", "> idiot\n" * 3, "idiot. " * 50]
)
def test_any_text_has_an_answer(text: str) -> None:
    (found,) = Rewriter(Replacing(), Words(), Overlap()).rewrite([text], RewriteArguments(min_similarity=-1))
    assert found.source == text and found.status == ("unchanged" if "idiot" not in text else found.status)
    assert (found.text is None) == (found.status == "refused") == (found.reason is not None)


@pytest.mark.parametrize(
    "text",
    [
        *("👨\u200d👩\u200d👧 hi", "می\u200cخواهم", "a\tb  c", "one\r\ntwo\n\n", " e\u0301 \u00e9 ", "\ufeffhi\u00ad"),
    ],
)
def test_unchanged_is_unchanged_code_point_by_code_point(text: str) -> None:
    rewriter = Rewriter(Replacing(), Words(), Overlap())
    (found,) = rewriter.rewrite([text])
    assert (found.status, found.text, found.source) == ("unchanged", text, text)
    (found,) = rewriter.rewrite([f"{text}\nYour boss is an idiot.\n{text}"])
    assert found.text == f"{text}\nYour boss is an person.\n{text}"


def test_the_leader_reads_what_a_disguise_says_and_a_rewrite_keeps_nothing_of_it() -> None:
    class Seeing(Words):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            return super().screen([normalise(text) for text in texts], sources=sources)

    text = "Thanks  a lot. Y0u, @1d10t_bot, are such an i d i o t!"
    rewriter = Rewriter(Replacing(), Seeing(), Overlap())
    (found,) = rewriter.rewrite([text])
    assert rewriter.generator.asked == ["You, @1d10t_bot, are such an idiot!"]
    assert (found.text, found.source) == ("Thanks  a lot. You, @1d10t_bot, are such an person!", text)
    half = Rewriter(Replacing({"idiot": "1d10n"}), Seeing(), Overlap())
    assert half.rewrite([text])[0].reason == "disguised"


def test_a_language_that_the_leader_does_not_write_is_refused() -> None:
    rewriter = Rewriter(Replacing(), Words(), Overlap(), leader_knows_language=speaks)
    texts = [
        "Du bist ein idiot und das ist nicht gut.",
        "Ты такой idiot правда",
        "You idiot",
        "idiot!",
        "idiot! Das ist nicht gut.",
    ]
    found = rewriter.rewrite(texts, RewriteArguments(min_similarity=0))
    assert [one.reason for one in found] == ["language", "language", None, None, "language"]
    assert [one.status for one in found[2:4]] == ["rewritten", "rewritten"]
    assert found[0].candidates == 0 and found[0].after is None


def test_one_string_or_a_text_that_is_none_is_a_mistake_told_at_once() -> None:
    with pytest.raises(TypeError, match="several texts, not one string"):
        game(MILD).stream("you are an idiot")
    with pytest.raises(TypeError, match="not one string"):
        game(MILD).rewrite("you are an idiot")
    with pytest.raises(TypeError, match=r"texts\[1\] is NoneType"):
        game(MILD).rewrite(["a", None])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"texts\[1\] is NoneType"):
        list(game(MILD).stream(["a", None]))  # type: ignore[list-item]


def test_a_batch_of_no_comment_is_a_mistake_told_at_once() -> None:
    for size in (0, -3):
        with pytest.raises(SROError, match=f"batch_size={size} must be ≥ 1"):
            game(MILD).stream([COMMENT], batch_size=size)
        with pytest.raises(SROError, match=f"batch_size={size} must be ≥ 1"):
            Rewriter.load("no/such-leader", batch_size=size)


def test_a_seed_is_one_that_every_generator_takes() -> None:
    assert RewriteArguments(seed=2**64 - 1).seed
    for seed in (-1, 2**64):
        with pytest.raises(SROError, match=f"seed={seed} must be ≥ 0 and < 2"):
            RewriteArguments(seed=seed)


def test_a_leader_that_declines_every_time_ends_in_a_refusal() -> None:
    class Declines(Scripted):
        def generate(self, comments: Sequence[str], n: int, *_: Any) -> list[list[Completion]]:
            return [[Completion("", [], True, "declined")] * n for _ in comments]

    [found] = Rewriter(Declines({}), Words(), Overlap()).rewrite([COMMENT])
    assert (found.status, found.reason, found.candidates) == ("refused", "declined", 0)


# --- any number of comments ------------------------------------------------------------------------------------------


def test_a_stream_answers_as_a_list_does() -> None:
    texts = ["hi", COMMENT, "bye", COMMENT, COMMENT, "so", "long"]
    for batch_size in (1, 2, 3, 10):
        answers = list(game(MILD).stream(texts, batch_size=batch_size))
        assert [found for some in answers for found in some] == game(MILD).rewrite(texts)
        assert all(answers)


def test_a_stream_fills_the_leaders_batches() -> None:
    rewriter = game(MILD)
    list(rewriter.stream(["hi", COMMENT] * 8, batch_size=4))
    assert [len(comments) for comments, *_ in rewriter.generator.calls] == [4, 4]
    assert all(len(texts) <= 4 for texts, _ in rewriter.screener.asked)


def test_a_stream_takes_only_so_many_before_it_answers() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield "hi"

    first = next(game(MILD).stream(endless(), batch_size=2))
    assert len(first) == taken == 64


# --- real, tiny leaders ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["tiny_causal", "tiny_seq2seq"])
def leader(request: pytest.FixtureRequest, tmp_path: Path, saved: Any) -> str:
    model, tokenizer = request.getfixturevalue(request.param)()
    return str(saved(tmp_path / "leader", model, tokenizer))


class Nothing:
    """Fails everything, so that the leader always writes."""

    name = "nothing 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if sources is None else "pass", 0.5, self.name) for _ in texts]


@pytest.mark.parametrize("bf16", [False, True])
def test_a_loaded_rewriter_plays_the_same_twice(leader: str, bf16: bool) -> None:
    arguments = RewriteArguments(samples=3, refine=0, min_similarity=0.3, seed=1)
    texts = ["you are a stupid fool", "shut up moron .", "idiot " * 300]
    found = Rewriter.load(leader, screener=Nothing(), similarity=Overlap(), bf16=bf16).rewrite(texts, arguments)
    again = Rewriter.load(leader, screener=Nothing(), similarity=Overlap(), bf16=bf16).rewrite(texts, arguments)
    assert found == again
    assert [f.candidates for f in found[:2]] == [4, 4]  # a random leader's greedy candidate is no sentence
    assert (found[2].reason, found[2].candidates) == ("too_long", 0)


def test_the_limit_counts_prompt_and_comment(leader: str) -> None:
    toys: Any = {"screener": Nothing(), "similarity": Overlap(), "engine": "transformers"}
    rewriter = Rewriter.load(leader, **toys, prompt="{text} !", max_prompt_length=6)
    assert rewriter.fits_leader("you are a fool") and not rewriter.fits_leader("you are a stupid old fool")


def test_an_adapter_is_merged_and_its_prompt_used(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    from sro.leader.model import save_adapter

    base = str(saved(tmp_path / "leader", *tiny_causal()))
    model, tokenizer = tiny_causal()
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    save_adapter(adapted, tokenizer, "idiot {text} :", tmp_path / "adapter")
    rewriter = Rewriter.load(
        base, adapter=str(tmp_path / "adapter"), screener=Nothing(), similarity=Overlap(), bf16=False
    )
    assert rewriter.generator.prompt == "idiot {text} :"
    ids = torch.tensor([[5, 6, 7]])
    adapted.eval()
    torch.testing.assert_close(rewriter.generator.model(ids).logits, adapted(ids).logits, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(rewriter.generator.model(ids).logits, tiny_causal()[0](ids).logits, atol=1e-3)
    assert not any("lora" in name for name, _ in rewriter.generator.model.named_parameters())


# --- engines ---------------------------------------------------------------------------------------------------------


def on(engine: str | EngineArguments, leader: str) -> Rewriter:
    return Rewriter.load(leader, engine=engine, screener=Nothing(), similarity=Overlap(), prompt="{text} .")


def test_another_engine_rewrites_alike_and_loads_its_own_copy_only(
    leader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ctranslate2")
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    texts = ["you are a stupid fool", "shut up moron .", "idiot " * 300]
    greedy = RewriteArguments(samples=0, refine=0, min_similarity=-1)
    expected = on("transformers", leader).rewrite(texts, greedy)
    assert [found.candidates for found in expected] == [1, 1, 0]  # the last one does not fit
    exact = EngineArguments("ctranslate2", engine_precision="float32")
    assert on(exact, leader).rewrite(texts, greedy) == expected
    with monkeypatch.context() as patch:
        patch.setattr("sro.leader.model.Leader.load", lambda *_, **__: pytest.fail("the original was loaded"))
        assert on(exact, leader).rewrite(texts, greedy) == expected


def test_the_default_engine_converts_a_leader_once_and_says_so(
    leader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)  # on a GPU transformers plays
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    toys: Any = {"screener": Nothing(), "similarity": Overlap(), "prompt": "{text} ."}
    first = Rewriter.load(leader, **toys)
    [said] = [record.getMessage() for record in caplog.records if record.name.startswith("sro")]
    assert "converting" in said and f"kept in {tmp_path / 'cache/ctranslate2'}" in said
    greedy = RewriteArguments(samples=0, refine=0, min_similarity=-1)
    assert first.rewrite([COMMENT], greedy) == on("ctranslate2", leader).rewrite([COMMENT], greedy)
    Rewriter.load(leader, **toys)
    assert sum(record.name.startswith("sro") for record in caplog.records) == 1


def test_of_an_unknown_engine_the_nearest_is_named() -> None:
    with pytest.raises(SROError, match="no engine 'ctranslate'; did you mean 'ctranslate2'"):
        Rewriter.load(engine="ctranslate")


def test_an_engine_that_is_not_installed_is_told_before_anything_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)  # what an import of something missing leaves
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SROError, match=r"fix: pip install -e '.\[fast\]'"):
        Rewriter.load(engine="ctranslate2")
    assert not (tmp_path / "cache").exists()


def test_the_model_of_fluency_is_loaded_when_it_is_first_needed(leader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Judge:
        def __call__(self, texts: Sequence[str]) -> np.ndarray:
            return np.array([1 / len(text) for text in texts], np.float32)

    loaded: list[str] = []
    monkeypatch.setattr("sro.screeners.lora.acceptability.embedded_leader", lambda: Path(leader))
    monkeypatch.setattr(
        "sro.screeners.lora.acceptability.Acceptability.load", lambda name="embedded": loaded.append(name) or Judge()
    )
    rewriter = Rewriter.load(leader, engine="transformers", screener=Words(), similarity=Overlap())
    rewriter.generator = Scripted({COMMENT: MILD}, {})
    assert rewriter.rewrite([COMMENT])[0].text == MILD and loaded == []
    rewriter.generator = Scripted({COMMENT: RUDE}, {COMMENT: ["you are so wrong", MILD, RUDE, RUDE]})
    assert [rewriter.rewrite([COMMENT])[0].text for _ in range(2)] == [MILD, MILD] and loaded == ["embedded"]
    without = Rewriter.load(leader, engine="transformers", screener=Words(), similarity=Overlap(), fluency="none")
    assert without.fluency is None


@pytest.mark.parametrize("setting", ["bf16", "load_in_4bit"])
def test_what_only_transformers_can_do_is_refused_elsewhere(setting: str) -> None:
    with pytest.raises(SROError, match="for --engine transformers, not for ctranslate2"):
        Rewriter.load(engine="ctranslate2", **{setting: True})  # type: ignore[arg-type]


@pytest.mark.parametrize(("of_parts", "of_call", "text"), [(None, None, MILD), (0.05, None, None), (0.05, 0.5, MILD)])
def test_a_rewrite_has_to_pass_more_clearly_than_a_comment(
    of_parts: float | None, of_call: float | None, text: str | None
) -> None:
    rewriter = game(MILD, rewrite_threshold=of_parts)  # passes with .1
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=0, refine=0, rewrite_threshold=of_call))
    assert (found.text, found.reason) == (text, None if text else "still_fails")


def test_a_rewrite_has_to_pass_clearly_by_every_attribute_that_decides() -> None:
    class Two(Words):
        """Tells of a text the attribute that is nearest to its own bar, here never the more probable one."""

        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            found = {"INSULT": 0.25, "SEVERE_TOXICITY": 0.03}
            return [
                replace(one, probability=0.03, attributes=found, decides=tuple(found)) if one.passed else one
                for one in super().screen(texts)
            ]

    rewriter = Rewriter(Scripted({COMMENT: MILD}, {COMMENT: []}), Two(), Overlap(), rewrite_threshold=0.2)
    (found,) = rewriter.rewrite([COMMENT], RewriteArguments(samples=0, refine=0))
    assert (found.text, found.reason) == (None, "still_fails")
