"""Perspective's `comments:suggestscore`: read, kept, answered, and exported as labels."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from serving import make_parts, serving

from sro.apps.cli import main
from sro.apps.serve.errors import Refusal
from sro.apps.serve.feedback import Feedback, export_scores, judged_rewrites, keep, open_store, suggested_scores
from sro.apps.serve.keys import digest
from sro.apps.serve.settings import Service
from sro.apps.serve.suggestscore import answer, read

PATH = "/v1alpha1/comments:suggestscore"
SCORES = {"TOXICITY": {"summaryScore": {"value": 1}}}
ASKED: dict[str, Any] = {"comment": {"text": "you are an idiot"}, "attributeScores": SCORES}


def test_every_field_there_is() -> None:
    found = read(
        {
            "comment": {"text": "😂 you idiot", "type": "PLAIN_TEXT"},
            "context": {"entries": [{"text": '{"url": "https://example.org"}'}]},
            "attributeScores": {
                "TOXICITY": {
                    "summaryScore": {"value": 0.9, "type": "PROBABILITY"},
                    "spanScores": [{"begin": 3, "end": 12, "score": {"value": "0.8"}}],
                },
                "SPAM": {"summary_score": {"type": 1}},
                "THREAT_EXPERIMENTAL": {"summaryScore": {"value": 0.25}, "spanScores": None},
            },
            "languages": ["en"],
            "community_id": "forum",
            "sessionId": "s",
            "clientToken": "t",
        },
        sender="key",
    )
    assert found.scores == {
        "TOXICITY": {"summary": 0.9, "spans": [[3, 12, 0.8]]},
        "SPAM": {"summary": 0, "spans": []},  # what nobody here scores may be known to others; proto3 leaves out zeros
        "THREAT": {"summary": 0.25, "spans": []},
    }
    assert (found.community, found.session, found.client_token, found.sender) == ("forum", "s", "t", "key")
    assert not found.do_not_store and answer(found, "en") == {
        "clientToken": "t",
        "detectedLanguages": ["en"],
        "requestedLanguages": ["en"],
    }
    assert answer(read(ASKED), "und") == {}
    assert read({**ASKED, "doNotStore": True}).do_not_store


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attributeScores": {}}, "Missing attribute_scores"),
        ({"attributeScores": None}, "Missing attribute_scores"),
        ({"attributeScores": {"TOXICITY": {}}}, "neither summaryScore nor spanScores"),
        ({"attributeScores": {"TOXICITY": 1}}, 'at "attributeScores.TOXICITY": expected an object'),
        ({"attributeScores": {"a b": {"summaryScore": {"value": 1}}}}, "a name of an attribute"),
        ({"attributeScores": {"text": {"summaryScore": {"value": 1}}}}, "a name of an attribute"),
        ({"attributeScores": {f"A{n}": SCORES["TOXICITY"] for n in range(65)}}, "may have 64 attributes"),
        ({"attributeScores": {"A": {"summaryScore": {"value": 1.1}}}}, "A.summaryScore.value"),
        ({"attributeScores": {"A": {"summaryScore": {"value": "x"}}}}, "expected a probability"),
        ({"attributeScores": {"A": {"summaryScore": {"value": 1, "type": "RAW"}}}}, "only PROBABILITY"),
        ({"attributeScores": {"A": {"summaryScore": {"worth": 1}}}}, 'Unknown name "worth"'),
        ({"attributeScores": {"A": {"spanScores": [{"score": {"value": 1}}]}}}, "a begin and an end"),
        ({"attributeScores": {"A": {"spanScores": [{"begin": 2, "end": 1}]}}}, "a begin and an end"),
        ({"attributeScores": {"A": {"spanScores": [{"begin": 0, "end": 1}] * 1001}}}, "there may be 1,000"),
        ({"communityId": "c" * 1025}, 'at "communityId"'),
        ({"comment": {"text": ""}}, "Comment must be non-empty."),
        ({"requestedAttributes": {}}, 'Unknown name "requestedAttributes"'),
        ({"languages": [1]}, "language codes"),
    ],
)
def test_mistakes(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as found:
        read({**ASKED, **change})
    assert message in str(found.value.detail) and found.value.status_code == 400


def test_kept_with_the_name_of_the_key_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "f.db"
    with serving(make_parts(feedback=store), Service(), "feedback", keys={digest("k"): "forum"}) as client:
        more = {"languages": ["en"], "communityId": "c", "sessionId": "s", "clientToken": "t"}
        kept = client.post(f"{PATH}?key=k", json={**ASKED, **more})
        assert kept.status_code == 200
        assert kept.json() == {"clientToken": "t", "detectedLanguages": ["en"], "requestedLanguages": ["en"]}
        spans = [{"begin": 0, "end": 3, "score": {"value": 0.5}}]
        foreign = {**ASKED, "comment": {"text": "ты дурак"}, "attributeScores": {"INSULT": {"spanScores": spans}}}
        assert client.post(f"{PATH}?key=k", json=foreign).json() == {}
        passing = client.post(f"{PATH}?key=k", json={**ASKED, "doNotStore": True, "clientToken": "u"})
        assert passing.json() == {"clientToken": "u", "detectedLanguages": ["en"]}
        assert client.post(PATH, json=ASKED).status_code == 403
        told = client.post("/v1/feedback?key=k", json={"action": "refused", "source": "a", "suggestion": "b"})
        assert told.status_code == 200
        assert 'sro_feedback_total{action="suggested"} 2.0' in client.get("/metrics?key=k").text
    first, second = suggested_scores(store)
    assert first.pop("at") and second.pop("at")
    assert first == {
        "text": "you are an idiot",
        "TOXICITY": 1,
        "languages": ["en"],
        "community": "c",
        "session": "s",
        "client_token": "t",
        "sender": "forum",
    }
    assert second == {"text": "ты дурак", "spans": {"INSULT": [[0, 3, 0.5]]}, "sender": "forum"}
    assert len(list(judged_rewrites(store))) == 1  # each kind in its own export
    output = tmp_path / "labelled.jsonl"
    assert main(["feedback", "export_scores", "--input", str(store), "--output", str(output)]) == 0
    assert "2 labelled comments" in capsys.readouterr().out
    assert [json.loads(line)["text"] for line in output.read_text().splitlines()] == ["you are an idiot", "ты дурак"]


def test_the_export_is_what_an_encoder_learns_from(tmp_path: Path) -> None:
    from sro.screeners.encoder.run import read_labelled

    suggestion = read({**ASKED, "attributeScores": {**SCORES, "SPAM": {"summaryScore": {"value": 1}}}})
    keep(open_store(tmp_path / "f.db"), [suggestion])
    files = ["--input", str(tmp_path / "f.db"), "--output", str(tmp_path / "labelled.jsonl")]
    assert main(["feedback", "export_scores", *files]) == 0
    [row] = read_labelled(tmp_path / "labelled.jsonl")
    assert (row.text, dict(row.targets)) == ("you are an idiot", {"TOXICITY": 1.0})


def test_a_server_without_a_store_says_so() -> None:
    with serving() as client:
        refused = client.post(PATH, json=ASKED)
    assert refused.status_code == 404 and "--feedback FILE" in refused.json()["error"]["message"]


def test_a_file_of_the_format_before_is_read_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "f.db"
    keep(open_store(path), [Feedback("accepted", "a", "b")])
    old = sqlite3.connect(path)
    old.execute("DROP TABLE suggested")
    old.execute("PRAGMA user_version=1")
    old.close()
    assert list(suggested_scores(path)) == []
    keep(open_store(path), [read({**ASKED, "comment": {"text": "\ud800"}})])
    assert [row["text"] for row in suggested_scores(path)] == ["\ufffd"]
    assert len(list(judged_rewrites(path))) == 1


def test_half_a_character_in_a_language_does_not_spoil_the_export(tmp_path: Path) -> None:
    path, output = tmp_path / "f.db", tmp_path / "labelled.jsonl"
    keep(open_store(path), [read({**ASKED, "languages": ["\ud83d"]}), read({**ASKED, "languages": ["en"]})])
    kept = sqlite3.connect(path)
    assert kept.execute("SELECT languages FROM suggested").fetchone() == ('["\\ufffd"]',)
    with kept:
        kept.execute(
            "UPDATE suggested SET languages = ? WHERE number = 1", ('["\\ud83d"]',)
        )  # as earlier versions did
    kept.close()
    assert export_scores(path, output) == 2
    assert [json.loads(line)["languages"] for line in output.read_text("utf-8").splitlines()] == [["\ufffd"], ["en"]]
