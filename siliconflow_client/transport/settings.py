"""How a call is sent: where to, with which headers, within which limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from siliconflow_client.protocol.context import Observer
    from siliconflow_client.protocol.options import KeySource
    from siliconflow_client.transport.limiter import Limits

CONNECT_TIMEOUT = 10.0
"""Seconds to reach the host; an answer may take long, a handshake does not."""

_ENDLESS = 1e8
"""Three years, which is no limit; sockets raise at so much, each at another number."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What a driver needs to send any request of a call.

    Attributes:
        base_url: The root of the API; a request's path is added.
        host: Its host, for errors.
        key: The key, or what tells it; asked for each request.
        headers: Sent with each request, in lower case.
        timeout: Seconds without a byte, or an `httpx.Timeout`.
        deadline: Seconds for the whole call, or `None`.
        limits: What the account may send, or `None`.
        is_injected: Whether the caller's own httpx client is used.
        observer: Is told of the requests of this call.
    """

    base_url: str
    host: str
    key: KeySource = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: float | httpx.Timeout
    deadline: float | None
    is_injected: bool
    limits: Limits | None = None
    observer: Observer | None = None

    def account(self, model: str) -> tuple[str, int, str]:
        """Whose limits a request counts for: host, a digest of the key, and model.

        The same in every process, unless a function tells the key.
        """
        return self.base_url, _digest(self.key), model


def _digest(key: KeySource) -> int:
    if not isinstance(key, str):
        try:
            return hash(key)
        except TypeError:  # a callable with an `__eq__`; the settings keep it alive
            return id(key)
    import hashlib

    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest())


def timeouts_for(
    timeout: float | httpx.Timeout, remaining: float | None
) -> dict[str, float | None]:
    """Limits of each phase, in seconds, none longer than what remains of the deadline."""
    if isinstance(timeout, int | float):
        most = timeout if timeout < _ENDLESS else None
        limits: dict[str, float | None] = {
            "connect": min(CONNECT_TIMEOUT, timeout),
            "read": most,
            "write": most,
            "pool": most,
        }
    else:
        limits = {
            phase: None if limit is None or limit >= _ENDLESS else limit
            for phase, limit in timeout.as_dict().items()
        }
    if remaining is None:
        return limits
    return {
        phase: remaining if limit is None else min(limit, remaining)
        for phase, limit in limits.items()
    }
