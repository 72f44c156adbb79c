"""`POST /completions`: continue a text, or fill in the middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, TypedDict, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import check_string, checked_body, model_of
from siliconflow_client.endpoints.deltas import FinishReason, finish_reason_from_wire
from siliconflow_client.endpoints.shapes import as_object, count, filled_list, read_object, text
from siliconflow_client.endpoints.usage import Usage, read_usage
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.requests import EVENT_STREAM, Request, json_content


class CompletionRequest(TypedDict, total=False):
    """Body of `POST /completions`."""

    model: Required[str]
    prompt: Required[str]
    suffix: str
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    repetition_penalty: float
    seed: int
    n: int
    stop: str | list[str]
    logit_bias: dict[str, float]


@dataclass(slots=True)
class TextChoice:
    """One text completion."""

    index: int
    text: str
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None


@dataclass(slots=True)
class TextCompletion:
    """Answer of `POST /completions`; `choices` holds at least one.

    `fallback_from` is the model that was asked for, where another one answered.
    """

    id: str
    model: str
    created: int
    choices: list[TextChoice]
    usage: Usage | None
    trace_id: str | None
    raw: JsonObject
    fallback_from: str | None = None

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text


def read_completion(content: bytes, head: Head) -> TextCompletion:
    """Read the answer of `POST /completions`."""
    answer = read_object(content)
    choices: list[TextChoice] = []
    for position, item in enumerate(filled_list(answer, "choices")):
        wire = as_object(item, "a choice")
        reason = wire.get("finish_reason")
        choices.append(
            TextChoice(
                index=count(wire.get("index", position)),
                text=text(wire, "text"),
                finish_reason=finish_reason_from_wire(str(reason)) if reason else None,
                logprobs=cast("JsonObject | None", wire.get("logprobs")),
            )
        )
    choices.sort(key=lambda choice: choice.index)
    return TextCompletion(
        id=text(answer, "id"),
        model=text(answer, "model"),
        created=count(answer.get("created")),
        choices=choices,
        usage=read_usage(answer),
        trace_id=head.trace_id,
        raw=answer,
    )


def completion_request(
    request: CompletionRequest, extra_body: Mapping[str, JsonValue] | None, *, stream: bool
) -> Request:
    """Check and write the body.

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    body = checked_body("completions", cast("Mapping[str, object]", request), extra_body)
    prompt = body.get("prompt")
    if not (prompt == "" and body.get("suffix")):  # at the start of a file, nothing comes before
        check_string(prompt, "prompt")
    body["stream"] = stream
    return Request(
        "POST",
        "/completions",
        json_content(body),
        model=model_of(body),
        accept=EVENT_STREAM if stream else "application/json",
    )
