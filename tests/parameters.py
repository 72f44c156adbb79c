"""A value for every parameter of a text request, as the client's public types list them.

The lists come from `ChatRequest` and `CompletionRequest`, not from an adapter: what an adapter forgets
is missing in what it sends, and the tests that walk these lists see it.
"""

from __future__ import annotations

from typing import Any, Final

from siliconflow_client import ChatRequest, CompletionRequest

TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Get the weather.", "parameters": {}},
}
# Each differs from the default of the API and of both frameworks.
_VALUES: Final[dict[str, Any]] = {
    "max_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "min_p": 0.1,
    "frequency_penalty": 0.2,
    "presence_penalty": 0.3,
    "repetition_penalty": 1.1,
    "seed": 4,
    "n": 1,
    "stop": ["a", "b"],
    "response_format": {"type": "json_object"},
    "tools": [TOOL],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "enable_thinking": True,
    "thinking_budget": 128,
    "reasoning_effort": "high",
    "prefix": "p",
    "suffix": "s",
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"1": 1.0},
    "user": "u",
}

# What is asked, and of whom, has arguments of its own everywhere.
CHAT_PARAMETERS: Final = tuple(
    name for name in ChatRequest.__annotations__ if name not in {"model", "messages"}
)
COMPLETION_PARAMETERS: Final = tuple(
    name for name in CompletionRequest.__annotations__ if name not in {"model", "prompt"}
)


def value_of(name: str) -> Any:
    """Return a value to send; a parameter that is new in the types needs one above."""
    return _VALUES[name]
