"""Perspective's request, response and errors."""

import json
from typing import Any

import pytest

from sro.apps.serve.errors import Refusal, body
from sro.apps.serve.perspective import answer, in_language, read, scores, with_known
from sro.screeners.base import Verdict
from sro.screeners.encoder.attributes import ATTRIBUTES

ASKED: dict[str, Any] = {"comment": {"text": "you idiot"}, "requestedAttributes": {"TOXICITY": {}}}


def toxic(probability: float) -> dict[str, float]:
    return {"TOXICITY": probability}


def refused(request: Any, **more: Any) -> dict[str, Any]:
    with pytest.raises(Refusal) as found:
        read(request, **more)
    told = body("/v1alpha1/comments:analyze", found.value)["error"]
    assert (told["code"], told["status"]) == (400, "INVALID_ARGUMENT")
    assert told["details"][0]["@type"] == "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
    return {"message": told["message"], **told["details"][0]}


def test_the_smallest_request() -> None:
    score = {"value": 0.75, "type": "PROBABILITY"}
    assert answer(in_language(read(ASKED), None, ["en"]), toxic(0.75)) == {
        "attributeScores": {
            "TOXICITY": {"spanScores": [{"begin": 0, "end": 9, "score": score}], "summaryScore": score}
        },
        "languages": ["en"],
    }


def test_a_language_is_detected_only_where_it_is_known() -> None:
    assert answer(read(ASKED), toxic(0.75), language="en")["detectedLanguages"] == ["en"]
    for unknown in (None, "und"):
        assert "detectedLanguages" not in answer(read({**ASKED, "languages": ["en"]}), toxic(0.75), language=unknown)


def test_every_field_there_is() -> None:
    query = read(
        {
            "comment": {"text": "Bye. You idiot!", "type": "PLAIN_TEXT"},
            "context": {"entries": [{"text": "hello"}]},
            "requestedAttributes": {"TOXICITY": {"scoreType": "PROBABILITY", "scoreThreshold": 0.5}},
            "languages": ["en-GB"],
            "doNotStore": True,
            "clientToken": "mine",
            "sessionId": "s",
            "communityId": "c",
            "spanAnnotations": True,
            "dropUnsupportedAttributes": False,
        }
    )
    found = answer(query, toxic(0.9), [(0, 4, toxic(0.1)), (5, 15, toxic(0.9))])
    spans = found["attributeScores"]["TOXICITY"]["spanScores"]
    assert [(span["begin"], span["end"], span["score"]["value"]) for span in spans] == [(0, 4, 0.1), (5, 15, 0.9)]
    assert found["clientToken"] == "mine" and found["languages"] == ["en-GB"]


def test_google_takes_the_other_spelling_and_null_too() -> None:
    query = read({"comment": {"text": "hi"}, "requested_attributes": {"TOXICITY": None}, "client_token": None})
    assert query.attributes == ("TOXICITY",) and query.client_token is None


def test_spans_count_utf_16_units() -> None:
    text = "😂 you idiot"
    query = read({**ASKED, "comment": {"text": text}, "spanAnnotations": True})
    [span] = answer(query, toxic(0.9), [(2, 11, toxic(0.9))])["attributeScores"]["TOXICITY"]["spanScores"]
    units = text.encode("utf-16-le")
    assert units[2 * span["begin"] : 2 * span["end"]].decode("utf-16-le") == "you idiot"


def test_scores_below_the_threshold_are_not_returned() -> None:
    query = read({**ASKED, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.5}}})
    assert "attributeScores" not in answer(query, toxic(0.49))
    assert "attributeScores" in answer(query, toxic(0.5))


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_comment(text: str) -> None:
    told = refused({**ASKED, "comment": {"text": text}})
    assert told["errorType"] == "COMMENT_EMPTY" and told["message"] == "Comment must be non-empty."


def test_a_comment_that_is_too_long_in_bytes() -> None:
    told = refused({**ASKED, "comment": {"text": "é" * 11_000}})
    assert told["errorType"] == "COMMENT_TOO_LONG"
    assert "22,000 bytes" in told["message"] and "20,480 are allowed here (--max_text)" in told["message"]
    assert read({**ASKED, "comment": {"text": "e" * 20_480}}).text


def test_attributes_that_nobody_here_can_score() -> None:
    several = {**ASKED, "requestedAttributes": {"TOXICITY": {}, "FLIRTATION": {}, "ATTACK_ON_AUTHOR": {}}}
    with pytest.raises(Refusal, match=r"^400: Unknown requested attribute: FLIRTATION$") as found:
        read(several)
    kind, advice = found.value.details
    assert kind["errorType"] == "INVALID_REQUEST"
    assert "--drop_unknown_attributes" in advice["message"] and "dropUnsupportedAttributes" in advice["message"]
    assert refused({**ASKED, "requestedAttributes": {}})["errorType"] == "NO_REQUESTED_ATTRIBUTES"
    assert read({**several, "dropUnsupportedAttributes": True}).attributes == ("TOXICITY",)
    assert read(several, drop=True).attributes == ("TOXICITY",)
    for name in ("TOXICITY_EXPERIMENTAL_EXPERIMENTAL", "FLIRTATION_EXPERIMENTAL", "toxicity"):
        assert name in refused({**ASKED, "requestedAttributes": {name: {}}})["message"]


def test_six_attributes_and_their_experimental_names() -> None:
    names = [*ATTRIBUTES, *(f"{name}_EXPERIMENTAL" for name in ATTRIBUTES)]
    query = read({**ASKED, "requestedAttributes": {name: {} for name in names}})
    values = {name: number / 10 for number, name in enumerate(ATTRIBUTES)}
    assert with_known(query, values) == query
    found = answer(query, values)["attributeScores"]
    assert {name: one["summaryScore"]["value"] for name, one in found.items()} == {
        name: values[name.removesuffix("_EXPERIMENTAL")] for name in names
    }
    barred = {"THREAT": {"scoreThreshold": 0.41}, "THREAT_EXPERIMENTAL": {"scoreThreshold": 0.4}}
    [(name, _)] = answer(read({**ASKED, "requestedAttributes": barred}), values)["attributeScores"].items()
    assert name == "THREAT_EXPERIMENTAL"  # each of its own threshold


def test_a_screener_of_one_attribute_refuses_the_other_five() -> None:
    query = read({**ASKED, "requestedAttributes": {"TOXICITY": {}, "THREAT_EXPERIMENTAL": {}}})
    one = scores(Verdict("fail", 0.9, "linear"))
    with pytest.raises(Refusal, match=r"^400: Unknown requested attribute: THREAT_EXPERIMENTAL$") as found:
        with_known(query, one)
    assert "--screener embedded`" in found.value.details[1]["message"]
    lenient = read({**ASKED, "requestedAttributes": {"TOXICITY": {}, "THREAT": {}}}, drop=True)
    assert with_known(lenient, one).attributes == ("TOXICITY",)
    assert answer(with_known(lenient, one), one)["attributeScores"].keys() == {"TOXICITY"}


def not_supported(request: Any, detected: str | None, reads: list[str]) -> dict[str, Any]:
    with pytest.raises(Refusal) as found:
        in_language(read(request), detected, reads)
    told = body("/v1alpha1/comments:analyze", found.value)["error"]
    assert told["details"][0]["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    return {"message": told["message"], **told["details"][0]["languageNotSupportedByAttributeError"]}


def test_other_languages_named_or_seen() -> None:
    told = not_supported({**ASKED, "languages": ["en", "fr"]}, "en", ["en"])
    assert told["message"] == "Attribute TOXICITY does not support request languages: fr"
    assert (told["attribute"], told["requestedLanguages"]) == ("TOXICITY", ["en", "fr"])
    french = read({**ASKED, "languages": ["fr"]})
    assert in_language(french, "de", ["en", "fr"]).languages == ("fr",)  # who names the language is believed
    query = read(ASKED)
    assert not_supported(ASKED, "und", ["en"])["detectedLanguages"] == ["und"]
    assert in_language(query, None, ["en"]) == in_language(query, "en", ["en"])
    assert in_language(query, "und", ["en", "ru"]).languages == ("en",)  # its screener may read it
    assert in_language(query, "de", ["en", "de"]).languages == ("de",)
    # Who reads Hindi's own letters reads no others.
    assert not_supported(ASKED, "hi-Latn", ["en", "hi"])["detectedLanguages"] == ["hi-Latn"]
    assert in_language(read({**ASKED, "languages": ["hi-Latn"]}), None, ["hi-Latn"]).languages == ("hi-Latn",)
    named = read({**ASKED, "languages": ["en"]})
    assert in_language(named, "und", ["en"]) == named


def test_attributes_of_other_languages_are_dropped_on_request() -> None:
    query = in_language(read({**ASKED, "languages": ["es"], "dropUnsupportedAttributes": True}), "es", ["en"])
    assert query.attributes == () and answer(query, toxic(0.9)) == {"languages": ["es"]}
    seen = in_language(read({**ASKED, "dropUnsupportedAttributes": True}), "und", ["en"])
    assert "attributeScores" not in answer(seen, toxic(0.9))
    with pytest.raises(Refusal):  # a server that drops unknown attributes still refuses languages
        in_language(read({**ASKED, "languages": ["es"]}, drop=True), "es", ["en"])


def test_null_is_nothing_and_numbers_may_stand_in_quotation_marks() -> None:
    optional = ("context", "languages", "doNotStore", "clientToken", "sessionId", "communityId", "spanAnnotations")
    nothing = {name: None for name in (*optional, "dropUnsupportedAttributes")}
    query = read({**ASKED, **nothing, "comment": {"text": "hi", "type": None}})
    assert (query.languages, query.sentences, query.client_token) == ((), False, None)
    for parameters, bar in (
        ({"scoreThreshold": None, "scoreType": None}, 0.0),
        ({"scoreThreshold": "0.25"}, 0.25),
        ({"score_threshold": "5e-1", "score_type": 1}, 0.5),
    ):
        assert read({**ASKED, "requestedAttributes": {"TOXICITY": parameters}}).thresholds == {"TOXICITY": bar}
    assert read({**ASKED, "comment": {"text": "hi", "type": 1}}).text == "hi"  # enumerations have numbers
    assert read({**ASKED, "languages": "en", "doNotStore": "true"}).languages == ("en",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comment": {"text": "hi", "type": "HTML"}}, "only 'PLAIN_TEXT' comments are supported"),
        ({"comment": {"text": 5}}, "comment.text"),
        ({"comment": "hi"}, 'at "comment"'),
        ({"context": {"entries": [{"text": "a"}], "article_and_parent_comment": {"article": {}}}}, "Context can have"),
        ({"requestedAttributes": {"TOXICITY": {"scoreType": "RAW"}}}, "score type RAW is not supported"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": "x"}}}, "scoreThreshold"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": "1" * 400}}}, "scoreThreshold"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": True}}}, "scoreThreshold"),
        ({"comment": {"text": "hi", "type": 2}}, "only 'PLAIN_TEXT' comments are supported"),
        ({"requestedAttributes": {"TOXICITY": 3}}, "expected an object"),
        ({"languages": {"en": 1}}, 'at "languages"'),
        ({"doNotStore": "yes"}, 'at "doNotStore"'),
        ({"languages": [1]}, "language codes"),
        ({"spanAnnotations": 1}, 'at "spanAnnotations"'),
        ({"nonsense\ud800": 1}, 'Unknown name "nonsense\\ud800": Cannot find field.'),
    ],
)
def test_mistakes_are_told_as_google_tells_them(change: dict[str, Any], message: str) -> None:
    told = refused({**ASKED, **change})
    assert message in told["message"] and told["errorType"] == "INVALID_REQUEST"
    json.dumps(told).encode("ascii")


@pytest.mark.parametrize("payload", [None, [], "x", 3])
def test_what_is_no_object(payload: Any) -> None:
    assert "Expected an object" in refused(payload)["message"]
