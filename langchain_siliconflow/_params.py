"""Keywords: which are known, what others call them, and what to say about the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from siliconflow_client import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

CONNECTION_ALIASES: Final = {
    "siliconflow_api_key": "api_key",
    "openai_api_key": "api_key",
    "siliconflow_api_base": "base_url",
    "openai_api_base": "base_url",
    "api_base": "base_url",
    "request_timeout": "timeout",
    "http_async_client": "async_http_client",
}
"""Names that `langchain-siliconflow` 1.0, `langchain-openai` and `langchain-deepseek` use. They are
keywords only: no environment variable but SiliconFlow's own is ever read."""

CHAT_ALIASES: Final = {
    **CONNECTION_ALIASES,
    "model": "model_name",
    "max_completion_tokens": "max_tokens",
    "stop_sequences": "stop",
}

_ADVICE: Final = {
    "thinking": "use enable_thinking=True or False",
    "reasoning": "use enable_thinking, thinking_budget or reasoning_effort",
    "chat_template_kwargs": "use enable_thinking",
    "openai_proxy": "use http_client=httpx.Client(proxy=...) and async_http_client=",
    "organization": "SiliconFlow has no organizations",
    "openai_organization": "SiliconFlow has no organizations",
    "disabled_params": "leave it out: what is None is not sent",
    "service_tier": "SiliconFlow has no service tiers",
    "store": "SiliconFlow keeps no answers",
    "stream_chunk_timeout": "use timeout, which is seconds without a byte",
    "http_socket_options": "use http_client=httpx.Client(transport=...)",
    "check_embedding_ctx_length": "leave it out: texts are sent as text, not as token ids",
    "tiktoken_enabled": "leave it out: texts are sent as text, not as token ids",
    "embedding_ctx_length": "the model's limit is known; truncate=True cuts to it",
    "deployment": "use model",
    "default_query": "put what is needed into base_url or extra_body",
    "functions": "use bind_tools",
    "function_call": "use tool_choice of bind_tools",
    "stream_options": "use stream_usage",
    "streaming": "call stream() or astream()",
    "repetition_penalty": "use frequency_penalty, or extra_body where the server takes it",
    "use_responses_api": "SiliconFlow has chat completions only",
    "tiktoken_model_name": "tokens are estimated without a download; set custom_get_token_ids",
    "include_response_headers": 'the trace id is always in response_metadata["trace_id"]',
}


def unknown_keyword(name: str, known: Collection[str], owner: str) -> ConfigurationError:
    """Make the error for a keyword that does not exist, with the nearest that does."""
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    advice = _ADVICE.get(name) or (f"did you mean {near[0]!r}?" if near else None)
    text = f"{owner} has no keyword {name!r}"
    elsewhere = "extra_body" if "extra_body" in known else "model_kwargs"
    return ConfigurationError(
        f"{text}: {advice}" if advice else text,
        argument=name,
        hint=None if advice else f"what the API takes beyond the fields goes into {elsewhere}.",
    )


def with_model_kwargs(
    data: Mapping[str, object], known: Collection[str], aliases: Mapping[str, str]
) -> dict[str, Any]:
    """Move the fields that came in `model_kwargs` to where they are checked.

    Raises:
        ConfigurationError: A field is given twice, with different values.
    """
    extra = data.get("model_kwargs")
    if not extra or not isinstance(extra, Mapping):
        return dict(data)
    given = cast("Mapping[str, object]", extra)
    fields = {name: value for name, value in given.items() if aliases.get(name, name) in known}
    for name, value in fields.items():
        if data.get(name) not in (None, value):
            raise ConfigurationError(
                f"{name!r} is given as a keyword and in model_kwargs, with different values",
                argument=name,
            )
    rest = {name: value for name, value in given.items() if name not in fields}
    return {**data, **fields, "model_kwargs": rest}


def _asks_for_nothing(name: str, value: object) -> bool:
    """Whether another package's keyword only says what is so here anyway, such as "no proxy"."""
    return name in _ADVICE and (value is None or (value is False and name != "thinking"))


def resolve_keywords(
    data: Mapping[str, object],
    known: Collection[str],
    aliases: Mapping[str, str],
    owner: str,
) -> dict[str, object]:
    """Rename other packages' keywords to ours, and refuse those that mean nothing here.

    Raises:
        ConfigurationError: A keyword is unknown, or the same one came under two names
            with different values.
    """
    resolved: dict[str, object] = {}
    for name, value in data.items():
        target = aliases.get(name, name)
        if target not in known:
            if _asks_for_nothing(name, value):
                continue
            raise unknown_keyword(name, [*known, *aliases], owner)
        if resolved.get(target) is not None and value is not None and resolved[target] != value:
            raise ConfigurationError(
                f"{name!r} and another keyword both set {target!r}, to different values",
                argument=name,
            )
        if value is not None or target not in resolved:
            resolved[target] = value
    return resolved
