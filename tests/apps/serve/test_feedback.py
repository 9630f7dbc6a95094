"""The file of feedback, and the judged rewrites in it."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sro.apps.cli import main
from sro.apps.serve.feedback import Feedback, export, judged_rewrites, keep, open_store
from sro.core.errors import SROError

ROWS = [
    Feedback("accepted", "you idiot", "you are wrong", id="1"),
    Feedback("refused", "damn good", "good", id="2", sender="forum"),
    Feedback("edited", "shut up", "be quiet", final="please stop", id="3"),
]


def test_actions_become_rewrites_with_verdicts(tmp_path: Path) -> None:
    keep(open_store(tmp_path / "f.db"), ROWS)
    found = [
        (row["comment"], row["response"], row["verdict"], row["by"]) for row in judged_rewrites(tmp_path / "f.db")
    ]
    assert found == [
        ("you idiot", "you are wrong", "pass", "leader"),
        ("damn good", "good", "fail", "leader"),
        ("shut up", "please stop", "pass", "person"),
    ]


def test_sent_twice_stored_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "f.db")
    keep(store, ROWS)
    keep(store, [ROWS[0], Feedback("accepted", "a", "b"), Feedback("accepted", "a", "b")])
    assert len(list(judged_rewrites(tmp_path / "f.db"))) == 5  # without an id nothing says that two are one


def test_of_two_decisions_under_one_id_the_last_holds(tmp_path: Path) -> None:
    store = open_store(tmp_path / "f.db")
    for action, final in (("accepted", None), ("refused", None), ("edited", "please stop")):
        keep(store, [Feedback(action, "shut up", "be quiet", final, id="4711", sender="forum")])  # type: ignore[arg-type]
        [found] = judged_rewrites(tmp_path / "f.db")
        assert (found["verdict"], found["response"]) == (
            "fail" if action == "refused" else "pass",
            final or "be quiet",
        )
    both = [Feedback(action, "a", "b", id="x") for action in ("refused", "accepted")]  # type: ignore[arg-type]
    keep(store, both)  # in one commit
    assert [row["verdict"] for row in judged_rewrites(tmp_path / "f.db")] == ["pass", "pass"]


def test_senders_do_not_take_each_others_ids(tmp_path: Path) -> None:
    store = open_store(tmp_path / "f.db")
    for sender in ("forum-a", "forum-b", "forum-a", None, None):
        keep(store, [Feedback("accepted", f"a comment of {sender}", "x", id="4711", sender=sender)])
    found = [row["comment"] for row in judged_rewrites(tmp_path / "f.db")]
    assert found == ["a comment of forum-a", "a comment of forum-b", "a comment of None"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    keep(store := open_store(tmp_path / "f.db"), ROWS)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}  # its log too
    store.close()
    with pytest.raises(SROError, match="no file for feedback"):
        open_store(tmp_path / "absent" / "f.db")


def test_any_characters(tmp_path: Path) -> None:
    rude = "\ud800 \x00 '; DROP TABLE feedback; -- \u202e"
    keep(open_store(tmp_path / "f.db"), [Feedback("accepted", rude, "x")])
    assert next(judged_rewrites(tmp_path / "f.db"))["comment"] == rude.replace("\ud800", "\ufffd")


def test_a_process_that_is_killed_loses_nothing_it_has_kept(tmp_path: Path) -> None:
    code = """
import os, sys
from sro.apps.serve.feedback import Feedback, keep, open_store
store = open_store(sys.argv[1])
for number in range(20):
    keep(store, [Feedback("accepted", f"comment {number}", "x")])
print("kept", flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "f.db")], capture_output=True, text=True)
    assert done.returncode == -9 and done.stdout == "kept\n"
    store = open_store(tmp_path / "f.db")  # the log that was left is read
    keep(store, [Feedback("accepted", "comment 20", "x")])
    assert [row["comment"] for row in judged_rewrites(tmp_path / "f.db")] == [
        f"comment {number}" for number in range(21)
    ]


def test_export_is_one_file_of_json_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(open_store(tmp_path / "f.db"), ROWS)
    output = tmp_path / "responses.jsonl"
    assert main(["feedback", "export", "--input", str(tmp_path / "f.db"), "--output", str(output)]) == 0
    assert "3 rewrites" in capsys.readouterr().out
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert lines == list(judged_rewrites(tmp_path / "f.db"))
    assert not any({"reference", "target", "rewrite"} & set(line) for line in lines)  # no parallel targets


@pytest.mark.parametrize("action", ["export", "export_scores"])
@pytest.mark.parametrize("name", ["f.db", "f.db-wal", "link.jsonl"])
def test_an_export_does_not_replace_its_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, name: str
) -> None:
    store = open_store(tmp_path / "f.db")  # a service at work: the last rows are in `f.db-wal`
    keep(store, ROWS)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "f.db")
    assert main(["feedback", action, "--input", str(tmp_path / "f.db"), "--output", str(tmp_path / name)]) == 2
    assert "is a file of the store" in capsys.readouterr().err
    assert len(list(judged_rewrites(tmp_path / "f.db"))) == len(ROWS)
    store.close()


def test_an_export_does_not_take_a_place_that_the_store_will_use(tmp_path: Path) -> None:
    open_store(tmp_path / "f.db").close()
    (tmp_path / "f.db-wal").unlink(missing_ok=True)
    with pytest.raises(SROError, match="is a file of the store"):
        export(tmp_path / "f.db", tmp_path / "f.db-wal")


def test_other_files_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SROError, match="no such file"):
        export(tmp_path / "absent.db", tmp_path / "out")
    (tmp_path / "text.db").write_text("no database at all, but a text of some length" * 20)
    with pytest.raises(SROError, match="cannot be read as feedback"):
        export(tmp_path / "text.db", tmp_path / "out")
    with pytest.raises(SROError, match="no file for feedback"):
        open_store(tmp_path / "text.db")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version=3")
    with pytest.raises(SROError, match="update sro"):
        open_store(tmp_path / "newer.db")
    assert not (tmp_path / "out").exists()
    assert main(["feedback", "exprot"]) == 2
    assert "sro feedback has no action 'exprot'; did you mean 'export'?" in capsys.readouterr().err


class Alike:
    """A similarity for which everything means the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> Any:
        import numpy as np

        return np.ones(len(texts), np.float32)


def test_the_export_is_the_next_rounds_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_causal: Any, saved: Any
) -> None:
    comments = [
        f"{start} {insult} {end}"
        for start in ("you are a", "this is a", "they and the")
        for insult in ("stupid idiot", "stupid moron", "idiot fool", "damn stupid moron")
        for end in (".", "here", "on this page")
    ]
    edit, refused = "kindly reconsider zephyr", "obnoxious quokka friend"
    rows = [Feedback("accepted", comment, "you are wrong here") for comment in comments[:12]]
    rows += [Feedback("edited", comment, "you are wrong", final=edit) for comment in comments[12:24]]
    rows += [Feedback("refused", comment, refused) for comment in comments[24:]]
    rows += [Feedback("refused", comments[0], refused)]  # two people on one comment
    keep(open_store(tmp_path / "feedback.db"), rows)
    responses, run = tmp_path / "responses.jsonl", tmp_path / "next"
    monkeypatch.setattr("sro.screeners.follower.SentenceEncoder", Alike)
    saved(tmp_path / "leader", *tiny_causal())

    assert main(["feedback", "export", "--input", str(tmp_path / "feedback.db"), "--output", str(responses)]) == 0
    train = ["train", "--comments", f"{responses}::comment", "--output_dir", str(run)]
    tiny = f"--leader {tmp_path / 'leader'} --lora_rank 4 --max_steps 2 --max_completion_length 8 --bf16 false"
    tiny += " --per_device_train_batch_size 4 --logging_steps 1 --collapse_window 0 --min_similarity 0"
    assert main([*train, *tiny.split(), "--prompt", "Rude : {text} Polite :"]) == 0

    games = list((run / "completions").glob("*.jsonl"))
    played = {json.loads(line)["source"] for file in games for line in file.read_text("utf-8").splitlines()}
    assert played and played <= set(comments)
    for file in [*run.glob("*.json*"), *games]:  # people's words are nobody's target
        assert not re.search("zephyr|quokka", file.read_text("utf-8")), file


def test_comments_of_refused_suggestions_can_be_chosen(tmp_path: Path) -> None:
    from sro.comments.sources import load_source

    comments = [Feedback(row.action, f"{row.source} on this page", row.suggestion, row.final) for row in ROWS]
    keep(open_store(tmp_path / "f.db"), comments)
    export(tmp_path / "f.db", tmp_path / "responses.jsonl")
    found = load_source(f"{tmp_path / 'responses.jsonl'}::comment::verdict=fail", training=False)
    assert found.texts == ["damn good on this page"]
