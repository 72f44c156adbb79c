"""`POST /completions`, plain and streamed, with a suffix for filling in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import CREATED, event_stream, json_response
from siliconflow_simulator.answers.call import ChatCall, Turn
from siliconflow_simulator.answers.tokens import count_tokens, split_tokens
from siliconflow_simulator.api._delivery import choices_of, deliver
from siliconflow_simulator.api._fields import (
    flag,
    include_usage,
    integer,
    required_text,
    stop_sequences,
    text,
)
from siliconflow_simulator.api._logprobs import MOST, completion_logprobs
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.answers.answer import Answer
    from siliconflow_simulator.api._exchange import Exchange


@dataclass(frozen=True, slots=True)
class _Completion:
    id: str
    call: ChatCall
    answers: Sequence[Answer]
    echo: str
    alternatives: int | None
    usage_in_chunks: bool
    usage_at_the_end: bool

    def frame(self, choices: list[JsonValue]) -> JsonObject:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": CREATED,
            "model": self.call.model,
            "choices": choices,
        }

    def usage(self, tokens: int) -> JsonObject:
        said = self.answers[0].usage
        return said or {
            "prompt_tokens": self.call.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self.call.prompt_tokens + tokens,
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
    check_parameters(request, parameters_of("completions"))
    prompt_tokens = count_tokens(prompt) + count_tokens(suffix or "")
    max_tokens = integer(request, "max_tokens")
    if prompt_tokens >= facts.context_window:
        raise refusals.context_overflow(
            facts.id, prompt_tokens, max_tokens or 0, facts.context_window
        )
    call = ChatCall(
        model=facts.id,
        facts=facts,
        turns=[Turn("user", prompt)],
        prompt_tokens=prompt_tokens,
        stream=flag(request, "stream") or False,
        max_tokens=max_tokens,
        stop=stop_sequences(request),
        n=integer(request, "n") or 1,
        prefix=prompt,
        suffix=suffix,
    )
    native = exchange.service.native
    alternatives = integer(request, "logprobs", least=0, most=MOST) if native else None
    echo = native and (flag(request, "echo") or False)
    answers = choices_of(exchange.service.chat, call)
    made = _Completion(
        exchange.digest[:32],
        call,
        answers,
        prompt if echo else "",
        alternatives,
        usage_in_chunks=not native,
        usage_at_the_end=native and include_usage(request),
    )
    return deliver(answers, lambda: _stream(made) if call.stream else _plain(made))


def _plain(made: _Completion) -> SimResponse:
    choices: list[JsonValue] = []
    for index, answer in enumerate(made.answers):
        written = made.echo + answer.text
        choices.append(_choice(made, index, written, answer.ending, before=0))
    payload = made.frame(choices)
    payload["usage"] = made.usage(sum(count_tokens(answer.text) for answer in made.answers))
    return json_response(payload)


def _stream(made: _Completion) -> SimResponse:
    events: list[JsonObject] = []
    tokens = 0
    for index, answer in enumerate(made.answers):
        before = 0
        for piece in filter(None, [made.echo, *answer.streamed_text()]):
            tokens += 0 if piece is made.echo else count_tokens(piece)
            events.append(_chunk(made, tokens, _choice(made, index, piece, None, before=before)))
            before += len(piece)
        last = _choice(made, index, "", answer.ending, before=before)
        events.append(_chunk(made, tokens, last))
    if made.usage_at_the_end:
        events.append({**made.frame([]), "usage": made.usage(tokens)})
    return event_stream(events)


def _chunk(made: _Completion, tokens: int, choice: JsonObject) -> JsonObject:
    chunk = made.frame([choice])
    if made.usage_in_chunks:
        chunk["usage"] = made.usage(tokens)
    return chunk


def _choice(
    made: _Completion, index: int, written: str, finish: str | None, *, before: int
) -> JsonObject:
    choice: JsonObject = {
        "index": index,
        "text": written,
        "finish_reason": finish,
        "logprobs": None,
    }
    if made.alternatives is not None and written:
        begins = bool(made.echo) and before == 0
        offset = before if made.echo else before + len(made.call.prefix or "")
        choice["logprobs"] = completion_logprobs(
            split_tokens(written), made.alternatives, begins=begins, offset=offset
        )
    return choice


ROUTES: Final = (Route("POST", "/v1/completions", complete),)
