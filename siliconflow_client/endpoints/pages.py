"""Listings in pages: one page, or all of them turned one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from siliconflow_client._json import JsonObject, JsonValue
from siliconflow_client.endpoints.checks import check_positive, check_word
from siliconflow_client.endpoints.shapes import as_object, read_json, text, unwrapped
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.actions import Emit, Flow
from siliconflow_client.protocol.context import RequestContext, StreamState
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.requests import Request

T = TypeVar("T")


@dataclass(slots=True)
class Page(Generic[T]):
    """Part of a listing.

    Attributes:
        data: What it holds.
        has_more: Whether the server says that another page follows; `None` where it does not say.
        ids: The ids of its entries.
        trace_id: The `x-siliconcloud-trace-id` header.
    """

    data: list[T]
    has_more: bool | None
    ids: list[str] = field(repr=False)
    trace_id: str | None

    @property
    def last_id(self) -> str:
        """The id to go on after, "" for an empty page."""
        return self.ids[-1] if self.ids else ""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """Everything of a kind, page after page (a `StreamPlan`).

    Attributes:
        path: What is listed.
        item: Reads an entry.
        limit: Entries in a page; `None` leaves it to the server.
        after: The id to begin after.
    """

    path: str
    item: Callable[[JsonObject, Head], T]
    limit: int | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        """Check before any request."""
        check_positive(self.limit, "limit")
        if self.after is not None:
            check_word(self.after, "after")

    def page(self, after: str | None = None) -> Call[Page[T]]:
        """One page, after `after` or where this listing begins."""
        query = {
            "limit": None if self.limit is None else str(self.limit),
            "after": after or self.after,
        }
        sent = {name: value for name, value in query.items() if value is not None}
        return Call(Request("GET", self.path, query=sent or None), self._read)

    def flow(self, context: RequestContext, state: StreamState[T]) -> Flow[None]:
        """Turn the pages until there is no more.

        Where the server does not say whether there is, it is asked until a page brings nothing
        new, which holds for servers without pages as well.
        """
        seen: set[str] = set()
        turned: Call[Page[T]] | None = self.page()
        while turned is not None:
            page = yield from turned.flow(context)
            fresh = [entry for entry, id in zip(page.data, page.ids, strict=True) if id not in seen]
            if fresh:
                state.handed_out = True
                yield Emit(fresh)
            turned = self.following(page, seen)

    def following(self, page: Page[T], seen: set[str]) -> Call[Page[T]] | None:
        """The call of the page behind `page`, or `None` where there is no more.

        Args:
            page: The last one that came.
            seen: The ids of the pages before it; those of `page` are added.
        """
        if page.has_more is False or not page.last_id or seen.issuperset(page.ids):
            return None
        seen.update(page.ids)
        return self.page(page.last_id)

    def _read(self, content: bytes, head: Head) -> Page[T]:
        body = read_json(content)
        listing = unwrapped(body)
        more: JsonValue = body.get("has_more") if isinstance(body, dict) else None
        if isinstance(listing, dict):
            more = listing.get("has_more", more)
            listing = listing.get("data")
        if not isinstance(listing, list):
            raise UndocumentedShapeError("`data` is not a list")
        entries = [as_object(entry, "an entry") for entry in listing]
        return Page(
            data=[self.item(entry, head) for entry in entries],
            has_more=more if isinstance(more, bool) else None,
            ids=[text(entry, "id") for entry in entries],
            trace_id=head.trace_id,
        )
