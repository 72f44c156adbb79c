"""A request in Anthropic's form as the chat request that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import encode
from siliconflow_simulator.api._fields import integer, required, required_text, text
from siliconflow_simulator.api._parameters import check_parameters

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue, ModelFacts

_CHOICES: Final[dict[str, JsonValue]] = {"auto": "auto", "any": "required", "none": "none"}
_SAME: Final = ("model", "max_tokens", "temperature", "top_p", "stream")
_LEAST_BUDGET: Final = 128
_MOST_BUDGET: Final = 32768


def chat_body(body: JsonObject, facts: ModelFacts) -> JsonObject:
    """Translate a request.

    Args:
        body: Of `POST /messages`.
        facts: Says whether the model has a switch for its thinking.

    Raises:
        Refusal: A value of the wrong kind, or outside of the documented range.
    """
    check_parameters(body, parameters_of("messages"))
    turns = required(body, "messages")
    if not isinstance(turns, list):
        raise refusals.generic_invalid()
    messages: list[JsonValue] = []
    if body.get("system") is not None:
        messages.append({"role": "system", "content": _texts(body["system"])})
    for turn in turns:
        messages += _turn(turn)
    made: JsonObject = {name: body[name] for name in _SAME if body.get(name) is not None}
    made["messages"] = messages
    if body.get("stop_sequences") is not None:
        made["stop"] = body["stop_sequences"]
    if body.get("tools"):
        tools = body["tools"]
        if not isinstance(tools, list):
            raise refusals.generic_invalid()
        made["tools"] = [_tool(tool) for tool in tools]
    if body.get("tool_choice") is not None:
        made |= _choice(body["tool_choice"])
    if facts.thinking == "switch" and isinstance(thinking := body.get("thinking"), dict):
        made["enable_thinking"] = required_text(thinking, "type") != "disabled"
        budget = integer(thinking, "budget_tokens")
        if budget is not None:
            made["thinking_budget"] = min(max(budget, _LEAST_BUDGET), _MOST_BUDGET)
    return made


def _blocks(value: JsonValue) -> list[JsonObject]:
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if not isinstance(value, list):
        raise refusals.generic_invalid()
    blocks: list[JsonObject] = []
    for block in value:
        if not isinstance(block, dict):
            raise refusals.generic_invalid()
        blocks.append(block)
    return blocks


def _texts(value: JsonValue) -> str:
    return "\n".join(text(block, "text") or "" for block in _blocks(value))


def _turn(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    role = required_text(value, "role")
    blocks = _blocks(required(value, "content"))
    if role == "assistant":
        return [_assistant(blocks)]
    if role != "user":
        raise refusals.invalid("messages.role: Input should be 'user' or 'assistant'")
    turns: list[JsonValue] = []
    parts: list[JsonValue] = []
    for block in blocks:
        match required_text(block, "type"):
            case "tool_result":
                result: JsonObject = {
                    "role": "tool",
                    "tool_call_id": required_text(block, "tool_use_id"),
                    "content": _texts(block.get("content") or ""),
                }
                turns.append(result)
            case "text":
                parts.append({"type": "text", "text": required_text(block, "text")})
            case "image":
                parts.append({"type": "image_url", "image_url": {"url": _image(block)}})
            case _:
                raise refusals.generic_invalid()
    if parts:
        turns.append({"role": "user", "content": parts})
    return turns


def _image(block: JsonObject) -> str:
    source = required(block, "source")
    if not isinstance(source, dict):
        raise refusals.generic_invalid()
    if required_text(source, "type") == "url":
        return required_text(source, "url")
    kind, data = required_text(source, "media_type"), required_text(source, "data")
    return f"data:{kind};base64,{data}"


def _assistant(blocks: list[JsonObject]) -> JsonObject:
    said: list[str] = []
    thought: list[str] = []
    calls: list[JsonValue] = []
    for block in blocks:
        match required_text(block, "type"):
            case "text":
                said.append(required_text(block, "text"))
            case "thinking":
                thought.append(required_text(block, "thinking"))
            case "tool_use":
                function: JsonObject = {
                    "name": required_text(block, "name"),
                    "arguments": encode(block.get("input") or {}).decode(),
                }
                id = required_text(block, "id")
                calls.append({"id": id, "type": "function", "function": function})
            case _:
                raise refusals.generic_invalid()
    turn: JsonObject = {"role": "assistant", "content": "".join(said)}
    if thought:
        turn["reasoning_content"] = "".join(thought)
    if calls:
        turn["tool_calls"] = calls
    return turn


def _tool(value: JsonValue) -> JsonValue:
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    function: JsonObject = {
        "name": required_text(value, "name"),
        "description": text(value, "description") or "",
        "parameters": required(value, "input_schema"),
    }
    return {"type": "function", "function": function}


def _choice(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    kind = required_text(value, "type")
    made: JsonObject = {}
    if kind == "tool":
        named: JsonObject = {"name": required_text(value, "name")}
        made["tool_choice"] = {"type": "function", "function": named}
    elif kind in _CHOICES:
        made["tool_choice"] = _CHOICES[kind]
    else:
        raise refusals.generic_invalid()
    if value.get("disable_parallel_tool_use") is True:
        made["parallel_tool_calls"] = False
    return made
