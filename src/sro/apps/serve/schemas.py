"""The requests and answers of `/v1/*`, as FastAPI checks and describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from sro.apps.serve.feedback import Action


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string"})]
"""Any string. Pydantic's own type refuses lone surrogates, which people's comments may hold."""


class Given(BaseModel):
    """A request. Unknown fields are errors and are not ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """Treat null like a missing field if the field is optional, because many clients send all their fields."""
        if not isinstance(given, dict):
            return given
        optional = {name for name, told in cls.model_fields.items() if not told.is_required()}
        return {name: value for name, value in given.items() if value is not None or name not in optional}


class Batch(Given):
    texts: list[Text] = Field(min_length=1, description="comments, in any number up to the server's limit")
    stream: bool = Field(False, description="answer as JSON Lines, one result per line, sent as pieces are done")


class ScreenRequest(Batch):
    spans: bool = Field(False, description="also return the words that make a text fail")
    threshold: float | None = Field(
        None, gt=0, le=1, description="P(fail) from which a text fails; by default the server's"
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"texts": ["you idiot", "thanks!"], "spans": True}]})


class RewriteRequest(Batch):
    samples: int | None = Field(
        None, ge=0, le=16, description="candidates to sample for a sentence if none so far is clearly good"
    )
    refine: int | None = Field(None, ge=0, le=3, description="further rounds while every candidate fails")
    min_similarity: float | None = Field(
        None, ge=-1, le=1, description="cosine with the comment below which a rewrite is refused"
    )
    threshold: float | None = Field(
        None, gt=0, le=1, description="P(fail) from which a text fails; by default the server's"
    )
    temperature: float | None = Field(None, gt=0, le=2, description="sampling temperature")
    seed: int | None = Field(
        None,
        ge=0,
        lt=2**32,
        description="random seed of the samples. With a seed, each text is rewritten separately: slower, but its "
        "answer does not depend on other requests. Without one, waiting texts are rewritten together",
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"texts": ["you are an idiot", "thanks!"]}]})

    def options(self) -> dict[str, Any]:
        """The values of `RewriteArguments` that the request sets; the others have their defaults."""
        return self.model_dump(exclude={"texts", "stream"}, exclude_none=True)


class FeedbackRequest(Given):
    action: Action
    source: Text = Field(description="the comment as it was written")
    suggestion: Text = Field(description="the rewrite that was suggested")
    final: Text | None = Field(None, description="what was posted, if `edited`")
    id: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a later row with this id and API key replaces it"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"action": "accepted", "source": "you are an idiot", "suggestion": "you are not smart"}]
        }
    )

    @model_validator(mode="after")
    def _final_if_edited(self) -> FeedbackRequest:
        if (self.final is not None) != (self.action == "edited"):
            raise ValueError("`final` must be given with the action `edited`, and with no other")
        return self


# --- answers: described but not validated, because this service makes them -------------------------------------------


class VerdictModel(BaseModel):
    label: Literal["pass", "fail"]
    probability: float = Field(description="P(fail) of the text or its worst sentence")
    screener: str
    attributes: dict[str, float] | None = Field(
        None, description="probability of each attribute (TOXICITY, THREAT, …), if the screener scores them"
    )


class SpanModel(BaseModel):
    start: int = Field(description="first character, in code points")
    end: int = Field(description="character after the last")
    score: float = Field(description="what the words add to the log-odds of P(fail)")


LANGUAGE = (
    "ISO 639-1; `hi-Latn` for romanised Hindi, `und`: not English, but which language is not known; null: unknown"
)
SUPPORTED = "whether the screener reads that language; false: its verdicts are guesses; null: unknown"


class ScreenedModel(VerdictModel):
    language: str | None = Field(description=LANGUAGE)
    language_supported: bool | None = Field(description=SUPPORTED)
    spans: list[SpanModel] | None = None


class ScreenResponse(BaseModel):
    results: list[ScreenedModel]


class ChangeModel(BaseModel):
    start: int
    end: int
    text: str = Field(description="what source[start:end], in code points, became")


class RewriteModel(BaseModel):
    status: Literal["unchanged", "rewritten", "refused", "not_done"] = Field(
        description="`not_done`: the deadline passed, or the queue was full, before this text's turn; send it again"
    )
    source: str
    text: str | None = Field(description="what may be posted; null if refused or not done")
    reason: str | None = Field(description="why it was refused, or not done: `out_of_time`, `busy`")
    before: VerdictModel | None
    after: VerdictModel | None
    similarity: float | None
    candidates: int = Field(description="candidates that were judged, of the leader and of the phrase table")
    changes: list[ChangeModel]
    language: str | None = Field(description=LANGUAGE)
    language_supported: bool | None = Field(description=SUPPORTED)


class RewriteResponse(BaseModel):
    results: list[RewriteModel]


class FeedbackResponse(BaseModel):
    stored: Literal[True]


class ErrorModel(BaseModel):
    code: int
    status: str
    message: str
    details: list[dict[str, Any]] | None = Field(None, description="Perspective's error types")


class ErrorResponse(BaseModel):
    error: ErrorModel


class ModerationErrorModel(BaseModel):
    message: str
    type: str
    param: None
    code: None


class ModerationErrorResponse(BaseModel):
    error: ModerationErrorModel


class StateResponse(BaseModel):
    parts: dict[str, Literal["loading", "ready", "failed", "off"]]
    reasons: dict[str, str] = Field(description="for each part that failed: the reason, and what to do")
    max_text: int = Field(description="largest size of a text, in bytes of UTF-8")
