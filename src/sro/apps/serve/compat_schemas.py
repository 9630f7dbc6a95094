"""The formats of Perspective's methods and OpenAI's moderations, for the API description.

They only describe; `sro.apps.serve.perspective` and `sro.apps.serve.moderations` read the requests and report errors
in the words of those services. Sources: Google's discovery document of `commentanalyzer` v1alpha1, and OpenAI's API
reference of the moderations. Features that this service cannot answer are left out: HTML and pictures.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from sro.apps.serve.moderations import CATEGORIES
from sro.apps.serve.schemas import LANGUAGE, SUPPORTED, Text

# --- Perspective -----------------------------------------------------------------------------------------------------


class TextEntry(BaseModel):
    text: Text
    type: Literal["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT"] | None = None


class ArticleAndParentComment(BaseModel):
    article: TextEntry | None = None
    parentComment: TextEntry | None = None


class Context(BaseModel):
    entries: list[TextEntry] | None = None
    articleAndParentComment: ArticleAndParentComment | None = None


class AttributeParameters(BaseModel):
    scoreType: Literal["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"] | None = None
    scoreThreshold: float | str | None = Field(
        None, description="scores below are not returned; a number, or one in quotation marks"
    )


class RequestedAttributes(BaseModel):
    """Requested attributes by name. Those that the screener scores are answered, and the six also with the suffix
    `_EXPERIMENTAL`; others are refused, or left out with `dropUnsupportedAttributes`."""

    __pydantic_extra__: dict[str, AttributeParameters]
    model_config = ConfigDict(extra="allow", json_schema_extra={"minProperties": 1})

    TOXICITY: AttributeParameters | None = None
    SEVERE_TOXICITY: AttributeParameters | None = None
    INSULT: AttributeParameters | None = None
    PROFANITY: AttributeParameters | None = None
    THREAT: AttributeParameters | None = None
    IDENTITY_ATTACK: AttributeParameters | None = None


class AnalyzeRequest(BaseModel):
    """AnalyzeCommentRequest. Names may also be in snake_case; null means the field is not given."""

    comment: TextEntry
    context: Context | None = Field(None, description="taken, not read")
    requestedAttributes: RequestedAttributes
    languages: list[str] | None = Field(None, description="ISO 639-1; by default detected in the comment")
    doNotStore: bool | None = Field(None, description="nothing is ever stored")
    clientToken: Text | None = Field(None, description="returned in the answer")
    sessionId: str | None = Field(None, description="not read: no data is stored that it could connect")
    communityId: str | None = Field(None, description="not read: the scores are the same for every community")
    spanAnnotations: bool | None = Field(None, description="a score for each sentence")
    dropUnsupportedAttributes: bool | None = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "comment": {"text": "What kind of idiot name is foo? Sorry, I like your name."},
                    "requestedAttributes": {"TOXICITY": {}},
                    "languages": ["en"],
                    "spanAnnotations": True,
                }
            ]
        },
    )


class Score(BaseModel):
    value: float = Field(ge=0, le=1)
    type: Literal["PROBABILITY"]


class SpanScore(BaseModel):
    begin: int = Field(ge=0, description="in UTF-16 units, as `end`")
    end: int = Field(ge=0)
    score: Score


class AttributeScores(BaseModel):
    summaryScore: Score
    spanScores: list[SpanScore] = Field(min_length=1)


class AnalyzeResponse(BaseModel):
    """AnalyzeCommentResponse."""

    attributeScores: dict[str, AttributeScores] | None = Field(
        None, description="missing if every score is below its threshold"
    )
    languages: list[str]
    detectedLanguages: list[str] | None = Field(None, description="missing if the language is not known")
    clientToken: Text | None = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attributeScores": {
                        "TOXICITY": {
                            "spanScores": [
                                {"begin": 0, "end": 31, "score": {"value": 0.97, "type": "PROBABILITY"}},
                                {"begin": 32, "end": 56, "score": {"value": 0.01, "type": "PROBABILITY"}},
                            ],
                            "summaryScore": {"value": 0.97, "type": "PROBABILITY"},
                        }
                    },
                    "languages": ["en"],
                }
            ]
        },
    )


class SuggestedScore(BaseModel):
    value: float | str | None = Field(None, description="0 to 1; by default 0")
    type: Literal["SCORE_TYPE_UNSPECIFIED", "PROBABILITY"] | None = None


class SuggestedSpan(BaseModel):
    begin: int = Field(ge=0, description="in UTF-16 units, as `end`")
    end: int = Field(ge=0)
    score: SuggestedScore | None = None


class SuggestedScores(BaseModel):
    """At least one of these."""

    summaryScore: SuggestedScore | None = None
    spanScores: list[SuggestedSpan] | None = None

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})


class SuggestScoreRequest(BaseModel):
    """SuggestCommentScoreRequest. Names may also be in snake_case; null means the field is not given."""

    comment: TextEntry
    context: Context | None = Field(None, description="taken, not kept")
    attributeScores: dict[str, SuggestedScores] = Field(min_length=1, max_length=64, description="by attribute")
    languages: list[str] | None = None
    clientToken: Text | None = Field(None, description="stored, and returned in the answer")
    sessionId: str | None = Field(None, description="kept")
    communityId: str | None = Field(None, description="kept")
    doNotStore: bool | None = Field(None, description="check and answer, but store nothing; not a Google field")

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "comment": {"text": "you are an idiot"},
                    "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
                    "languages": ["en"],
                    "communityId": "forum.example.org",
                    "clientToken": "comment:4711",
                }
            ]
        },
    )


class SuggestScoreResponse(BaseModel):
    """SuggestCommentScoreResponse."""

    clientToken: Text | None = None
    detectedLanguages: list[str] | None = Field(None, description="missing if the language is not known")
    requestedLanguages: list[str] | None = None

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"clientToken": "comment:4711", "requestedLanguages": ["en"]}]}
    )


MIXED: dict[str, Any] = {"multipart/mixed": {"schema": {"type": "string", "format": "binary"}}}
BATCH_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": MIXED}}
BATCH_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": MIXED, "description": "the answers, in order"}}


# --- OpenAI ----------------------------------------------------------------------------------------------------------


def _by_category(schema: dict[str, Any]) -> WithJsonSchema:
    """The schema of an object with every category and no other field."""
    return WithJsonSchema(
        {
            "type": "object",
            "properties": {name: schema for name in CATEGORIES},
            "required": list(CATEGORIES),
            "additionalProperties": False,
        }
    )


class TextPart(BaseModel):
    type: Literal["text"]
    text: Text


class ModerationRequest(BaseModel):
    input: Text | Annotated[list[Text], Field(min_length=1)] | Annotated[list[TextPart], Field(min_length=1)] = Field(
        description="a text, several texts, or the parts of one text"
    )
    model: str | None = Field(None, description="not read: there is one")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "omni-moderation-latest", "input": ["you idiot", "thanks!"]}]}
    )


class ModerationResult(BaseModel):
    flagged: bool
    categories: Annotated[dict[str, bool], _by_category({"type": "boolean"})]
    category_scores: Annotated[dict[str, float], _by_category({"type": "number", "minimum": 0, "maximum": 1})]
    category_applied_input_types: Annotated[
        dict[str, list[str]], _by_category({"type": "array", "items": {"enum": ["text", "image"]}})
    ] = Field(description="empty: not scored, or the screener does not read the text's language")
    language: str | None = Field(description=f"{LANGUAGE}; not a field of OpenAI's")
    language_supported: bool | None = Field(description=f"{SUPPORTED}; not a field of OpenAI's")


class ModerationResponse(BaseModel):
    id: str
    model: str = Field(description="the screener")
    results: list[ModerationResult]
