"""`SiliconFlowCompletion`: texts continued, and gaps filled between a prompt and a suffix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

from llama_index.core.base.llms.generic_utils import (
    astream_completion_response_to_chat_response,
    completion_response_to_chat_response,
    messages_to_prompt,
    stream_completion_response_to_chat_response,
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
)
from llama_index.core.bridge.pydantic import SecretStr
from llama_index.core.llms.llm import LLM

from llama_index_siliconflow._completions import (
    CompletionFields,
    GrowingText,
    completion_response,
)
from llama_index_siliconflow._connection import KeySource
from llama_index_siliconflow._events import chat_events, completion_events
from llama_index_siliconflow._keywords import TextKeywords
from siliconflow_client import DEFAULT_CHAT_MODEL, lookup_model

if TYPE_CHECKING:
    import httpx
else:
    from llama_index_siliconflow._connection import httpx

_OUTPUT_WHEN_UNKNOWN = 4096


class SiliconFlowCompletion(CompletionFields, LLM):
    r"""Continue a text, or fill in the middle between a prompt and a suffix.

    Every parameter is a field and a keyword of each call; what is `None` is not sent. A call also
    takes `timeout`, `deadline`, `max_retries`, `extra_headers` and `extra_body`. A response's `raw`
    is the wire's own dict with `trace_id` added; a stream's last one has the final `usage`.

    Args:
        model: The model's id.
        api_key: The key, or a function that tells it; else `SILICONFLOW_API_KEY`.
        base_url: The site; else `SILICONFLOW_BASE_URL`, else `https://api.siliconflow.cn/v1`.
        endpoint: `chat` sends the prompt to `/chat/completions`, as `prefix` beside a `suffix`;
            both sites document it. `completions` sends it to `/completions`, which only the .com
            site documents.
        suffix: Text that follows what is to be filled in.
        http_client: An `httpx.Client` for synchronous calls.
        async_http_client: An `httpx.AsyncClient` for asynchronous calls.
        fields: All other fields, by name.

    Raises:
        ConfigurationError: A wrong URL or key. A missing key is missed at the first call.

    Examples:
        ```python
        from llama_index_siliconflow import SiliconFlowCompletion

        llm = SiliconFlowCompletion(model="Qwen/Qwen2.5-Coder-32B-Instruct", max_tokens=100)
        print(llm.complete("def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))"))
        ```
    """

    def __init__(
        self,
        model: str = DEFAULT_CHAT_MODEL,
        api_key: str | SecretStr | KeySource | None = None,
        base_url: str | None = None,
        *,
        endpoint: Literal["completions", "chat"] = "chat",
        suffix: str | None = None,
        http_client: httpx.Client | None = None,
        async_http_client: httpx.AsyncClient | None = None,
        **fields: Unpack[TextKeywords],
    ) -> None:
        settings: dict[str, Any] = {
            "model": model,
            "api_key": api_key,
            "base_url": base_url,
            "endpoint": endpoint,
            "suffix": suffix,
            "http_client": http_client,
            "async_http_client": async_http_client,
            **fields,
        }
        super().__init__(**settings)

    @classmethod
    def class_name(cls) -> str:
        """Name the class in serialised form."""
        return "SiliconFlowCompletion"

    @property
    def metadata(self) -> LLMMetadata:
        """Tell what LlamaIndex decides by: no chat model, no tools."""
        facts = lookup_model(self.model)
        window = self.context_window or facts.context_window
        limit = self.max_tokens or min(facts.max_output_tokens or _OUTPUT_WHEN_UNKNOWN, window // 4)
        return LLMMetadata(
            context_window=window,
            num_output=limit,
            is_chat_model=False,
            is_function_calling_model=False,
            model_name=self.model,
        )

    # --- the eight calls: events, callbacks, rate limiter and spans are the decorators' ---------

    @completion_events
    def complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponse:
        """Continue a prompt, or fill the gap before `suffix`."""
        return self._complete(self._prompt(prompt, formatted), kwargs)

    @completion_events
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponseGen:
        """Continue a prompt piece by piece."""
        return self._stream(self._prompt(prompt, formatted), kwargs)

    @completion_events
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponse:
        """Continue a prompt, or fill the gap before `suffix`."""
        return await self._acomplete(self._prompt(prompt, formatted), kwargs)

    @completion_events
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: object
    ) -> CompletionResponseAsyncGen:
        """Continue a prompt piece by piece."""
        return self._astream(self._prompt(prompt, formatted), kwargs)

    @chat_events
    def chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        """Continue a conversation that `messages_to_prompt` writes as text."""
        return completion_response_to_chat_response(self._complete(self._script(messages), kwargs))

    @chat_events
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponseGen:
        """Continue a conversation piece by piece."""
        pieces = self._stream(self._script(messages), kwargs)
        return stream_completion_response_to_chat_response(pieces)

    @chat_events
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: object) -> ChatResponse:
        """Continue a conversation that `messages_to_prompt` writes as text."""
        response = await self._acomplete(self._script(messages), kwargs)
        return completion_response_to_chat_response(response)

    @chat_events
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: object
    ) -> ChatResponseAsyncGen:
        """Continue a conversation piece by piece."""
        pieces = self._astream(self._script(messages), kwargs)
        return astream_completion_response_to_chat_response(pieces)

    # --- what they do ---------------------------------------------------------------------------

    def _complete(self, prompt: str, kwargs: dict[str, Any]) -> CompletionResponse:
        call, client = self._call(prompt, kwargs, stream=False), self._sync_client()
        ask = client.chat if call.endpoint == "chat" else client.complete
        return completion_response(
            ask(options=call.options, extra_body=call.extra_body, **call.request)
        )

    async def _acomplete(self, prompt: str, kwargs: dict[str, Any]) -> CompletionResponse:
        call, client = self._call(prompt, kwargs, stream=False), self._async_client()
        ask = client.chat if call.endpoint == "chat" else client.complete
        return completion_response(
            await ask(options=call.options, extra_body=call.extra_body, **call.request)
        )

    def _stream(self, prompt: str, kwargs: dict[str, Any]) -> CompletionResponseGen:
        call, client = self._call(prompt, kwargs, stream=True), self._sync_client()
        ask = client.stream_chat if call.endpoint == "chat" else client.stream_complete

        def responses() -> CompletionResponseGen:
            text = GrowingText()
            with ask(options=call.options, extra_body=call.extra_body, **call.request) as stream:
                for delta in stream:
                    yield text.add(delta, stream)

        return responses()

    def _astream(self, prompt: str, kwargs: dict[str, Any]) -> CompletionResponseAsyncGen:
        call, client = self._call(prompt, kwargs, stream=True), self._async_client()
        ask = client.stream_chat if call.endpoint == "chat" else client.stream_complete

        async def responses() -> CompletionResponseAsyncGen:
            text = GrowingText()
            async with ask(
                options=call.options, extra_body=call.extra_body, **call.request
            ) as stream:
                async for delta in stream:
                    yield text.add(delta, stream)

        return responses()

    def _prompt(self, prompt: str, formatted: bool) -> str:
        write = self.completion_to_prompt
        return prompt if formatted or write is None else write(prompt)

    def _script(self, messages: Sequence[ChatMessage]) -> str:
        return (self.messages_to_prompt or messages_to_prompt)(messages)
