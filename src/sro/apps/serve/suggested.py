"""Scores that people suggested for comments (Perspective's `comments:suggestscore`): stored, and exported as labels.

They are in the feedback file (`sro.apps.serve.feedback`), in a table of their own, because they judge a comment and
not a suggestion of ours. `sro screener train --kind encoder --labelled` reads the export.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sro.apps.serve.store import Store

TABLE = """
CREATE TABLE IF NOT EXISTS suggested (
    number NUMBER,
    at TEXT NOT NULL,
    sender TEXT,
    text TEXT NOT NULL,
    scores TEXT NOT NULL,
    languages TEXT NOT NULL,
    community TEXT,
    session TEXT,
    client_token TEXT,
    software TEXT NOT NULL
)
"""
INSERT = (
    "INSERT INTO suggested (at, sender, text, scores, languages, community, session, client_token, software) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True)
class Suggestion:
    """The scores that a person suggests for a comment.

    Attributes:
        text: the comment.
        scores: by attribute, `{"summary": 0.0 to 1.0 or None, "spans": [[begin, end, score], …]}`; places count UTF-16
            units, as the client counted them.
        languages: those that the client named.
        community: `communityId`, the community with the norms that the scores follow.
        session: `sessionId`, which connects the calls of one session.
        client_token: `clientToken`; platforms put the comment's own number there.
        sender: name of the API key.
        do_not_store: check and answer the request, but do not store it (`doNotStore`).
    """

    text: str
    scores: Mapping[str, Mapping[str, Any]]
    languages: Sequence[str] = ()
    community: str | None = None
    session: str | None = None
    client_token: str | None = None
    sender: str | None = None
    do_not_store: bool = False


def values(rows: Sequence[Suggestion], now: str, software: str) -> list[tuple[Any, ...]]:
    """The rows for `INSERT`."""
    return [
        (
            now,
            row.sender,
            storable(row.text),
            json.dumps(row.scores),
            json.dumps(list(map(storable, row.languages))),
            *map(storable, (row.community, row.session, row.client_token)),
            software,
        )
        for row in rows
    ]


def labels(store: Store) -> Iterator[dict[str, Any]]:
    """One row per suggestion, oldest first: `text`, a field for each attribute that has a score for the whole comment,
    and the other known fields."""
    if not store.has("suggested"):
        return  # an earlier version wrote the file
    rows = store.read(
        "SELECT text, scores, languages, community, session, client_token, sender, at FROM suggested ORDER BY number"
    )
    for text, told, languages, community, session, client_token, sender, at in rows:
        scores = json.loads(told)
        whole = {name: one["summary"] for name, one in scores.items() if one["summary"] is not None}
        spans = {name: one["spans"] for name, one in scores.items() if one["spans"]}
        more = {
            "languages": list(map(storable, json.loads(languages))),  # earlier versions stored lone surrogates here
            "community": community,
            "session": session,
            "client_token": client_token,
            "sender": sender,
        }
        yield {"text": text, **whole, **({"spans": spans} if spans else {}), **_there(more), "at": at}


def storable(text: str | None) -> str | None:
    """The text without lone surrogates: SQLite and the exports are UTF-8, which cannot encode them."""
    return text and text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _there(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value}
