"""Extract the rewrite from a chat model's answer: without introductions, fences, quotes and notes.

    >>> read_answer("Sure! Here is the rewrite:\\n\\n\\"You are wrong.\\"\\n\\nI took the insult out.", "You idiot.")
    Answer(text='You are wrong.', problem=None)
    >>> read_answer("I'm sorry, but I can't help with that.", "You idiot.").problem
    'declined'

Words that the comment itself begins with never count as an introduction. The rules are for one sentence or paragraph,
because that is what a leader is asked to rewrite.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sro.leader.generation import NoRewrite

THOUGHT = ("</think>", "</thinking>")
"""Tags that end the reasoning which some models write out; chat templates often begin it by themselves."""
THINKS = re.compile(r"<think(?:ing)?>")
TAG = re.compile(r"</?comment(?:-[0-9a-f]{1,8})?>")
FENCE = re.compile(r"```[a-z]{0,12}\n?([^`]+)```")
EXCLAIMED = re.compile(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|got it|no problem)\s?[!.,]\s?", re.IGNORECASE
)
"""Interjections to the asker at the start of an answer, such as "Sure!"."""
WORK = (
    r"\b(?:rewrit|rephras|reword|paraphras|revis|version|comment|civil|polite|respectful|option|alternative|attempt"
    r"|answer|suggestion|way to)"
)
MADE = r"(?:possible |more )?(?:civil|polite|respectful|rewritten|rephrased|reworded|revised)"
THING = r"(?:version|comment|rewrite|rewording|text|message|response|answer|reply|sentence|form|option|way)"
INTRODUCED = re.compile(
    rf"(?:\*\*)?(?:here you go|here(?:'s|’s| is| are)\b(?=[^:\n]{{0,80}}{WORK})[^:\n]{{0,80}}"
    rf"|(?:this is )?(?:a|the|my|your) (?:{MADE}\b[^:\n]{{0,40}}\b{THING}\b[^:\n]{{0,40}}|rewrite|rewording)"
    rf"|(?:rewritten|revised|civil|polite)(?: {THING})?|rewrite|revision|output|answer|result|response|rewording"
    r"|version(?: \d)?)(?: \([^)\n]{0,40}\))?\s?:",
    re.IGNORECASE,
)
"""An introduction for the user, up to its colon. It must name the requested work: "Here are two things you got wrong:"
may be part of a comment."""
NOTE = re.compile(
    r"[(\[*_]{0,3}(?:note\b|explanation\b|(?:i|i['’]ve|i have) (?:removed|replaced|changed|kept|rewrote|took|toned"
    r"|softened)|this (?:version|rewrite|revision|response)|the (?:rewritten|revised|rewrite)|let me know|please let"
    r"|feel free|changes(?: made)?\b|alternative|or,? alternatively|is there anything)",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"(?:\d[.)]|[-*•]|option \d:)\s{1,3}", re.IGNORECASE)
PAIRS = (('"', '"'), ("“", "”"), ("«", "»"), ("„", "“"), ("'", "'"), ("‘", "’"), ("`", "`"), ("**", "**"))
SORRY = re.compile(
    r"(?:(?:i['’]m|i am|we['’]re) (?:so |really |very |truly )?sorry|sorry|apologies|i apologi[sz]e|unfortunately)"
    r"\b[,.;:—–-]{0,2}\s?(?:but |however,? )?",
    re.IGNORECASE,
)
UNABLE = re.compile(
    r"(?:as an? (?:ai|artificial|large language|language|assistant|responsible)\b|as (?:claude|chatgpt|gemini)\b"
    r"|(?:i|we) (?:can['’]?t|cannot|can not|could not|couldn['’]t|won['’]?t|will not|must decline|have to decline"
    r"|am not able|am unable|don['’]t feel comfortable|do not feel comfortable|refuse|decline)\b"
    r"|(?:i['’]m|we['’]re) (?:not able|unable|not comfortable|not going|programmed|designed)\b"
    r"|(?:this|that|your) (?:request|content|comment|message|text) (?:violates|goes against|contains|is against))",
    re.IGNORECASE,
)
TASK = re.compile(
    r"\b(?:assist|help(?! (?:but|it|myself)\b)|rewrit\w{0,4}|rephras\w{0,3}|paraphras\w{0,3}|fulfil\w{0,3}|comply"
    r"|generat\w{0,3}|provid\w{0,3}|creat\w{0,3}|engag\w{0,3}|respond|request|content|polic\w{1,3}|guidelines"
    r"|language model|offensive|hateful|harmful|inappropriate|discriminat\w{0,5})\b",
    re.IGNORECASE,
)
"""Words that a model uses for its work when it declines, and that are rare in comments."""


@dataclass(frozen=True)
class Answer:
    """The rewrite in an answer; `text` is empty if there is a `problem`."""

    text: str
    problem: NoRewrite | None = None


def read_answer(content: str, comment: str) -> Answer:
    """Read the rewrite of `comment` from an answer, as one line.

    Args:
        content: as the server gave it.
        comment: the text that was to be rewritten.
    """
    text = content
    for end in THOUGHT:
        text = text if end in comment else text.rpartition(end)[2]
    text = text.strip()
    if THINKS.match(text) and not THINKS.match(comment):
        return Answer("", "no_answer")  # its reasoning used up the token limit
    if declines(text, comment):
        return Answer("", "declined")
    fenced = FENCE.search(text)
    if fenced and "```" not in comment:
        text = fenced[1]
    text = _without_introduction(TAG.sub("", text).strip(), comment)
    text = _first_of(text, comment)
    text = " ".join(_without_quotes(text, comment).split())
    if declines(text, comment):
        return Answer("", "declined")
    return Answer(text) if text else Answer("", "no_answer")


def declines(answer: str, comment: str) -> bool:
    """Whether an answer is a model's "I'm sorry, I can't help with that" and no rewrite."""
    begin, said = answer.lstrip("\"“'*_ ")[:400], comment[:400]
    sorry = SORRY.match(begin)
    at = sorry.end() if sorry else 0
    unable = UNABLE.match(begin, at)
    if unable is None or SORRY.match(said) or UNABLE.match(said):
        return False
    asked = {word.lower() for word in TASK.findall(comment)}
    about_its_work = [word for word in TASK.findall(begin) if word.lower() not in asked]
    return bool(about_its_work)


def _without_introduction(text: str, comment: str) -> str:
    """Remove "Sure! Here is the rewritten comment:", unless the comment itself begins like that."""
    for pattern in (EXCLAIMED, INTRODUCED):
        found = pattern.match(text)
        rest = text[found.end() :].strip() if found else ""
        if found and rest and not pattern.match(comment):
            text = rest.removeprefix("**").strip() if found[0].startswith("**") else rest
    return text


def _first_of(text: str, comment: str) -> str:
    """The first of several proposals, without the notes after it. If a comment has several lines, its answer may have
    several lines too."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line.strip() for line in comment.splitlines()]
    ends = [pattern for pattern in (NOTE, NUMBERED) if not any(map(pattern.match, own))]
    kept: list[str] = []
    for line in lines:
        if kept and any(pattern.match(line) for pattern in ends):
            break
        kept.append(line)
    if len(kept) > 1 and "\n" not in comment.strip() and "\n\n" in text:
        kept = [" ".join(text.strip().split("\n\n")[0].split())]  # text after a blank line is an addition
    if kept and (number := NUMBERED.match(kept[0])) and not NUMBERED.match(comment):
        kept[0] = kept[0][number.end() :]
    return " ".join(kept)


def _without_quotes(text: str, comment: str) -> str:
    """Remove quotation marks around the whole text, unless the comment has them too."""
    text, bare = text.strip(), comment.strip()
    for left, right in PAIRS:
        inner = text[len(left) : -len(right)]
        around = len(text) > len(left) + len(right) and text.startswith(left) and text.endswith(right)
        if (
            around
            and left not in inner
            and right not in inner
            and not (bare.startswith(left) and bare.endswith(right))
        ):
            return inner.strip()
    return text
