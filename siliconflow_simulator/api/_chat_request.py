"""Check a chat request as the API does, and say no in its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import encode
from siliconflow_simulator.answers.call import ChatCall, Choice, JsonForm, NamedTool, ToolSpec
from siliconflow_simulator.answers.tokens import count_tokens
from siliconflow_simulator.api._chat_messages import read_turns
from siliconflow_simulator.api._chat_payloads import style_of
from siliconflow_simulator.api._fields import (
    flag,
    integer,
    required,
    required_text,
    stop_sequences,
    text,
)
from siliconflow_simulator.api._logprobs import MOST
from siliconflow_simulator.api._parameters import check_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, JsonValue, ModelFacts
    from siliconflow_simulator.answers.call import Turn
    from siliconflow_simulator.api._service import Service

_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TURN_TOKENS: Final = 3


def check_chat(body: JsonObject, service: Service) -> ChatCall:
    """Check the body of `POST /chat/completions`; fields that nobody documents are ignored.

    Args:
        body: The request.
        service: Knows the models.

    Raises:
        Refusal: As documented; see `_refusals`.
    """
    model = required_text(body, "model")
    facts = service.facts(model)
    if facts.kind != "chat":
        raise refusals.model_not_found()
    thinking = _thinking(body, facts)
    turns = read_turns(required(body, "messages"), facts, thinking=thinking)
    _check_sampling(body)
    form, schema = _json_form(body, facts)
    tools = _tools(body, facts)
    prefix, suffix = _fill_in_the_middle(body, facts, form)
    max_tokens = integer(body, "max_tokens")
    prompt_tokens = _prompt_tokens(turns, body.get("tools"))
    _check_room(facts, prompt_tokens, max_tokens)
    return ChatCall(
        model=model,
        facts=facts,
        turns=turns,
        prompt_tokens=prompt_tokens,
        stream=flag(body, "stream") or False,
        thinking=thinking,
        thinking_budget=integer(body, "thinking_budget"),
        max_tokens=max_tokens,
        stop=stop_sequences(body),
        n=integer(body, "n") or 1,
        # Qwen3-VL-*-Instruct take tools and never call them (probe of 13 September 2026).
        tools=tools if facts.tools else [],
        choice=_choice(body, tools, facts),
        parallel=flag(body, "parallel_tool_calls") is not False,
        json_form=form,
        json_schema=schema,
        prefix=prefix,
        suffix=suffix,
        text_before_tools=service.settings.text_before_tools,
        # Measured on Qwen3.5-4B and on vLLM itself; elsewhere the documents exempt the thinking.
        budget_covers_thinking=style_of(model) == "vllm" or service.native,
    )


def top_logprobs(body: JsonObject) -> int | None:
    """Return how many alternatives each token's probability comes with; `None` for none at all."""
    most = integer(body, "top_logprobs", least=0, most=MOST)
    return (most or 0) if flag(body, "logprobs") else None


def _thinking(body: JsonObject, facts: ModelFacts) -> bool:
    wanted = flag(body, "enable_thinking")
    if wanted is not None and (facts.thinking == "never" or "DeepSeek-R1" in facts.id):
        raise refusals.no_thinking_switch()
    if facts.thinking == "always":
        if "GLM-5.3" in facts.id:
            _check_effort(body, facts)
        return True
    if facts.thinking == "switch" and wanted is not None:
        return wanted
    return facts.thinking_by_default and facts.thinking != "never"


def _check_effort(body: JsonObject, facts: ModelFacts) -> None:
    thinking, effort = body.get("thinking"), text(body, "reasoning_effort")
    is_off = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    if (
        flag(body, "enable_thinking") is False
        or is_off
        or (effort is not None and effort not in facts.reasoning_efforts)
    ):
        raise refusals.always_thinks()


def _check_sampling(body: JsonObject) -> None:
    # Two refusals with codes of their own, and after them what the table says of all.
    if body.get("top_k") == 0:
        raise refusals.refusal(400, 20060, "top_k must be -1 or between 1 and 100.")
    n = integer(body, "n")
    if n is not None and n > 20:
        raise refusals.refusal(400, 20081, "n must be less than or equal to 20.")
    check_parameters(body, parameters_of("chat"))


def _json_form(body: JsonObject, facts: ModelFacts) -> tuple[JsonForm, JsonObject | None]:
    value = body.get("response_format")
    if value is None:
        return "text", None
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    kind = value.get("type")
    if kind == "text":
        return "text", None
    if kind == "json_object":
        if facts.known and "json_object" not in facts.json_modes:
            raise refusals.no_json_mode()
        return "json_object", None
    if kind != "json_schema":
        raise refusals.generic_invalid()
    if facts.known and "json_schema" not in facts.json_modes:
        raise refusals.no_json_mode()
    wrapper = value.get("json_schema")
    schema = wrapper.get("schema") if isinstance(wrapper, dict) else None
    if not isinstance(schema, dict):
        raise refusals.field_required()
    return "json_schema", schema


def _tools(body: JsonObject, facts: ModelFacts) -> list[ToolSpec]:
    value = body.get("tools")
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 128:
        raise refusals.generic_invalid()
    if not value:
        raise refusals.empty_list()
    tools = [_tool(item) for item in value]
    if not facts.tools and "Qwen3-VL-" not in facts.id:
        raise refusals.no_tools()
    return tools


def _tool(value: JsonValue) -> ToolSpec:
    if not isinstance(value, dict) or value.get("type") != "function":
        raise refusals.generic_invalid()
    function = required(value, "function")
    if not isinstance(function, dict):
        raise refusals.generic_invalid()
    name = required_text(function, "name")
    if not _TOOL_NAME.fullmatch(name):
        raise refusals.generic_invalid()
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise refusals.generic_invalid()
    flag(function, "strict")
    return ToolSpec(name, text(function, "description") or "", parameters or {})


def _choice(body: JsonObject, tools: Sequence[ToolSpec], facts: ModelFacts) -> Choice:
    value = body.get("tool_choice")
    if value is None or value == "auto":
        return "auto"
    if value == "none":
        return "none"
    if value == "required":
        return "required"
    if not isinstance(value, dict) or value.get("type") != "function":
        raise refusals.generic_invalid()
    function = value.get("function")
    if not isinstance(function, dict):
        raise refusals.field_required()
    name = required_text(function, "name")
    # One model takes "auto" alone (docs/wire.md#tool-calls); no source prints its wording.
    if "Qwen3-VL-32B-Instruct" in facts.id or (tools and name not in {tool.name for tool in tools}):
        raise refusals.generic_invalid()
    return NamedTool(name)


def _fill_in_the_middle(
    body: JsonObject, facts: ModelFacts, form: JsonForm
) -> tuple[str | None, str | None]:
    prefix, suffix = text(body, "prefix"), text(body, "suffix")
    if suffix is not None:
        if not facts.fim:
            raise refusals.refusal(400, 20031, "FIM is not supported for this model.")
        if form != "text":
            raise refusals.refusal(400, 20032, "FIM can not be used together with JSON mode.")
    elif prefix is not None:
        if form != "text":
            raise refusals.refusal(400, 20033, "Prefix can not be used together with JSON mode.")
        if "DeepSeek-R1" in facts.id or body.get("enable_thinking") is True:
            raise refusals.refusal(400, 20030, "Prefix is not supported for this model.")
    return prefix, suffix


def _prompt_tokens(turns: Sequence[Turn], tools: JsonValue) -> int:
    total = sum(
        _TURN_TOKENS
        + count_tokens(turn.text)
        + sum(count_tokens(call.name) + count_tokens(call.arguments) for call in turn.calls)
        + turn.media_tokens
        for turn in turns
    )
    return total + (count_tokens(encode(tools).decode()) if tools else 0)


def _check_room(facts: ModelFacts, prompt_tokens: int, max_tokens: int | None) -> None:
    window = facts.context_window
    if prompt_tokens >= window:
        raise refusals.context_overflow(facts.id, prompt_tokens, max_tokens or 0, window)
    # The one model seen to refuse a large max_tokens; others clamp it.
    limit = facts.max_output_tokens
    if max_tokens and limit and max_tokens > limit and facts.id == "THUDM/GLM-4-9B-0414":
        raise refusals.generic_invalid()
