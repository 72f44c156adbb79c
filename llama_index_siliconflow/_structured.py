"""Structured prediction: by function calling, or by `response_format` where that is switched on.

LlamaIndex's own function-calling program would do for the plain case. It forces no call while
streaming, forgets the system prompt in async, hides errors of a stream, and takes arguments that
were cut at `max_tokens` for finished ones; so the two ways are written here, once for all four
methods. Other program modes (text completion) stay LlamaIndex's.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Generator
from typing import Any, cast

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.instrumentation.events.llm import (
    LLMStructuredPredictEndEvent,
    LLMStructuredPredictStartEvent,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.program.utils import FlexibleModel
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools.types import BaseTool
from llama_index.core.types import PydanticProgramMode
from llama_index_instrumentation import get_dispatcher
from pydantic.errors import PydanticUserError

from llama_index_siliconflow._fields import ChatFields
from llama_index_siliconflow._prediction import Model, Prediction
from llama_index_siliconflow._schema import strict_schema, with_object_on_top
from siliconflow_client import ConfigurationError, JsonObject, lookup_model

_dispatcher = get_dispatcher(__name__)


class StructuredPrediction(ChatFields, FunctionCallingLLM):
    """The four methods that predict objects; what a call does is the subclass's."""

    def structured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: object,
    ) -> Model:
        """Predict one object.

        Args:
            output_cls: Its class.
            prompt: The prompt.
            llm_kwargs: Keywords for the call.
            prompt_args: What the prompt's template lacks.

        Raises:
            TruncatedAnswerError: The answer ends in the middle.
            UnexpectedAnswerError: It is no such object.
            SiliconFlowError: Every other failure of the call.
        """
        prediction = self._prediction(output_cls, prompt, llm_kwargs, prompt_args)
        if prediction is None:
            return cast(
                "Model",
                super().structured_predict(output_cls, _copy_of(prompt), llm_kwargs, **prompt_args),
            )
        _announce(output_cls, prompt, prompt_args)
        response: ChatResponse = self.chat(**prediction.chat_kwargs)
        result = prediction.result(response)
        _dispatcher.event(LLMStructuredPredictEndEvent(output=result))
        return result

    async def astructured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: object,
    ) -> Model:
        """Predict one object; see `structured_predict`."""
        prediction = self._prediction(output_cls, prompt, llm_kwargs, prompt_args)
        if prediction is None:
            return cast(
                "Model",
                await super().astructured_predict(
                    output_cls, _copy_of(prompt), llm_kwargs, **prompt_args
                ),
            )
        _announce(output_cls, prompt, prompt_args)
        response: ChatResponse = await self.achat(**prediction.chat_kwargs)
        result = prediction.result(response)
        _dispatcher.event(LLMStructuredPredictEndEvent(output=result))
        return result

    def _structured_stream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: object,
    ) -> Generator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None, None]:
        prediction = self._prediction(output_cls, prompt, llm_kwargs, prompt_args)
        if prediction is None:
            yield from super()._structured_stream_call(
                output_cls, _copy_of(prompt), llm_kwargs, **prompt_args
            )
            return
        last = None
        for last in self.stream_chat(**prediction.chat_kwargs):
            partial = prediction.partial(last)
            if partial is not None:
                yield partial
        result = prediction.result(last)
        if prediction.is_news(result):
            yield result

    async def _structured_astream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: object,
    ) -> AsyncGenerator[Model | list[Model] | FlexibleModel | list[FlexibleModel], None]:
        found = self._prediction(output_cls, prompt, llm_kwargs, prompt_args)
        if found is None:
            return await super()._structured_astream_call(
                output_cls, _copy_of(prompt), llm_kwargs, **prompt_args
            )
        prediction = found

        async def objects() -> AsyncGenerator[Model | FlexibleModel, None]:
            last = None
            async for last in await self.astream_chat(**prediction.chat_kwargs):
                partial = prediction.partial(last)
                if partial is not None:
                    yield partial
            result = prediction.result(last)
            if prediction.is_news(result):
                yield result

        return objects()

    def _prediction(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None,
        prompt_args: dict[str, object],
    ) -> Prediction[Model] | None:
        """Choose the way; `None` leaves it to LlamaIndex's programs."""
        if not self._predicts_itself():
            return None
        messages = self._extend_messages(prompt.format_messages(llm=self, **prompt_args))
        return self._prediction_from(output_cls, messages, llm_kwargs)

    def _by_format(self) -> bool:
        return (
            self.should_use_structured_outputs or self.structured_output_mode is not None
        ) and self.pydantic_program_mode is PydanticProgramMode.DEFAULT

    def _predicts_itself(self) -> bool:
        mode = self.pydantic_program_mode
        return (
            self._by_format()
            or mode is PydanticProgramMode.FUNCTION
            or (mode is PydanticProgramMode.DEFAULT and self.metadata.is_function_calling_model)
        )

    def _prediction_from(
        self,
        output_cls: type[Model],
        messages: list[ChatMessage],
        llm_kwargs: dict[str, Any] | None,
    ) -> Prediction[Model]:
        given = dict(llm_kwargs or {})
        for name in ("tool_required", "allow_parallel_tool_calls"):
            given.pop(name, None)
        if self._by_format():
            kwargs = self._format_kwargs(output_cls)
            instruction = kwargs.pop("instruction", None)
            if instruction is not None:
                messages = [instruction, *messages]
            given.pop("tool_choice", None)  # LlamaIndex's callers speak of tools all the same
            return Prediction(output_cls, {"messages": messages, **kwargs, **given})

        kwargs = self._prepare_chat_with_tools(
            [_tool_of(output_cls)], chat_history=messages, tool_required=True, **given
        )
        tool = kwargs["tools"][0]["function"]["name"]
        return Prediction(output_cls, kwargs, tool)

    def _format_kwargs(self, output_cls: type[BaseModel]) -> dict[str, Any]:
        facts = lookup_model(self.model)
        mode = self.structured_output_mode
        if mode is None:
            only_objects = facts.known and "json_schema" not in facts.json_modes
            mode = "json_object" if only_objects else "json_schema"
        schema = _schema_of(output_cls)
        if mode == "json_schema":
            name = re.sub(r"[^a-zA-Z0-9_-]", "_", output_cls.__name__)[:64]
            wanted = {"name": name, "schema": strict_schema(schema), "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        return {
            "response_format": {"type": "json_object"},
            # This mode knows no schema, and wants the word JSON in the prompt.
            "instruction": ChatMessage(
                role=MessageRole.SYSTEM,
                content="Answer with one JSON object that fits this JSON schema:\n"
                + json.dumps(schema, ensure_ascii=False),
            ),
        }


def _copy_of(prompt: PromptTemplate) -> PromptTemplate:
    """A prompt for LlamaIndex's own program, which leaves its parser on what it is given."""
    return prompt.model_copy()


def _announce(
    output_cls: type[BaseModel], prompt: PromptTemplate, prompt_args: dict[str, object]
) -> None:
    _dispatcher.event(
        LLMStructuredPredictStartEvent(
            output_cls=output_cls, template=prompt, template_args=prompt_args
        )
    )


def _schema_of(output_cls: type[BaseModel]) -> JsonObject:
    try:
        schema: JsonObject = output_cls.model_json_schema()
    except PydanticUserError as error:
        raise _no_schema(output_cls, error) from error
    return with_object_on_top(schema)


def _tool_of(output_cls: type[BaseModel]) -> BaseTool:
    from llama_index.core.program.function_program import get_function_tool

    try:
        tool = get_function_tool(output_cls)
    except PydanticUserError as error:
        raise _no_schema(output_cls, error) from error
    if tool.metadata.description.startswith(f"{tool.metadata.name}("):
        # LlamaIndex found no description at the top, and wrote the signature of its own function.
        description = _schema_of(output_cls).get("description")
        if isinstance(description, str):
            tool.metadata.description = description
    return tool


def _no_schema(output_cls: type[BaseModel], error: PydanticUserError) -> ConfigurationError:
    return ConfigurationError(
        f"{output_cls.__name__} has no JSON schema: {error.message}", argument="output_cls"
    )
