"""Copy, delete, phrase table, the human reference, and where the words to delete come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sro.comments.words import read_word_list
from sro.core.errors import SROError
from sro.evaluation.baselines import baselines, delete, refused_words
from sro.screeners.base import Verdict


class Rude:
    name = "rude 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if text in ("idiot", "f*ck", "shut up") else "pass", 0.5, self.name) for text in texts]


def test_rows() -> None:
    found = baselines(["You idiot , go away"], ["Please go away"], ["idiot", "go away"])
    assert list(found) == ["copy", "delete", "phrase table", "human reference"]
    assert (found["copy"], found["delete"]) == (["You idiot , go away"], ["You ,"])
    assert found["human reference"] == ["Please go away"]
    assert list(baselines(["a"], None, [])) == ["copy", "delete", "phrase table"]


def test_the_phrase_table_speaks_where_it_knows_a_phrase() -> None:
    rude, civil = "nobody gives a shit about it", "see the fourth paragraph"
    found = baselines([rude, civil], None, [])["phrase table"]
    assert "shit" not in found[0] and found[0].startswith("nobody ") and found[1] == civil


def test_the_lexicon_of_a_screener_is_what_it_refuses_alone() -> None:
    assert refused_words(["What the F*ck, IDIOT! shut up", "an idiot's idiot-ness"], Rude()) == ["f*ck", "idiot"]
    assert refused_words([], Rude()) == []


def test_the_lexicon_of_a_screener_holds_no_clause_of_a_script_without_spaces() -> None:
    """Who refuses every clause with an insult would leave nothing of it."""

    class Clauses(Rude):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            return [Verdict("fail" if {*"白痴馬鹿"} & {*text} else "pass", 0.5, self.name) for text in texts]

    assert refused_words(["你真是个白痴，走开。", "お前は馬鹿だ", "白痴 f*ck"], Clauses()) == []


def test_the_embedded_screener_has_a_lexicon() -> None:
    from sro.screeners.loading import load_screener

    found = refused_words(["you stupid idiot , thank you for the edit"], load_screener("embedded/linear"))
    assert {"stupid", "idiot"} <= set(found) and not {"thank", "edit", "the"} & set(found)


def test_word_lists(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("idiot\n\n shut up \nfünf\n", encoding="utf-8")
    assert read_word_list(path) == ["idiot", "shut up", "fünf"]
    path.write_text("\n \n")
    with pytest.raises(SROError, match=r"words\.txt: holds no word"):
        read_word_list(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SROError, match=r"words\.txt: cannot be read as a word list"):
        read_word_list(path)
    with pytest.raises(SROError, match=r"absent\.txt: cannot be read"):
        read_word_list(tmp_path / "absent.txt")


@pytest.mark.parametrize(
    ("source", "word", "left"),
    [
        ("你是个傻逼，滚开", "傻逼", "你是个，滚开"),
        ("お前は馬鹿だ", "馬鹿", "お前はだ"),
        ("तू चूतिया है", "चूत", "तू चूतिया है"),  # part of a longer word
        ("तू चूतिया है", "चूतिया", "तू है"),
    ],
)
def test_words_are_deleted_as_their_script_divides_them(source: str, word: str, left: str) -> None:
    assert delete([source], [word]) == [left]
