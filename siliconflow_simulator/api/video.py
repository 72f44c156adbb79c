"""`POST /video/submit` and `/video/status`: each look at a job takes it one step further."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from siliconflow_client import parameters_of
from siliconflow_simulator import _refusals as refusals
from siliconflow_simulator._wire import json_response
from siliconflow_simulator.answers.pictures import MOST_CHARACTERS
from siliconflow_simulator.api._fields import required_text
from siliconflow_simulator.api._outputs import Drawing, Recent, output_url
from siliconflow_simulator.api._parameters import check_parameters
from siliconflow_simulator.api._pictures import check_picture, seed_of, size_of
from siliconflow_simulator.api._routes import Route

if TYPE_CHECKING:
    from siliconflow_client import JsonObject
    from siliconflow_simulator._wire import SimResponse
    from siliconflow_simulator.api._exchange import Exchange

_SIZES: Final = frozenset({"1280x720", "720x1280", "960x960"})
_QUEUE: Final = 2
"""Places in the queue that a job passes before it is begun."""


@dataclass(frozen=True, slots=True)
class _Job:
    drawing: Drawing
    seed: int
    looks: int = 0


class _Jobs:
    """The jobs that were submitted. Safe for threads."""

    def __init__(self) -> None:
        self._jobs: Recent[_Job] = Recent()
        self._made = 0
        self._lock = threading.Lock()

    def add(self, job: _Job, digest: str) -> str:
        """Keep a job; the same request twice makes two of them."""
        with self._lock:
            self._made += 1
            name = f"{digest[:8]}{self._made:04d}"
        self._jobs.put(name, job)
        return name

    def look(self, name: str) -> _Job | None:
        """Return a job, which has been looked at once more by then."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None:
                self._jobs.put(name, replace(job, looks=job.looks + 1))
        return job


def submit(exchange: Exchange) -> SimResponse:
    """Take a job on, and answer with its id."""
    body = exchange.json()
    facts = exchange.model(body, "video")
    prompt = required_text(body, "prompt")
    seed = seed_of(body, exchange)
    check_parameters(body, parameters_of("video"))
    has_picture = check_picture(body, "image")
    if "image" in facts.inputs and not has_picture:
        raise refusals.refusal(400, 20017, "The image is required.")
    width, height = size_of(body, _SIZES, "1280x720")
    drawing = Drawing(prompt[:MOST_CHARACTERS], width, height, seed * 2_654_435_761, moves=True)
    name = exchange.service.kept(_Jobs).add(_Job(drawing, seed), exchange.digest)
    return json_response({"requestId": name})


def status(exchange: Exchange) -> SimResponse:
    """Tell how far a job is: in the queue, in progress, done."""
    body = exchange.json()
    if not body.get("requestId"):
        raise refusals.refusal(400, 20057, "The requestId is required.")
    name = required_text(body, "requestId")
    job = exchange.service.kept(_Jobs).look(name)
    if job is None:
        raise refusals.task_expired()
    if job.looks < _QUEUE:
        return json_response(_told("InQueue", _QUEUE - job.looks, None))
    if job.looks == _QUEUE:
        return json_response(_told("InProgress", 0, None))
    results: JsonObject = {
        "videos": [{"url": output_url(exchange, f"{name}.png", job.drawing)}],
        "timings": {"inference": 60.0},
        "seed": job.seed,
    }
    return json_response(_told("Succeed", 0, results))


def _told(word: str, position: int, results: JsonObject | None) -> JsonObject:
    return {"status": word, "position": position, "reason": "", "results": results}


ROUTES: Final = (
    Route("POST", "/v1/video/submit", submit),
    Route("POST", "/v1/video/status", status),
)
