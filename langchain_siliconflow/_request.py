"""One call's request, built without I/O: constructor fields, bound and per-call keywords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from langchain_core.utils.pydantic import is_basemodel_subclass

from langchain_siliconflow._content import as_block
from langchain_siliconflow._messages import to_wire
from langchain_siliconflow._params import unknown_keyword
from langchain_siliconflow._schemas import to_response_format
from langchain_siliconflow._tools import is_forced, to_wire_choice, to_wire_tools
from siliconflow_client import CallOptions, ConfigurationError, ReasoningReplay, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

    from siliconflow_client import ChatRequest, JsonValue, Tool

REQUEST_FIELDS: Final = settings_of("chat")
"""Fields of the chat class that are sent under their own name when they are set."""

_CALL_ALIASES: Final = {
    "model_name": "model",
    "max_completion_tokens": "max_tokens",
    "stop_sequences": "stop",
    "request_timeout": "timeout",
    "extra_headers": "headers",
}
_REPLAYS: Final = get_args(ReasoningReplay)
_CHAT_OPTIONS: Final = ("empty_answers", "long_answers", "fallback_models", "tool_markup")
_OPTIONS: Final = ("timeout", "deadline", "max_retries", "headers", *_CHAT_OPTIONS)
# LangChain's own marks on a call; core takes most of them out before we see them.
_FRAMEWORK: Final = frozenset({"stream", "ls_structured_output_format", "structured_output_format"})
_CALL_ONLY: Final = frozenset(
    {
        "model",
        "tools",
        "tool_choice",
        "strict",
        "extra_body",
        "stream_usage",
        "stream_options",
        "reasoning_replay",
        *_OPTIONS,
    }
)
_KNOWN: Final = frozenset({*REQUEST_FIELDS, *_CALL_ONLY})


@dataclass(frozen=True, slots=True)
class ChatCall:
    """Everything one call needs.

    Attributes:
        request: The body, as the client's typed request.
        extra_body: What goes into the body beyond it.
        options: Settings of this call, or `None`.
        include_usage: Whether the last piece of a stream tells the tokens.
        answer_class: The pydantic class that was given as `response_format`, or `None`.
        stream_options: Given for this call; sent with streams only.
    """

    request: ChatRequest
    extra_body: Mapping[str, JsonValue] | None
    options: CallOptions | None
    include_usage: bool
    answer_class: type | None
    stream_options: Mapping[str, JsonValue] | None

    @property
    def stream_body(self) -> Mapping[str, JsonValue] | None:
        """`extra_body` of a streamed request, which asks for the tokens: vLLM tells none else."""
        return asking_for_usage(self.extra_body, self.stream_options, wanted=self.include_usage)

    @property
    def forces_tool(self) -> bool:
        """Whether the model has no other way than to call a tool."""
        return is_forced(self.request.get("tool_choice"))


def asking_for_usage(
    extra_body: Mapping[str, JsonValue] | None,
    options: Mapping[str, JsonValue] | None,
    *,
    wanted: bool,
) -> Mapping[str, JsonValue] | None:
    """Add `stream_options` to a body; those that the user gave win, wherever they stand."""
    if options is None and wanted and "stream_options" not in (extra_body or {}):
        options = {"include_usage": True}
    return extra_body if options is None else {**(extra_body or {}), "stream_options": {**options}}


def build_call(
    fields: Mapping[str, Any],
    messages: Sequence[BaseMessage],
    stop: Sequence[str] | None,
    kwargs: Mapping[str, Any],
) -> ChatCall:
    """Put a request together; what is `None` in the end is not sent.

    Args:
        fields: The model's fields by name.
        messages: The conversation.
        stop: LangChain's own argument; wins over the field.
        kwargs: Bound and per-call keywords; win over the fields, even with `None`.

    Raises:
        ConfigurationError: A keyword is unknown, or a message, a tool or a choice has no form
            on the wire.
    """
    call = _renamed(kwargs)
    body: dict[str, Any] = {name: fields[name] for name in REQUEST_FIELDS}
    body.update((name, call[name]) for name in REQUEST_FIELDS if name in call)
    if stop is not None:
        body["stop"] = stop
    if not body["stop"]:
        body["stop"] = None
    body["model"] = call.get("model") or fields["model_name"]
    form = body["response_format"]
    if form is not None:
        body["response_format"] = to_response_format(body["response_format"], call.get("strict"))
    tools = _tools(call.get("tools"), call.get("strict"))
    if tools:
        body["tools"] = tools
    body["tool_choice"] = _choice(call.get("tool_choice"), tools)
    replay: ReasoningReplay = call.get("reasoning_replay") or fields["reasoning_replay"]
    if replay not in _REPLAYS:
        raise ConfigurationError(
            f"reasoning_replay must be one of {', '.join(_REPLAYS)}, not {replay!r}",
            argument="reasoning_replay",
        )
    request: dict[str, Any] = {"model": body.pop("model")}
    request["messages"] = to_wire(messages, replay=replay, model=str(request["model"]))
    request.update((name, value) for name, value in body.items() if value is not None)
    include_usage = call.get("stream_usage")
    options = call.get("stream_options")
    return ChatCall(
        request=cast("ChatRequest", request),
        extra_body=_extra_body(fields, call),
        options=_options(fields, call),
        include_usage=fields["stream_usage"] if include_usage is None else include_usage,
        stream_options=None if options is None else _mapping("stream_options", options),
        answer_class=form if isinstance(form, type) and is_basemodel_subclass(form) else None,
    )


def _renamed(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    call: dict[str, Any] = {}
    for name, value in kwargs.items():
        target = _CALL_ALIASES.get(name, name)
        if target in _KNOWN:
            call[target] = value
        elif target not in _FRAMEWORK:
            raise unknown_keyword(name, _KNOWN, "a call of ChatSiliconFlow")
    return call


def _tools(tools: Sequence[Any] | None, strict: bool | None) -> list[Tool]:
    if not tools:
        return []
    if strict is None and isinstance(tools, list) and all(_is_wire_tool(tool) for tool in tools):
        return list(tools)
    return to_wire_tools(tools, strict=strict)


def _is_wire_tool(tool: object) -> bool:
    block = as_block(tool)
    return block.get("type") == "function" and "function" in block


def _choice(choice: Any, tools: Sequence[Tool]) -> Any:
    """Without tools, `auto` and `none` say nothing; to demand a call is a mistake."""
    if tools or choice in (None, False):
        return to_wire_choice(choice, tools)
    if choice in ("auto", "none"):
        return None
    raise ConfigurationError(
        f"tool_choice {choice!r} demands a tool call, but there are no tools",
        argument="tool_choice",
    )


def _extra_body(
    fields: Mapping[str, Any], call: Mapping[str, Any]
) -> Mapping[str, JsonValue] | None:
    extra: dict[str, JsonValue] = {
        **(fields["model_kwargs"] or {}),
        **(fields["extra_body"] or {}),
        **_mapping("extra_body", call.get("extra_body") or {}),
    }
    return extra or None


def _mapping(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f"{name} must be a dictionary, not {type(value).__name__}", argument=name
        )
    return cast("Mapping[str, Any]", value)


def _options(fields: Mapping[str, Any], call: Mapping[str, Any]) -> CallOptions | None:
    if call.get("headers") is not None:
        _mapping("headers", call["headers"])
    given = {name: fields[name] for name in _CHAT_OPTIONS if fields[name] is not None}
    given.update((name, call[name]) for name in _OPTIONS if call.get(name) is not None)
    return CallOptions(**given) if given else None
