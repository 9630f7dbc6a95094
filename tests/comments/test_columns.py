"""Columns are found by name or by habit, conditions compare numbers as numbers; a mistake is told with its mend."""

import pytest

from sro.comments.columns import Columns, Where, choose_columns
from sro.core.errors import SROError


def test_named_columns_are_taken_as_named() -> None:
    assert choose_columns(["text", "b", "label"], "f.csv", text="b", label="label") == Columns("b", "label")


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (["id", "comment_text", "toxic"], "comment_text"),  # here `toxic` is a label …
        (["toxic", "neutral1"], "toxic"),  # … and here it is the comment
        (["spans", "text"], "text"),
        (["Date", "Text"], "Text"),
        (["class", "tweet"], "tweet"),
        (["TEXT", "Text"], "TEXT"),
        (["content", "comment"], "comment"),  # the more usual name, not the first column
    ],
)
def test_guess_takes_the_most_usual_name_and_says_so(available: list[str], expected: str) -> None:
    assert choose_columns(available, "f.csv") == Columns(expected, None, guessed=True)


def test_the_only_column_is_no_guess() -> None:
    assert choose_columns(["text"], "f.txt") == Columns("text", None, guessed=False)


def test_missing_column_names_the_columns_and_the_nearest() -> None:
    with pytest.raises(
        SROError, match=r"^f.csv: no column 'coment'; did you mean 'comment'\? Columns: 'comment', 'id'\.$"
    ):
        choose_columns(["comment", "id"], "f.csv", text="coment")
    with pytest.raises(SROError, match=r"no column 'label'.*Columns: 'text'"):
        choose_columns(["text"], "f.csv", label="label")


def test_nothing_to_guess_names_the_columns_and_the_mend() -> None:
    with pytest.raises(SROError, match=r"(?s)Columns: 'text;label'.*--column"):
        choose_columns(["text;label"], "f.csv")


@pytest.mark.parametrize(
    ("condition", "label", "expected"),
    [
        ("label=1", "1", True),
        ("label=1", 1, True),
        ("label==1", "1.0", True),
        ("label = 1", True, True),
        ("label=true", True, True),
        ("label=1", "True", True),  # a CSV of pandas
        ("label!=1", "True", False),
        ("label=0", "FALSE ", True),
        ("label=true", "1", True),
        ("label=true", "yes", False),
        ("label=1", "0", False),
        ("label=Toxic", "toxic ", True),
        ("label!=0", "1", True),
        ("label!=0", "0.0", False),
        ("score>0.5", "0.5", False),
        ("score>=0.5", "0.5", True),
        ("score<0.5", 0.4, True),
        ("score<=-1", "-1", True),
        ("score>9", "10", True),  # as words, "10" would come before "9"
        ("score>0", "n/a", False),
        ("label!=0", None, False),
        ("label!=0", " ", False),
        ("label!=0", float("nan"), False),
    ],
)
def test_conditions(condition: str, label: object, expected: bool) -> None:
    assert Where.parse(condition).matches(label) is expected


def test_condition_shows_as_it_is_understood() -> None:
    assert str(Where.parse(" two words == 1 ")) == "two words=1"


@pytest.mark.parametrize("condition", ["label", "=1", "label=", "label=1=2", "a=>1", "__import__('os')"])
def test_unreadable_condition_shows_how_to_write_one(condition: str) -> None:
    with pytest.raises(SROError, match="write it like label=1"):
        Where.parse(condition)


def test_order_wants_a_number() -> None:
    with pytest.raises(SROError, match="needs a number after >"):
        Where.parse("label>toxic")
