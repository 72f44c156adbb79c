"""SiliconFlow's chat models for LangChain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams, ModelProfile
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, model_validator

from langchain_siliconflow import _blocks
from langchain_siliconflow._answer_settings import AnswerSettings
from langchain_siliconflow._binding import ToolBinding
from langchain_siliconflow._chunks import ChunkBuilder, to_message
from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._fields import RequestFields
from langchain_siliconflow._keywords import ChatKeywords
from langchain_siliconflow._params import CHAT_ALIASES, with_model_kwargs
from langchain_siliconflow._profiles import profile_of
from langchain_siliconflow._request import REQUEST_FIELDS, ChatCall, build_call
from langchain_siliconflow._usage import add_token_usage, to_token_usage
from siliconflow_client import (
    ConfigurationError,
    ReasoningReplay,
    __version__,
)

if TYPE_CHECKING:
    from siliconflow_client import ChatCompletion

_blocks.register()


class ChatSiliconFlow(RequestFields, AnswerSettings, ToolBinding):
    """Chat with a model of SiliconFlow.

    The key comes from `api_key` or `SILICONFLOW_API_KEY`, the site from `base_url` or
    `SILICONFLOW_BASE_URL`. Nothing is opened before the first request. Fields carry the API's
    own names; what is `None` is not sent, and each can also be bound or given per call.
    `ChatOpenAI`'s common keywords (`model_name`, `request_timeout`, `max_completion_tokens`,
    `stop_sequences`, `model_kwargs`, `http_async_client`, ...) mean the same here.

    Ask, whole or in pieces:

    ```python
    from langchain_siliconflow import ChatSiliconFlow

    model = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", temperature=0, max_tokens=500)
    answer = model.invoke("Ice floats on water. What floats on water?")
    print(answer.text, answer.usage_metadata, answer.response_metadata["trace_id"])
    for chunk in model.stream("Ice floats on water. What floats on water?"):
        print(chunk.text, end="")
    ```

    Thinking is a block of its own, and also in `additional_kwargs["reasoning_content"]`;
    `content` stays a string (with `output_version="v1"` it is the blocks). Earlier thinking is
    sent back on turns with tool calls only; see `reasoning_replay`.

    ```python
    answer = model.invoke("Why is the sky blue?", enable_thinking=True, thinking_budget=1024)
    print([block["type"] for block in answer.content_blocks])
    ```

    Tools in every form that LangChain knows; a call whose arguments are no whole JSON object is
    in `invalid_tool_calls`, never in `tool_calls`. One limit is LangChain's: when you add up the
    pieces of `stream()` yourself, arguments that were cut off are repaired; look at
    `response_metadata["finish_reason"]`, which then is "length". Agents are safe.

    ```python
    def get_weather(city: str) -> str:
        '''Get the weather of a city.'''
        return f"Sunny in {city}."


    answer = model.bind_tools([get_weather]).invoke("What is the weather in Paris?")
    print(answer.tool_calls)
    ```

    Structured output as pydantic instances (or dictionaries, for a TypedDict or a JSON schema):

    ```python
    from pydantic import BaseModel


    class Person(BaseModel):
        name: str
        age: int


    print(model.with_structured_output(Person).invoke("The name is Anna, the age is 31."))
    ```

    Pictures, films, sounds and PDFs, in LangChain's, OpenAI's or Anthropic's form; URLs are
    passed on and never fetched. Only the newest question is refused for what it holds: in a
    history that another provider began, what this API has no place for is left out or described
    (a warning on the logger `siliconflow` says so, once a kind), and a picture in a tool result
    moves behind it.

    ```python
    from langchain_core.messages import HumanMessage

    viewer = ChatSiliconFlow(model="Qwen/Qwen3.5-27B", enable_thinking=False)
    picture = {"type": "image", "url": "https://example.com/a.png", "extras": {"detail": "low"}}
    print(viewer.invoke([HumanMessage(["What is this?", picture])]).text)
    ```

    Errors belong to SiliconFlow's tree and to LangChain's `ModelError` family, so that LangChain's
    retry, fallback and summarisation middleware know what to do with them:

    ```python
    from langchain_core.exceptions import ModelError

    try:
        model.invoke("Hello", model="nobody/knows-this")
    except ModelError as error:
        print(error.is_retryable, error)
    ```

    Retries (`max_retries`) cover transport errors, 408, 409, 429 and 5xx, for streams until the
    first piece; `timeout` is seconds without a byte, `deadline` seconds for the whole call.

    Raises:
        ConfigurationError: At construction: no key, a wrong setting, or a keyword
            that does not exist (the nearest that does is named).
    """

    _aliases: ClassVar[Mapping[str, str]] = CHAT_ALIASES

    reasoning_replay: ReasoningReplay = "tool_loop"
    """Which earlier turns send `reasoning_content` back: all those with tool calls (what
    DeepSeek-V3.2, GLM-4.7 and Kimi need), `always`, or `never`."""

    streaming: bool = False
    """Whether `invoke` streams inside; `False` set by hand switches streaming off."""

    stream_usage: bool = True
    """Whether streams ask for the tokens (`stream_options`), and the last piece tells them."""

    extra_body: dict[str, Any] | None = None
    """Anything else for the body of the request."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """As `extra_body`; names of fields are moved to the fields."""

    def __init__(self, **data: Unpack[ChatKeywords]) -> None:
        """See the fields; `ChatOpenAI`'s common keywords work too."""
        with langchain_errors():
            keywords = with_model_kwargs(data, type(self).model_fields, CHAT_ALIASES)
        super().__init__(**keywords)

    @model_validator(mode="after")
    def _set_siliconflow_version(self) -> Self:
        self._add_version("siliconflow-integrations", __version__)
        return self

    # --- what LangChain asks about -----------------------------------------------------------

    @property
    def model(self) -> str:
        """Id of the model."""
        return self.model_name

    @property
    def _llm_type(self) -> str:
        return "chat-siliconflow"

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Tell LangChain that `dumpd` writes a constructor call, without the key."""
        return True

    @property
    def _identifying_params(self) -> dict[str, Any]:
        fields = self.__dict__
        params: dict[str, Any] = {
            "model": self.model_name,
            "base_url": self._client.config.base_url,
        }
        params.update((name, fields[name]) for name in REQUEST_FIELDS if fields[name] is not None)
        for name in ("extra_body", "model_kwargs"):
            if fields[name]:
                params[name] = fields[name]
        return params

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "siliconflow"
        params["ls_model_name"] = str(kwargs.get("model") or self.model_name)
        words = stop or self.stop
        if words:
            params["ls_stop"] = words if isinstance(words, list) else [words]
        return params

    def _resolve_model_profile(self) -> ModelProfile | None:
        return profile_of(self.model_name)

    def _combine_llm_outputs(self, llm_outputs: list[dict[str, Any] | None]) -> dict[str, Any]:
        usages = [output.get("token_usage") for output in llm_outputs if output]
        total = add_token_usage(usage for usage in usages if usage)
        return {"token_usage": total, "model_name": self.model_name}

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text by its script, without a download.

        A Chinese, Japanese or Korean character counts as a token, four Latin letters as one.
        """
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens(text)
        from langchain_siliconflow._tokens import count_tokens

        return count_tokens(text)

    def get_num_tokens_from_messages(
        self,
        messages: Sequence[Any],
        tools: Sequence[Any] | None = None,
    ) -> int:
        """Estimate the tokens of a conversation and the tools it offers, without a download.

        Pictures, films, sounds and PDFs count by the vendor's formulas for this model; one whose
        size cannot be told, such as a URL, has a default (see `siliconflow_client.media_tokens`).
        """
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens_from_messages(list(messages), tools)
        from langchain_siliconflow._tokens import count_message_tokens

        return count_message_tokens(messages, tools, model=self.model_name)

    # --- the four methods that do the work ---------------------------------------------------

    def _call(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatCall:
        with langchain_errors():
            return build_call(self.__dict__, messages, stop, kwargs)

    def _stream_call(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> ChatCall:
        call = self._call(messages, stop, kwargs)
        if _is_several(call.request.get("n")):
            with langchain_errors():
                raise ConfigurationError(
                    "n > 1 cannot be streamed: the pieces of all answers would run together. "
                    "Use generate() or invoke(), or n=1.",
                    argument="n",
                )
        return call

    def _streaming_disabled(self, **kwargs: Any) -> bool:
        return _is_several(kwargs.get("n") or self.n) or super()._streaming_disabled(**kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, stop, kwargs)
        with langchain_errors(forced_choice=call.forces_tool):
            completion = self._client.chat(
                options=call.options, extra_body=call.extra_body, **call.request
            )
        return _to_result(completion, call.answer_class)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call = self._call(messages, stop, kwargs)
        with langchain_errors(forced_choice=call.forces_tool):
            completion = await self._async_client.chat(
                options=call.options, extra_body=call.extra_body, **call.request
            )
        return _to_result(completion, call.answer_class)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call = self._stream_call(messages, stop, kwargs)
        make = ChunkBuilder(include_usage=call.include_usage, answer_class=call.answer_class).chunk
        with (
            langchain_errors(forced_choice=call.forces_tool),
            self._client.stream_chat(
                options=call.options, extra_body=call.stream_body, **call.request
            ) as stream,
        ):
            for delta in stream:
                chunk = make(delta, stream)
                if chunk is not None:
                    yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call = self._stream_call(messages, stop, kwargs)
        make = ChunkBuilder(include_usage=call.include_usage, answer_class=call.answer_class).chunk
        with langchain_errors(forced_choice=call.forces_tool):
            async with self._async_client.stream_chat(
                options=call.options, extra_body=call.stream_body, **call.request
            ) as stream:
                async for delta in stream:
                    chunk = make(delta, stream)
                    if chunk is not None:
                        yield chunk


def _is_several(n: object) -> bool:
    """Whether more than one answer is asked for; what is no number is refused by name later."""
    return isinstance(n, int) and n > 1


def _to_result(completion: ChatCompletion, answer_class: type | None) -> ChatResult:
    output: dict[str, Any] = {"model_name": completion.model}
    if completion.usage is not None:
        output["token_usage"] = to_token_usage(completion.usage)
    return ChatResult(
        generations=[
            ChatGeneration(
                message=to_message(completion, choice, answer_class),
                generation_info={"finish_reason": choice.finish_reason},
            )
            for choice in completion.choices
        ],
        llm_output=output,
    )
