"""What `sro rewrite` wrote is read as a system's outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.answers import is_answers, read_answers

ANSWERS = [
    {"source": "you idiot", "text": "you", "status": "rewritten"},
    {"source": "shut up", "text": None, "status": "refused"},
]


def test_answers_are_told_from_clef_and_a_refusal_has_no_text(tmp_path: Path) -> None:
    path, clef = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ANSWERS))
    clef.write_text('{"id": 1, "text": "x"}\n')
    assert is_answers(path) and not is_answers(clef) and not is_answers(tmp_path / "none.jsonl")
    assert read_answers(path, ["you idiot", "shut up"]) == ["you", None]
    with pytest.raises(SROError, match=r"a\.jsonl:1: answers another comment than line 1"):
        read_answers(path, ["shut up", "you idiot"])
    with pytest.raises(SROError, match=r"a\.jsonl: has 2 answers, the input 3 comments"):
        read_answers(path, ["you idiot", "shut up", "thanks"])
    path.write_text('{"source": "x"}\n')
    with pytest.raises(SROError, match=r"a\.jsonl:1: no answer of `sro rewrite`\n  fix: "):
        read_answers(path, ["x"])
