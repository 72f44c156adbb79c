"""`POST /completions`, plain and streamed, with a suffix for filling in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import CREATED, event_stream, json_response
from siliconflow_simulator.answers.call import Turn
from siliconflow_simulator.answers.from_text.fim import fill_in_the_middle
from siliconflow_simulator.answers.from_text.prose import answer_turns
from siliconflow_simulator.answers.tokens import count_tokens, split_tokens
from siliconflow_simulator.api._fields import (
    check_number,
    flag,
    integer,
    required_text,
    stop_sequences,
    text,
)
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange


@dataclass(frozen=True, slots=True)
class _Completion:
    id: str
    model: str
    text: str
    finish_reason: str
    prompt_tokens: int
    n: int

    def frame(self, choices: list[JsonValue]) -> JsonObject:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": CREATED,
            "model": self.model,
            "choices": choices,
        }

    def usage(self, tokens: int) -> JsonObject:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self.prompt_tokens + tokens,
        }


def complete(exchange: Exchange) -> SimResponse:
    """Answer a prompt with its continuation."""
    request = exchange.json()
    facts = exchange.model(request, "chat")
    if "image" in facts.inputs:
        raise refusals.refusal(400, 20039, "This model does not support the /completions endpoint.")
    prompt = required_text(request, "prompt")
    suffix = text(request, "suffix")
    if suffix is not None and not facts.fim:
        raise refusals.refusal(400, 20031, "FIM is not supported for this model.")
    check_number(request, "temperature", least=0, most=2)
    check_number(request, "top_p", least=0, most=1)
    prompt_tokens = count_tokens(prompt) + count_tokens(suffix or "")
    max_tokens = integer(request, "max_tokens", least=1)
    if prompt_tokens >= facts.context_window:
        raise refusals.context_overflow(
            facts.id, prompt_tokens, max_tokens or 0, facts.context_window
        )
    written = fill_in_the_middle(prompt, suffix)
    if not written:
        written = answer_turns([Turn("user", prompt)])
    for sequence in stop_sequences(request):
        written = written.partition(sequence)[0]
    pieces = split_tokens(written)
    cut = max_tokens is not None and len(pieces) > max_tokens
    made = _Completion(
        id=exchange.digest[:32],
        model=facts.id,
        text="".join(pieces[:max_tokens]),
        finish_reason="length" if cut else "stop",
        prompt_tokens=prompt_tokens,
        n=integer(request, "n", least=1, most=128) or 1,
    )
    return _stream(made) if flag(request, "stream") else _plain(made)


def _plain(made: _Completion) -> SimResponse:
    choices: list[JsonValue] = [
        {
            "index": index,
            "text": made.text,
            "finish_reason": made.finish_reason,
            "logprobs": None,
        }
        for index in range(made.n)
    ]
    payload = made.frame(choices)
    payload["usage"] = made.usage(count_tokens(made.text) * made.n)
    return json_response(payload)


def _stream(made: _Completion) -> SimResponse:
    events: list[JsonObject] = []
    tokens = 0
    for index in range(made.n):
        for piece in split_tokens(made.text):
            tokens += 1
            chunk = made.frame([_choice(index, piece, None)])
            chunk["usage"] = made.usage(tokens)
            events.append(chunk)
        last = made.frame([_choice(index, "", made.finish_reason)])
        last["usage"] = made.usage(tokens)
        events.append(last)
    return event_stream(events)


def _choice(index: int, written: str, finish: str | None) -> JsonObject:
    return {"index": index, "text": written, "finish_reason": finish, "logprobs": None}


ROUTES: Final = (Route("POST", "/v1/completions", complete),)
