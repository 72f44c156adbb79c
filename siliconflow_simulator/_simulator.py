"""The simulator: routes a request to its endpoint and spoils the answer where that was ordered."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from siliconflow_client import ModelFacts, known_models, lookup_model
from siliconflow_simulator import _errors as errors
from siliconflow_simulator._chat import answer_chat
from siliconflow_simulator._completions import complete
from siliconflow_simulator._embeddings import embed
from siliconflow_simulator._errors import Refusal
from siliconflow_simulator._faults import apply_faults, early_response, parse_faults
from siliconflow_simulator._fields import read_object
from siliconflow_simulator._models import list_models
from siliconflow_simulator._payloads import Identity, completion_payload, style_of, usage_of
from siliconflow_simulator._rerank import rerank
from siliconflow_simulator._streaming import ChatStream
from siliconflow_simulator._validate import check_chat
from siliconflow_simulator._wire import event_stream, json_response

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import httpx

    from siliconflow_simulator._faults import Fault
    from siliconflow_simulator._payloads import WireStyle
    from siliconflow_simulator._wire import SimRequest, SimResponse

StreamStyle: TypeAlias = Literal["auto", "inhouse", "vllm", "mixed"]

FAULT_HEADER: Final = "x-simulate"
TRACE_HEADER: Final = "x-siliconcloud-trace-id"
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class _Options:
    api_keys: frozenset[str] | None
    stream_style: StreamStyle
    text_before_tools: bool
    empty_follow_up_ids: bool
    max_embedding_inputs: int
    cached_share: float


class Simulator:
    """A local SiliconFlow: answers as documented, the same request always alike.

    It keeps no state, but for `faults`. Chat answers are taken from the passages in the prompt;
    it knows nothing else. What a model can do comes from the catalogue.

    Args:
        api_keys: Keys that are accepted; any non-empty key by default.
        models: Facts of further models, or other facts for known ones.
        stream_style: Form of chat streams: "inhouse", "vllm" or "mixed"; "auto" takes the one
            that the model's family was seen to use.
        text_before_tools: Write a sentence before tool calls, as some models do.
        empty_follow_up_ids: Write "" instead of null as id of later tool-call pieces.
        max_embedding_inputs: Most inputs of one request; the documents say 32, the server 64.
        cached_share: Part of every prompt that counts as read from the cache, 0 to 1.
        faults: Orders as in the header `x-simulate`, one for each of the first requests ("" for
            none), for trying retries. This is the only state: each order is used once.
    """

    def __init__(
        self,
        *,
        api_keys: Collection[str] | None = None,
        models: Iterable[ModelFacts] = (),
        stream_style: StreamStyle = "auto",
        text_before_tools: bool = False,
        empty_follow_up_ids: bool = False,
        max_embedding_inputs: int = 64,
        cached_share: float = 0.0,
        faults: Iterable[str] = (),
    ) -> None:
        self._options = _Options(
            api_keys=None if api_keys is None else frozenset(api_keys),
            stream_style=stream_style,
            text_before_tools=text_before_tools,
            empty_follow_up_ids=empty_follow_up_ids,
            max_embedding_inputs=max_embedding_inputs,
            cached_share=cached_share,
        )
        self._models = {facts.id: facts for facts in models}
        # Read at once, so that a mistyped order fails where it was written.
        self._faults = deque(parse_faults(order) for order in faults)

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        digest = request.digest()
        try:
            faults = self._ordered(request)
            response = early_response(faults)
            if response is None:
                response = apply_faults(self._answer(request, digest), faults)
        except Refusal as refusal:
            response = refusal.response()
        response.headers[TRACE_HEADER] = f"ti_{digest[:20]}"
        return response

    def transport(self) -> httpx.MockTransport:
        """Return an httpx transport that answers in process, in sync and async clients alike."""
        from siliconflow_simulator._transport import make_transport

        return make_transport(self.handle)

    def _ordered(self, request: SimRequest) -> list[Fault]:
        try:
            queued = self._faults.popleft()
        except IndexError:
            # Not "if the queue is empty": another thread may take the last one in between.
            queued = []
        return [*queued, *parse_faults(request.header(FAULT_HEADER) or "")]

    def _answer(self, request: SimRequest, digest: str) -> SimResponse:
        match (request.method.upper(), request.path):
            case ("POST", "/v1/chat/completions"):
                self._check_key(request)
                return self._chat(request, digest)
            case ("POST", "/v1/embeddings"):
                self._check_key(request)
                most = self._options.max_embedding_inputs
                return embed(request.body, self._lookup, max_inputs=most)
            case ("POST", "/v1/rerank"):
                self._check_key(request)
                return rerank(request.body, self._lookup, digest)
            case ("POST", "/v1/completions"):
                self._check_key(request)
                return complete(request.body, self._lookup, digest)
            case ("GET", "/v1/models"):
                self._check_key(request)
                return list_models(self._served(), request.query)
            case _:
                raise errors.page_not_found()

    def _check_key(self, request: SimRequest) -> None:
        sent = request.header("authorization") or ""
        key = sent[len(_BEARER) :].strip() if sent.lower().startswith(_BEARER) else ""
        allowed = self._options.api_keys
        if not key or (allowed is not None and key not in allowed):
            raise errors.token_invalid()

    def _lookup(self, model: str) -> ModelFacts:
        facts = self._models.get(model) or lookup_model(model)
        if not facts.known:
            raise errors.model_not_found()
        return facts

    def _served(self) -> list[ModelFacts]:
        known = {facts.id: facts for facts in known_models()}
        return list({**known, **self._models}.values())

    def _chat(self, request: SimRequest, digest: str) -> SimResponse:
        call = check_chat(read_object(request.body), self._lookup)
        style = self._style(call.model)
        answer = answer_chat(
            call,
            text_before_tools=self._options.text_before_tools,
            # Measured on Qwen3.5-4B only; elsewhere the documents exempt the thinking.
            budget_covers_thinking=style_of(call.model) == "vllm",
        )
        if style == "vllm" and call.forced and answer.finish_reason == "tool_calls":
            # Qwen3.5-4B says "stop" after a forced call (probe of 13 September 2026).
            answer = answer.finished("stop")
        answers = [answer] * call.n
        identity = Identity(digest, call.model, style)
        cached = int(call.prompt_tokens * self._options.cached_share)
        if call.stream:
            stream = ChatStream(
                identity,
                prompt_tokens=call.prompt_tokens,
                cached_tokens=cached,
                empty_follow_up_ids=self._options.empty_follow_up_ids,
                broken_calls=not call.facts.streaming_tools,
            )
            return event_stream(list(stream.chunks(answers)))
        usage = usage_of(
            call.prompt_tokens,
            answer.tokens * call.n,
            answer.reasoning_tokens * call.n,
            cached,
        )
        return json_response(completion_payload(identity, answers, usage))

    def _style(self, model: str) -> WireStyle:
        style = self._options.stream_style
        return style_of(model) if style == "auto" else style
