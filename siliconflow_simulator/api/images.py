"""`POST /images/generations`: pictures that show their prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.answers.pictures import MOST_CHARACTERS
from siliconflow_simulator.api._fields import integer, required_text
from siliconflow_simulator.api._outputs import Drawing, output_url
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._pictures import check_picture, seed_of, size_of
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject, JsonValue
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_SIZES: Final = {
    "Kwai-Kolors/Kolors": frozenset("1024x1024 960x1280 768x1024 720x1440 720x1280".split()),
    "Qwen/Qwen-Image": frozenset(
        "1328x1328 1664x928 928x1664 1472x1140 1140x1472 1584x1056 1056x1584".split()
    ),
}
_DEFAULTS: Final = {"Qwen/Qwen-Image": "1328x1328"}
_DEFAULT: Final = "1024x1024"
_SENT: Final = ("image", "image2", "image3", "input_image")


def generate(exchange: Exchange) -> SimResponse:
    """Answer with URLs of pictures; an edited one says so."""
    body = exchange.json()
    facts = exchange.model(body, "image")
    prompt = required_text(body, "prompt")
    seed = seed_of(body, exchange)
    check_parameters(body, parameters_of("images"))
    sent = sum(check_picture(body, name) for name in _SENT)
    if "Edit" in facts.id:
        if not sent:
            raise refusals.refusal(400, 20017, "The image is required.")
        if body.get("image_size") is not None:
            raise refusals.wrong_image_size()
    width, height = size_of(body, _SIZES.get(facts.id), _DEFAULTS.get(facts.id, _DEFAULT))
    shown = f"edit of {sent}: {prompt}" if sent else prompt
    images: list[JsonValue] = []
    for index in range(integer(body, "batch_size") or 1):
        drawing = Drawing(shown[:MOST_CHARACTERS], width, height, seed * 2_654_435_761 + index)
        name = f"{exchange.digest[:24]}-{index}.png"
        image: JsonObject = {"url": output_url(exchange, name, drawing)}
        images.append(image)
    return json_response({"images": images, "timings": {"inference": 1.0}, "seed": seed})


ROUTES: Final = (Route("POST", "/v1/images/generations", generate),)
