"""`POST /audio/transcriptions`: what was said here before, word for word; else how long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.answers.sounds import wav_seconds
from siliconflow_simulator.api._forms import read_form
from siliconflow_simulator.api._outputs import Spoken
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_LARGEST: Final = 50 * 1024 * 1024
_LONGEST_SECONDS: Final = 3600


def transcribe(exchange: Exchange) -> SimResponse:
    """Answer with the text of a recording."""
    form = read_form(exchange.request)
    exchange.model(form.fields, "transcription")
    content = form.file("file").content
    seconds = wav_seconds(content)
    if len(content) > _LARGEST or (seconds is not None and seconds > _LONGEST_SECONDS):
        raise refusals.refusal(413, 20045, "The audio is too large.")
    said = exchange.service.kept(Spoken).get(Spoken.name(content))
    if said is None:
        length = f"{len(content)} bytes" if seconds is None else f"{seconds:.1f} seconds"
        said = f"A recording of {length}."
    return json_response({"text": said})


ROUTES: Final = (Route("POST", "/v1/audio/transcriptions", transcribe),)
