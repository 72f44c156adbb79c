"""`SiliconFlow`: chat models for LlamaIndex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from llama_index.core.base.llms.generic_utils import (
    achat_to_completion_decorator,
    astream_chat_to_completion_decorator,
    chat_to_completion_decorator,
    stream_chat_to_completion_decorator,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.bridge.pydantic import SecretStr
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.tools.types import BaseTool

from llama_index_siliconflow._chunks import StreamedAnswer
from llama_index_siliconflow._connection import KeySource
from llama_index_siliconflow._errors import UnexpectedAnswerError
from llama_index_siliconflow._events import chat_events, completion_events
from llama_index_siliconflow._fields import Call
from llama_index_siliconflow._keywords import ChatKeywords
from llama_index_siliconflow._responses import as_only_chunk, chat_response, ending
from llama_index_siliconflow._structured import StructuredPrediction
from llama_index_siliconflow._tool_calls import tool_selections, wire_tool_choice
from llama_index_siliconflow._tool_specs import tool_specs
from siliconflow_client import DEFAULT_CHAT_MODEL, lookup_model

if TYPE_CHECKING:
    import httpx
else:
    from llama_index_siliconflow._connection import httpx

_OUTPUT_WHEN_UNKNOWN = 4096


class SiliconFlow(StructuredPrediction):
    """SiliconFlow's chat models: DeepSeek, Qwen, GLM, Kimi and others behind one API.

    Every parameter of the API is a field and a keyword of each call; what is `None` is not sent.
    Parameters without a name of their own go through `additional_kwargs`, or as keywords of a
    call. A call also takes `timeout`, `deadline`, `max_retries`, `extra_headers`, `extra_body`,
    `stream_usage`, `empty_answers`, `long_answers`, `fallback_models`, and
    `allow_parallel_tool_calls=False`, which keeps the first tool call of an answer only.

    The newest user message is checked strictly; what stands before it is history, in which blocks
    that the API has no place for are described in words, with one warning a kind.

    Responses hold a `ThinkingBlock` (if the model thought), one `TextBlock` and `ToolCallBlock`s;
    while streaming, new thinking text is in `additional_kwargs["thinking_delta"]`. `raw` is the
    wire's own dict with `trace_id` added; a stream's last one has the final `usage`. A tool call
    that was cut off at `max_tokens` is an error, so that no agent executes half of it.

    Args:
        api_key: The key, or a function that tells it; else `SILICONFLOW_API_KEY`.
        model: The model's id.
        base_url: The site; else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`.
        temperature: 0 to 2.
        max_tokens: Longest answer, in tokens.
        frequency_penalty: -2 to 2.
        timeout: Seconds without a byte, not a total.
        stop: Up to four strings at which the answer ends.
        max_retries: Further tries after the first.
        http_client: An `httpx.Client` for synchronous calls.
        async_http_client: An `httpx.AsyncClient` for asynchronous calls.
        fields: All other fields, by name.

    Raises:
        ConfigurationError: A wrong URL or key. A missing key is missed at the first call.

    Examples:
        ```python
        from llama_index_siliconflow import SiliconFlow

        llm = SiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=False)
        print(llm.complete("Who are you?"))
        ```
    """

    def __init__(
        self,
        api_key: str | SecretStr | KeySource | None = None,
        model: str = DEFAULT_CHAT_MODEL,
        base_url: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        frequency_penalty: float | None = None,
        timeout: float | None = None,
        stop: str | list[str] | None = None,
        max_retries: int = 3,
        *,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[ChatKeywords],
    ) -> None:
        settings: dict[str, Any] = {
            "api_key": api_key,
            "model": model,
            "base_url": base_url,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "frequency_penalty": frequency_penalty,
            "timeout": timeout,
            "stop": stop,
            "max_retries": max_retries,
            "http_client": http_client,
            "async_http_client": async_http_client,
            **fields,
        }
        super().__init__(**settings)

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlow"

    def to_payload(self) -> dict[str, Any]:
        """Tell tracers about the model; `model` and `temperature` are read by OpenTelemetry's."""
        return {
            "class_name": self.class_name(),
            **self.metadata.model_dump(),
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }

    @property
    def metadata(self) -> LLMMetadata:
        """Tell what LlamaIndex decides by: window, output limit, abilities."""
        facts = lookup_model(self.model)
        window = self.context_window or facts.context_window
        output = self.num_output or self.max_tokens
        if output is None:
            # Some limits are as large as the window; a prompt helper would have nothing left.
            output = min(facts.max_output_tokens or _OUTPUT_WHEN_UNKNOWN, window // 4)
        calls = self.is_function_calling_model
        return LLMMetadata(
            context_window=window,
            num_output=output,
            is_chat_model=True,
            is_function_calling_model=facts.tools if calls is None else calls,
            model_name=self.model,
            system_role=MessageRole.SYSTEM,
        )

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Estimate the tokens of a conversation for this model; nothing is sent or downloaded.

        Text counts by its script, and pictures, films, sounds and PDFs by the vendor's formulas;
        one whose size cannot be told, such as a URL, has a default (see
        `siliconflow_client.media_tokens`).
        """
        # Here, since few count and all import.
        from llama_index_siliconflow._counting import conversation_tokens

        return conversation_tokens(messages, self.model)

    # --- the eight calls: events, callbacks, rate limiter and spans are the decorators' ---------

    @chat_events
    def chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        """Answer a conversation."""
        return self._chat(messages, **kwargs)

    @chat_events
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponseGen:
        """Answer a conversation piece by piece."""
        return self._stream_chat(messages, **kwargs)

    @chat_events
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        """Answer a conversation."""
        return await self._achat(messages, **kwargs)

    @chat_events
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: object
    ) -> ChatResponseAsyncGen:
        """Answer a conversation piece by piece."""
        return await self._astream_chat(messages, **kwargs)

    @completion_events
    def complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponse:
        """Answer a prompt."""
        return chat_to_completion_decorator(self._chat)(prompt, **kwargs)

    @completion_events
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponseGen:
        """Answer a prompt piece by piece."""
        return stream_chat_to_completion_decorator(self._stream_chat)(prompt, **kwargs)

    @completion_events
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponse:
        """Answer a prompt."""
        return await achat_to_completion_decorator(self._achat)(prompt, **kwargs)

    @completion_events
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponseAsyncGen:
        """Answer a prompt piece by piece."""
        return await astream_chat_to_completion_decorator(self._astream_chat)(prompt, **kwargs)

    # --- what they do ---------------------------------------------------------------------------

    def _chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        call = self._call(messages, kwargs, stream=False)
        return self._plain(call)

    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        call = self._call(messages, kwargs, stream=False)
        return await self._aplain(call)

    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponseGen:
        call = self._call(messages, kwargs, stream=True)

        def responses() -> ChatResponseGen:
            if call.plain:
                yield as_only_chunk(self._plain(call))
                return
            answer = StreamedAnswer(call.shape)
            with self._sync_client().stream_chat(
                options=call.options, extra_body=call.extra_body, **call.request
            ) as stream:
                for delta in stream:
                    yield answer.add(delta, stream.trace_id, stream.fallback_from)

        return responses()

    async def _astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: object
    ) -> ChatResponseAsyncGen:
        call = self._call(messages, kwargs, stream=True)

        async def responses() -> ChatResponseAsyncGen:
            if call.plain:
                yield as_only_chunk(await self._aplain(call))
                return
            answer = StreamedAnswer(call.shape)
            async with self._async_client().stream_chat(
                options=call.options, extra_body=call.extra_body, **call.request
            ) as stream:
                async for delta in stream:
                    yield answer.add(delta, stream.trace_id, stream.fallback_from)

        return responses()

    def _plain(self, call: Call) -> ChatResponse:
        completion = self._sync_client().chat(
            options=call.options, extra_body=call.extra_body, **call.request
        )
        return chat_response(completion, call.shape)

    async def _aplain(self, call: Call) -> ChatResponse:
        completion = await self._async_client().chat(
            options=call.options, extra_body=call.extra_body, **call.request
        )
        return chat_response(completion, call.shape)

    # --- tools ----------------------------------------------------------------------------------

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        tool_choice: str | Mapping[str, Any] | None = None,
        strict: bool | None = None,
        **kwargs: object,
    ) -> dict[str, Any]:
        """Put together the keywords of `chat` for a conversation with tools.

        `tool_choice=None` leaves it to `tool_required`: LlamaIndex's own programs pass both.
        """
        messages = list(chat_history or ())
        if user_msg is not None:
            messages.append(
                ChatMessage(role=MessageRole.USER, content=user_msg)
                if isinstance(user_msg, str)
                else user_msg
            )
        prepared: dict[str, Any] = {"messages": messages, **kwargs}
        if not allow_parallel_tool_calls:
            prepared["allow_parallel_tool_calls"] = False
        specs = tool_specs(tools, strict=self.strict if strict is None else strict)
        if specs:
            choice = wire_tool_choice(tool_choice, required=tool_required, tools=specs)
            forced = choice not in ("auto", "none")
            prepared["tools"] = specs
            prepared["tool_choice"] = "auto" if forced and self.relax_tool_choice else choice
        return prepared

    def get_tool_calls_from_response(
        self,
        response: ChatResponse,
        error_on_no_tool_call: bool = True,
        **kwargs: object,
    ) -> list[ToolSelection]:
        """List the tool calls of a response, also of one that is still arriving.

        Args:
            response: A response, or a chunk of a stream.
            error_on_no_tool_call: Raise where there is none.
            kwargs: Unused; other integrations' callers pass some.

        Raises:
            UnexpectedAnswerError: There is none, and `error_on_no_tool_call` is set.
        """
        selections = tool_selections(response)
        if not selections and error_on_no_tool_call:
            raise UnexpectedAnswerError(
                "expected at least one tool call, but the model made none",
                trace_id=ending(response)[1],
                model=self.model,
                hint="tool_required=True asks for one.",
            )
        return selections
