"""The simulator: routes a request to its endpoint and spoils the answer where that was ordered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator.api._exchange import Exchange
from siliconflow_simulator.api._routes import find_route
from siliconflow_simulator.api._service import Service, Settings
from siliconflow_simulator.faults.effects import apply_faults, early_response
from siliconflow_simulator.faults.orders import parse_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import httpx

    from siliconflow_client import ModelFacts
    from siliconflow_simulator._wire import SimRequest, SimResponse
    from siliconflow_simulator.api._routes import Route
    from siliconflow_simulator.api._service import StreamStyle
    from siliconflow_simulator.faults.orders import Fault

FAULT_HEADER: Final = "x-simulate"
TRACE_HEADER: Final = "x-siliconcloud-trace-id"
_BEARER: Final = "bearer "


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
        settings = Settings(
            api_keys=None if api_keys is None else frozenset(api_keys),
            stream_style=stream_style,
            text_before_tools=text_before_tools,
            empty_follow_up_ids=empty_follow_up_ids,
            max_embedding_inputs=max_embedding_inputs,
            cached_share=cached_share,
        )
        self._service = Service(settings, models)
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
        from siliconflow_simulator.faces.transport import make_transport

        return make_transport(self.handle)

    def _ordered(self, request: SimRequest) -> list[Fault]:
        try:
            queued = self._faults.popleft()
        except IndexError:
            # Not "if the queue is empty": another thread may take the last one in between.
            queued = []
        return [*queued, *parse_faults(request.header(FAULT_HEADER) or "")]

    def _answer(self, request: SimRequest, digest: str) -> SimResponse:
        found = find_route(request.method.upper(), request.path)
        if found is None:
            raise refusals.page_not_found()
        route, parts = found
        self._check_key(request, route)
        return route.answer(Exchange(request, self._service, digest, parts))

    def _check_key(self, request: SimRequest, route: Route) -> None:
        sent = request.header("authorization") or ""
        key = sent[len(_BEARER) :].strip() if sent.lower().startswith(_BEARER) else ""
        if not key and route.takes_x_api_key:
            key = (request.header("x-api-key") or "").strip()
        allowed = self._service.settings.api_keys
        if not key or (allowed is not None and key not in allowed):
            raise refusals.token_invalid()
