"""What chat models put around a rewrite, and when they give none."""

from __future__ import annotations

import pytest

from sro.leader.engines.chat.answers import read_answer

COMMENT = "You are an idiot."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("You are wrong.", "You are wrong."),
        ("  You are\n wrong.\n", "You are wrong."),
        ("Here is the rewritten comment: You are wrong.", "You are wrong."),
        ("Sure! Here's a more polite version:\n\nYou are wrong.", "You are wrong."),
        ('Sure, here is the rewrite:\n\n"You are wrong."', "You are wrong."),
        ("Of course!\n\n**Rewritten comment:** You are wrong.", "You are wrong."),
        ("Rewrite: “You are wrong.”", "You are wrong."),
        ("```\nYou are wrong.\n```", "You are wrong."),
        ("Here you go:\n```text\nYou are wrong.\n```\nI removed the insult.", "You are wrong."),
        ("`You are wrong.`", "You are wrong."),
        ("**You are wrong.**", "You are wrong."),
        ("You are wrong.\n\n(Note: I removed the insult.)", "You are wrong."),
        ("You are wrong.\nI removed the insult to keep it civil.", "You are wrong."),
        ("You are wrong.\n\nLet me know if you want another one!", "You are wrong."),
        ("1. You are wrong.\n2. You are mistaken.", "You are wrong."),
        ("<comment-1a2b3c4d>\nYou are wrong.\n</comment-1a2b3c4d>", "You are wrong."),
        ('<think>They want it civil: say "wrong".</think>\n\nYou are wrong.', "You are wrong."),
        ("They want it civil.</think>You are wrong.", "You are wrong."),
        ("I can't help but laugh at you.", "I can't help but laugh at you."),
        ("I'm sorry, you are wrong.", "I'm sorry, you are wrong."),
        ("I can't agree with you.", "I can't agree with you."),
        ('"Wrong" is what you are, not "right"', '"Wrong" is what you are, not "right"'),
    ],
)
def test_what_stands_around_a_rewrite_is_taken_off(content: str, text: str) -> None:
    assert read_answer(content, COMMENT).text == text


@pytest.mark.parametrize(
    ("comment", "content"),
    [
        ("Sure! You idiot.", "Sure! You are wrong."),
        ("Here is the thing: you suck.", "Here is the thing: you are wrong."),
        ('"You idiot"', '"You are wrong"'),
        ("I'm sorry, I can't help you, moron.", "I'm sorry, I can't help you."),
        ("I cannot assist idiots with this content.", "I cannot assist people like that with this content."),
        ("Note: you are an idiot", "Note: you are wrong"),
        ("1. learn to read, fool", "1. learn to read"),
        ("```rm -rf you```, idiot", "```rm -rf you```, please"),
        ("What a fucking stupid idea: it breaks the build.", "This is a bad idea: it breaks the build."),
        ("Total bullshit, you idiots: three sources differ.", "This is wrong: three sources differ."),
        ("Listen up moron, two things are wrong: date, name.", "Here are two things you got wrong: date, name."),
        ("Idiots. Version 2 of this page: even worse.", "Version 2 of this page: even worse."),
        ("Fools. The civil war article: lies.", "The civil war article: untrue."),
        ("Damn it, answer me: why?", "Answer me: why?"),
        ("Your shitty result of the vote: void.", "Result of the vote: void."),
    ],
)
def test_what_the_comment_has_itself_stays(comment: str, content: str) -> None:
    assert read_answer(content, comment).text == content


@pytest.mark.parametrize(
    ("comment", "content"),
    [
        (
            "You are an idiot.\nI removed your edit because it lies.\nDiscuss.",
            "You are wrong.\nI removed your edit because it errs.\nDiscuss.",
        ),
        ("Two lies, moron:\n1. the date\n2. the name", "Two errors:\n1. the date\n2. the name"),
    ],
)
def test_lines_like_those_of_the_comment_are_no_notes(comment: str, content: str) -> None:
    assert read_answer(content, comment).text == " ".join(content.split())


@pytest.mark.parametrize(
    "introduction",
    [
        "Here are a few options:",
        "Here's one way to say it:",
        "Here is my attempt:",
        "This is a more polite version of the comment:",
        "A civil way to put this:",
        "The revised comment:",
        "My rewrite:",
        "**Civil version:**",
        "Polite:",
        "Version 1:",
        "Output:",
        "Answer:",
        "Here you go:",
        "Rewritten comment (civil):",
    ],
)
def test_introductions_name_the_work(introduction: str) -> None:
    assert read_answer(f"{introduction} You are wrong.", COMMENT).text == "You are wrong."


@pytest.mark.parametrize(
    "content",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, I can’t help with rewriting hateful content.",
        "Sorry, but I cannot fulfill this request.",
        "I cannot provide a rewrite of offensive content.",
        "As an AI language model, I am not able to generate such text.",
        "I apologize, but I'm not able to help with that request.",
        "Unfortunately, I am unable to comply.",
        "I won't rewrite this comment, as it is discriminatory.",
        "\"I'm sorry, but I can't help with that.\"",
        "I don't feel comfortable rephrasing this.",
        "Sure! Here is my answer: I'm sorry, but I can't help with that.",
    ],
)
def test_a_model_that_declines(content: str) -> None:
    found = read_answer(content, COMMENT)
    assert (found.text, found.problem) == ("", "declined")


@pytest.mark.parametrize("content", ["", "  \n", "<think>They want", "```\n```", "<comment-1></comment-1>"])
def test_an_answer_without_a_rewrite(content: str) -> None:
    assert read_answer(content, COMMENT).problem == "no_answer"
