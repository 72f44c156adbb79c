"""`POST /audio/speech`: sounds as long as their text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import SimResponse, TimedChunk
from siliconflow_simulator.answers.sounds import Manner, sound
from siliconflow_simulator.api._fields import flag, integer, required_text, text
from siliconflow_simulator.api._outputs import Spoken
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator.answers.sounds import SoundFormat
    from siliconflow_simulator.api._exchange import Exchange

_RATES: Final = {
    "mp3": (44100, 32000),
    "opus": (48000,),
    "wav": (44100, 8000, 16000, 24000, 32000),
    "pcm": (44100, 8000, 16000, 24000, 32000),
}
"""The first is the default."""
_TYPES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_VOICES: Final = frozenset("alex anna bella benjamin charles claire david diana".split())
_LONGEST: Final = 128_000
_PIECE: Final = 8192


def speak(exchange: Exchange) -> SimResponse:
    """Answer with a file, in pieces unless `stream` is false."""
    body = exchange.json()
    facts = exchange.model(body, "speech")
    said = required_text(body, "input")
    if not 1 <= len(said) <= _LONGEST:
        raise refusals.generic_invalid()
    check_parameters(body, parameters_of("speech"))
    _check_speaker(body, facts.id)
    form = cast("SoundFormat", text(body, "response_format") or "mp3")
    rate = integer(body, "sample_rate") or _RATES[form][0]
    if rate not in _RATES[form]:
        raise refusals.generic_invalid()
    manner = Manner(rate, _number(body, "speed", 1.0), _number(body, "gain", 0.0))
    content = sound(said, form, manner)
    exchange.service.kept(Spoken).put(Spoken.name(content), said[:1000])
    headers = {"content-type": _TYPES[form]}
    if flag(body, "stream") is False:
        return SimResponse(200, headers, content)
    pieces = range(0, len(content), _PIECE)
    chunks = [TimedChunk(content[start : start + _PIECE]) for start in pieces]
    return SimResponse(200, headers, chunks=chunks)


def _check_speaker(body: JsonObject, model: str) -> None:
    references = body.get("references")
    if references is not None:
        if not isinstance(references, list) or not references:
            raise refusals.empty_list()
        for item in references:
            if not isinstance(item, dict):
                raise refusals.generic_invalid()
            required_text(item, "audio")
            required_text(item, "text")
        return
    voice = text(body, "voice")
    if not voice:
        raise refusals.refusal(400, 20059, "The voice is required.")
    owner, _, name = voice.partition(":")
    if owner != "speech" and (owner != model or name not in _VOICES):
        raise refusals.refusal(400, 20047, "The voice does not exist.")


def _number(body: JsonObject, name: str, default: float) -> float:
    value = body.get(name)
    return default if not isinstance(value, int | float) else float(value)


ROUTES: Final = (Route("POST", "/v1/audio/speech", speak),)
