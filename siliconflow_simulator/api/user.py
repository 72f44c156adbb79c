"""`GET /user/info`, which the vendor has switched off (14 August 2026 on .cn)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_simulator.api._exchange import Exchange


def info(exchange: Exchange) -> NoReturn:
    """Refuse, as the API does since then."""
    del exchange
    raise refusals.endpoint_gone()


ROUTES: Final = (Route("GET", "/v1/user/info", info),)
