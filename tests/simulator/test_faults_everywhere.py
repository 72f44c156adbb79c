"""Every fault can be ordered for every endpoint: what is an answer is spoilt, and nothing breaks down."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from siliconflow_simulator import SimRequest, SimResponse, Simulator
from siliconflow_simulator.api._routes import all_routes
from siliconflow_simulator.faults.bodies import BODIES, DETAIL
from siliconflow_simulator.faults.orders import FAULT_WORDS
from tests.simulator.asking import KEY
from tests.simulator.parameter_values import BODIES as REQUESTS
from tests.simulator.test_every_call import TEXT

NUMBERS = {"slow": "=0", "429-retry-after": "=1", "503-retry-after": "=1"}
# The same for everyone, whatever was asked.
EARLY = sorted({*BODIES, *DETAIL, "504", "429-plain", "html-200", "error-200", "expired"})
PLAIN: dict[str, Any] = {
    "POST /v1/chat/completions": REQUESTS["chat"],
    "POST /v1/completions": REQUESTS["completions"],
    "POST /v1/messages": REQUESTS["messages"],
    "POST /v1/embeddings": REQUESTS["embeddings"],
    "POST /v1/rerank": REQUESTS["rerank"],
    "POST /v1/images/generations": REQUESTS["images"],
    "POST /v1/video/submit": REQUESTS["video"],
    "POST /v1/video/status": {"requestId": "VIDEO"},
    "POST /v1/audio/speech": REQUESTS["speech"],
    "POST /v1/audio/voice/deletions": {"uri": "VOICE"},
    "POST /v1/batches": {
        "input_file_id": "FILE", "endpoint": "/v1/chat/completions", "completion_window": "24h",
    },
    "POST /v1/batches/{id}/cancel": {},
}  # fmt: skip
FORMS: dict[str, Any] = {
    "POST /v1/audio/transcriptions": {k: v for k, v in REQUESTS["transcriptions"].items() if k != "file"},
    "POST /v1/uploads/audio/voice": {k: v for k, v in REQUESTS["voices"].items() if k != "file"},
    "POST /v1/files": {"purpose": "batch"},
}  # fmt: skip
ROUTES = sorted(f"{route.method} {route.path}" for route in all_routes() if "/v1/" in route.path)


def asked(simulator: Simulator, route: str, order: str = "") -> SimResponse:
    """Ask an endpoint for what is there to be asked for."""
    file = form(simulator, "POST /v1/files", "")
    known = {"FILE": json.loads(file.content())["data"]["id"]}
    if "batches/{id}" in route:
        made = asked(simulator, "POST /v1/batches")
        known["BATCH"] = json.loads(made.content())["id"]
    if "deletions" in route:
        made = form(simulator, "POST /v1/uploads/audio/voice", "")
        known["VOICE"] = json.loads(made.content())["uri"]
    if "status" in route:
        made = asked(simulator, "POST /v1/video/submit")
        known["VIDEO"] = json.loads(made.content())["requestId"]
    if route in FORMS:
        return form(simulator, route, order)
    method, _, path = route.partition(" ")
    path = path.replace("{id}", known.get("BATCH", known["FILE"]))
    body = PLAIN.get(route)
    if body is not None:
        body = {
            key: known.get(value, value) if isinstance(value, str) else value
            for key, value in body.items()
        }
    content = b"" if body is None else json.dumps(body).encode()
    return simulator.handle(SimRequest(method, path, {**KEY, "x-simulate": order}, content))


def form(simulator: Simulator, route: str, order: str) -> SimResponse:
    made = httpx.Request("POST", "https://x", data=FORMS[route], files={"file": ("a", TEXT)})
    headers = {**KEY, "x-simulate": order, "content-type": made.headers["content-type"]}
    return simulator.handle(SimRequest("POST", route.partition(" ")[2], headers, made.read()))


@pytest.mark.parametrize("route", ROUTES)
def test_an_endpoint_answers_and_fails_as_ordered(route: str) -> None:
    plain = asked(Simulator(), route)
    assert plain.status == (410 if route == "GET /v1/user/info" else 200), plain.content()
    for word in EARLY:
        response = asked(Simulator(), route, word)
        assert response.content() != plain.content() or word == str(plain.status)
    for word in sorted(FAULT_WORDS - set(EARLY)):
        spoilt = asked(Simulator(), route, word + NUMBERS.get(word, ""))
        assert spoilt.headers["x-siliconcloud-trace-id"]
        if word == "drop" and plain.status == 200:
            assert spoilt.ending == "dropped"
        if word == "broken-json" and plain.status == 200:
            assert spoilt.content() != plain.content()
