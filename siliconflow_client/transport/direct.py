"""Hands a request of ours straight to the transport below an httpx client of ours.

What httpx's clients do around it (authentication, redirects, cookies, hooks, a line in httpx's own
log) is of no use to requests of ours, and a tenth of a call's CPU; with many in flight, a fifth.
Where someone has put another function in the place of `send`, as tracers do, or wants httpx's log,
the client sends as ever.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx

from siliconflow_client.transport.choice import is_foreign

if TYPE_CHECKING:
    from collections.abc import Callable

_httpx_log = logging.getLogger("httpx")


def send(client: httpx.Client, request: httpx.Request, *, ours: bool, api: bool) -> httpx.Response:
    """Send a request; the body is read later.

    Args:
        client: With which.
        request: What.
        ours: Whether the client is one of ours, and not the caller's.
        api: Whether the API is asked; for another host a caller's client must add and follow
            nothing.
    """
    transport = _below(client, request) if ours else None
    if isinstance(transport, httpx.BaseTransport):
        response = transport.handle_request(request)
        response.request = request
        return response
    if api:
        return client.send(request, stream=True)
    return client.send(request, stream=True, auth=None, follow_redirects=False)


async def asend(
    client: httpx.AsyncClient, request: httpx.Request, *, ours: bool, api: bool
) -> httpx.Response:
    """The same asynchronously."""
    transport = _below(client, request) if ours else None
    if isinstance(transport, httpx.AsyncBaseTransport):
        response = await transport.handle_async_request(request)
        response.request = request
        return response
    if api:
        return await client.send(request, stream=True)
    return await client.send(request, stream=True, auth=None, follow_redirects=False)


def _below(client: httpx.Client | httpx.AsyncClient, request: httpx.Request) -> object:
    """The client's transport for a request; `None` where the client itself has to send."""
    kind = httpx.Client if isinstance(client, httpx.Client) else httpx.AsyncClient
    if is_foreign(kind, "send") or _httpx_log.isEnabledFor(logging.INFO):
        return None
    choose: Callable[[httpx.URL], object] | None = getattr(client, "_transport_for_url", None)
    return None if choose is None else choose(request.url)
