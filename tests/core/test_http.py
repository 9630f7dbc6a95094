"""Addresses and keys that no request can have are refused, and no message quotes a secret."""

from __future__ import annotations

import pytest

from sro.core.errors import SROError
from sro.core.http import check_url, read_key


@pytest.mark.parametrize("given", ["sk-1", "sk-1\r", "sk-1\n", " sk-1\r\n"])
def test_a_line_break_behind_a_key_is_no_part_of_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", given)
    assert read_key("A_KEY") == "sk-1"


@pytest.mark.parametrize("given", ["", " ", "\r\n"])
def test_a_blank_key_is_none(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", given)
    assert read_key("A_KEY") is None and read_key("NO_SUCH_KEY") is None


@pytest.mark.parametrize("given", ["sk-secret\nsk-secret", "sk-secret\u00e9", "\ufeffsk-secret", "sk-secret\x7f"])
def test_a_key_with_a_sign_that_no_header_may_hold_is_refused_and_not_quoted(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", given)
    with pytest.raises(SROError, match=r"variable A_KEY holds a line break or another sign .*\n  fix: ") as error:
        read_key("A_KEY")
    assert "secret" not in str(error.value)


def test_an_address_without_its_last_slash() -> None:
    assert check_url("https://host:8000/v1/", "--url URL", "KEY") == "https://host:8000/v1"
    assert check_url(" http://host/@org/v1 ", "--url URL", "KEY") == "http://host/@org/v1"


@pytest.mark.parametrize("url", ["sk-secret", "http://me:secret/x@host/v1"])
def test_a_key_or_password_in_what_is_no_address_is_not_quoted(url: str) -> None:
    with pytest.raises(SROError, match="is no http") as error:
        check_url(url, "--url URL", "KEY")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:8000", "http://[::1/v1", "http://host:port/v1", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(SROError, match=r"is no http:// or https:// address\n  fix: --url URL"):
        check_url(url, "--url URL", "KEY")


@pytest.mark.parametrize(
    "url",
    [
        "http://me:secret@host/v1",
        "http://h/v1#secret",
        "http://me:secret@host:port/v1",
        "me:sec/ret@host",
        "http://h/v1?key=secret",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(SROError, match=r"more than an address.*\n  fix: put the key into KEY") as error:
        check_url(url, "--url URL", "KEY")
    assert "sec" not in str(error.value)
