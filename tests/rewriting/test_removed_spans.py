"""What goes with a sentence that is left out, and what does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.comments.sentences import segments
from sro.rewriting.removed_spans import removed_spans

RUDE = "You moron."


def without_rude(text: str) -> str:
    """The text without its sentences that are `RUDE`."""
    pieces = segments(text)
    gone = removed_spans(pieces, {place for place, piece in enumerate(pieces) if piece.text == RUDE})
    kept, at = [], 0
    for start, end in gone:
        kept.append(text[at:start])
        at = end
    return "".join(kept) + text[at:]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{RUDE} Read it.", "Read it."),
        (f"Read it. {RUDE}", "Read it."),
        (f"Read it. {RUDE} Now.", "Read it. Now."),
        (f"Read it. {RUDE} {RUDE} Now.", "Read it. Now."),
        (f"**{RUDE}** Read it.", "Read it."),
        (f"Read it. **{RUDE}**", "Read it."),
        (f"Read it. __{RUDE} {RUDE}__ Now.", "Read it. Now."),
        (f"**{RUDE} Read it.** Now.", "**Read it.** Now."),
        (f"**Read it. {RUDE}** Now.", "**Read it.** Now."),
        (f"{RUDE} ??? Read it.", "??? Read it."),
        (f"Read it. {RUDE}\rNow.", "Read it.\rNow."),
        (f"Read it. {RUDE}\u2028Now.", "Read it.\u2028Now."),
        (f"{RUDE}\nRead it.", "Read it."),
        (f"{RUDE}\r\n \r\n  Read it.", "  Read it."),
        (f"{RUDE}\n{RUDE}\nRead it.", "Read it."),
        (f"Read it.\r\n\r\n{RUDE}", "Read it."),
        (f"Read it.\n{RUDE}\nNow.", "Read it.\n\nNow."),
        (f"Read it.\n{RUDE}\n{RUDE}\n\n{RUDE}\nNow.", "Read it.\n\nNow."),
        (f"Read it. {RUDE}\n{RUDE}\nNow.", "Read it.\nNow."),
        (f"Read it. {RUDE}\n{RUDE} Now.", "Read it.\nNow."),
        (f"- {RUDE}\n- Read it.", "- Read it."),
        (f"Now:\n- {RUDE}\r\n- Read it.", "Now:\n- Read it."),
        (f"Now:\n- Read it.\n- {RUDE}\n", "Now:\n- Read it.\n"),
        (f"- {RUDE} Read it.", "- Read it."),
        (f"- {RUDE}😂\n- Read it.", "- 😂\n- Read it."),
        ("Read it.", "Read it."),
    ],
)
def test_what_is_left(text: str, left: str) -> None:
    assert without_rude(text) == left


BITS = st.sampled_from(
    [
        RUDE,
        RUDE,
        "Read it.",
        "Why?",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\r",
        "- ",
        "**",
        "__",
        "~~",
        "???",
        "😂",
        "`a  b`",
        "@ann",
        "> q\n",
    ]
)


@given(st.lists(BITS, max_size=12).map("".join))
def test_nothing_goes_but_the_sentences_blanks_and_marks(text: str) -> None:
    pieces = segments(text)
    dropped = {place for place, piece in enumerate(pieces) if piece.text == RUDE}
    gone = removed_spans(pieces, dropped)
    at, ends = 0, -1
    for start, end in gone:
        assert ends < start < end <= len(text)
        ends = end
    for place, piece in enumerate(pieces):
        start, end = at, at + len(piece.text)
        lost = sum(max(0, min(end, last) - max(start, first)) for first, last in gone)
        if place in dropped:
            assert lost == end - start
        elif piece.kind != "layout":
            assert lost == 0
        at = end
    lost_text = "".join(text[start:end] for start, end in gone).replace(RUDE, "")
    assert re.fullmatch(r"(?:\s|\*\*|__|~~|- )*", lost_text)
    assert all(lost_text.count(mark) % 2 == 0 for mark in ("**", "__", "~~"))
    assert (without_rude(text) == text) == (not dropped)
