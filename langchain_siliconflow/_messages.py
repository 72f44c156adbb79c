"""LangChain messages as wire messages: pure functions, one per kind of message.

The newest question is checked strictly, and everything before it is forgiven (see `_history`).
The rules that the API has for a whole conversation (merging neighbours, moving system text to
the front, which turns carry their reasoning back, what becomes of broken arguments) are the
client's `normalise_messages`, which both adapters call last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_siliconflow._answers import called, from_ai
from langchain_siliconflow._content import as_block, plain_text, to_part, to_parts, unsupported
from langchain_siliconflow._history import (
    in_words,
    kind_of,
    medium_of_part,
    omitted,
    readable,
    warn_once,
)
from langchain_siliconflow._results import tool_result, why_not
from siliconflow_client import ConfigurationError, lookup_model, normalise_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import ContentPart, Message, ReasoningReplay

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
_ROLE_ALIASES: Final = {"human": "user", "ai": "assistant", "model": "assistant"}


def to_wire(
    messages: Sequence[BaseMessage], *, replay: ReasoningReplay = "tool_loop", model: str = ""
) -> list[Message]:
    """Turn a conversation into what `/chat/completions` takes.

    Args:
        messages: The conversation, in order.
        replay: Which assistant turns carry `reasoning_content` back.
        model: The model that is asked; what it cannot see is left out of the history.

    Raises:
        ConfigurationError: The newest question, or a system message, has no form on the wire;
            the text names the block. Nothing else of a history raises.
    """
    conversation = _Conversation(messages, model)
    for position, message in enumerate(messages):
        conversation.add(position, message)
    return normalise_messages(conversation.finish(), replay=replay)


class _Conversation:
    """The turns so far, and media that wait for the tool results to end."""

    def __init__(self, messages: Sequence[BaseMessage], model: str) -> None:
        self._messages = messages
        self._model = model
        self._question, self._strict = _newest_question(messages)
        self._turns: list[Message] = []
        self._moved: list[ContentPart] = []

    def finish(self) -> list[Message]:
        """Give the turns."""
        self._release()
        return self._turns

    def _append(self, turn: Message) -> None:
        if turn["role"] not in ("tool", "system", "developer"):
            self._release()
        self._turns.append(turn)

    def _release(self) -> None:
        if self._moved:
            self._turns.append({"role": "user", "content": self._moved})
            self._moved = []

    def add(self, place: int, message: BaseMessage) -> None:
        """Convert one message."""
        if isinstance(message, HumanMessage):
            self._add_question(place, message)
        elif isinstance(message, AIMessage):
            self._append(_named(from_ai(message), message))
        elif isinstance(message, ToolMessage):
            self._add_result(message.tool_call_id, message.content)
        elif isinstance(message, SystemMessage):
            text = _text_only(message, "system")
            self._append(_named({"role": "system", "content": text}, message))
        elif isinstance(message, FunctionMessage):
            self._add_function_result(place, message)
        elif isinstance(message, ChatMessage):
            self._add_chat(place, message)
        elif place == len(self._messages) - 1:
            raise ConfigurationError(
                f"messages of type {type(message).__name__} cannot be sent", argument="messages"
            )
        else:  # an instruction to a graph, such as RemoveMessage, or another package's own kind
            warn_once(type(message).__name__)
            self._add_told(message)

    def _add_told(self, message: BaseMessage, before: str = "") -> None:
        """Add the text of a message whose kind the API does not know, as the user's."""
        text = "\n".join(_texts_of(message.content))
        if text:
            self._append({"role": "user", "content": readable(f"{before}{text}")})

    # --- questions ----------------------------------------------------------------------------

    def _add_question(self, place: int, message: HumanMessage | ChatMessage) -> None:
        content = message.content
        if isinstance(content, str):
            self._append(_named({"role": "user", "content": self._clean(place, content)}, message))
            return
        # Anthropic puts tool results into the user's message; here they are messages of their own.
        rest: list[str | dict[Any, Any]] = []
        for block in content:
            if as_block(block).get("type") == "tool_result":
                result = as_block(block)
                self._add_result(str(result.get("tool_use_id", "")), result.get("content") or "")
            else:
                rest.append(block)
        if rest or len(rest) == len(content):
            wire: Message = {"role": "user", "content": self._question_content(place, rest)}
            self._append(_named(wire, message))

    def _clean(self, place: int, text: str) -> str:
        return text if self._is_strict(place) else readable(text)

    def _is_strict(self, place: int) -> bool:
        return self._strict and place == self._question

    def _question_content(
        self, place: int, content: Sequence[str | dict[Any, Any]]
    ) -> str | list[ContentPart]:
        if self._is_strict(place):
            parts = to_parts(content)
        else:
            parts = [part for block in content for part in self._forgiven(place, block)]
        texts = [part["text"] for part in parts if part["type"] == "text"]
        # Lines, because that is what the vLLM back end does with text parts for a text model.
        return "\n".join(texts) if len(texts) == len(parts) else parts

    def _forgiven(self, place: int, block: str | dict[Any, Any]) -> list[ContentPart]:
        try:
            part = to_part(block)
        except ConfigurationError:
            text = in_words(as_block(block))
            return [{"type": "text", "text": readable(text)}] if text else []
        if part["type"] == "text":
            return [{"type": "text", "text": readable(part["text"])}]
        medium = medium_of_part(part)
        # Earlier pictures only, and only where the model is known: the catalogue may be behind.
        if place != self._question and lookup_model(self._model).known:
            why = why_not(medium, self._model)
            if why is not None:
                warn_once(f"{medium} for {kind_of({'type': self._model})}")
                return [{"type": "text", "text": omitted(medium, why)}]
        return [part]

    # --- results and other kinds ----------------------------------------------------------------

    def _add_result(self, call_id: str, content: str | Sequence[str | dict[Any, Any]]) -> None:
        turn, moved = tool_result(call_id, content, self._model)
        self._append(turn)
        self._moved += moved

    def _add_function_result(self, place: int, message: FunctionMessage) -> None:
        """Pair OpenAI's old form of a call, which has no id, with its result."""
        before = self._messages[place - 1] if place else None
        asked = as_block(getattr(before, "additional_kwargs", {}).get("function_call"))
        if isinstance(before, AIMessage) and asked and not self._turns[-1].get("tool_calls"):
            call_id = f"call_{place}"
            name, arguments = str(asked.get("name")), str(asked.get("arguments") or "")
            self._turns[-1]["tool_calls"] = [called(call_id, name, arguments)]
            self._add_result(call_id, message.content)
        else:
            warn_once("FunctionMessage")
            self._add_told(message, f"Result of the function {message.name}: ")

    def _add_chat(self, place: int, message: ChatMessage) -> None:
        role = _ROLE_ALIASES.get(message.role, message.role)
        if role == "user":
            self._add_question(place, message)
        elif role == "assistant":
            self._append(_named(from_ai(AIMessage(message.content)), message))
        elif role in ("system", "developer"):
            self._append(_named({"role": role, "content": _text_only(message, role)}, message))
        elif role == "tool" and message.additional_kwargs.get("tool_call_id"):
            self._add_result(str(message.additional_kwargs["tool_call_id"]), message.content)
        elif role not in _ROLES and place == len(self._messages) - 1:
            known = ", ".join(sorted(_ROLES))
            raise ConfigurationError(
                f"ChatMessage role {message.role!r} is unknown; known are {known}",
                argument="messages",
            )
        else:
            warn_once(f"role {kind_of({'type': message.role})}")
            self._add_told(message)


def _newest_question(messages: Sequence[BaseMessage]) -> tuple[int, bool]:
    """Find the newest question, and whether it is unanswered: then it is checked strictly.

    A model that has answered has taken the question; what follows may be anyone's.
    """
    answered = False
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if _is_question(message):
            return place, not answered
        answered = answered or isinstance(message, AIMessage | ToolMessage | FunctionMessage)
    return -1, False


def _is_question(message: BaseMessage) -> bool:
    if isinstance(message, HumanMessage):
        return True
    return (
        isinstance(message, ChatMessage) and _ROLE_ALIASES.get(message.role, message.role) == "user"
    )


def _named(wire: Message, message: BaseMessage) -> Message:
    if message.name:
        wire["name"] = message.name
    return wire


def _text_only(message: BaseMessage, role: str) -> str:
    content = message.content
    if isinstance(content, str):
        return content
    text = plain_text(content)
    if text is None:
        odd = next(block for block in content if plain_text([block]) is None)
        raise unsupported(odd, role)
    return text


def _texts_of(content: str | Sequence[str | dict[Any, Any]]) -> list[str]:
    if isinstance(content, str):
        return [content]
    texts = (block if isinstance(block, str) else in_words(as_block(block)) for block in content)
    return [text for text in texts if text]
