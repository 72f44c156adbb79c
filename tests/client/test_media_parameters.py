"""The table of parameters for images, films and sounds: whole, and in step with the typed requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Required, get_args, get_origin, get_type_hints

import httpx
import pytest

from siliconflow_client import (
    BadRequestError,
    ConfigurationError,
    ImageRequest,
    SiliconFlowClient,
    SpeechRequest,
    TranscriptionRequest,
    VideoRequest,
    VoiceRequest,
    parameters_of,
)
from siliconflow_client.catalogue.media_parameters import MEDIA_PARAMETERS
from siliconflow_client.catalogue.parameter import Endpoint
from siliconflow_client.errors import hints
from siliconflow_client.errors.mapping import error_from_response
from siliconflow_client.errors.response import Head, Target
from tests.client.by_hand import NOW
from tests.client.callers import CALLS as TEXT_CALLS
from tests.client.callers import HI, KEY
from tests.client.test_parameters import SCALARS, kinds_of, test_a_row_is_whole

# Not derived from the table: the typed requests are what users write.
REQUESTS: dict[str, Any] = {
    "images": ImageRequest,
    "video": VideoRequest,
    "speech": SpeechRequest,
    "transcriptions": TranscriptionRequest,
    "voices": VoiceRequest,
}
CALLS: dict[str, dict[str, Any]] = {
    "images": {"model": "m", "prompt": "p"},
    "video": {"model": "m", "prompt": "p"},
    "speech": {"model": "m", "input": "i"},
    "transcriptions": {"model": "m", "file": b"f"},
    "voices": {"model": "m", "customName": "n", "text": "t", "file": b"f"},
}
FIELDS = [
    (endpoint, name) for endpoint, request in REQUESTS.items() for name in request.__annotations__
]


def method(endpoint: str, client: SiliconFlowClient | None = None) -> Any:
    if client is None:
        client = SiliconFlowClient(api_key=KEY, base_url="http://127.0.0.1:9", max_retries=0)
    return {
        "images": client.images.generate,
        "video": client.videos.submit,
        "speech": client.audio.speech.create,
        "transcriptions": client.audio.transcriptions.create,
        "voices": client.voices.create,
    }[endpoint]


@pytest.mark.parametrize("endpoint", REQUESTS)
def test_the_table_lists_what_the_request_lists(endpoint: Any):
    request = REQUESTS[endpoint]
    assert set(parameters_of(endpoint)) == set(request.__annotations__)
    required = {name for name, entry in parameters_of(endpoint).items() if entry.required}
    hints = get_type_hints(request, include_extras=True)
    assert required == {name for name, hint in hints.items() if get_origin(hint) is Required}


def test_no_parameter_stands_twice_for_one_endpoint():
    rows = [(endpoint, entry.name) for entry in MEDIA_PARAMETERS for endpoint in entry.endpoints]
    assert len(rows) == len(set(rows)) > 30


@pytest.mark.parametrize(
    "entry", MEDIA_PARAMETERS, ids=lambda entry: f"{entry.name}-{entry.endpoints[0]}"
)
def test_a_row_of_this_table_is_whole(entry: Any):
    test_a_row_is_whole(entry)
    assert entry.source.startswith("docs/wire.md#")


@pytest.mark.parametrize(("endpoint", "name"), FIELDS)
def test_the_kind_is_that_of_the_typed_request(endpoint: Any, name: str):
    kinds = kinds_of(get_type_hints(REQUESTS[endpoint])[name])
    expected = SCALARS[kinds.pop()] if len(kinds) == 1 and kinds <= set(SCALARS) else "structure"
    assert parameters_of(endpoint)[name].kind == expected


@pytest.mark.parametrize(("endpoint", "name"), FIELDS)
def test_a_value_that_cannot_be_meant_costs_no_request(endpoint: Any, name: str):
    wrong: dict[str, Any] = {
        "integer": 1.5,
        "number": "1",
        "boolean": 1,
        "string": 5,
        "structure": object(),
    }
    fields = {**CALLS[endpoint], name: wrong[parameters_of(endpoint)[name].kind]}
    if name == "audio":
        del fields["file"]
    with pytest.raises(ConfigurationError) as caught:
        method(endpoint)(**fields)
    assert caught.value.argument == name


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(endpoint, name) for endpoint, name in FIELDS if parameters_of(endpoint)[name].required],
)
def test_what_a_request_cannot_be_without_is_asked_for_by_name(endpoint: Any, name: str):
    with pytest.raises(ConfigurationError) as caught:
        method(endpoint)(**{**CALLS[endpoint], name: None})
    assert caught.value.argument == name


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        (
            "/images/generations",
            "num_inference_steps: too many",
            "num_inference_steps is documented as 1 to 100.",
        ),
        ("/images/generations", "image_size is wrong", None),  # each model has its own
        (
            "/video/submit",
            "image_size is wrong",
            "image_size is documented as 1280x720, 720x1280, 960x960.",
        ),
        ("/audio/speech", "speed must be in [0.25, 4]", "speed is documented as 0.25 to 4."),
        ("/audio/speech", "max_tokens is wrong", "max_tokens is documented as at most 2048."),
        ("/chat/completions", "temperature: 3", "temperature is documented as 0 to 2."),
        ("/completions", "temperature: 3", "temperature is documented as 0 to 1."),
        ("/completions", "response_format is wrong", None),
        ("/models", "temperature: 3", None),
    ],
)
def test_the_hint_of_a_refusal_tells_the_range_of_its_endpoint(
    path: str, message: str, hint: str | None
):
    body = json.dumps({"code": 20015, "message": message, "data": None}).encode()
    asked = Target("api.siliconflow.cn", path, "m")
    assert error_from_response(Head(400, {}, NOW), body, asked).hint == hint


def test_every_endpoint_of_the_table_has_the_path_it_is_sent_to():
    """A wrong path would only cost hints, which nobody would miss."""
    paths: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path.removeprefix("/v1"))
        return httpx.Response(400, json={"code": 20015, "message": "no", "data": None})

    http = httpx.Client(transport=httpx.MockTransport(note))
    client = SiliconFlowClient(api_key=KEY, http_client=http)
    calls: list[tuple[str, Callable[..., object], dict[str, Any]]] = [
        ("chat", client.chat, HI),
        ("completions", client.complete, TEXT_CALLS["complete"]),
        ("messages", client.messages.create, {**HI, "max_tokens": 9}),
        ("embeddings", client.embed, TEXT_CALLS["embed"]),
        ("rerank", client.rerank, TEXT_CALLS["rerank"]),
        *((endpoint, method(endpoint, client), CALLS[endpoint]) for endpoint in CALLS),
    ]
    assert {endpoint for endpoint, _, _ in calls} == set(get_args(Endpoint))
    for endpoint, call, fields in calls:
        with pytest.raises(BadRequestError):
            call(**fields)
        assert hints._ENDPOINT_ON.get(paths[-1]) == endpoint


@pytest.mark.parametrize(
    ("endpoint", "beyond"),
    [
        ("images", {"num_inference_steps": 500, "guidance_scale": 99.0, "cfg": 0, "batch_size": 9}),
        ("video", {"image_size": "1x1", "seed": -5}),
        ("speech", {"speed": 99, "gain": 99, "response_format": "flac"}),
    ],
)
def test_a_range_never_refuses_before_the_server_does(endpoint: Any, beyond: dict[str, Any]):
    """A newer model may allow more."""
    from siliconflow_client import APIConnectionError

    with pytest.raises(APIConnectionError):
        method(endpoint)(**CALLS[endpoint], **beyond)
