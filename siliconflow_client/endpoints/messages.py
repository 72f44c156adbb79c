"""`POST /messages`: chat in Anthropic's form, for programs written for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack, cast

from siliconflow_client._json import JsonValue
from siliconflow_client.endpoints.checks import as_sequence, checked_body, model_of, wrong
from siliconflow_client.endpoints.messages_shapes import (
    MessagesAnswer,
    MessagesEvent,
    MessagesRequest,
    answer_from_wire,
)
from siliconflow_client.endpoints.messages_stream import MessagesDecoder
from siliconflow_client.endpoints.shapes import read_object
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.flow import Call, StreamCall
from siliconflow_client.protocol.groups import AsyncItems, AsyncOpen, AsyncRun, Items, Open, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import EVENT_STREAM, Request, json_content


def read_answer(content: bytes, head: Head) -> MessagesAnswer:
    """Read the answer of `POST /messages`."""
    return answer_from_wire(read_object(content), head.trace_id)


def messages_call(
    request: MessagesRequest, extra_body: Mapping[str, JsonValue] | None
) -> Call[MessagesAnswer]:
    """Ask for a whole answer.

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    return Call(_request(request, extra_body, stream=False), read_answer)


def messages_stream_call(
    request: MessagesRequest, extra_body: Mapping[str, JsonValue] | None
) -> StreamCall[MessagesEvent]:
    """Ask for an answer in pieces; as `messages_call`."""
    return StreamCall(_request(request, extra_body, stream=True), MessagesDecoder)


def _request(
    request: MessagesRequest, extra_body: Mapping[str, JsonValue] | None, *, stream: bool
) -> Request:
    body = checked_body("messages", cast("Mapping[str, object]", request), extra_body)
    turns = as_sequence(body.get("messages"))
    if turns is None:
        raise wrong("messages", "a list of messages", body.get("messages"))
    if not turns:
        raise ConfigurationError("messages is empty.", argument="messages")
    for position, turn in enumerate(turns):
        if not isinstance(turn, Mapping):
            raise wrong(f"messages[{position}]", "a mapping with role and content", turn)
    body["stream"] = stream
    return Request(
        "POST",
        "/messages",
        json_content(body),
        model=model_of(body),
        accept=EVENT_STREAM if stream else "application/json",
    )


class Messages:
    """Chat in Anthropic's form (`client.messages`)."""

    def __init__(self, run: Run, open: Open) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[MessagesRequest],
    ) -> MessagesAnswer:
        """Ask for a whole answer (`POST /messages`).

        Args:
            options: Time limits, retries and headers of this call.
            extra_body: Fields that `MessagesRequest` does not list; they win over it.
            **request: The body's fields; those that are `None` are not sent.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            SiliconFlowError: Every other failure; the classes are those of `chat`.
        """
        return self._run(messages_call(request, extra_body), options)

    def stream(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[MessagesRequest],
    ) -> Items[MessagesEvent]:
        """Ask for an answer in pieces; as `create`, and nothing is sent before iteration.

        The last event holds the whole `answer`. A failure is tried again until the first event
        was handed out, never after.

        Raises:
            StreamInterruptedError: While iterating: it ended early; what came is in `.partial`.
        """
        return self._open(messages_stream_call(request, extra_body), options)


class AsyncMessages:
    """The asynchronous twin of `Messages`."""

    def __init__(self, run: AsyncRun, open: AsyncOpen) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    async def create(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[MessagesRequest],
    ) -> MessagesAnswer:
        """As `Messages.create`."""
        return await self._run(messages_call(request, extra_body), options)

    def stream(
        self,
        *,
        options: CallOptions | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        **request: Unpack[MessagesRequest],
    ) -> AsyncItems[MessagesEvent]:
        """As `Messages.stream`; called without `await`."""
        return self._open(messages_stream_call(request, extra_body), options)
