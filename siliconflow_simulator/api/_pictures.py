"""What requests for images and for films have in common: sizes, seeds, pictures to begin with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import is_base64
from siliconflow_simulator.answers.pictures import LARGEST_SIDE
from siliconflow_simulator.api._fields import integer, text

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator.api._exchange import Exchange

_SIZE: Final = re.compile(r"(\d{2,4})x(\d{2,4})", re.ASCII)


def size_of(body: JsonObject, allowed: frozenset[str] | None, default: str) -> tuple[int, int]:
    """Read `image_size`: one of those that the model has, or any that is not too large."""
    asked = text(body, "image_size") or default
    found = _SIZE.fullmatch(asked)
    if found is None or (allowed is not None and asked not in allowed):
        raise refusals.wrong_image_size()
    width, height = int(found[1]), int(found[2])
    if max(width, height) > LARGEST_SIDE:
        raise refusals.wrong_image_size()
    return width, height


def seed_of(body: JsonObject, exchange: Exchange) -> int:
    """Read `seed`; one is made from the request where there is none."""
    seed = integer(body, "seed")
    if seed is not None and seed < 0:
        raise refusals.invalid("seed: Must be greater than or equal to 0")
    return int(exchange.digest[:8], 16) if seed is None else seed


def check_picture(body: JsonObject, name: str) -> bool:
    """Check a picture that was sent along: a URL or a data URI. Tells whether there is one."""
    sent = text(body, name)
    if not sent:
        return False
    if sent.startswith("data:image/"):
        if not is_base64(sent.partition(",")[2]):
            raise refusals.refusal(400, 20023, "The base64 of the image is invalid.")
    elif not sent.startswith(("http://", "https://")):
        raise refusals.no_picture()
    return True
