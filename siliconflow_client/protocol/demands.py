"""What a request will take of its account's limits, and what an answer says that it took."""

from __future__ import annotations

from siliconflow_client.protocol.actions import Demand
from siliconflow_client.protocol.requests import Content, Request

MOST_PLACES = 12
"""How often a request takes a place anew when it is refused although it waited for one."""
_BYTES_A_TOKEN = 3.5
"""English prose has four or five, Chinese about three; the ledger corrects what is wrong."""
_MOST_TOKENS = 10**7
"""No model's window holds a fifth of it."""


def demand_of(request: Request) -> Demand | None:
    """Estimate; `None` for requests that no limit of tokens or requests is known for."""
    if request.model is None or not isinstance(request.body, Content):
        return None
    return Demand(request.model, len(request.body.data) / _BYTES_A_TOKEN)


def tokens_of(told: object) -> float | None:
    """The tokens that a result, or a finished decoder, speaks of."""
    usage = getattr(told, "usage", None)
    for name, source in (("total_tokens", usage), ("input_tokens", told)):
        count: object = getattr(source, name, None)
        # A count that cannot be right would hold up the requests after it.
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MOST_TOKENS:
            return float(count)
    return None
