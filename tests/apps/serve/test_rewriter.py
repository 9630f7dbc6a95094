"""The rewriter of the service asks the screener that the command asks, and says what language a text is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from serving import FakeRewrite, RudeWords, serving

from sro.apps.serve.lanes import make_parts
from sro.apps.serve.screening import SharedScreener
from sro.apps.serve.settings import Models, Service
from sro.rewriting.candidates import Candidate
from sro.rewriting.objections import raised_objections
from sro.rewriting.state import Search
from sro.screeners.base import Screener, call_with_inner_screener
from sro.screeners.languages import languages_read
from sro.screeners.loading import load_screener
from sro.screeners.toxic_spans import Attributing, toxic_spans

RUDE = "You are a stupid moron and your article is crap."
GERMAN = "Das ist doch wirklich gut, aber leider ganz und gar falsch. "


def test_a_shared_screener_objects_to_the_words_that_it_objects_to_alone() -> None:
    alone = load_screener("embedded/linear")
    shared = SharedScreener(lambda: alone)
    assert not isinstance(shared, Attributing)  # so it has to be asked itself

    def objections(screener: Screener) -> Any:
        search = Search(RUDE, 0.5)
        search.candidates.append(Candidate(RUDE + " ", alone.screen([RUDE])[0], 0.9, None))
        return raised_objections(screener, [search])

    assert objections(shared) == objections(alone) and objections(alone)[0].words
    assert toxic_spans(shared, [RUDE, "thanks"]) == toxic_spans(alone, [RUDE, "thanks"])


def test_a_shared_screener_is_asked_itself_in_its_turn() -> None:
    alone = RudeWords()
    inner = SharedScreener(lambda: alone)
    outer = SharedScreener(lambda: inner)  # type: ignore[arg-type, return-value]
    assert call_with_inner_screener(outer, lambda one: (one, inner._lock.locked(), outer._lock.locked())) == (
        alone,
        True,
        True,
    )
    assert call_with_inner_screener(alone, lambda one: one) is alone


@pytest.mark.parametrize(("told", "supported"), [([], False), (["en", "de"], True)])
def test_what_the_server_is_told_of_languages_holds_for_rewriting_and_is_said_of_every_text(
    told: list[str], supported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    class Unchanged:
        def rewrite(self, texts: Sequence[str], arguments: Any) -> list[FakeRewrite]:
            verdicts = RudeWords().screen(texts)
            return [FakeRewrite(text, text, "unchanged", verdict) for text, verdict in zip(texts, verdicts)]

    def load(models: Models, engine: Any, screener: Any, batch: int) -> Unchanged:
        given.append(screener)
        return Unchanged()

    monkeypatch.setattr("sro.screeners.loading.load_screener", lambda name, **policy: RudeWords())
    monkeypatch.setattr("sro.apps.serve.lanes.load_rewriter", load)
    parts = make_parts(Models(languages=told), Service(), lambda name, items, seconds: None)
    texts = [GERMAN, GERMAN * 100, "Thank you for the edit of this page.", "ok"]
    with serving(parts, wait_for="rewrite") as client:
        found = client.post("/v1/rewrite", json={"texts": texts}).json()["results"]
        screened = client.post("/v1/screen", json={"texts": texts}).json()["results"]
    said = [(one["language"], one["language_supported"]) for one in found]
    assert said == [("de", supported), ("de", supported), ("en", True), (None, None)]
    assert said == [(one["language"], one["language_supported"]) for one in screened]
    assert languages_read(given[0]) == tuple(told or ["en"])  # rules of these languages rewrite
