"""One predicted object: the way from responses to it, growing and finished. Pure."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.bridge.pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from llama_index_siliconflow._arguments import parse_arguments
from llama_index_siliconflow._errors import UnexpectedAnswerError, misfit, truncated
from llama_index_siliconflow._json_text import answered, find_objects, growing_object, is_cut_off
from llama_index_siliconflow._responses import ending
from llama_index_siliconflow._tool_calls import block_arguments

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse
    from llama_index.core.program.utils import FlexibleModel

    from siliconflow_client import JsonObject

Model = TypeVar("Model", bound=BaseModel)

_KEYS_OF_CALLS: Final = frozenset({"name", "arguments", "parameters", "id", "type"})


class Prediction(Generic[Model]):
    """The keywords of one prediction's chat call, and what its responses say.

    Args:
        output_cls: The object's class.
        chat_kwargs: Keywords of the call.
        tool: Name of the tool whose call is the object; `None` where the text is.
    """

    __slots__ = ("_output_cls", "_seen", "_shown", "_tool", "chat_kwargs")

    def __init__(
        self, output_cls: type[Model], chat_kwargs: dict[str, Any], tool: str | None = None
    ) -> None:
        self.chat_kwargs = chat_kwargs
        self._output_cls = output_cls
        self._tool = tool
        self._seen: JsonObject = {}
        self._shown: Model | FlexibleModel | None = None

    def partial(self, response: ChatResponse) -> Model | FlexibleModel | None:
        """Build what there is so far; `None` if nothing is new."""
        message = response.message
        if self._tool is None:
            value = growing_object(answered(message.content or ""))
        else:
            block = _call(message)
            value = block_arguments(block) if block is not None else {}
        if not value or value == self._seen:
            return None
        self._seen = value
        try:
            self._shown = self._output_cls.model_validate(value)
        except ValidationError:
            self._shown = _flexible(self._output_cls).model_validate(value)
        return self._shown

    def is_news(self, result: Model) -> bool:
        """Tell whether the finished object differs from the last one that was handed out."""
        return result != self._shown

    def result(self, response: ChatResponse | None) -> Model:
        """Build the object from the finished answer.

        Raises:
            TruncatedAnswerError: The object ends in the middle.
            UnexpectedAnswerError: There is none, or it does not fit its class.
        """
        if response is None:
            raise UnexpectedAnswerError(f"no answer came for {self._output_cls.__name__}")
        failure: UnexpectedAnswerError | None = None
        for value in self._values(response):
            try:
                return self._output_cls.model_validate(value)
            except ValidationError as error:
                failure = failure or misfit(self._output_cls, error, ending(response)[1])
        assert failure is not None
        # The cause's text holds the answer's, and so would a traceback that shows it.
        raise failure from None

    def _values(self, response: ChatResponse) -> list[object]:
        """What may be the object, the likeliest first."""
        message = response.message
        call = _call(message) if self._tool is not None else None
        if call is None:
            text = answered(message.content or "")
        else:
            text = _raw_arguments(message, call)
            if not text.strip():
                return [{}]
        values: list[object]
        try:
            values = [from_json(text)]
        except ValueError:
            values = list(find_objects(text))
            if not values:
                raise self._missing(text, response) from None
        return values if self._tool is None else [_unwrapped(one, self._tool) for one in values]

    def _missing(self, text: str, response: ChatResponse) -> UnexpectedAnswerError:
        name = self._output_cls.__name__
        finish_reason, trace_id = ending(response)
        if finish_reason == "length" or is_cut_off(text):
            return truncated(name, finish_reason, trace_id)
        if self._tool is None:
            return UnexpectedAnswerError(
                f"expected a JSON object for {name}, but the answer holds none",
                trace_id=trace_id,
                hint="the model may not take this response_format; see structured_output_mode.",
            )
        if _call(response.message) is not None:
            return UnexpectedAnswerError(
                f"the arguments of the call of {name} are no JSON object", trace_id=trace_id
            )
        return UnexpectedAnswerError(
            f"expected a call of {name}, but the model answered with text",
            trace_id=trace_id,
            hint="it may not honour tool_choice='required'; should_use_structured_outputs=True "
            "or PydanticProgramMode.LLM are the other ways.",
        )


def _call(message: ChatMessage) -> ToolCallBlock | None:
    return next((block for block in message.blocks if isinstance(block, ToolCallBlock)), None)


def _raw_arguments(message: ChatMessage, call: ToolCallBlock) -> str:
    """The arguments of the first call as they came; its block holds only what could be read."""
    match message.additional_kwargs:
        case {"tool_calls": [{"function": {"arguments": str(raw)}}, *_]}:
            return raw
        case _:  # a subclass' own answer
            kwargs = call.tool_kwargs
            return kwargs if isinstance(kwargs, str) else to_json(kwargs).decode()


def _unwrapped(value: object, tool: str) -> object:
    """Take the arguments out of a call that was written as text: `{"name": …, "arguments": …}`."""
    if not isinstance(value, dict):
        return value
    call = cast("JsonObject", value)
    if call.get("name") != tool or not call.keys() <= {
        "name",
        "arguments",
        "parameters",
        "id",
        "type",
    }:
        return call
    arguments = call.get("arguments", call.get("parameters"))
    if isinstance(arguments, str):
        arguments = parse_arguments(arguments)
    return arguments if isinstance(arguments, dict) else call


@functools.lru_cache(maxsize=64)
def _flexible(output_cls: type[BaseModel]) -> type[FlexibleModel]:
    from llama_index.core.program.utils import create_flexible_model

    return create_flexible_model(output_cls)
