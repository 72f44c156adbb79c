"""Text completion and fill-in-the-middle with SiliconFlow's models, for LangChain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, Unpack, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams
from langchain_core.language_models.llms import BaseLLM
from langchain_core.outputs import Generation, GenerationChunk, LLMResult
from pydantic import Field, model_validator

from langchain_siliconflow._answer_settings import AnswerSettings
from langchain_siliconflow._errors import langchain_errors
from langchain_siliconflow._fields import from_table
from langchain_siliconflow._keywords import TextKeywords
from langchain_siliconflow._params import CHAT_ALIASES, unknown_keyword, with_model_kwargs
from langchain_siliconflow._request import asking_for_usage
from langchain_siliconflow._usage import add_token_usage, to_token_usage
from siliconflow_client import (
    DEFAULT_CHAT_MODEL,
    ChatChoice,
    ConfigurationError,
    __version__,
    parameters_of,
    settings_of,
)

if TYPE_CHECKING:
    from siliconflow_client import (
        ChatCompletion,
        ChatRequest,
        CompletionRequest,
        Delta,
        JsonValue,
        TextChoice,
        TextCompletion,
    )

Endpoint: TypeAlias = Literal["completions", "chat"]

_SETTINGS = (*settings_of("completions"), "enable_thinking")
_KNOWN = frozenset({*_SETTINGS, "model", "extra_body", "endpoint"})


class SiliconFlowLLM(AnswerSettings, BaseLLM):
    r"""Continue a text, or fill in the middle between a prompt and a suffix.

    ```python
    from langchain_siliconflow import SiliconFlowLLM

    llm = SiliconFlowLLM(model="Qwen/Qwen2.5-Coder-32B-Instruct", max_tokens=100)
    print(llm.invoke("def add(a, b):\n    return ", suffix="\n\nprint(add(1, 2))"))
    ```
    """

    _aliases: ClassVar[Mapping[str, str]] = CHAT_ALIASES

    model_name: str = DEFAULT_CHAT_MODEL
    """Id of the model; the keyword `model` sets it too."""

    endpoint: Endpoint = "chat"
    """`chat` sends the prompt to `/chat/completions`, as `prefix` beside a `suffix`; both sites
    document it. `completions` sends it to `/completions`, which only the .com site documents."""

    suffix: str | None = from_table("completions", "suffix")
    max_tokens: int | None = from_table("completions", "max_tokens")
    temperature: float | None = from_table("completions", "temperature")
    top_p: float | None = from_table("completions", "top_p")
    top_k: int | None = from_table("completions", "top_k")
    min_p: float | None = from_table("completions", "min_p")
    frequency_penalty: float | None = from_table("completions", "frequency_penalty")
    presence_penalty: float | None = from_table("completions", "presence_penalty")
    repetition_penalty: float | None = from_table("completions", "repetition_penalty")
    n: int | None = from_table("completions", "n")
    seed: int | None = from_table("completions", "seed")
    stop: list[str] | str | None = from_table("completions", "stop")
    logit_bias: dict[str | int, float] | None = from_table("completions", "logit_bias")
    enable_thinking: bool | None = from_table("chat", "enable_thinking")

    max_concurrency: int = Field(default=8, ge=1)
    """Prompts in flight at once."""

    stream_usage: bool = True
    """Whether streams ask for the tokens (`stream_options`)."""

    extra_body: dict[str, Any] | None = None
    """Anything else for the body of the request."""

    model_kwargs: dict[str, Any] = Field(default_factory=lambda: {})
    """As `extra_body`; names of fields are moved to the fields."""

    def __init__(self, **data: Unpack[TextKeywords]) -> None:
        """See the fields; other packages' names for them work too."""
        with langchain_errors():
            keywords = with_model_kwargs(data, type(self).model_fields, CHAT_ALIASES)
        super().__init__(**keywords)

    @model_validator(mode="after")
    def _set_siliconflow_llm_version(self) -> Self:
        self._add_version("siliconflow-integrations", __version__)
        return self

    @property
    def model(self) -> str:
        """Id of the model."""
        return self.model_name

    @property
    def _llm_type(self) -> str:
        return "siliconflow-llm"

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Tell LangChain that `dumpd` writes a constructor call, without the key."""
        return True

    @property
    def _identifying_params(self) -> dict[str, Any]:
        names = (*_SETTINGS, "extra_body")
        params = {name: self.__dict__[name] for name in names if self.__dict__[name] is not None}
        if self.model_kwargs:
            params["model_kwargs"] = self.model_kwargs
        return {
            "model": self.model_name,
            "base_url": self._client.config.base_url,
            "endpoint": self.endpoint,
            **params,
        }

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "siliconflow"
        params["ls_model_name"] = str(kwargs.get("model") or self.model_name)
        return params

    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text by its script, without a download."""
        if self.custom_get_token_ids is not None:
            return super().get_num_tokens(text)
        from langchain_siliconflow._tokens import count_tokens

        return count_tokens(text)

    # --- one prompt ---------------------------------------------------------------------------

    def _parameters(
        self, endpoint: Endpoint, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        for name in kwargs:
            if name not in _KNOWN:
                raise unknown_keyword(name, _KNOWN, "a call of SiliconFlowLLM")
        fields = self.__dict__
        parameters = {name: kwargs.get(name, fields[name]) for name in _SETTINGS}
        parameters["stop"] = (stop if stop is not None else parameters["stop"]) or None
        parameters["model"] = kwargs.get("model") or self.model_name
        given = {name: value for name, value in parameters.items() if value is not None}
        for name in given:
            if name not in parameters_of(endpoint):
                other = "chat" if endpoint == "completions" else "completions"
                raise ConfigurationError(f'{name} needs endpoint="{other}"', argument=name)
        return given

    def _chat_request(
        self, prompt: str, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> ChatRequest:
        parameters = self._parameters("chat", stop, kwargs)
        if "suffix" in parameters:
            # `messages` is required beside prefix and suffix; an empty one adds nothing.
            parameters |= {"prefix": prompt, "messages": [{"role": "user", "content": ""}]}
        else:
            parameters["messages"] = [{"role": "user", "content": prompt}]
        return cast("ChatRequest", parameters)

    def _completion_request(
        self, prompt: str, stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> CompletionRequest:
        parameters = self._parameters("completions", stop, kwargs)
        return cast("CompletionRequest", {**parameters, "prompt": prompt})

    def _endpoint(self, kwargs: Mapping[str, Any]) -> str:
        return str(kwargs.get("endpoint") or self.endpoint)

    def _check_streamed(self, kwargs: Mapping[str, Any]) -> None:
        if (kwargs.get("n", self.n) or 1) > 1:
            raise ConfigurationError(
                "n > 1 cannot be streamed: the pieces of all completions would run together. "
                "Use generate() or invoke(), or n=1.",
                argument="n",
            )

    def _extra_body(self, kwargs: Mapping[str, Any]) -> dict[str, JsonValue] | None:
        own = {**self.model_kwargs, **(self.extra_body or {})}
        return {**own, **(kwargs.get("extra_body") or {})} or None

    # --- LangChain's four methods ---------------------------------------------------------------

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        extra, width = self._extra_body(kwargs), self.max_concurrency
        with langchain_errors():
            if self._endpoint(kwargs) == "chat":
                chats = [self._chat_request(prompt, stop, kwargs) for prompt in prompts]
                return _to_result([*self._client.chat_many(chats, width=width, extra_body=extra)])
            texts = [self._completion_request(prompt, stop, kwargs) for prompt in prompts]
            return _to_result([*self._client.complete_many(texts, width=width, extra_body=extra)])

    async def _agenerate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        extra, width = self._extra_body(kwargs), self.max_concurrency
        client = self._async_client
        with langchain_errors():
            if self._endpoint(kwargs) == "chat":
                chats = [self._chat_request(prompt, stop, kwargs) for prompt in prompts]
                answers = client.chat_many(chats, width=width, extra_body=extra)
                return _to_result([answer async for answer in answers])
            requests = [self._completion_request(prompt, stop, kwargs) for prompt in prompts]
            texts = client.complete_many(requests, width=width, extra_body=extra)
            return _to_result([text async for text in texts])

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        extra = asking_for_usage(self._extra_body(kwargs), None, wanted=self.stream_usage)
        with langchain_errors():
            self._check_streamed(kwargs)
            if self._endpoint(kwargs) == "chat":
                chat = self._chat_request(prompt, stop, kwargs)
                stream = self._client.stream_chat(extra_body=extra, **chat)
            else:
                text = self._completion_request(prompt, stop, kwargs)
                stream = self._client.stream_complete(extra_body=extra, **text)
            with stream:
                for delta in stream:
                    chunk = _to_chunk(delta, stream.trace_id, stream.fallback_from)
                    if run_manager is not None:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    async def _astream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[GenerationChunk]:
        extra = asking_for_usage(self._extra_body(kwargs), None, wanted=self.stream_usage)
        with langchain_errors():
            self._check_streamed(kwargs)
            if self._endpoint(kwargs) == "chat":
                chat = self._chat_request(prompt, stop, kwargs)
                stream = self._async_client.stream_chat(extra_body=extra, **chat)
            else:
                text = self._completion_request(prompt, stop, kwargs)
                stream = self._async_client.stream_complete(extra_body=extra, **text)
            async with stream:
                async for delta in stream:
                    chunk = _to_chunk(delta, stream.trace_id, stream.fallback_from)
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk


def _to_chunk(delta: Delta, trace_id: str | None, fallback_from: str | None) -> GenerationChunk:
    info: dict[str, Any] = {}
    if delta.reasoning:
        info["reasoning_content"] = delta.reasoning
    if delta.finish_reason is not None:
        info |= {"finish_reason": delta.finish_reason, "model_name": delta.model}
        if trace_id is not None:
            info["trace_id"] = trace_id
        if fallback_from is not None:
            info["fallback_from"] = fallback_from
    if delta.usage is not None:
        info["token_usage"] = to_token_usage(delta.usage)
    return GenerationChunk(text=delta.text, generation_info=info or None)


def _to_result(answers: Sequence[ChatCompletion | TextCompletion]) -> LLMResult:
    usages = [to_token_usage(answer.usage) for answer in answers if answer.usage is not None]
    return LLMResult(
        generations=[
            [_to_generation(answer, choice) for choice in answer.choices] for answer in answers
        ],
        llm_output={
            "token_usage": add_token_usage(usages),
            "model_name": answers[0].model if answers else "",
        },
    )


def _to_generation(
    answer: ChatCompletion | TextCompletion, choice: ChatChoice | TextChoice
) -> Generation:
    info: dict[str, Any] = {"finish_reason": choice.finish_reason, "model_name": answer.model}
    if answer.trace_id is not None:
        info["trace_id"] = answer.trace_id
    if answer.fallback_from is not None:
        info["fallback_from"] = answer.fallback_from
    if isinstance(choice, ChatChoice) and choice.reasoning:
        info["reasoning_content"] = choice.reasoning
    return Generation(text=choice.text, generation_info=info)
