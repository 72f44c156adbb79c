"""`GET /outputs/{name}`: the files that answers name, without a key, as the vendor's storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import SimResponse
from siliconflow_simulator.answers.pictures import moving_picture, picture
from siliconflow_simulator.api._outputs import Drawings
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_simulator.api._exchange import Exchange


def fetch(exchange: Exchange) -> SimResponse:
    """Draw a picture, still or moving."""
    found = exchange.service.kept(Drawings).get(exchange.parts["name"])
    if found is None:
        raise refusals.page_not_found()
    draw = moving_picture if found.moves else picture
    content = draw(found.text, found.width, found.height, found.tint)
    return SimResponse(200, {"content-type": "image/apng" if found.moves else "image/png"}, content)


ROUTES: Final = (Route("GET", "/outputs/{name}", fetch, needs_key=False),)
