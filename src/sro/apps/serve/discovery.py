"""The discovery document from which Google's client libraries build their methods, with this server's address.

    discovery.build("commentanalyzer", "v1alpha1", developerKey=key, static_discovery=False,
                    discoveryServiceUrl="http://127.0.0.1:8000/$discovery/rest?version=v1alpha1")

Field names are those of Google's document. `new_batch_http_request` sends its batches to `batchPath`
(`sro.apps.serve.batch`).
"""

from __future__ import annotations

from typing import Any

TEXT, NUMBER, INTEGER, TRUTH = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "boolean"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": name}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _map(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


SCHEMAS: dict[str, dict[str, Any]] = {
    "TextEntry": {"text": TEXT, "type": TEXT},
    "Context": {"entries": _list(_ref("TextEntry")), "articleAndParentComment": _ref("ArticleAndParentComment")},
    "ArticleAndParentComment": {"article": _ref("TextEntry"), "parentComment": _ref("TextEntry")},
    "AttributeParameters": {"scoreType": TEXT, "scoreThreshold": NUMBER},
    "Score": {"value": NUMBER, "type": TEXT},
    "SpanScore": {"begin": INTEGER, "end": INTEGER, "score": _ref("Score")},
    "AttributeScores": {"summaryScore": _ref("Score"), "spanScores": _list(_ref("SpanScore"))},
    "AnalyzeCommentRequest": {
        "comment": _ref("TextEntry"),
        "context": _ref("Context"),
        "requestedAttributes": _map(_ref("AttributeParameters")),
        "languages": _list(TEXT),
        "doNotStore": TRUTH,
        "clientToken": TEXT,
        "sessionId": TEXT,
        "communityId": TEXT,
        "spanAnnotations": TRUTH,
        "dropUnsupportedAttributes": TRUTH,
    },
    "AnalyzeCommentResponse": {
        "attributeScores": _map(_ref("AttributeScores")),
        "languages": _list(TEXT),
        "detectedLanguages": _list(TEXT),
        "clientToken": TEXT,
    },
    "SuggestCommentScoreRequest": {
        "comment": _ref("TextEntry"),
        "context": _ref("Context"),
        "attributeScores": _map(_ref("AttributeScores")),
        "languages": _list(TEXT),
        "clientToken": TEXT,
        "sessionId": TEXT,
        "communityId": TEXT,
        "doNotStore": TRUTH,
    },
    "SuggestCommentScoreResponse": {
        "clientToken": TEXT,
        "detectedLanguages": _list(TEXT),
        "requestedLanguages": _list(TEXT),
    },
}


def _method(name: str, messages: str, about: str) -> dict[str, Any]:
    """A method of `comments`; `messages` is the common beginning of the names of its request and response."""
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": f"v1alpha1/comments:{name}",
        "flatPath": f"v1alpha1/comments:{name}",
        "httpMethod": "POST",
        "parameters": {},
        "parameterOrder": [],
        "request": _ref(f"{messages}Request"),
        "response": _ref(f"{messages}Response"),
        "description": about,
    }


def document(root: str) -> dict[str, Any]:
    """The document. `root` is this server's address as the client wrote it, with a slash at the end."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "version": "v1alpha1",
        "title": "Comment analysis by an SRO screener",
        "protocol": "rest",
        "rootUrl": root,
        "servicePath": "",
        "baseUrl": root,
        "batchPath": "batch",
        "parameters": {
            "key": {"type": "string", "location": "query", "description": "API key"},
            "alt": {"type": "string", "location": "query", "default": "json"},
            "prettyPrint": {"type": "boolean", "location": "query", "default": "true"},
        },
        "schemas": {name: {"id": name, "type": "object", "properties": fields} for name, fields in SCHEMAS.items()},
        "resources": {
            "comments": {
                "methods": {
                    "analyze": _method("analyze", "AnalyzeComment", "Scores a comment for the requested attributes."),
                    "suggestscore": _method(
                        "suggestscore", "SuggestCommentScore", "Keeps what a comment should have scored."
                    ),
                }
            }
        },
    }
