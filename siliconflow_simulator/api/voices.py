"""Voices of one's own: `/uploads/audio/voice`, `/audio/voice/list`, `/audio/voice/deletions`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import is_base64, json_response
from siliconflow_simulator.api._fields import required_text
from siliconflow_simulator.api._forms import is_form, read_form
from siliconflow_simulator.api._outputs import Recent
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _Voices(Recent["JsonObject"]):
    """The voices that were uploaded, by their URI."""


def create(exchange: Exchange) -> SimResponse:
    """Take a recording in either form, and answer with its URI."""
    if is_form(exchange.request):
        form = read_form(exchange.request)
        body = form.fields
        form.file("file")
    else:
        body = exchange.json()
        _check_audio(required_text(body, "audio"))
    exchange.model(body, "speech")
    name, said = required_text(body, "customName"), required_text(body, "text")
    if not _NAME.fullmatch(name):
        raise refusals.generic_invalid()
    uri = f"speech:{name}:{exchange.digest[:12]}:{exchange.digest[12:32]}"
    voice: JsonObject = {"model": body["model"], "customName": name, "text": said, "uri": uri}
    exchange.service.kept(_Voices).put(uri, voice)
    return json_response({"uri": uri})


def list_all(exchange: Exchange) -> SimResponse:
    """Answer with the voices that there are."""
    return json_response({"results": exchange.service.kept(_Voices).all()})


def delete(exchange: Exchange) -> SimResponse:
    """Delete a voice."""
    uri = required_text(exchange.json(), "uri")
    if exchange.service.kept(_Voices).take(uri) is None:
        raise refusals.refusal(400, 20047, "The voice does not exist.")
    return json_response({})


def _check_audio(audio: str) -> None:
    head, comma, encoded = audio.partition(",")
    if not is_base64(encoded):
        raise refusals.refusal(400, 20023, "The base64 of the audio is invalid.")
    if not (comma and head.startswith("data:audio/")):
        raise refusals.generic_invalid()


ROUTES: Final = (
    Route("POST", "/v1/uploads/audio/voice", create),
    Route("GET", "/v1/audio/voice/list", list_all),
    Route("POST", "/v1/audio/voice/deletions", delete),
)
