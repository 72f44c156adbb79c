"""The simulator: routes a request to its endpoint and spoils the answer where that was ordered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypedDict

from siliconflow_client import ConfigurationError
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._received import Log
from siliconflow_simulator._refusals import Refusal
from siliconflow_simulator.answers.rules import Rules, Unanswered, when
from siliconflow_simulator.answers.source import chat_answers
from siliconflow_simulator.api._exchange import Exchange
from siliconflow_simulator.api._routes import find_route
from siliconflow_simulator.api._service import Service
from siliconflow_simulator.api._settings import Settings, check_count, checked_keys
from siliconflow_simulator.faults.effects import apply_faults, early_response
from siliconflow_simulator.faults.orders import checked_orders, parse_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import httpx

    from siliconflow_client import ModelFacts
    from siliconflow_simulator._received import Received
    from siliconflow_simulator._wire import SimRequest, SimResponse
    from siliconflow_simulator.answers.call import ChatCall
    from siliconflow_simulator.answers.rules import Pattern, Rule
    from siliconflow_simulator.answers.source import AnswerSource
    from siliconflow_simulator.api._chat_stream import FollowUp
    from siliconflow_simulator.api._routes import Route
    from siliconflow_simulator.api._settings import BatchOutput, MessagesEnd, StreamStyle
    from siliconflow_simulator.faults.orders import Fault

FAULT_HEADER: Final = "x-simulate"
TRACE_HEADER: Final = "x-siliconcloud-trace-id"
_BEARER: Final = "bearer "


class LocalSettings(TypedDict, total=False):
    """Constructor keywords of any model class of ours, of the clients too."""

    api_key: str
    http_client: httpx.Client
    async_http_client: httpx.AsyncClient


class Simulator:
    """A local SiliconFlow: answers as documented, the same request always alike.

    Chat answers are taken from the passages in the prompt, or written down by `answers`. What a
    model can do comes from the catalogue.

    Args:
        answers: What answers chat requests and completions, once they are checked: a callable
            that is given a `ChatCall`; a list of answers (`says(…)`, `calls(…)`, `fails(…)`,
            texts) that are given in turn; or a list of rules (`when("weather").says("Sunny.")`).
            A request that no rule fits, or that comes after the list's end, is a 400 that says
            why. Left out, answers are made from the text (`from_text`).
        vectors: Makes the vector of a text, a list of floats, for `/embeddings`.
        scores: Makes the scores of documents against a query, for `/rerank`.
        api_keys: Keys that are accepted; any non-empty key by default.
        models: Facts of further models, or other facts for known ones.
        any_model: Serve every id, also one that the catalogue does not list, with what is assumed
            of unknown models; for each endpoint by its kind.
        stream_style: Form of chat answers: "inhouse", "vllm" or "mixed"; "auto" takes the one
            that the model's family was seen to use on this API. "vllm-native" is what vLLM 0.32
            itself sends, as in a private deployment, with logprobs and echo.
        text_before_tools: Write a sentence before tool calls, as some models do.
        empty_follow_up_ids: Write "" instead of null as id of later tool-call pieces.
        bare_follow_ups: Leave id, type and name out of later tool-call pieces. (The `openai`
            SDK's `.stream()` helper stumbles over the null that this API was seen to send.)
        max_embedding_inputs: Most inputs of one request; the documents say 32, the server 64.
        cached_share: Part of every prompt that counts as read from the cache, 0 to 1.
        batch_output: Whether batches name their results by ids, or by URLs; no source says which.
        messages_end: Whether streams of `/messages` end with `message_stop`, as Anthropic's do,
            or with `[DONE]`, as the vendor's page says.
        faults: Orders as in the header `x-simulate`, one for each of the first requests ("" for
            none, a status as a number or text), for trying retries; each order is used once.
        keep_requests: How many of the last requests are kept for `requests`; fewer where their
            bodies are more than 256 MiB together.

    Raises:
        ConfigurationError: A setting that cannot be meant.
    """

    def __init__(
        self,
        *,
        answers: AnswerSource = None,
        vectors: Callable[[str], Sequence[float]] | None = None,
        scores: Callable[[str, Sequence[str]], Sequence[float]] | None = None,
        api_keys: Collection[str] | None = None,
        models: Iterable[ModelFacts] = (),
        any_model: bool = False,
        stream_style: StreamStyle = "auto",
        text_before_tools: bool = False,
        empty_follow_up_ids: bool = False,
        bare_follow_ups: bool = False,
        max_embedding_inputs: int = 64,
        cached_share: float = 0.0,
        batch_output: BatchOutput = "id",
        messages_end: MessagesEnd = "message_stop",
        faults: Iterable[str | int] = (),
        keep_requests: int = 1000,
    ) -> None:
        follow_up: FollowUp = "empty" if empty_follow_up_ids else "null"
        if bare_follow_ups:
            follow_up = "absent"
        settings = Settings(
            api_keys=checked_keys(api_keys),
            stream_style=stream_style,
            text_before_tools=text_before_tools,
            follow_up=follow_up,
            max_embedding_inputs=max_embedding_inputs,
            cached_share=cached_share,
            batch_output=batch_output,
            messages_end=messages_end,
            any_model=any_model,
        )
        self._scripted = answers is not None
        check_count("keep_requests", keep_requests, 0)
        self._log = Log(keep_requests)
        self._service = Service(
            settings,
            models,
            chat=chat_answers(answers),
            vector=vectors,
            scores=scores,
            unanswered=self._log.note_unmatched,
        )
        # Read at once, so that a mistyped order fails where it was written.
        self._faults = deque(checked_orders(faults, "faults"))

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        self._log.note(request)
        digest = request.digest()
        try:
            faults = self._ordered(request)
            response = early_response(faults)
            if response is None:
                response = apply_faults(self._answer(request, digest, faults), faults)
        except Refusal as refusal:
            if isinstance(refusal, Unanswered):
                self._log.note_unmatched(refusal.message)
            response = _in_shape(request, refusal).response()
        response.headers[TRACE_HEADER] = f"ti_{digest[:20]}"
        return response

    @property
    def requests(self) -> list[Received]:
        """The last requests that came in, the oldest first."""
        return self._log.requests()

    @property
    def unmatched(self) -> list[str]:
        """Why the scripts did not answer some of them, the oldest first."""
        return self._log.unmatched()

    def when(
        self,
        message: Pattern | Callable[[ChatCall], bool] | None = None,
        /,
        *,
        system: Pattern | None = None,
        model: str | None = None,
        tool: str | None = None,
        result: Pattern | None = None,
    ) -> Rule:
        """Add a rule after the others, and return it so that its answers can be written.

        The arguments are those of `when`. From the first rule on, a request that no rule fits is
        an error.

        Raises:
            ConfigurationError: `answers` was a callable, or a list of answers in turn.
        """
        rules = self._service.chat
        if not isinstance(rules, Rules):
            if self._scripted:
                raise ConfigurationError(
                    "Rules cannot be added to answers that are a callable or a list in turn.",
                    argument="answers",
                )
            rules = self._service.chat = Rules()
        rule = when(message, system=system, model=model, tool=tool, result=result)
        rules.add(rule)
        return rule

    def order(self, *faults: str | int) -> None:
        """Let the next requests go wrong: orders as for `faults`, behind those still waiting.

        Raises:
            ConfigurationError: No such order.
        """
        self._faults.extend(checked_orders(faults, "faults"))

    def settings(self) -> LocalSettings:
        """Return constructor keywords that connect a model, or a client, to this simulator.

        Both HTTP clients are among them, so that neither way of calling reaches the network.
        """
        import httpx

        transport = self.transport()
        return {
            "api_key": "sk-simulator",
            "http_client": httpx.Client(transport=transport),
            "async_http_client": httpx.AsyncClient(transport=transport),
        }

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

    def _answer(self, request: SimRequest, digest: str, faults: Sequence[Fault]) -> SimResponse:
        found = find_route(request.method.upper(), request.path)
        if found is None:
            raise refusals.page_not_found()
        route, parts = found
        if route.needs_key:
            self._check_key(request, route)
        return route.answer(Exchange(request, self._service, digest, parts, faults))

    def _check_key(self, request: SimRequest, route: Route) -> None:
        sent = request.header("authorization") or ""
        key = sent[len(_BEARER) :].strip() if sent.lower().startswith(_BEARER) else ""
        if not key and route.takes_x_api_key:
            key = (request.header("x-api-key") or "").strip()
        allowed = self._service.settings.api_keys
        if not key or (allowed is not None and key not in allowed):
            raise refusals.token_invalid()


def _in_shape(request: SimRequest, refusal: Refusal) -> Refusal:
    """Return a refusal as the endpoint words it."""
    found = find_route(request.method.upper(), request.path)
    refuse = found[0].refuse if found else None
    return refusal if refuse is None else refuse(refusal)
