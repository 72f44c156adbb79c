"""What came in, for a test to look at."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from siliconflow_simulator._wire import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from siliconflow_client import JsonValue
    from siliconflow_simulator._wire import SimRequest

_SECRET: Final = frozenset(
    {"api-key", "authorization", "cookie", "proxy-authorization", "x-api-key"}
)

_MOST_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A request that came in.

    Attributes:
        method: "GET" or "POST".
        path: Path with its leading slash, such as "/v1/embeddings".
        headers: Lower-case names; no header that holds a key.
        body: The parsed JSON; bytes where it is none; `None` where there is no body.
        query: Parameters of the query string.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    # A dict, as a rule; typed so that a test may index it without asking what it is.
    body: JsonValue | bytes = field(repr=False)
    query: Mapping[str, str]

    @classmethod
    def of(cls, request: SimRequest) -> Self:
        """Note a request, without its key."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        kept = {name: value for name, value in headers.items() if name not in _SECRET}
        return cls(request.method, request.path, kept, _body(request.body), dict(request.query))


def _body(content: bytes) -> JsonValue | bytes:
    if not content:
        return None
    try:
        return decode(content)
    except ValueError:
        return content


class Log:
    """The last requests, and why some of them were not answered. Safe for threads.

    Args:
        size: How many are kept: fewer where their bodies are more than 256 MiB together.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        # Each with the length of its body, which a body that was parsed does not tell.
        self._requests: deque[tuple[Received, int]] = deque()
        self._bytes = 0
        self._unmatched: deque[str] = deque(maxlen=size)
        self._lock = threading.Lock()

    def note(self, request: SimRequest) -> None:
        """Keep a request."""
        if self._size:
            received = Received.of(request)
            with self._lock:
                self._requests.append((received, len(request.body)))
                self._bytes += len(request.body)
                while len(self._requests) > self._size or (
                    self._bytes > _MOST_BYTES and len(self._requests) > 1
                ):
                    self._bytes -= self._requests.popleft()[1]

    def note_unmatched(self, reason: str) -> None:
        """Keep the reason why no script answered a request."""
        with self._lock:
            self._unmatched.append(reason)

    def requests(self) -> list[Received]:
        """Return the requests, the oldest first."""
        with self._lock:
            return [received for received, _ in self._requests]

    def unmatched(self) -> list[str]:
        """Return the reasons, the oldest first."""
        with self._lock:
            return list(self._unmatched)
