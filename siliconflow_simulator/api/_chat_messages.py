"""Read and check the messages of a chat request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from siliconflow_client import media_tokens
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import decode, is_base64
from siliconflow_simulator.answers.call import PastCall, Turn
from siliconflow_simulator.api._fields import required_text, text

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue, ModelFacts

_ROLES: Final = ("system", "user", "assistant", "tool")
_MEDIA: Final[dict[str, Literal["image", "video", "audio"]]] = {
    "image_url": "image",
    "video_url": "video",
    "audio_url": "audio",
}


def read_turns(value: JsonValue, facts: ModelFacts, *, thinking: bool) -> list[Turn]:
    """Read `messages`.

    Args:
        value: The field as sent.
        facts: Says which content parts the model takes.
        thinking: Whether the model will think; some then insist on the earlier reasoning.

    Raises:
        Refusal: For a wrong role, a missing user message, a part that the model does not take,
            a tool call without its type or whose arguments are no JSON object, and reasoning
            that was not sent back.
    """
    if not isinstance(value, list):
        raise refusals.generic_invalid()
    if not value:
        raise refusals.empty_list()
    turns = [_turn(item, index, facts) for index, item in enumerate(value)]
    if not any(turn.role == "user" for turn in turns):
        raise refusals.invalid("No user query found in messages.")
    # The printed refusal is Kimi-K2.5's.
    if thinking and facts.replays_reasoning:
        for index, turn in enumerate(turns):
            if turn.calls and not turn.reasoning:
                raise refusals.invalid(
                    "thinking is enabled but reasoning_content is missing in assistant tool call "
                    f"message at index {index}"
                )
    return turns


def _turn(value: JsonValue, index: int, facts: ModelFacts) -> Turn:
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    role = required_text(value, "role")
    if role not in _ROLES:
        raise refusals.invalid(
            f"messages.{index}.role: Input should be 'system', 'user', 'assistant' or 'tool'"
        )
    calls = _calls(value.get("tool_calls"), index)
    if "content" not in value and not calls:
        raise refusals.field_required()
    content = value.get("content")
    written, media = _content(content, facts)
    if role == "tool" and not text(value, "tool_call_id"):
        raise refusals.field_required()
    return Turn(
        role=role,
        text=written,
        calls=calls,
        tool_call_id=text(value, "tool_call_id") or "",
        media=media,
        media_tokens=_media_tokens(content, facts.id) if media else 0,
        reasoning=text(value, "reasoning_content") or "",
    )


def _content(value: JsonValue, facts: ModelFacts) -> tuple[str, tuple[str, ...]]:
    if value is None:
        return "", ()
    if isinstance(value, str):
        return value, ()
    if not isinstance(value, list):
        raise refusals.generic_invalid()
    texts: list[str] = []
    media: list[str] = []
    for part in value:
        if not isinstance(part, dict):
            raise refusals.generic_invalid()
        kind = required_text(part, "type")
        if kind == "text":
            texts.append(required_text(part, "text"))
        elif kind in _MEDIA:
            media.append(_media(part, kind, facts))
        else:
            raise refusals.generic_invalid()
    return "\n".join(texts), tuple(media)


def _media_tokens(content: JsonValue, model: str) -> int:
    parts = content if isinstance(content, list) else []
    return sum(media_tokens(part, model) for part in parts if isinstance(part, dict))


def _media(part: JsonObject, kind: str, facts: ModelFacts) -> str:
    needed = _MEDIA[kind]
    if facts.known and needed not in facts.inputs:
        raise refusals.generic_invalid() if "image" in facts.inputs else refusals.not_vlm()
    source = part.get(kind)
    if not isinstance(source, dict):
        raise refusals.field_required()
    url = required_text(source, "url")
    if not url.startswith(("http://", "https://", "data:")):
        raise refusals.generic_invalid()
    if url.startswith("data:image/") and not is_base64(url.partition(",")[2]):
        raise refusals.no_picture()
    if facts.known and url.startswith("data:application/pdf") and "pdf" not in facts.inputs:
        raise refusals.generic_invalid()
    return needed


def _calls(value: JsonValue, turn: int) -> tuple[PastCall, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise refusals.generic_invalid()
    return tuple(_past_call(item, turn, index) for index, item in enumerate(value))


def _past_call(value: JsonValue, turn: int, index: int) -> PastCall:
    if not isinstance(value, dict):
        raise refusals.generic_invalid()
    kind = value.get("type")
    if kind != "function":
        shown = "None" if kind is None else repr(kind)
        raise refusals.invalid(
            f"{index}.ChatCompletionMessageFunctionToolCallParam.type\n  Input should be 'function'"
            f" [type=literal_error, input_value={shown}, input_type={_python_type(kind)}]"
        )
    function = value.get("function")
    if not isinstance(function, dict):
        raise refusals.field_required()
    arguments = required_text(function, "arguments")
    if not _is_object(arguments):
        # Back ends fail on every later turn of such a conversation; the wording is ours.
        raise refusals.invalid(
            f"messages.{turn}.tool_calls.{index}.function.arguments: "
            "Input should be the text of a JSON object"
        )
    return PastCall(
        id=required_text(value, "id"),
        name=required_text(function, "name"),
        arguments=arguments,
    )


def _is_object(written: str) -> bool:
    try:
        return isinstance(decode(written), dict)
    except ValueError:
        return False


def _python_type(value: JsonValue) -> str:
    return "NoneType" if value is None else type(value).__name__
