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


def send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send a request of ours with a client of ours; the body is read later."""
    transport = _below(client, request)
    if not isinstance(transport, httpx.BaseTransport):
        return client.send(request, stream=True)
    response = transport.handle_request(request)
    response.request = request
    return response


async def asend(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The same asynchronously."""
    transport = _below(client, request)
    if not isinstance(transport, httpx.AsyncBaseTransport):
        return await client.send(request, stream=True)
    response = await transport.handle_async_request(request)
    response.request = request
    return response


def _below(client: httpx.Client | httpx.AsyncClient, request: httpx.Request) -> object:
    """The client's transport for a request; `None` where the client itself has to send."""
    kind = httpx.Client if isinstance(client, httpx.Client) else httpx.AsyncClient
    if is_foreign(kind, "send") or _httpx_log.isEnabledFor(logging.INFO):
        return None
    choose: Callable[[httpx.URL], object] | None = getattr(client, "_transport_for_url", None)
    return None if choose is None else choose(request.url)
