"""Which module answers which request."""

from __future__ import annotations

import functools
import pkgutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from siliconflow_simulator._refusals import Refusal
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint.

    Attributes:
        method: "GET", "POST" or "DELETE".
        path: Path from the host on; a segment in braces takes anything: "/v1/batches/{id}".
        answer: Answers the request, or raises a `Refusal`.
        takes_x_api_key: Whether the key may also stand in the header `x-api-key`.
        needs_key: Whether a key is asked for; the files that an answer names need none.
        refuse: Puts a refusal into the endpoint's own shape; `None` for the usual one.
    """

    method: str
    path: str
    answer: Callable[[Exchange], SimResponse]
    takes_x_api_key: bool = False
    needs_key: bool = True
    refuse: Callable[[Refusal], Refusal] | None = None

    def parts(self, path: str) -> dict[str, str] | None:
        """Return what stands in the place of each segment in braces; `None` for another path."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        found: dict[str, str] = {}
        for segment, value in zip(wanted, given, strict=True):
            if segment.startswith("{") and value:
                found[segment[1:-1]] = value
            elif segment != value:
                return None
        return found


@functools.cache
def all_routes() -> tuple[Route, ...]:
    """Return the routes of all modules of this room, those without braces first."""
    found: list[Route] = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            home = import_module(f"{__package__}.{module.name}")
            found.extend(cast("tuple[Route, ...]", home.ROUTES))
    return tuple(sorted(found, key=lambda route: "{" in route.path))


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request and the values of its path's segments in braces."""
    for route in all_routes():
        if route.method == method and (parts := route.parts(path)) is not None:
            return route, parts
    return None
