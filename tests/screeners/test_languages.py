"""Which languages a screener reads, and the thresholds that they have."""

import pytest

from sro.core.errors import SROError
from sro.screeners.encoder.languages import LEARNT, read_languages, thresholds_of
from sro.screeners.languages import languages_read
from sro.screeners.loading import load_screener


class Two:
    name = "two 1"
    languages = ("fr", "en", "de")

    def screen(self, texts, *, sources=None):  # type: ignore[no-untyped-def]
        return []


def test_a_screener_that_says_nothing_reads_english() -> None:
    assert languages_read(load_screener("embedded/linear")) == ("en",)
    assert languages_read(Two()) == ("en", "de", "fr")


def test_a_card_names_languages_and_their_thresholds() -> None:
    assert read_languages({}, "card") == {"en": None, **dict.fromkeys(LEARNT)}
    assert read_languages({"languages": {"de": 0.31, "es": None}}, "card") == {"en": None, "de": 0.31, "es": None}


@pytest.mark.parametrize("wrong", [{"de": 0}, {"de": 1.5}, {"de": "much"}, ["de"]])
def test_a_threshold_that_is_none_names_the_card(wrong: object) -> None:
    with pytest.raises(SROError, match=r"encoder\.json: `languages` must be"):
        read_languages({"languages": wrong}, "encoder.json")


def test_only_texts_of_a_language_with_a_threshold_have_one() -> None:
    told = {"bonjour": "fr", "hallo": "de", "lol": None}
    assert thresholds_of(list(told), {"en": None, "de": 0.4, "fr": None}, told.get) == [None, 0.4, None]


def test_nobody_tells_languages_where_none_has_a_threshold() -> None:
    def tell(text: str) -> str:
        raise AssertionError(text)

    assert thresholds_of(["hallo", "lol"], {"en": None, "de": None}, tell) == [None, None]
