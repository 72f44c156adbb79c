"""The words of an order."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from siliconflow_client import ConfigurationError
from siliconflow_simulator._refusals import Refusal, invalid
from siliconflow_simulator.faults.bodies import BODIES, DETAIL

COUNTED: Final = frozenset({"cut-stream", "drop", "error-stream", "error-stream-openai", "stall"})
_OF_ENDPOINTS: Final = frozenset({"batch-expires"})
"""Words that an endpoint looks at itself; a number may follow."""
_PLAIN_WORDS: Final = frozenset(
    {
        *BODIES, *DETAIL, "504", "429-plain", "html-200", "error-200", "broken-json", "no-choices",
        "empty", "expired", "failed", "crlf", "comments", "no-space", "bom", "one-byte",
    }
)  # fmt: skip
_VALUED: Final = frozenset({"429-retry-after", "503-retry-after", "slow"})
FAULT_WORDS: Final = _PLAIN_WORDS | COUNTED | _OF_ENDPOINTS | _VALUED


@dataclass(frozen=True, slots=True)
class Fault:
    """One word of the order, and its number: chunks or seconds."""

    word: str
    number: float | None = None


def parse_faults(order: str) -> list[Fault]:
    """Read an order such as "cut-stream=3, slow=0.1".

    Raises:
        Refusal: 400, naming the word that is unknown or lacks its number.
    """
    faults: list[Fault] = []
    for part in filter(None, (part.strip() for part in order.split(","))):
        word, _, written = part.partition("=")
        number = _number(written)
        if (
            (word in _PLAIN_WORDS and not written)
            or (
                word in COUNTED | _OF_ENDPOINTS
                and (not written or (number is not None and number >= 0))
            )
            or (word in _VALUED and number is not None and number >= 0)
        ):
            faults.append(Fault(word, number))
        else:
            raise invalid(f"x-simulate: unknown fault '{part}'")
    return faults


def checked_faults(order: object, argument: str) -> list[Fault]:
    """Read an order that a test writes: as `parse_faults`, or a status.

    Raises:
        ConfigurationError: There is no such order.
    """
    if isinstance(order, str | int):
        with contextlib.suppress(Refusal):
            return parse_faults(str(order))
    raise ConfigurationError(
        f"{argument}: {order!r:.80} is no order of the simulator.",
        argument=argument,
        hint=f"Orders are {', '.join(sorted(FAULT_WORDS))}; some take a number, as in slow=0.1. "
        "Any other status is fails(status, message=…).",
    )


def checked_orders(orders: object, argument: str) -> list[list[Fault]]:
    """Read several orders, one for each request.

    Raises:
        ConfigurationError: There is no such order, or one stands in the place of several.
    """
    if isinstance(orders, str) or not isinstance(orders, Iterable):
        kind = type(orders).__name__
        raise ConfigurationError(
            f"{argument} must be a list of orders, not {kind}.", argument=argument
        )
    return [checked_faults(order, argument) for order in cast("Iterable[object]", orders)]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
