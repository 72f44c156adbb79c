"""`ChatMessage`s to wire messages. Pure; the client's `normalise_messages` has the last word.

What the user has just written is checked strictly here, and refused by the block's name. All else
is history, which `_history` reads without ever raising. The rules that every adapter shares (merged
neighbours, which turns carry `reasoning_content` back) are the client's.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final, NoReturn, assert_never

from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from llama_index_siliconflow._arguments import dump_arguments
from llama_index_siliconflow._foreign_calls import foreign_calls
from llama_index_siliconflow._history import History
from llama_index_siliconflow._media import (
    audio_part,
    document_text,
    image_part,
    pdf_part,
    video_part,
)
from llama_index_siliconflow._settings import check_each
from siliconflow_client import ConfigurationError, lookup_model, normalise_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llama_index.core.base.llms.types import ContentBlock

    from llama_index_siliconflow._history import Place
    from siliconflow_client import ContentPart, Message, ReasoningReplay, ToolCallParam

_ROLES: Final[Mapping[MessageRole, Place]] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.MODEL: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.TOOL: "tool",
    MessageRole.FUNCTION: "tool",
}


def wire_messages(
    messages: Sequence[ChatMessage], *, model: str, replay: ReasoningReplay = "tool_loop"
) -> list[Message]:
    """Turn a conversation into the API's messages.

    The newest user message (or a system message, where no user says anything) is checked strictly,
    as long as no answer follows it. In all other turns, what the API has no place for is described
    in words or left out, with one warning a kind; pictures of tool results move to a user message
    after them where the model can see.

    Args:
        messages: The conversation; it is not changed.
        model: Decides which media and documents can be sent.
        replay: Which assistant turns carry their thinking back.

    Raises:
        ConfigurationError: The newest turn holds a block that cannot be sent, or a message is
            none of LlamaIndex's; named.
    """
    hint = 'write ChatMessage(role="user", content="...").'
    check_each("messages", messages, ChatMessage, "a ChatMessage", hint)
    newest = _newest(messages)
    history = History(model)
    calls = _OpenCalls()
    wire: list[Message] = []
    for position, message in enumerate(messages):
        place = _ROLES[message.role]
        if place != "tool" and (pictures := history.moved()) is not None:
            wire.append(pictures)
        match place:
            case "assistant":
                wire.append(_assistant(message, position, history, calls))
            case "tool":
                wire.append(_tool_result(message, history, calls))
            case "system" | "user":
                content = (
                    _checked(message, place, model)
                    if position == newest
                    else history.content(message, place)
                )
                wire.append(_named({"role": place, "content": content}, message))
            case _:
                assert_never(place)
    if (pictures := history.moved()) is not None:
        wire.append(pictures)
    for note in history.notes:
        warnings.warn(f"SiliconFlow, in the history of a chat: {note}", stacklevel=2)
    return normalise_messages(wire, replay=replay)


def _newest(messages: Sequence[ChatMessage]) -> int | None:
    """Tell where what was just written stands; `None` if an answer or a tool result follows it."""
    system: int | None = None
    answered = False
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        match _ROLES[message.role]:
            case "user":
                return None if answered else position
            case "system":
                system = position if system is None and not answered else system
            case "assistant" if message.additional_kwargs.get("prefix") is True:
                pass  # the beginning of the answer that is asked for
            case _:
                answered = True
    return system


def _checked(message: ChatMessage, place: Place, model: str) -> str | list[ContentPart]:
    """The newest turn: a plain string as long as there is only text.

    Raises:
        ConfigurationError: A block that cannot be sent, named.
    """
    parts: list[ContentPart] = []
    for block in message.blocks:
        match block:
            case TextBlock():
                parts.append({"type": "text", "text": block.text})
            case CachePoint():  # SiliconFlow caches prompts by itself
                pass
            case ImageBlock() if place == "user":
                parts.append(image_part(block))
            case VideoBlock() if place == "user":
                frames = message.additional_kwargs.get("max_frames")
                parts.append(video_part(block, max_frames=frames))
            case AudioBlock() if place == "user":
                parts.append(audio_part(block))
            case DocumentBlock() if (text := document_text(block)) is not None:
                parts.append({"type": "text", "text": text})
            case DocumentBlock() if place == "user" and "pdf" in lookup_model(model).inputs:
                parts.append(pdf_part(block))
            case (
                ImageBlock()
                | VideoBlock()
                | AudioBlock()
                | DocumentBlock()
                | CitableBlock()
                | CitationBlock()
                | ThinkingBlock()
                | ToolCallBlock()
            ):
                _refuse(block, f"in a {place} message to {model}")
            case _:
                assert_never(block)
    texts = [part["text"] for part in parts if part["type"] == "text"]
    return "\n".join(texts) if len(texts) == len(parts) else parts


class _OpenCalls:
    """Which tool calls wait for their results, so that results without an id find theirs."""

    __slots__ = ("_dropped", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[ToolCallParam] = []
        self._dropped = False

    def opened(self, calls: Sequence[ToolCallParam], *, dropped: bool) -> None:
        """Take the calls of the latest assistant turn."""
        self._waiting = list(calls)
        self._dropped = dropped

    def answered(self, call_id: object, name: object) -> str | None:
        """Tell whose result this is: by its id, else by its tool's name, else in order."""
        if isinstance(call_id, str) and call_id:
            found = next((call for call in self._waiting if call["id"] == call_id), None)
            if found is None and self._dropped:
                return None  # of a call that could not be sent either
        else:
            named = (call for call in self._waiting if call["function"]["name"] == name)
            found = next(named, self._waiting[0] if self._waiting else None)
            if found is None:
                return None
            call_id = found["id"]
        if found is not None:
            self._waiting.remove(found)
        return call_id


def _assistant(
    message: ChatMessage, position: int, history: History, open_calls: _OpenCalls
) -> Message:
    thinking: list[str] = []
    made: list[ToolCallBlock | None] = []
    spoken: list[ContentBlock] = []
    for block in message.blocks:
        match block:
            case ThinkingBlock():
                thinking.append(block.content or "")
            case ToolCallBlock():
                made.append(block if block.tool_name else None)
            case _:
                spoken.append(block)
    kwargs = message.additional_kwargs
    if not made:
        made = foreign_calls(kwargs)
    calls = [
        _call(block, f"call_{position}_{number}", history)
        for number, block in enumerate(made)
        if block is not None
    ]
    if len(calls) < len(made):
        history.note("tool calls without a name were left out")
    open_calls.opened(calls, dropped=len(calls) < len(made))
    turn: Message = {"role": "assistant", "content": history.text(spoken, "assistant")}
    reasoning = "".join(thinking) or kwargs.get("reasoning_content")
    if isinstance(reasoning, str) and reasoning:
        turn["reasoning_content"] = history.clean(reasoning)
    if calls:
        turn["tool_calls"] = calls
    if kwargs.get("prefix") is True:
        turn["prefix"] = True
    return _named(turn, message)


def _tool_result(message: ChatMessage, history: History, open_calls: _OpenCalls) -> Message:
    kwargs = message.additional_kwargs
    text = history.text(message.blocks, "tool")
    name = kwargs.get("name")
    call_id = open_calls.answered(kwargs.get("tool_call_id"), name)
    if call_id is None:
        history.note("tool results of no known call are sent as user messages")
        tool = f" of {name}" if isinstance(name, str) and name else ""
        return {"role": "user", "content": f"[result{tool}: {text}]"}
    return {"role": "tool", "tool_call_id": call_id, "content": text}


def _named(turn: Message, message: ChatMessage) -> Message:
    name = message.additional_kwargs.get("name")
    if isinstance(name, str) and name:
        turn["name"] = name
    return turn


def _call(block: ToolCallBlock, fallback_id: str, history: History) -> ToolCallParam:
    kwargs = block.tool_kwargs
    return {
        "id": block.tool_call_id or fallback_id,
        "type": "function",
        "function": {
            "name": block.tool_name,
            "arguments": history.clean(
                kwargs if isinstance(kwargs, str) else dump_arguments(kwargs)
            ),
        },
    }


def _refuse(block: ContentBlock, where: str) -> NoReturn:
    raise ConfigurationError(f"{type(block).__name__} cannot be sent {where}", argument="messages")
