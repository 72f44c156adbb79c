"""`POST /chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict, cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.catalogue.facts import lookup_model
from siliconflow_client.endpoints.answer_reader import (
    NO_RULES,
    AnswerRules,
    answer_rules,
    is_plain,
)
from siliconflow_client.endpoints.checks import as_sequence, checked_body, model_of, wrong
from siliconflow_client.endpoints.conversation import Message, Tool, ToolChoice
from siliconflow_client.endpoints.deltas import (
    FinishReason,
    ToolCall,
    ToolCallFragment,
    arguments_from_wire,
    finish_reason_from_wire,
    invented_id,
)
from siliconflow_client.endpoints.shapes import as_object, count, filled_list, read_object, text
from siliconflow_client.endpoints.usage import Usage, UsageDict, read_usage
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError, EmptyAnswerError
from siliconflow_client.protocol.requests import EVENT_STREAM, Request, json_content


class ChatRequest(TypedDict, total=False):
    """Body of `POST /chat/completions`; `stream` is set by the method that is called."""

    model: Required[str]
    messages: Required[list[Message]]
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    frequency_penalty: float
    presence_penalty: float
    seed: int
    n: int
    stop: str | list[str]
    response_format: JsonObject
    tools: list[Tool]
    tool_choice: ToolChoice
    parallel_tool_calls: bool
    enable_thinking: bool
    thinking_budget: int
    reasoning_effort: str
    prefix: str
    suffix: str
    logprobs: bool
    top_logprobs: int
    logit_bias: dict[str, float]
    user: str


class MessageDict(TypedDict, total=False):
    role: str
    content: str | None
    reasoning_content: str | None
    tool_calls: list[ToolCallFragment] | None


class ChoiceDict(TypedDict, total=False):
    index: int
    message: MessageDict
    finish_reason: str | None
    logprobs: JsonObject | None


class ChatCompletionDict(TypedDict, total=False):
    """Body of a plain chat answer."""

    id: str
    object: str
    created: int
    model: str
    choices: list[ChoiceDict]
    usage: UsageDict | None
    system_fingerprint: str | None


@dataclass(slots=True)
class ChatChoice:
    """One answer. `text` and `reasoning` are "" where the API sends `null` or nothing."""

    index: int
    text: str
    reasoning: str
    tool_calls: list[ToolCall]
    finish_reason: FinishReason | None
    logprobs: JsonObject | None = None


@dataclass(slots=True)
class ChatCompletion:
    """A whole chat answer; `choices` holds at least one.

    Attributes:
        id: The completion's id, 32 hex digits or `chatcmpl-…`.
        model: The model that answered.
        created: Unix time, in seconds.
        choices: The answers, in the order of their `index`.
        usage: Token totals, or `None` when the server sent none.
        trace_id: The `x-siliconcloud-trace-id` header, to quote to support.
        system_fingerprint: As received; usually "".
        raw: The parsed body.
        fallback_from: The model that was asked for, where another one answered.
    """

    id: str
    model: str
    created: int
    choices: list[ChatChoice]
    usage: Usage | None
    trace_id: str | None
    system_fingerprint: str
    raw: ChatCompletionDict
    fallback_from: str | None = None

    @property
    def text(self) -> str:
        """Text of the first choice."""
        return self.choices[0].text

    @property
    def reasoning(self) -> str:
        """Thinking text of the first choice."""
        return self.choices[0].reasoning

    @property
    def tool_calls(self) -> list[ToolCall]:
        """Tool calls of the first choice."""
        return self.choices[0].tool_calls

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the first choice ended."""
        return self.choices[0].finish_reason


def read_chat(
    content: bytes, head: Head, *, may_be_empty: bool, rules: AnswerRules = NO_RULES
) -> ChatCompletion:
    """Read the answer of `POST /chat/completions`."""
    return chat_from_wire(read_object(content), head, may_be_empty=may_be_empty, rules=rules)


def chat_from_wire(
    answer: JsonObject, head: Head, *, may_be_empty: bool, rules: AnswerRules = NO_RULES
) -> ChatCompletion:
    """Read a parsed answer, wherever it came in."""
    completion_id = text(answer, "id")
    choices = [
        _chat_choice(as_object(wire, "a choice"), completion_id, rules)
        for wire in filled_list(answer, "choices")
    ]
    choices.sort(key=lambda choice: choice.index)
    completion = ChatCompletion(
        id=completion_id,
        model=text(answer, "model"),
        created=count(answer.get("created")),
        choices=choices,
        usage=read_usage(answer),
        trace_id=head.trace_id,
        system_fingerprint=text(answer, "system_fingerprint"),
        raw=cast("ChatCompletionDict", answer),
    )
    if not may_be_empty and all(
        not (choice.text or choice.reasoning or choice.tool_calls)
        and choice.finish_reason != "length"
        for choice in choices
    ):
        raise EmptyAnswerError(answer=completion)
    return completion


def _chat_choice(wire: JsonObject, completion_id: str, rules: AnswerRules) -> ChatChoice:
    message = as_object(wire.get("message"), "`message`")
    index = count(wire.get("index"))
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise UndocumentedShapeError("`tool_calls` is not a list")
    reason = wire.get("finish_reason")
    reasoning = text(message, "reasoning_content") or message.get("reasoning")
    choice = ChatChoice(
        index=index,
        text=text(message, "content"),
        reasoning=reasoning if isinstance(reasoning, str) else "",
        tool_calls=[
            _tool_call(as_object(call, "a tool call"), position, index, completion_id)
            for position, call in enumerate(calls)
        ],
        finish_reason=finish_reason_from_wire(str(reason)) if reason else None,
        logprobs=cast("JsonObject | None", wire.get("logprobs")),
    )
    _put_right(choice, completion_id, rules)
    return choice


def _put_right(choice: ChatChoice, completion_id: str, rules: AnswerRules) -> None:
    """Put all that a choice says into the field that it belongs to."""
    reader = None if is_plain(choice.text, choice.reasoning) else rules.reader(limit=None)
    if reader is None:
        return
    text, reasoning = reader.take(choice.text, choice.reasoning, native=bool(choice.tool_calls))
    ending = reader.finish(choice.finish_reason)
    choice.text, choice.reasoning = text + ending.text, reasoning + ending.reasoning
    if ending.answer:
        choice.text, choice.reasoning = ending.answer, ""
    if ending.calls:
        choice.tool_calls = [
            ToolCall(place, invented_id(completion_id, choice.index, place), *call)
            for place, call in enumerate(ending.calls)
        ]
        if choice.finish_reason in {None, "stop"}:
            choice.finish_reason = "tool_calls"


def _tool_call(wire: JsonObject, position: int, choice: int, completion_id: str) -> ToolCall:
    function = as_object(wire.get("function") or {}, "`function` of a tool call")
    return ToolCall(
        index=position,
        id=text(wire, "id") or invented_id(completion_id, choice, position),
        name=text(function, "name"),
        arguments=arguments_from_wire(function.get("arguments")),
    )


def chat_body(
    request: ChatRequest, extra_body: Mapping[str, JsonValue] | None
) -> dict[str, object]:
    """Check the body, but for `stream`.

    A `reasoning_effort` that the model does not know is moved to the next one up that it does
    (DeepSeek-V4 takes `high` and `max`, GLM-5.3 `low`, `high` and `max`; the vendor reads `low`
    and `medium` as `high`, `xhigh` as `max`).
    """
    body = checked_body("chat", cast("Mapping[str, object]", request), extra_body)
    _check_messages(body.get("messages"))
    effort = body.get("reasoning_effort")
    if isinstance(effort, str):
        known = lookup_model(model_of(body)).reasoning_efforts
        body["reasoning_effort"] = nearest_effort(effort, known)
    return body


def chat_request(
    request: ChatRequest, extra_body: Mapping[str, JsonValue] | None, *, stream: bool
) -> tuple[Request, AnswerRules]:
    """Check and write the body (see `chat_body`); tell also how its answer is to be read."""
    body = chat_body(request, extra_body)
    model = model_of(body)
    body["stream"] = stream
    sent = Request(
        "POST",
        "/chat/completions",
        json_content(body),
        model=model,
        accept=EVENT_STREAM if stream else "application/json",
    )
    return sent, answer_rules(body, model)


def may_be_empty(request: ChatRequest) -> bool:
    """Whether an answer of nothing can be right: a stop word at once, an empty infill."""
    return bool(request.get("stop") or request.get("suffix") or request.get("prefix"))


_EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")


def nearest_effort(effort: str, known: Sequence[str]) -> str:
    """The effort to send: `effort` itself, or the next one up that the model knows."""
    if not known or effort in known or effort not in _EFFORTS:
        return effort
    higher = _EFFORTS[_EFFORTS.index(effort) :]
    return next((name for name in higher if name in known), known[-1])


def _check_messages(messages: object) -> None:
    turns = as_sequence(messages)
    if turns is None:
        raise wrong("messages", "a list of messages", messages)
    if not turns:
        raise ConfigurationError("messages is empty.", argument="messages")
    asks = False
    for position, turn in enumerate(turns):
        where = f"messages[{position}]"
        if not isinstance(turn, Mapping):
            raise wrong(where, "a mapping with role and content", turn)
        message = cast("Mapping[str, object]", turn)
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str):
            raise wrong(f"{where}['role']", "a string", role)
        if not isinstance(content, str | list):
            raise wrong(f"{where}['content']", "a string or a list of parts", content)
        asks = asks or role == "user"
    if not asks:
        raise ConfigurationError(
            "messages holds no user message, and the API refuses that "
            "(code 20015, 'No user query found in messages.').",
            argument="messages",
            hint="send the text of a lone system message as a user message.",
        )
