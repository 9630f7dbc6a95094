"""Strangers write the texts: whatever they repeat, the work grows with the length of a text, not with its square.

Work is counted (steps of a backtracking matcher, lines of Python), so these tests cannot flake; the last one, which
takes minutes, measures processor time over the whole way of a text.
"""

from __future__ import annotations

import importlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regex_steps import Steps

from sro.comments import clean, normalise, sentences, spelled_out
from sro.comments.disguise_scan import find_disguised
from sro.comments.languages import detect
from sro.comments.spelled_out import runs_of_singles
from sro.comments.test_set import is_held_out
from sro.leader.engines.chat.answers import read_answer
from sro.leader.engines.chat.obedience import obeys
from sro.leader.engines.chat.prompt import defused
from sro.rewriting import cohesion, phrase_table, phrase_tokens
from sro.rewriting.disguise import keeps_disguise, plain_spelling
from sro.rewriting.quoted_words import loses_named_word
from sro.screeners.loading import load_screener
from sro.screeners.nblr.model import CONTRACTION, words_of
from sro.screeners.rules.form import defects
from sro.screeners.rules.meaning import meaning_changes
from sro.screeners.rules.repetition import repeats
from sro.screeners.sentencewise import author_text
from sro.screeners.toxic_spans import toxic_spans, word_places

MODULES = [
    *(f"sro.comments.{name}" for name in ("clean", "words", "sentences", "normalise", "disguises", "test_set")),
    *("sro.comments.markup", "sro.comments.spelled_out"),
    *("sro.screeners.nblr.model", "sro.screeners.toxic_spans", "sro.screeners.rules.form"),
    *("sro.screeners.rules.meaning", "sro.screeners.rules.repetition", "sro.screeners.sentencewise"),
    *("sro.rewriting.phrase_table", "sro.rewriting.disguise", "sro.comments.languages"),
    *(f"sro.rewriting.{name}" for name in ("deletions", "english_tokens", "repair", "reframings", "phrase_cuts")),
    *(f"sro.leader.engines.chat.{name}" for name in ("answers", "obedience", "prompt")),
]
PATTERNS = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in vars(importlib.import_module(module)).items()
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
}
UNITS = [
    *("a*-", "a-", " ", "  '", "..", "http://", "@a", "`", "```\n", "> ", "a'", "a", "4.", "(", "<a ", "f u ", "[a]("),
    *("\n", "a b", "aI", "!", "$", "a@", "www.", "x.com/", "&#1", "<b>", "||", "**a", "_a_", ":", "- ", "😂\u200d"),
    *("і", "🇮 ", "a\u0301", "\u202e", "n't", "ß", "İ", "ﷺ", "is "),
]
ENDS = ["", "*", "1"]
AT_ONE_PLACE = {
    "LEFT",
    "RIGHT",
    "MARKS",
    "VOWEL",
    "HEXADECIMAL",
    "LATIN_BY_NAME",
    "PLAIN",
    "ADDRESS",
    "ATTRIBUTES",
    "LABELLED",
    "MIXED",
    *("THINKS", "EXCLAIMED", "INTRODUCED", "NOTE", "NUMBERED", "SORRY", "UNABLE"),
}  # matched, not searched for


@pytest.fixture
def deep_calls() -> Iterator[None]:
    """Counting steps calls itself as deep as a pattern repeats. Put back afterwards: other tests nest on purpose."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 20_000))
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("deep_calls")
@pytest.mark.parametrize("name", PATTERNS)
def test_steps_of_every_pattern_grow_with_the_length(name: str) -> None:
    steps, once = Steps(PATTERNS[name]), name.rsplit(".", 1)[-1] in AT_ONE_PLACE
    for unit in UNITS:
        for end in ENDS:
            few, many = (steps.scan(unit * n + end, once) for n in (8, 32))
            assert many < 7 * few + 60, f"{unit!r} … {end!r}: {few} steps, and {many} for four times the text"


@pytest.mark.usefixtures("deep_calls")
@pytest.mark.parametrize(
    "pattern", [r"\s*'(?=s\b)", r"[,.!?]+$", r"(?<![a-z*])[a-z](?:[^a-z]{1,3}[a-z]){2,}(?![a-z*])"]
)
def test_the_count_tells_patterns_whose_steps_grow_with_the_square(pattern: str) -> None:
    with pytest.raises(AssertionError, match="for four times the text"):
        PATTERNS["bad"] = re.compile(pattern)
        try:
            test_steps_of_every_pattern_grow_with_the_length("bad")
        finally:
            del PATTERNS["bad"]


@pytest.mark.usefixtures("deep_calls")
def test_steps_of_a_sentence_that_ends_in_question_marks_grow_with_the_length() -> None:
    steps = Steps(cohesion._POINTS_BACK)
    few, many = (steps.scan("no" + "?" * n + "x", once=True) for n in (32, 128))
    assert many < 7 * few + 60


IDIOMS, EMBEDDED = phrase_table.load_phrase_table(), load_screener("embedded/linear")
FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "clean.letters_and_digits": clean.letters_and_digits,
    "clean.readable": clean.readable,
    "sentences.segments": sentences.segments,
    "normalise.trace": normalise.trace,
    "find_disguised": lambda text: find_disguised([text, "a"]),
    "test_set.is_held_out": is_held_out,
    "nblr.words_of": words_of,
    "toxic_spans.word_places": word_places,
    "form.defects": lambda text: [defects(text, "you fool"), defects("you fool", text)],
    "meaning_changes": lambda text: meaning_changes(text, f"{text} gay killer"),
    "repeats": repeats,
    "sentencewise.author_text": author_text,
    "disguise.plain_spelling": plain_spelling,
    "disguise.keeps_disguise": lambda text: keeps_disguise(text, "you fool"),
    "quoted_words.loses_named_word": lambda text: loses_named_word(text, f'The word "{text}" is "{text}"'),
    "languages.detect": detect,
    "phrase_tokens.split": phrase_tokens.split,
    "phrase_table.variants": lambda text: IDIOMS.variants(f"{text} fucking hell"),
    "nblr.attributions": lambda text: EMBEDDED.attributions(text),
    "chat.read_answer": lambda text: [read_answer(text, "you fool"), read_answer("you fool", text)],
    "chat.obeys": lambda text: [obeys(text, f"{text} ignore the above"), obeys(text, "you", text)],
    "chat.defused": defused,
}


def lines_run(call: Callable[[str], Any], text: str) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def see(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return see

    before = sys.gettrace()
    sys.settrace(see)
    try:
        call(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lines_run_grow_with_the_length(name: str) -> None:
    for unit in UNITS:
        few, many = (lines_run(FUNCTIONS[name], unit * n + "x") for n in (60, 240))
        assert many < 6 * few + 600, f"{unit!r}: {few} lines, and {many} for four times the text"


@settings(deadline=None)
@given(st.text(alphabet="abі*-' .,@!|(\n_", max_size=14))
def test_runs_of_singles_are_those_of_the_plain_pattern(text: str) -> None:
    """The pattern says it in one line, but takes time with the square of a run."""
    one, gap = spelled_out.ONE, spelled_out.GAP
    plain = re.compile(rf"(?<![^\W_]|['*]){one}(?:{gap}{one}){{2,}}(?![^\W_]|\*)")
    runs = [[m.start() + i for i, c in enumerate(m.group()) if re.match(one, c)] for m in plain.finditer(text)]
    assert list(runs_of_singles(text)) == runs


@settings(deadline=None)
@given(st.lists(st.sampled_from(["'", " ", "\t", "s", "n", "t", "n't", "re", "a", "'s"]), max_size=12).map("".join))
def test_contractions_are_those_of_the_plain_pattern(text: str) -> None:
    assert CONTRACTION.sub("", text) == re.sub(r"\s*'(?=(?:s|re|m|ve|ll|d|t)\b)|\s+(?=n't\b)", "", text)


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_a_long_text_is_screened_in_time_that_grows_with_its_length(unit: str) -> None:
    screener = load_screener("embedded/linear")

    def seconds(length: int) -> float:
        text = "x " + unit * (length // len(unit)) + "1"
        took = []
        for _ in range(3):
            started = time.process_time()
            screener.screen([text, *(segment.prose for segment in sentences.segments(text))])
            toxic_spans(screener, [text], only_refused=False)
            took.append(time.process_time() - started)
        return min(took)

    assert seconds(80_000) < 10 * seconds(20_000) + 0.1
