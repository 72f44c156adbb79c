"""`/batches`: chat requests that are answered within days (docs/wire.md#batches)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import check_string, wrong
from siliconflow_client.endpoints.pages import Listing, Page
from siliconflow_client.endpoints.shapes import (
    as_object,
    count,
    optional_count,
    read_json,
    text,
    unwrapped,
)
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.errors.tree import ConfigurationError
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.groups import AsyncItems, AsyncOpen, AsyncRun, Items, Open, Run
from siliconflow_client.protocol.options import CallOptions
from siliconflow_client.protocol.requests import Request, json_content

CHAT_ENDPOINT = "/v1/chat/completions"
"""The only endpoint that batches are for."""

ENDED = frozenset({"completed", "expired", "cancelled", "failed"})
"""Statuses that do not change any more; `failed` is OpenAI's, and documented nowhere here."""

_WINDOW = re.compile(r"([0-9]{1,3})h")


@dataclass(slots=True)
class RequestCounts:
    """How far a batch is, in requests."""

    total: int
    completed: int
    failed: int


@dataclass(slots=True)
class Batch:
    """A batch.

    Attributes:
        id: Its id.
        status: `validating`, `in_queue`, `in_progress`, `finalizing`, `completed`, `expired`,
            `cancelling`, `cancelled`, or another word of the server.
        endpoint: `/v1/chat/completions`.
        input_file_id: What it was made from.
        completion_window: Such as `24h`.
        output_file_id: The results of requests that succeeded, "" until there are some: an id, or
            a URL (undocumented; `client.files.content` takes either).
        error_file_id: The same for requests that failed.
        created_at: Unix time, in seconds.
        expires_at: Unix time, in seconds, or `None`.
        request_counts: How far it is, or `None` where the server does not tell.
        metadata: As it was given; empty where the server does not tell.
        trace_id: The `x-siliconcloud-trace-id` header.
        raw: The object as it came.
    """

    id: str
    status: str
    endpoint: str
    input_file_id: str
    completion_window: str
    output_file_id: str
    error_file_id: str
    created_at: int
    expires_at: int | None
    request_counts: RequestCounts | None
    metadata: dict[str, str]
    trace_id: str | None
    raw: JsonObject = field(repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether its status will not change any more."""
        return self.status in ENDED


def batch_from_wire(wire: JsonObject, head: Head) -> Batch:
    """Read a batch."""
    counts = wire.get("request_counts")
    metadata = wire.get("metadata")
    return Batch(
        id=text(wire, "id"),
        status=text(wire, "status"),
        endpoint=text(wire, "endpoint"),
        input_file_id=text(wire, "input_file_id"),
        completion_window=text(wire, "completion_window"),
        output_file_id=text(wire, "output_file_id"),
        error_file_id=text(wire, "error_file_id"),
        created_at=count(wire.get("created_at")),
        expires_at=optional_count(wire.get("expires_at")),
        request_counts=RequestCounts(
            total=count(counts.get("total")),
            completed=count(counts.get("completed")),
            failed=count(counts.get("failed")),
        )
        if isinstance(counts, dict)
        else None,
        metadata={key: str(value) for key, value in metadata.items()}
        if isinstance(metadata, dict)
        else {},
        trace_id=head.trace_id,
        raw=wire,
    )


def read_batch(content: bytes, head: Head) -> Batch:
    """Read an answer that is one batch, bare or in an envelope."""
    body = read_json(content)
    batch = batch_from_wire(as_object(unwrapped(body), "the body"), head)
    if not batch.id:
        raise UndocumentedShapeError("the batch lacks `id`")
    return batch


def create_call(
    input_file_id: str,
    completion_window: str = "24h",
    metadata: Mapping[str, str] | None = None,
    endpoint: str = CHAT_ENDPOINT,
    extra_body: Mapping[str, JsonValue] | None = None,
) -> Call[Batch]:
    """Create a batch; sent again only where it was never sent, since each is paid for.

    Raises:
        ConfigurationError: An argument of the wrong kind; `.argument` names it.
    """
    check_string(input_file_id, "input_file_id")
    body: dict[str, object] = {
        "input_file_id": input_file_id,
        "endpoint": endpoint,
        "completion_window": checked_window(completion_window),
    }
    if metadata:
        body["metadata"] = dict(metadata)
    body.update(extra_body or {})
    request = Request("POST", "/batches", json_content(body), resend="if_not_sent")
    return Call(request, read_batch)


def checked_window(window: object) -> str:
    """Refuse what is no whole number of hours from 24 to 336 (14 days)."""
    if not isinstance(window, str):
        raise wrong("completion_window", 'text such as "24h"', window)
    found = _WINDOW.fullmatch(window)
    if found is None or not 24 <= int(found[1]) <= 336:
        raise ConfigurationError(
            f'completion_window must be "24h" to "336h", not {window[:20]!r}.',
            argument="completion_window",
        )
    return window


def retrieve_call(batch_id: str) -> Call[Batch]:
    """Ask how a batch is."""
    return Call(Request("GET", f"/batches/{_checked_id(batch_id)}"), read_batch)


def cancel_call(batch_id: str) -> Call[Batch]:
    """Ask for a batch to end; asking twice does no harm."""
    return Call(Request("POST", f"/batches/{_checked_id(batch_id)}/cancel"), read_batch)


def batches_listing(after: str | None = None, limit: int | None = None) -> Listing[Batch]:
    """The account's batches."""
    return Listing("/batches", batch_from_wire, limit, after)


def _checked_id(batch_id: object) -> str:
    check_string(batch_id, "batch_id")
    name = cast("str", batch_id)
    if not all(character.isalnum() or character in "-_" for character in name):
        raise ConfigurationError("batch_id holds characters that no id has.", argument="batch_id")
    return name


class BatchCalls:
    """The requests of `client.batches`, one a method."""

    def __init__(self, run: Run, open: Open) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    def create(
        self,
        *,
        input_file_id: str,
        completion_window: str = "24h",
        endpoint: str = CHAT_ENDPOINT,
        metadata: Mapping[str, str] | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        options: CallOptions | None = None,
    ) -> Batch:
        """Create a batch from an uploaded file (`POST /batches`); each is paid for.

        Args:
            input_file_id: Of `client.files.create`.
            completion_window: `24h` to `336h`.
            endpoint: `/v1/chat/completions`; there is no other.
            metadata: Notes of your own.
            extra_body: Further fields, such as `{"replace": {"model": …}}`.
            options: Time limits, retries and headers of this call.

        Raises:
            ConfigurationError: An argument of the wrong kind, before any request.
            SiliconFlowError: The batch may exist nonetheless, unless the error is a 4xx or
                `.never_sent`: `list` tells. `submit` looks by itself.
        """
        plan = create_call(input_file_id, completion_window, metadata, endpoint, extra_body)
        return self._run(plan, options)

    def retrieve(self, batch_id: str, *, options: CallOptions | None = None) -> Batch:
        """Ask how a batch is (`GET /batches/{id}`)."""
        return self._run(retrieve_call(batch_id), options)

    def cancel(self, batch_id: str, *, options: CallOptions | None = None) -> Batch:
        """Ask for a batch to end (`POST /batches/{id}/cancel`); what is done stays, and is paid."""
        return self._run(cancel_call(batch_id), options)

    def list(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Items[Batch]:
        """Go through the account's batches (`GET /batches`), turning pages of `limit` entries."""
        return self._open(batches_listing(after, limit), options)

    def page(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Page[Batch]:
        """One page of `list`."""
        return self._run(batches_listing(after, limit).page(), options)


class AsyncBatchCalls:
    """The asynchronous twin of `BatchCalls`."""

    def __init__(self, run: AsyncRun, open: AsyncOpen) -> None:  # noqa: A002  # it opens
        self._run = run
        self._open = open

    async def create(
        self,
        *,
        input_file_id: str,
        completion_window: str = "24h",
        endpoint: str = CHAT_ENDPOINT,
        metadata: Mapping[str, str] | None = None,
        extra_body: Mapping[str, JsonValue] | None = None,
        options: CallOptions | None = None,
    ) -> Batch:
        """As `BatchCalls.create`."""
        plan = create_call(input_file_id, completion_window, metadata, endpoint, extra_body)
        return await self._run(plan, options)

    async def retrieve(self, batch_id: str, *, options: CallOptions | None = None) -> Batch:
        """As `BatchCalls.retrieve`."""
        return await self._run(retrieve_call(batch_id), options)

    async def cancel(self, batch_id: str, *, options: CallOptions | None = None) -> Batch:
        """As `BatchCalls.cancel`."""
        return await self._run(cancel_call(batch_id), options)

    def list(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> AsyncItems[Batch]:
        """As `BatchCalls.list`; called without `await`."""
        return self._open(batches_listing(after, limit), options)

    async def page(
        self,
        *,
        after: str | None = None,
        limit: int | None = None,
        options: CallOptions | None = None,
    ) -> Page[Batch]:
        """As `BatchCalls.page`."""
        return await self._run(batches_listing(after, limit).page(), options)
