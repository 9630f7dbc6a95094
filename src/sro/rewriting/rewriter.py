"""Rewrite toxic comments: screen → rewrite → screen again → best of N → refine the best → refuse.

    rewriter = Rewriter.load()
    for found in rewriter.rewrite(["thank you for the edit", "you are an idiot"]):
        print(found.status, found.text)

A comment that passes the screener comes back unchanged, and a comment that threatens is refused at once. In all other
comments the failing sentences are rewritten, and the rest stays as it is, character by character
(`sro.comments.sentences`). Rules propose candidates first. If none of these is clearly good, the leader's greedy
candidate is added, then `samples` more are drawn. If all fail the screener, the leader rewrites its own best one, up
to `refine` times (`sro.rewriting.search`). The new comment is screened as a whole (`sro.rewriting.failing_comments`).
If a sentence has no acceptable candidate, it is left out if the comment does not need it; otherwise the comment is
*refused*: there is no text, only the reason. The caller decides what to do with the comment (hide it, ask its author,
show it after all).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sro.comments.languages import speaks
from sro.core.errors import SROError, within
from sro.leader.card import is_embedded
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.rewriting.acceptance import Acceptance
from sro.rewriting.config import RewriteArguments
from sro.rewriting.deletions import deletions
from sro.rewriting.failing_comments import FailingComments
from sro.rewriting.foreign_candidates import DEFAULT_RULE_LANGUAGES, checked_rule_languages, rules_in
from sro.rewriting.parts import RewriterParts, any_language
from sro.rewriting.phrase_cuts import phrase_cuts
from sro.rewriting.phrase_table import load_phrase_variants
from sro.rewriting.reframings import reframings
from sro.rewriting.result import Change, Rewrite
from sro.screeners.base import Faithfulness, Fluency, Screener, Similarity, Verdict, call_with_inner_screener
from sro.screeners.encoder.inference import EncoderScreener
from sro.screeners.faithfulness.critic import FaithfulnessCritic
from sro.screeners.languages import languages_read
from sro.screeners.loading import load_screener
from sro.screeners.similarity import SentenceEncoder

__all__ = [
    "Change",
    "Fluency",
    "Rewrite",
    "RewriteArguments",
    "Rewriter",
]


ATTRIBUTES_OF_SWEARING = {"TOXICITY", "PROFANITY"}
"""If the screener fails texts for one of these attributes, swear words are also removed from the passing sentences of
a rewritten comment."""


CLEARLY_CIVIL = 0.2
"""A rewrite is rejected if the encoder's P(fail) is at least this (docs/research/lab-notes.md); for comments the
screener's own threshold holds."""


READ_BY_CRITIC, NOT_READ = 0.25, 0.5
"""Minimum cosine between rewrite and comment: the first value with a critic, the second without. With a critic the
low value is enough: of its accepted candidates, readers accept the same share from .25 to .5 as above
(docs/research/lab-notes.md). With a critic, the low value also holds for other languages, which the critic does not
read, because there the encoder gives low similarities even to good rewrites ("Verpiss dich endlich." → "Geh bitte.":
.43)."""


class Rewriter(RewriterParts):
    """Rewrites comments with a leader, a follower and a measure of similarity.

    Make one with `Rewriter.load`, or from parts of your own (`sro.rewriting.parts.RewriterParts` lists them).

    Example:
        >>> rewriter = Rewriter.load()  # doctest: +SKIP
        >>> [(rewrite.status, rewrite.text) for rewrite in rewriter.rewrite(["Thanks!", "You are an idiot."])]
        ... # doctest: +SKIP
        [('unchanged', 'Thanks!'), ('rewritten', 'You are wrong.')]
    """

    @classmethod
    def load(
        cls,
        leader: str = "embedded",
        *,
        adapter: str | None = None,
        prompt: str | None = None,
        engine: str | EngineArguments = "auto",
        load_in_4bit: bool = False,
        screener: str | Screener = "embedded",
        toxic_labels: Sequence[str] = (),
        fail_on: Sequence[str] = (),
        similarity: str | Similarity = "embedded",
        fluency: str | Fluency | None = None,
        phrases: str | None = None,
        faithfulness: str | Faithfulness | None = None,
        english_rules: bool | None = None,
        rule_languages: Sequence[str] = DEFAULT_RULE_LANGUAGES,
        max_prompt_length: int = 256,
        batch_size: int = 64,
        bf16: bool | None = None,
    ) -> Rewriter:
        """Load the named parts: `embedded` parts need no network, other names are folders or hub names.

        Args:
            leader, load_in_4bit: see `sro.leader.model.LeaderArguments`. A folder into which `sro export` wrote the
                embedded leader counts as the embedded leader for all other arguments. With the engine `ctranslate2`
                the leader may be a folder that `sro export` wrote; with `openai` it is the one that the server runs;
                with `chat` the server's model is the only leader. adapter: by default `embedded/rewriter` for the
                embedded leader and none for others. prompt: template with `{text}`; by default the adapter's own.
                engine: the generator, `transformers`, `ctranslate2`, or `auto`, one of these
                (`sro.leader.engines.auto`), which may convert the leader once; or `EngineArguments` with the settings
                of one, which the servers `openai` and `chat` need. The same comments and seed give the same answers
                only on the same engine.
            screener, toxic_labels, fail_on: see `sro.screeners.loading.load_screener`; or any object that screens,
                with its own policy.
            similarity: a sentence encoder; or any object that compares texts.
            fluency: `embedded`, a folder made by `sro fluency` (`sro.screeners.lora.acceptability`), `none`, or any
                object that judges fluency. With `english_rules`, an encoder screener, and `embedded` for this and for
                the critic, its answer counts for every candidate that the critic does not reject at once
                (`sro.rewriting.acceptance`); otherwise it decides between candidates that are equally good.
                None: `embedded` if the embedded leader, which it needs, is installed, else `none`. Its model is loaded
                at its first use (0.7 s, 0.6 GB); threads may share it.
            english_rules: whether candidates of the rules for English are added to the leader's, with the shipped
                critic and its thresholds if the screener is an encoder. None: yes for the embedded leader (also from
                its export), but not with the engine `chat`. True for another leader means that it writes English and
                no other language.
            phrases: phrase table that adds candidates: `embedded` (English, `sro.rewriting.phrase_table`), a file of
                the same format, or `none`. None: `embedded` with `english_rules`, else `none`.
            faithfulness: `embedded`, the folder of a critic (`sro screener train --kind faithfulness`), or any object
                that returns the probability that a candidate says what the sentence says; `none`: not checked. None:
                `embedded` with `english_rules` and an encoder screener, else `none`.
            rule_languages: languages other than the leader's in which rules rewrite, if the screener reads them
                (`sro.rewriting.foreign_candidates`); comments in others are refused. `none`: in no language. Only with
                `english_rules`.
            max_prompt_length: tokens of prompt and sentence together; a longer sentence that fails is refused.
            batch_size: number of candidates generated at the same time.
            bf16: bfloat16 autocast, for `transformers`; None: as `sro.core.precision.compute_dtype` decides.

        Raises:
            SROError: a part is missing or unusable, or `batch_size` is below 1; the message says how to fix it.
        """
        _check_batch_size(batch_size)
        settings = EngineArguments(engine) if isinstance(engine, str) else engine
        ruled = checked_rule_languages(rule_languages)
        generator = load_generator(
            settings,
            leader,
            adapter=adapter,
            prompt=prompt,
            load_in_4bit=load_in_4bit,
            bf16=bf16,
            max_prompt_length=max_prompt_length,
            batch_size=batch_size,
        )
        from sro.screeners.lora.acceptability import AcceptabilityWhenAsked

        if english_rules is None:  # larger leaders know idioms and languages without rules
            english_rules = is_embedded(leader) and settings.engine != "chat"
        judge_of_fluency = fluency
        if fluency is None or isinstance(fluency, str):
            fluency = None if fluency == "none" else AcceptabilityWhenAsked(fluency)
        if isinstance(screener, str):
            screener = load_screener(screener, toxic_labels=toxic_labels, fail_on=fail_on)
        elif toxic_labels or fail_on:
            raise SROError(
                "toxic_labels and fail_on go with the name of a screener, not with an object\n"
                "  fix: give the name, or make the object with load_screener(name, fail_on=[…])"
            )
        inner = call_with_inner_screener(screener, lambda one: one)
        reading = inner if english_rules and isinstance(inner, EncoderScreener) else None
        if faithfulness is None:  # with an encoder, the packages that the critic needs are there
            faithfulness = "embedded" if reading else "none"
        # The weights of the pool were fitted with the embedded critic and judge of fluency, and an encoder screener.
        pooled = bool(reading) and faithfulness == "embedded" and judge_of_fluency in (None, "embedded")
        if isinstance(faithfulness, str):
            faithfulness = None if faithfulness == "none" else FaithfulnessCritic.load(faithfulness)
        return cls(
            generator=generator,
            screener=screener,
            similarity=SentenceEncoder(similarity) if isinstance(similarity, str) else similarity,
            fits_leader=generator.fits,
            fluency=fluency,
            faithfulness=faithfulness,
            acceptance=Acceptance(fluency) if pooled and fluency else None,
            phrases=load_phrase_variants(phrases or ("embedded" if english_rules else "none")),
            leader_knows_language=speaks if english_rules else any_language,
            deletion_rules=deletions if english_rules else None,
            removes_swear_words=reading is not None and not ATTRIBUTES_OF_SWEARING.isdisjoint(reading.policy.fail_on),
            rewrite_threshold=CLEARLY_CIVIL if reading else None,
            min_similarity=READ_BY_CRITIC if faithfulness else NOT_READ,
            word_rules=(phrase_cuts, reframings) if reading else (),
            foreign_rules=rules_in(ruled & set(languages_read(screener))) if english_rules else None,
        )

    def rewrite(self, texts: Sequence[str], arguments: RewriteArguments | None = None) -> list[Rewrite]:
        """Rewrite comments; return one result per comment, in order.

        The same texts with the same seed give the same answers. The sampled candidates of a comment depend also on the
        other texts of the call, because they share one random stream; greedy ones do not. The random stream is that
        of the process, so make one call at a time. A seed costs time: about a tenth of a second per sampling round
        with CTranslate2, and sampling waits for the greedy candidate.

        Args:
            texts: comments, of any length and with any characters.
            arguments: settings of the search, and when to refuse; None: the defaults of `RewriteArguments`.

        Raises:
            TypeError: one string instead of a list of strings; or a text that is not a string, with its index.
        """
        if isinstance(texts, str):
            raise TypeError("rewrite takes a list of texts, not one string: rewrite([text])")
        for place, text in enumerate(texts):
            _check_text(place, text)
        arguments = arguments or RewriteArguments()
        return FailingComments(self, arguments).answers(texts, self.screen(texts, arguments.threshold))

    def stream(
        self, texts: Iterable[str], arguments: RewriteArguments | None = None, batch_size: int = 64
    ) -> Iterator[list[Rewrite]]:
        """`rewrite` for any number of comments in constant memory: yields lists of results, in order.

        Comments are screened as they arrive. The leader starts when `batch_size` of them have failed, because
        generation in small batches is slow, or when 32 times as many comments are waiting.

        Raises:
            TypeError: one string instead of several texts, at once; a text that is not a string, when it is its turn.
            SROError: `batch_size` below 1, at once.
        """
        if isinstance(texts, str):
            raise TypeError("stream takes several texts, not one string: stream([text])")
        _check_batch_size(batch_size)
        return self._stream(texts, arguments or RewriteArguments(), batch_size)

    def _stream(self, texts: Iterable[str], arguments: RewriteArguments, batch_size: int) -> Iterator[list[Rewrite]]:
        failing = FailingComments(self, arguments)
        waiting: list[str] = []
        verdicts: list[Verdict] = []
        for place, text in enumerate(texts):
            _check_text(place, text)
            waiting.append(text)
            if len(waiting) % batch_size:
                continue
            verdicts += self.screen(waiting[-batch_size:], arguments.threshold)
            failed = sum(not verdict.passed for verdict in verdicts)
            if failed >= batch_size or len(waiting) >= 32 * batch_size:
                yield failing.answers(waiting, verdicts)
                waiting, verdicts = [], []
        if waiting:
            verdicts += self.screen(waiting[len(verdicts) :], arguments.threshold)
            yield failing.answers(waiting, verdicts)


def _check_batch_size(batch_size: int) -> None:
    within("batch_size", batch_size, batch_size >= 1, "≥ 1")


def _check_text(place: int, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"texts[{place}] is {type(text).__name__}, not a string: leave it out, or give '' for it")
