"""The ways around a failure that another request may take: a stream inside, another model.

Each is a flow around another one. Nothing has been handed out when they act, so the caller sees
one answer, and its metadata says what happened.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

import pydantic_core

from siliconflow_client._json import JsonObject
from siliconflow_client.catalogue.facts import lookup_model
from siliconflow_client.errors.tree import (
    GatewayTimeoutError,
    GoneError,
    ModelNotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    SiliconFlowError,
)
from siliconflow_client.protocol.actions import Drop, Flow, Wait, Warn
from siliconflow_client.protocol.context import RequestContext
from siliconflow_client.protocol.flow import Call
from siliconflow_client.protocol.requests import EVENT_STREAM, Content, Request, json_content

T = TypeVar("T")

_OF_THE_MODEL = (
    GoneError,
    ModelNotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
)
"""Failures that another model may not have: busy, limited, disabled, retired."""


def body_of(request: Request) -> JsonObject:
    """The JSON object that a request sends; `{}` for one that sends none."""
    if not isinstance(request.body, Content):
        return {}
    return cast("JsonObject", pydantic_core.from_json(request.body.data))


def with_body(request: Request, body: JsonObject) -> Request:
    """The same request with another body."""
    return replace(request, body=json_content(cast("Mapping[str, object]", body)))


def may_stream(request: Request) -> bool:
    """Whether a plain call may be asked for as a stream: one answer, and no broken tool calls."""
    body = body_of(request)
    if body.get("n") not in (None, 1):
        return False
    facts = lookup_model(request.model or "")
    return not body.get("tools") or facts.streaming_tools or not facts.tools


def as_stream(request: Request) -> Request:
    """Ask for the same in pieces, with the tokens at the end."""
    body = body_of(request)
    body["stream"] = True
    body.setdefault("stream_options", {"include_usage": True})
    return replace(with_body(request, body), accept=EVENT_STREAM)


def unless_too_slow(
    call: Call[T], context: RequestContext, streamed: Callable[[RequestContext], Flow[T]]
) -> Flow[T]:
    """Ask for a whole answer, as a stream inside where `long_answers` says so.

    Args:
        call: The plain request, and how its answer is read.
        context: The client's settings.
        streamed: Makes the flow that asks for the same as a stream and joins it.
    """
    request = call.request
    if context.long_answers == "never":
        return (yield from call.flow(context))
    if context.long_answers == "after_504":
        try:
            until = functools.partial(_is_too_slow, request)
            return (yield from call.flow(context, until=until))
        except GatewayTimeoutError as error:
            if not (context.policy.max_retries and may_stream(request)):
                raise
            failure: SiliconFlowError = error
        yield Drop()
        yield Wait(0.0, failure)
        context = context.after_one_attempt()
    elif not may_stream(request):
        return (yield from call.flow(context))
    return (yield from streamed(context))


def _is_too_slow(request: Request, error: SiliconFlowError) -> bool:
    """Whether the gateway gave up on an answer that may be asked for as a stream."""
    return isinstance(error, GatewayTimeoutError) and may_stream(request)


def with_fallbacks(
    request: Request,
    context: RequestContext,
    ask: Callable[[Request], Flow[T]],
    went_on: Callable[[str], None],
    *,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Flow[T]:
    """Hand over to the next model when one is busy, limited, disabled or retired for good.

    Args:
        request: What is asked first.
        context: Names the other models.
        ask: Makes the flow of one request.
        went_on: Told the model that was asked for, when another one is asked.
        may_go_on: Whether nothing has been handed out.
    """
    first = request.model or ""
    for model in context.fallback_models:
        try:
            return (yield from ask(request))
        except _OF_THE_MODEL as error:
            if not may_go_on():
                raise
            failure: SiliconFlowError = error
        yield Drop()
        yield Warn(f"Going on with model {model} after: {failure}")
        request = replace(with_body(request, {**body_of(request), "model": model}), model=model)
        went_on(first)
    return (yield from ask(request))
