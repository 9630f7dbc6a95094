"""Texts as a browser or a chat shows them: no tags and entities, links as their words, overrides applied.

    >>> as_displayed(Normalised("id<wbr>iot", range(11))).text
    'idiot'

A plain text field shows what people type as it is, so nothing that a reader might see there is removed. Only these are
removed: tags that exist and have no attributes or touch a word; the marks of comments within a word; and links that
touch a word or each other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from sro.comments.clean import OVERRIDE, displayed_order
from sro.comments.offsets import Edit, Normalised

# Every quantifier is bounded, or stops at the next sign that begins a match: see tests/test_linear_time.py.
# Browsers show a numeric entity without its semicolon, too.
ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})((?:\s[^\s<>]{0,200}){0,8})/?>")
COMMENT = re.compile(r"<!--([^<>]{0,200})-->")
COMMENTED_WORD = re.compile(rf"(?<![^\s<>])[^\s<>]{{1,64}}(?:(?:{COMMENT.pattern}){{1,9}}[^\s<>]{{1,64}})+")
LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300})\]\((<?(?:https?://|www\.|mailto:|[/#.])[^()\s]{0,1000})?"
    r"(?:[ \t]{1,3}(?:\"[^\"\n]{0,200}\"|'[^'\n]{0,200}'))?\)"
)
ATTRIBUTES = re.compile(r"(?:\s+[\w:-]+=(?:\"[^\"]*\"|'[^']*'|[^\s\"']+))+\s*")
INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q"),
        *("s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr"),
    ]
)
BLOCK = frozenset(
    [
        *("blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol"),
        *("p", "pre", "table", "td", "th", "tr", "ul"),
    ]
)


def as_displayed(seen: Normalised) -> Normalised:
    """The text that a reader sees, with its case."""
    if OVERRIDE.search(seen.text):
        found = OVERRIDE.finditer(seen.text)
        seen = seen.edited(((*run.span(), displayed_order(run)) for run in found), as_one=True)
    if "<" in seen.text:
        seen = seen.edited(edit for tag in TAG.finditer(seen.text) for edit in _without_tag(tag))
        seen = seen.edited(edit for word in COMMENTED_WORD.finditer(seen.text) for edit in _without_comments(word))
    if "](" in seen.text:
        seen = seen.edited(edit for link in LINK.finditer(seen.text) for edit in _without_link(link))
    if "&" in seen.text:
        seen = seen.replaced(ENTITY, html.unescape)
    return seen


def _is_amid_letters(found: re.Match[str]) -> tuple[bool, bool]:
    """Whether a letter or digit stands just before, and just behind."""
    text, start, end = found.string, found.start(), found.end()
    return text[max(0, start - 1) : start].isalnum(), text[end : end + 1].isalnum()


def _without_tag(tag: re.Match[str]) -> list[Edit]:
    name, attributes = tag.group(1).lower(), tag.group(2)
    if name not in BLOCK and name not in INLINE:
        return []
    if attributes and attributes.strip() and not (any(_is_amid_letters(tag)) and ATTRIBUTES.fullmatch(attributes)):
        return []
    return [(*tag.span(), " " if name in BLOCK else "")]


def _without_comments(word: re.Match[str]) -> Iterator[Edit]:
    """Join `stu<!-- x -->pid` to one word; the text of comments is put before it if it is more than one sign."""
    comments = list(COMMENT.finditer(word.string, *word.span()))
    if hidden := [said for one in comments if len(said := one.group(1).strip()) > 1]:
        yield word.start(), word.start(), " ".join((*hidden, ""))
    yield from ((*one.span(), "") for one in comments)


def _without_link(link: re.Match[str]) -> list[Edit]:
    """Replace a link by its words: `mor[o](https://a.example)n`; also links in a row (`[i](/x)[d](/y)iot`), and a link
    without an address if a letter follows: `list[i]()` is code."""
    before, behind = _is_amid_letters(link)
    in_a_row = link.string.startswith(("[", "!["), link.end()) or link.string.endswith(")", 0, link.start())
    if not (behind or (link.group(2) and (before or in_a_row))):
        return []
    return [(link.start(), link.start(1), ""), (link.end(1), link.end(), "")]
