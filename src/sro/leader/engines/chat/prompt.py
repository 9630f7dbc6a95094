"""The messages to a chat model: instructions, examples and the comment, which is data and stands between tags.

    prompt = ChatPrompt.read(None)
    messages = prompt.messages("you are an idiot")

The tags carry a name that depends on the comment and does not occur in it, so no comment can close them. Tokens
that chat templates read as the end of a turn are taken apart in comments, because servers read them in any text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from sro.core.errors import SROError
from sro.leader.generation import Objection

SHIPPED = Path(str(resources.files("sro") / "assets" / "chat" / "prompt.yaml"))
FIELDS = {"system": str, "examples": list, "comment": str, "again": str, "objections": dict, "request": dict}
OURS = ("model", "messages", "stream", "n")
"""Fields of a request that a prompt file must not set."""

Message = dict[str, str]

PLACE = re.compile(r"\{(text|mark|rewrite|words|attributes|why)\}")
ROLE_TOKEN = re.compile(
    r"[<\[](?=[|｜]|/?s>|/?(?:INST|SYS|think|system|user|assistant)\b|(?:start|end)_of_turn>|<\/?SYS>)", re.IGNORECASE
)
"""The first sign of tokens that chat templates of common models read as the beginning or end of a turn."""


@dataclass(frozen=True)
class ChatPrompt:
    """The texts from which the messages are made; see `assets/chat/prompt.yaml`."""

    system: str
    examples: tuple[tuple[str, str], ...]
    comment: str
    again: str
    objections: Mapping[str, str]
    request: Mapping[str, Any]

    @classmethod
    def read(cls, path: str | None) -> ChatPrompt:
        """The prompt of a YAML file; None: the shipped one.

        Raises:
            SROError: no such file, or something in it is missing, unknown or of another kind; with file and line.
        """
        file = SHIPPED if path is None else Path(path)
        content = _read_yaml(file)
        for name, value in content.items():
            if name not in FIELDS or not isinstance(value, FIELDS[name]):
                known = ", ".join(f"{field} ({kind.__name__})" for field, kind in FIELDS.items())
                raise SROError(f"{file}: '{name}' is not a field of its kind\n  fix: the fields are {known}")
        if missing := FIELDS.keys() - content.keys() - {"examples", "request"}:
            raise SROError(f"{file}: '{min(missing)}' is missing\n  fix: begin with a copy of {SHIPPED}")
        for name, placed in (("comment", ("{text}", "{mark}")), ("again", ("{why}",))):
            for place in placed:
                if place not in content[name]:
                    raise SROError(f"{file}: '{name}' must hold {place}\n  fix: begin with a copy of {SHIPPED}")
        if content["comment"].count("{text}") != 1 or content["comment"].count("{mark}") < 2:
            raise SROError(f"{file}: 'comment' must hold {{text}} once, between two tags named {{mark}}")
        if taken := [name for name in OURS if name in content.get("request", {})]:
            raise SROError(f"{file}: 'request' must not set '{taken[0]}', which is set for every request")
        return cls(
            content["system"].strip(),
            tuple(_example(one, file, number) for number, one in enumerate(content.get("examples", []), 1)),
            content["comment"].strip(),
            content["again"].strip(),
            {str(name): str(text) for name, text in content["objections"].items()},
            content.get("request", {}),
        )

    def messages(self, comment: str) -> list[Message]:
        """The conversation up to the question for a rewrite of `comment`."""
        turns: list[Message] = [{"role": "system", "content": self.system}]
        for shown, rewrite in self.examples:
            turns += [self._question(shown), {"role": "assistant", "content": rewrite}]
        return [*turns, self._question(comment)]

    def messages_again(self, objection: Objection) -> list[Message]:
        """The conversation with a rejected answer, and the reason."""
        why = self.objections.get(objection.reason) or self.objections.get("other", "it is no rewrite")
        rewrite = defused(objection.rewrite)
        words = " and ".join(json.dumps(defused(word), ensure_ascii=False) for word in objection.words)
        told = {
            "words": words or "its wording",
            "attributes": " and ".join(objection.attributes) or "rude",
            "rewrite": rewrite,
        }
        return [
            *self.messages(objection.comment),
            {"role": "assistant", "content": rewrite},
            {"role": "user", "content": _fill(self.again, {**told, "why": _fill(why, told)})},
        ]

    def _question(self, comment: str) -> Message:
        return {"role": "user", "content": _fill(self.comment, {"text": defused(comment), "mark": mark_of(comment)})}


def mark_of(comment: str) -> str:
    """The name of the tags around a comment: the same every time, and nowhere in the comment."""
    number = 0
    while True:
        digest = hashlib.sha256(f"{number} {comment}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if digest not in comment.lower():
            return f"comment-{digest}"
        number += 1


def defused(text: str) -> str:
    """Text in which nothing reads as the beginning or end of a turn: a space is put after the bracket."""
    return ROLE_TOKEN.sub(lambda found: f"{found[0]} ", text.encode("utf-8", "replace").decode("utf-8"))


def _fill(template: str, values: Mapping[str, str]) -> str:
    """The template with each place filled once; text in a value never counts as a place."""
    return PLACE.sub(lambda found: values.get(found[1], found[0]), template)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise SROError(f"cannot read the prompt {file}: {error.strerror}\n  fix: a copy of {SHIPPED}") from error
    except UnicodeDecodeError as error:
        raise SROError(f"{file}: not a text file in UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SROError(f"{file}:{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SROError(f"{file}: not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise SROError(f"{file}: expected lines of `key: value`\n  fix: begin with a copy of {SHIPPED}")
    return {str(name): value for name, value in content.items()}


def _example(one: Any, file: Path, number: int) -> tuple[str, str]:
    if not isinstance(one, dict) or set(one) != {"comment", "rewrite"}:
        raise SROError(f"{file}: example {number} must have a comment and a rewrite, and nothing else")
    return str(one["comment"]), str(one["rewrite"])
