"""The words of an order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from siliconflow_simulator._refusals import invalid
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


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
