"""Exchanges that are recorded once and replayed ever after."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from siliconflow_client import DEFAULT_BASE_URL, __version__
from siliconflow_simulator._wire import SimResponse, decode, json_response
from siliconflow_simulator.pytest_plugin import cassette_format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from siliconflow_client import JsonValue
    from siliconflow_simulator._wire import SimRequest

_ROOT: Final = "/v1"
_PATIENCE: Final = 300.0
"""Seconds without a byte when the API itself is asked."""
_MASK: Final = "[key]"
_HERE: Final = b"http://127.0.0.1:0"
"""Stands for the test's own server in URLs of pictures and films: each time it has another port."""
_NOT_SENT_ON: Final = frozenset(
    {"accept-encoding", "authorization", "connection", "content-length", "host", "x-api-key"}
    | {"transfer-encoding"}
)


class Tape(Protocol):
    """What answers instead of the simulator."""

    def handle(self, request: SimRequest) -> tuple[SimResponse, str]:
        """Answer a request; the text says why there is no true answer, "" when there is one."""
        ...

    def left_over(self) -> list[str]:
        """Say what was stored and not asked for."""
        ...

    def keep(self) -> None:
        """Write down what is to be kept."""
        ...


@dataclass(frozen=True)
class Exchange:
    """A stored request in comparable form, and its answer."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: JsonValue | bytes
    response: SimResponse


class Player:
    """Replays a cassette: each exchange once, whatever the order of the requests."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._waiting = exchanges
        self._lock = threading.Lock()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a cassette from its file.

        Raises:
            OSError: It cannot be read.
            ValueError: It is no cassette; a damaged one may be a `KeyError` or `TypeError`, too.
        """
        text = path.read_text(encoding="utf-8")
        stored = cassette_format.decode(text)["interactions"]
        if not stored and '"interactions"' not in text:
            raise ValueError("no cassette")
        return cls([_exchange(one) for one in stored])

    def handle(self, request: SimRequest) -> tuple[SimResponse, str]:
        """Answer as was recorded."""
        asked = _asked(request)
        with self._lock:
            for at, stored in enumerate(self._waiting):
                if (stored.method, stored.path, stored.query, stored.body) == asked:
                    del self._waiting[at]
                    return _at_home(stored.response, request), ""
            problem = _no_match(asked, self._waiting)
        return json_response({"code": 20015, "message": problem, "data": None}, status=400), problem

    def left_over(self) -> list[str]:
        """Say what was stored and not asked for."""
        return [
            f"Stored but not asked for: {one.method} {one.path}; run `pytest --siliconflow-record`."
            for one in self._waiting
        ]

    def keep(self) -> None:
        """Nothing is to be kept."""


class Recorder:
    """Asks, and keeps what was answered, without the key.

    Args:
        path: The cassette's file; it is written when the test has passed.
        ask: What answers.
        provenance: Where the answers come from, for the cassette's first line.
        secret: The key, which is replaced wherever it stands.
    """

    def __init__(
        self,
        path: Path,
        ask: Callable[[SimRequest], SimResponse],
        provenance: str,
        *,
        secret: str = "",
    ) -> None:
        self._path = path
        self._ask = ask
        self._provenance = provenance
        self._secret = secret
        self._interactions: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def handle(self, request: SimRequest) -> tuple[SimResponse, str]:
        """Answer, and keep the exchange."""
        response = self._ask(request)
        query = f"?{urlencode(dict(request.query))}" if request.query else ""
        exchange = {
            "request": {
                "method": request.method,
                "uri": f"{DEFAULT_BASE_URL}{request.path.removeprefix(_ROOT)}{query}",
                "headers": dict(request.headers),
                "body": self._masked(_anywhere(request.body, request)),
            },
            "response": {
                "status": {"code": response.status, "message": ""},
                "headers": dict(response.headers),
                "body": {"string": self._masked(_anywhere(response.content(), request))},
            },
        }
        with self._lock:
            self._interactions.append(exchange)
        return response, ""

    def left_over(self) -> list[str]:
        """Everything was asked for."""
        return []

    def keep(self) -> None:
        """Write the cassette."""
        text = cassette_format.encode({"interactions": self._interactions}, self._provenance)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(text, encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            return
        pytest.fail(f"The cassette {self._path.name} cannot be written: {reason}.", pytrace=False)

    def _masked(self, content: bytes) -> bytes:
        return content.replace(self._secret.encode(), _MASK.encode()) if self._secret else content


def live(key: str, url: str) -> Callable[[SimRequest], SimResponse]:
    """Return what asks the API itself.

    Args:
        key: The caller's key, sent in place of the test's.
        url: The caller's base URL; "" for the default one.
    """
    import httpx

    base = (url or DEFAULT_BASE_URL).rstrip("/")

    def ask(request: SimRequest) -> SimResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _NOT_SENT_ON}
        answer = httpx.request(
            request.method,
            f"{base}{request.path.removeprefix(_ROOT)}",
            params=dict(request.query),
            headers={**headers, "authorization": f"Bearer {key}"},
            content=request.body,
            timeout=_PATIENCE,
        )
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name in cassette_format.RESPONSE_HEADERS and name != "content-encoding"
        }
        return SimResponse(answer.status_code, kept, answer.content)

    return ask


def provenance_of(*, live: bool) -> str:
    """Say where answers that are recorded now come from."""
    return f"live {datetime.now(tz=UTC).date()}" if live else f"simulator {__version__}"


_Asked = tuple[str, str, tuple[tuple[str, str], ...], "JsonValue | bytes"]


def _asked(request: SimRequest) -> _Asked:
    path = request.path.removeprefix(_ROOT)
    body = _comparable(_anywhere(request.body, request))
    return request.method, path, tuple(sorted(request.query.items())), body


def _origin(request: SimRequest) -> bytes:
    host = request.header("host") or ""
    return f"http://{host}".encode() if host.startswith("127.0.0.1:") else b""


def _anywhere(content: bytes, request: SimRequest) -> bytes:
    origin = _origin(request)
    return content.replace(origin, _HERE) if origin else content


def _at_home(response: SimResponse, request: SimRequest) -> SimResponse:
    origin = _origin(request)
    if not origin or response.body is None:
        return response
    return replace(response, body=response.body.replace(_HERE, origin))


def _exchange(stored: Mapping[str, Any]) -> Exchange:
    request, response = stored["request"], stored["response"]
    url = urlsplit(cast("str", request["uri"]))
    headers = {name: values[0] for name, values in response["headers"].items()}
    return Exchange(
        method=request["method"],
        path=url.path.partition(_ROOT)[2],
        query=tuple(sorted(parse_qsl(url.query, keep_blank_values=True))),
        body=_comparable(request["body"]),
        response=SimResponse(response["status"]["code"], headers, response["body"]["string"]),
    )


def _comparable(body: bytes) -> JsonValue | bytes:
    """Return a body without what is random in it: the ids of calls, the boundary of a form."""
    if body.startswith(b"--"):
        return body.replace(body.partition(b"\r\n")[0], b"--")
    try:
        return decode(cassette_format.number_random_ids(body)) if body else None
    except ValueError:
        return body


def _no_match(asked: _Asked, waiting: list[Exchange]) -> str:
    method, path, query, body = asked
    alike = [one for one in waiting if (one.method, one.path) == (method, path)]
    if not alike:
        return f"The cassette holds no (further) answer to {method} {path}."
    different = min((_differences(body, one.body) for one in alike), key=len)
    places = ", ".join(different[:5]) or ("query" if alike[0].query != query else "order")
    return (
        f"The cassette holds no answer to this {method} {path}; the nearest of {len(alike)} "
        f"differs in: {places}. Run `pytest --siliconflow-record` if that is meant."
    )


def _differences(one: JsonValue | bytes, other: JsonValue | bytes, at: str = "") -> list[str]:
    """Name the places where two bodies differ, without what stands there."""
    if isinstance(one, dict) and isinstance(other, dict):
        found: list[str] = []
        for name in dict.fromkeys([*one, *other]):
            place = f"{at}.{name}" if at else name
            if name in one and name in other:
                found += _differences(one[name], other[name], place)
            else:
                found.append(place)
        return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [place for i, (a, b) in pairs for place in _differences(a, b, f"{at}[{i}]")]
    return [] if one == other else [at or "body"]
