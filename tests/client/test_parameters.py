"""The table of parameters is the whole truth: what the wire types list, it lists, and checks."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, Required, get_args, get_origin, get_type_hints

import pytest

from siliconflow_client import (
    ChatRequest,
    CompletionRequest,
    ConfigurationError,
    EmbeddingRequest,
    MessagesRequest,
    RerankRequest,
    SiliconFlowClient,
    parameters_of,
    settings_of,
)
from siliconflow_client.catalogue.parameter_messages import MESSAGES_PARAMETERS
from siliconflow_client.catalogue.parameter_table import PARAMETERS
from siliconflow_client.errors.mapping import error_from_response
from siliconflow_client.errors.response import Head
from tests.client.by_hand import ASKED, NOW
from tests.client.callers import CALLS, HI, KEY

# Not derived from the table: the typed requests are what users write.
REQUESTS: dict[str, Any] = {
    "chat": ChatRequest,
    "completions": CompletionRequest,
    "embeddings": EmbeddingRequest,
    "messages": MessagesRequest,
    "rerank": RerankRequest,
}
METHODS = {
    "chat": "chat",
    "completions": "complete",
    "embeddings": "embed",
    "messages": "messages.create",
    "rerank": "rerank",
}
ROWS = (*PARAMETERS, *MESSAGES_PARAMETERS)
FIELDS = [
    (endpoint, name) for endpoint, request in REQUESTS.items() for name in request.__annotations__
]


@pytest.mark.parametrize("endpoint", REQUESTS)
def test_the_table_lists_what_the_request_lists(endpoint: Any):
    request = REQUESTS[endpoint]
    assert set(parameters_of(endpoint)) == set(request.__annotations__)
    required = {name for name, entry in parameters_of(endpoint).items() if entry.required}
    hints = get_type_hints(request, include_extras=True)
    assert required == {name for name, hint in hints.items() if get_origin(hint) is Required}


def test_no_parameter_stands_twice_for_one_endpoint():
    rows = [(endpoint, entry.name) for entry in ROWS for endpoint in entry.endpoints]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("entry", ROWS, ids=lambda entry: f"{entry.name}-{entry.endpoints[0]}")
def test_a_row_is_whole(entry: Any):
    assert entry.description.endswith(".")
    assert entry.source
    if entry.least is not None and entry.most is not None:
        assert entry.least < entry.most
    if entry.kind not in ("integer", "number"):
        assert (entry.least, entry.most, entry.positive) == (None, None, False)


def kinds_of(hint: Any) -> set[type]:
    if get_origin(hint) is None:
        return {hint} if isinstance(hint, type) else set()
    if get_origin(hint) in (list, dict):
        return {get_origin(hint)}
    return {
        type(arg) if isinstance(arg, str) else kind
        for arg in get_args(hint)
        for kind in ({type(arg)} if isinstance(arg, str) else kinds_of(arg))
    }


SCALARS = {int: "integer", float: "number", bool: "boolean", str: "string"}


@pytest.mark.parametrize(("endpoint", "name"), FIELDS)
def test_the_kind_is_that_of_the_typed_request(endpoint: Any, name: str):
    kinds = kinds_of(get_type_hints(REQUESTS[endpoint])[name])
    expected = SCALARS[kinds.pop()] if len(kinds) == 1 and kinds <= set(SCALARS) else None
    kind = parameters_of(endpoint)[name].kind
    if expected is not None and name != "query":  # vision rerankers take an object beside a string
        assert kind == expected
    else:
        assert kind in ("strings", "structure")


@pytest.mark.parametrize(("endpoint", "name"), FIELDS)
def test_a_value_that_cannot_be_meant_costs_no_request(endpoint: Any, name: str):
    client = SiliconFlowClient(api_key=KEY, base_url="http://127.0.0.1:9")
    wrong: dict[str, Any] = {
        "integer": 1.5,
        "number": "1",
        "boolean": 1,
        "string": 5,
        "strings": [5],
        "structure": object(),
    }
    value = wrong[parameters_of(endpoint)[name].kind]
    method = METHODS[endpoint]
    with pytest.raises(ConfigurationError) as caught:
        attrgetter(method)(client)(**{**CALLS.get(method, HI), name: value})
    assert (caught.value.argument or "").partition("[")[0] in (name, "extra_body")


def test_what_can_be_set_once_leaves_out_what_a_request_is_about():
    assert "messages" not in settings_of("chat")
    assert "model" not in settings_of("chat")
    assert "tools" not in settings_of("chat")
    assert {"seed", "logit_bias", "temperature"} <= set(settings_of("chat"))
    assert "repetition_penalty" in settings_of("completions")


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (
            "thinking_budget: Input should be greater than or equal to 128",
            "thinking_budget is documented as 128 to 32768.",
        ),
        ("Value error, temperature must be in [0, 2]", "temperature is documented as 0 to 2."),
        ("seed: Must be greater than or equal to 0", "seed is documented as 0 or more."),
        ("top_k must be -1 or between 1 and 100.", "top_k is documented as -1 to 100."),
    ],
)
def test_the_hint_of_a_refusal_tells_the_documented_range(message: str, hint: str):
    body = json.dumps({"code": 20015, "message": message, "data": None}).encode()
    assert error_from_response(Head(400, {}, NOW), body, ASKED).hint == hint


def test_a_range_never_refuses_before_the_server_does():
    """A newer model may allow more."""
    client = SiliconFlowClient(api_key=KEY, base_url="http://127.0.0.1:9", max_retries=0)
    from siliconflow_client import APIConnectionError

    with pytest.raises(APIConnectionError):
        client.chat(**CALLS["chat"], temperature=3.5, thinking_budget=100_000, top_k=500, n=99)
