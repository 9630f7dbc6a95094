"""HTML entities around a rewrite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.rewriting.entities import escaped, unescaped


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("You&#39;re a fool &amp; a liar", "You're a fool & a liar"),
        ("&quot;you fool&quot; &gt;&gt; &#x27;no&#x27;", "\"you fool\" >> 'no'"),
        ("&ldquo;fool&rdquo; &amp; co", "“fool” & co"),
    ],
)
def test_entities_come_back_as_they_were(text: str, seen: str) -> None:
    plain, entities = unescaped(text)
    assert plain == seen
    assert escaped(plain, entities) == text


def test_entities_of_letters_stay_for_the_disguise() -> None:
    assert unescaped("mor&#111;n") == ("mor&#111;n", {})


def test_a_text_without_entities_gets_none() -> None:
    plain, entities = unescaped("Tom & Jerry <3")
    assert (plain, entities) == ("Tom & Jerry <3", {})
    assert escaped("a < b & c", entities) == "a < b & c"


def test_new_signs_are_escaped_where_the_sentence_is_html() -> None:
    _, entities = unescaped("you&#39;re a fool")
    assert escaped("1 < 2 & you're", entities) == "1 &lt; 2 &amp; you&#39;re"


def test_protected_pieces_stay() -> None:
    link = "https://a.example/?b=1&amp;c=2"
    plain, entities = unescaped(f"fool &amp; {link} &amp; fool", [link])
    assert plain == f"fool & {link} & fool"
    assert escaped(plain, entities, [link]) == f"fool &amp; {link} &amp; fool"


@given(st.text(alphabet="ab &;#39<>'"))
def test_what_html_escapes_is_kept(text: str) -> None:
    import html

    written = html.escape(text)
    plain, entities = unescaped(written)
    assert escaped(plain, entities) == written
    if entities:
        assert plain == text
