"""Runs a flow without any I/O: the test says what comes, and reads what the flow wanted done."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from siliconflow_client import Delta, SiliconFlowError
from siliconflow_client.endpoints.chat_stream import ChatDecoder
from siliconflow_client.errors.response import Head, Target
from siliconflow_client.protocol.actions import (
    Answer,
    Drop,
    Elapsed,
    Emit,
    Fetch,
    Finish,
    Flow,
    Read,
    Send,
    Wait,
)
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.gathering import Gathered
from siliconflow_client.protocol.requests import Request
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.callers import TRACE, Told

ASKED = Target("api.siliconflow.cn", "/chat/completions", "deepseek-ai/DeepSeek-V3.2")
REQUEST = Request("POST", ASKED.path, model=ASKED.model)
NOW = 1_790_000_000.0


@dataclass
class Reply:
    """One attempt's answer; an exception among the pieces breaks the connection there."""

    status: int = 200
    pieces: Sequence[bytes | Exception] = ()
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def head(self) -> Head:
        headers = {"x-siliconcloud-trace-id": TRACE, **self.headers}
        if self.content_type is not None:
            headers["content-type"] = self.content_type
        return Head(self.status, headers, NOW)


def events(*pieces: bytes | Exception) -> Reply:
    """A stream that comes in these pieces."""
    return Reply(200, pieces, "text/event-stream")


def fetched(reply: Reply, action: Fetch) -> tuple[Answer | None, Exception | None]:
    """The whole of a reply, or what broke it."""
    head = reply.head()
    gathered = Gathered(action.wanted(head))
    for piece in reply.pieces:
        if isinstance(piece, Exception):
            return None, piece
        gathered.add(piece)
        if not gathered.is_whole:
            break
    return Answer(head, gathered.content(), gathered.is_whole), None


class Hand:
    """Drives one flow over scripted replies; the last one repeats."""

    def __init__(self, replies: Iterable[Reply | Exception], seconds_per_try: float = 0.0) -> None:
        self.replies = list(replies)
        self.seconds_per_try = seconds_per_try
        self.clock = 0.0
        self.sent = 0
        self.waits: list[float] = []
        self.reasons: list[SiliconFlowError] = []
        self.emitted: list[list[Delta]] = []
        self.log: list[str] = []

    @property
    def deltas(self) -> list[Delta]:
        return [delta for batch in self.emitted for delta in batch]

    def run(self, flow: Flow):
        """Return the flow's result, or let its error out."""
        action = next(flow)
        pieces = iter(())
        while True:
            self.log.append(type(action).__name__.lower())
            outcome: object = None
            failure: Exception | None = None
            match action:
                case Send() | Fetch():
                    reply = self.replies[min(self.sent, len(self.replies) - 1)]
                    self.sent += 1
                    self.clock += self.seconds_per_try
                    if isinstance(reply, Exception):
                        failure = reply
                    elif isinstance(action, Send):
                        outcome, pieces = reply.head(), iter(reply.pieces)
                    else:
                        outcome, failure = fetched(reply, action)
                case Read():
                    piece = next(pieces, None)
                    if isinstance(piece, Exception):
                        failure = piece
                    else:
                        outcome = piece
                case Wait():
                    self.waits.append(action.seconds)
                    self.reasons.append(action.error)
                    self.clock += action.seconds
                case Emit():
                    assert action.items, "an empty batch was emitted"
                    self.emitted.append(list(action.items))
                case Elapsed():
                    outcome = self.clock
                case Drop() | Finish():
                    pass
            try:
                action = flow.throw(failure) if failure else flow.send(outcome)
            except StopIteration as stop:
                return stop.value

    def plain(
        self,
        parse=lambda content, head: json.loads(content),
        *,
        policy=None,
        jitter=lambda: 1.0,
        request: Request = REQUEST,
    ):
        context = RequestContext(ASKED.host, policy or RetryPolicy(), jitter)
        return self.run(Call(request, parse).flow(context))

    def stream(self, *, policy=None, jitter=lambda: 1.0, may_be_empty: bool = False) -> Told:
        """Run to the end, and tell what came."""
        state = StreamState[Delta]()
        decoder = functools.partial(ChatDecoder, may_be_empty=may_be_empty)
        context = RequestContext(ASKED.host, policy or RetryPolicy(), jitter)
        told = Told()
        try:
            self.run(StreamCall(REQUEST, decoder).flow(context, state))
        except SiliconFlowError as error:
            told.error = error
        told.deltas = self.deltas
        told.trace_id = None if state.head is None else state.head.trace_id
        if isinstance(state.decoder, ChatDecoder):
            told.id, told.model = state.decoder.normaliser.id, state.decoder.normaliser.model
        return told
