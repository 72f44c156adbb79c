"""Every parameter goes from both clients to the simulator, which looks at it."""

from __future__ import annotations

import functools
from operator import attrgetter
from typing import Any

import httpx
import pytest

from siliconflow_client import SiliconFlowClient, parameters_of
from siliconflow_simulator import SimRequest, Simulator
from tests.client.callers import Caller
from tests.client.groups import call
from tests.simulator.asking import KEY, post
from tests.simulator.parameter_values import METHODS, NAMES, refused_value, request_with

FORMS = ("transcriptions", "voices")


def rows(*, forms: bool) -> list[Any]:
    """The documented parameters of the endpoints that take forms, or of the others."""
    return [
        pytest.param(endpoint, name, id=f"{endpoint}-{name}")
        for endpoint, name in NAMES
        if (endpoint in FORMS) is forms
        and parameters_of(endpoint)[name].source.startswith("docs/wire.md")
    ]


@pytest.mark.parametrize(("endpoint", "name"), NAMES)
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_parameter_is_sent_and_taken(kind: str, endpoint: str, name: str) -> None:
    simulator = Simulator()
    arguments = request_with(endpoint, name)
    async with Caller(kind, simulator.transport().handler, max_retries=0) as caller:
        assert await call(caller, METHODS[endpoint], **arguments)
    [received] = simulator.requests
    if isinstance(received.body, bytes):
        assert f'name="{name}"'.encode() in received.body
    else:
        assert received.body[name] == arguments[name]


@functools.cache
def path_of(endpoint: str) -> str:
    """Where our client sends a request that has nothing but what it needs."""
    simulator = Simulator()
    made = simulator.settings()
    with SiliconFlowClient(api_key=made["api_key"], http_client=made["http_client"]) as client:
        attrgetter(METHODS[endpoint])(client)(**request_with(endpoint, "model"))
    [received] = simulator.requests
    return received.path


@pytest.mark.parametrize(("endpoint", "name"), rows(forms=False))
def test_a_value_of_another_kind_is_refused(endpoint: str, name: str) -> None:
    value = refused_value(parameters_of(endpoint)[name].kind)
    response = post(path_of(endpoint), request_with(endpoint, name) | {name: value})
    assert response.status == 400, response.content()


@pytest.mark.parametrize(("endpoint", "name"), rows(forms=True))
def test_a_form_that_lacks_what_it_needs_is_refused(endpoint: str, name: str) -> None:
    """All fields of a form are texts, so there is no other kind to send."""
    fields = request_with(endpoint, name)
    assert form(path_of(endpoint), fields | {"file": b"ID3"}).status == 200
    assert form(path_of(endpoint), fields | {name: None}).status == 400


def form(path: str, fields: dict[str, Any]) -> Any:
    files = {key: ("a.wav", value) for key, value in fields.items() if isinstance(value, bytes)}
    texts = {key: value for key, value in fields.items() if isinstance(value, str)}
    made = httpx.Request("POST", "https://x", data=texts, files=files or {"none": b""})
    headers = {**KEY, "content-type": made.headers["content-type"]}
    return Simulator().handle(SimRequest("POST", path, headers, made.read()))
