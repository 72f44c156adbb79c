"""The tree, and what every error can do: be shown, pickled, copied and rebuilt."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import siliconflow_client
from siliconflow_client import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    ConfigurationError,
    ContextLengthError,
    ErrorResponse,
    InsufficientBalanceError,
    RateLimitError,
    SiliconFlowError,
    StreamInterruptedError,
)
from siliconflow_client.errors.mapping import error_from_response
from siliconflow_client.errors.response import Head
from tests.client.by_hand import ASKED, NOW

TREE = """
SiliconFlowError
  ConfigurationError
  APIConnectionError
    APITimeoutError
    StreamInterruptedError
  APIStatusError
    BadRequestError
      ContextLengthError
      UnsupportedParameterError
      ModelNotFoundError
    AuthenticationError
    InsufficientBalanceError
    PermissionDeniedError
    NotFoundError
    GoneError
    PayloadTooLargeError
    RateLimitError
    ContentRejectedError
    ServerError
      OverloadedError
      GatewayTimeoutError
  APIResponseError
    EmptyAnswerError
  BatchExpiredError
  JobFailedError
"""


def drawn(cls: type[SiliconFlowError], depth: int = 0) -> list[str]:
    lines = ["  " * depth + cls.__name__]
    for child in cls.__subclasses__():
        if child.__module__.startswith("siliconflow_client.errors."):
            lines += drawn(child, depth + 1)
    return lines


def test_the_tree_is_the_documented_one():
    for line in TREE.split():
        assert getattr(siliconflow_client, line).__doc__
    assert drawn(SiliconFlowError) == TREE.strip().splitlines()
    assert issubclass(ConfigurationError, ValueError)


STATUS = error_from_response(
    Head(429, {"retry-after": "5", "x-siliconcloud-trace-id": "ti_1"}, NOW),
    b'{"code":50602,"message":"rate limiting. Details: TPM limit reached."}',
    ASKED,
)
ERRORS: list[SiliconFlowError] = [
    SiliconFlowError("m", hint="h"),
    ConfigurationError("m", argument="documents[3]", hint="h"),
    APIConnectionError("m", host="h", model="x", trace_id="t"),
    APITimeoutError("m", phase="read", limit=2.5, host="h"),
    APITimeoutError("m", phase="deadline", limit=2.5),
    StreamInterruptedError("m", partial="a", partial_reasoning="b"),
    STATUS,
    APIResponseError("m", body={"a": [1]}, code=5, trace_id="t"),
]


def state(error: SiliconFlowError) -> dict[str, Any]:
    known = dict(vars(error))
    response = known.pop("response", None)
    if isinstance(response, ErrorResponse):
        known["response"] = (response.status_code, response.headers, response.content)
    return known | {"args": error.args, "str": str(error), "retryable": error.is_retryable}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "twin_of",
    [copy.copy, copy.deepcopy, *(
        lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    )],
)  # fmt: skip
def test_errors_pickle_and_copy(error: SiliconFlowError, twin_of: Any):
    twin = twin_of(error)
    assert twin is not error
    assert type(twin) is type(error)
    assert state(twin) == state(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_can_be_rebuilt_as_a_framework_s_own(error: SiliconFlowError):
    class FrameworkError(Exception):
        def __init__(self, needs: str, arguments: str) -> None: ...

    ours: type[Any] = type("Ours", (type(error), FrameworkError), {})
    twin = error.as_type(ours)
    assert isinstance(twin, FrameworkError)
    assert isinstance(twin, type(error))
    assert state(twin) == state(error)


def test_a_rate_limit_keeps_what_it_was_told():
    twin = pickle.loads(pickle.dumps(STATUS))
    assert isinstance(twin, RateLimitError)
    assert (twin.limit, twin.retry_after, twin.code, twin.trace_id) == ("TPM", 5.0, 50602, "ti_1")
    assert (twin.host, twin.model) == (ASKED.host, ASKED.model)
    assert twin.response is not None
    assert twin.response.status_code == 429
    assert twin.response.json() == twin.body
    assert twin.response.text == twin.response.content.decode()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SiliconFlowError("What happened."), "What happened."),
        (SiliconFlowError("What happened.", hint="do this."), "What happened. Hint: do this."),
        (APIConnectionError("Broke.", host="h", model="m", trace_id="t"), "Broke. [h, model m, trace id t]"),
        (APIStatusError("No.", status_code=400), "HTTP 400: No."),
        (
            APIStatusError("No.", status_code=400, code=20015, host="h", model="m", trace_id="t", hint="x."),
            "HTTP 400, code 20015: No. [h, model m, trace id t] Hint: x.",
        ),
        (APIStatusError("Wait.", status_code=429, retry_after=600.0), "HTTP 429: Wait. (retry after 600 s)"),
        (APIResponseError("Odd.", host="h"), "Odd. [h]"),
    ],
)  # fmt: skip
def test_what_str_says(error: SiliconFlowError, text: str):
    assert str(error) == text


def test_except_clauses_of_old_still_work():
    with pytest.raises(ValueError, match="m"):
        raise ConfigurationError("m")
    for cls in (ContextLengthError, BadRequestError, APIStatusError, SiliconFlowError):
        with pytest.raises(cls):
            raise ContextLengthError("m", status_code=400)
    assert not issubclass(InsufficientBalanceError, BadRequestError)


@pytest.mark.parametrize("cls", [APIConnectionError, APIResponseError])
def test_the_trace_id_goes_by_two_names(cls: Any):
    assert cls("m", trace_id="t").request_id == "t"
    assert cls("m").request_id is None
