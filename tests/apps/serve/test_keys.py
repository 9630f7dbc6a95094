"""Keys and rates."""

import stat
from pathlib import Path

import pytest

from sro.apps.serve.keys import RateLimit, add_key, digest, presented, read_keys
from sro.core.errors import SROError


def test_a_key_is_kept_as_a_hash_only(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    key, other = add_key(file, "my-forum"), add_key(file, "wiki")
    assert key not in file.read_text() and key.removeprefix("sro_") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    names = read_keys(file)
    assert names[digest(key)] == "my-forum" and names[digest(other)] == "wiki" and digest("guess") not in names


@pytest.mark.parametrize("written", ["", "# my note", "# my note\r\n", "\n", "other sha256:" + 64 * "0", "# \u2028"])
def test_a_key_has_a_line_of_its_own_in_a_file_that_people_edit(written: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(written, encoding="utf-8", newline="")
    first, second = add_key(file, "first"), add_key(file, "second")
    names = read_keys(file)
    assert (names[digest(first)], names[digest(second)]) == ("first", "second")
    assert len(names) == 2 + ("other" in written)


def test_names_are_taken_once_and_are_words(tmp_path: Path) -> None:
    add_key(tmp_path / "keys.txt", "a")
    with pytest.raises(SROError, match="has a key 'a'"):
        add_key(tmp_path / "keys.txt", "a")
    with pytest.raises(SROError, match="no name for a key"):
        add_key(tmp_path / "keys.txt", "a b\nc")


def test_broken_files_are_told_by_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    file.write_text("# people\n\nalice plain-text-key\n")
    with pytest.raises(SROError, match=r"keys\.txt:3: expected `name sha256"):
        read_keys(file)
    file.write_text("# nobody\n")
    with pytest.raises(SROError, match="holds no key"):
        read_keys(file)
    with pytest.raises(SROError, match="cannot be read"):
        read_keys(tmp_path / "absent")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    file = tmp_path / "keys.txt"
    first = add_key(file, "first")
    file.write_text(file.read_text(), encoding="utf-8-sig")  # as Notepad saves it
    second = add_key(file, "second")
    assert read_keys(file) == {digest(first): "first", digest(second): "second"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": "Bearer k"}, {}),
        ({"authorization": "bearer  k "}, {}),
        ({"x-api-key": "k"}, {}),
        ({"x-goog-api-key": "k"}, {}),
        ({"authorization": "Basic eDp5"}, {"key": "k"}),
    ],
)
def test_where_clients_put_their_key(headers: dict[str, str], query: dict[str, str]) -> None:
    assert presented(headers, query) == "k"


def test_no_key() -> None:
    assert presented({"authorization": "Bearer "}, {"key": ""}) is None


def test_a_minutes_worth_at_once_then_evenly_and_for_each_name() -> None:
    now = 0.0
    rate = RateLimit(60, clock=lambda: now)
    assert [rate.take("a") for _ in range(60)] == [0.0] * 60
    assert rate.take("a") == pytest.approx(1.0)
    assert rate.take("b") == 0.0
    now = 1.0
    assert rate.take("a") == 0.0 and rate.take("a") > 0
    now = 1000.0
    assert [rate.take("a") for _ in range(61)].count(0.0) == 60


def test_no_rate() -> None:
    rate = RateLimit(0)
    assert not any(rate.take("a") for _ in range(1000))
