"""A completion around a failure: a stream inside after a 504, another model when one is busy."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from siliconflow_client import (
    CallOptions,
    GatewayTimeoutError,
    OverloadedError,
    ServerError,
    SiliconFlowClient,
    TextCompletion,
)
from siliconflow_client.endpoints.completions import join_pieces, read_completion
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from siliconflow_client.errors.response import Head
from tests.client.by_hand import NOW
from tests.client.callers import TRACE, Caller
from tests.fixtures import INDEX

both = pytest.mark.parametrize("kind", ["sync", "async"])
ASK: dict[str, Any] = {"model": "a", "prompt": "def f():"}
WHOLE = INDEX["completions/nonstream.json"].json()
HEAD = Head(200, {"x-siliconcloud-trace-id": TRACE}, NOW)
BUSY = (503, {"code": 50505, "message": "Model service overloaded."})


def pieces(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The same answer in pieces of a character each, the tokens in the last."""
    base = {key: whole[key] for key in ("id", "model", "created") if key in whole}
    events: list[dict[str, Any]] = []
    for choice in whole["choices"]:
        place = {"index": choice.get("index", 0), "finish_reason": None}
        events += [{**base, "choices": [{**place, "text": part}]} for part in choice["text"]]
        events.append({**base, "choices": [{**choice, "text": "", "logprobs": None}]})
    return [*events, {**base, "choices": [], "usage": whole.get("usage")}]


class Site:
    """Answers completions; some models cannot, and plain ones outlast the gateway if told so."""

    def __init__(self, *, plain: int = 200, broken: int = 0, **busy: tuple[int, Any]) -> None:
        self.plain = plain
        self.broken = broken
        self.busy = busy
        self.bodies: list[dict[str, Any]] = []

    @property
    def asked(self) -> list[tuple[str, bool]]:
        return [(body["model"], body["stream"]) for body in self.bodies]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        headers = {"x-siliconcloud-trace-id": TRACE}
        if body["model"] in self.busy:
            status, said = self.busy[body["model"]]
            return httpx.Response(status, headers=headers, json=said)
        whole = {**WHOLE, "model": body["model"]}
        if not body["stream"]:
            return httpx.Response(self.plain, headers=headers, json=whole)
        lines = [f"data: {json.dumps(event)}\n\n" for event in pieces(whole)]
        if self.broken:
            self.broken -= 1
            lines = lines[:2]
        else:
            lines.append("data: [DONE]\n\n")
        headers["content-type"] = "text/event-stream"
        return httpx.Response(200, headers=headers, text="".join(lines))


async def complete(
    kind: str, site: Site, options: CallOptions | None = None, **settings: Any
) -> TextCompletion:
    request = {**ASK, **settings.pop("request", {})}
    async with Caller(kind, site, **settings) as ask:
        return await ask("complete", **request, options=options)


@both
async def test_after_a_504_it_goes_on_as_a_stream_that_is_joined_inside(kind: str):
    site = Site(plain=504)
    answer = await complete(kind, site)
    assert answer.text == WHOLE["choices"][0]["text"]
    assert (answer.trace_id, answer.fallback_from) == (TRACE, None)
    assert answer.usage is not None
    assert answer.usage.total_tokens == WHOLE["usage"]["total_tokens"]
    assert site.asked == [("a", False), ("a", True)]
    assert site.bodies[1]["stream_options"] == {"include_usage": True}


@both
async def test_a_stream_that_breaks_inside_is_tried_again(kind: str):
    site = Site(plain=504, broken=1)
    assert (await complete(kind, site)).text == WHOLE["choices"][0]["text"]
    assert [streamed for _, streamed in site.asked] == [False, True, True]


@both
@pytest.mark.parametrize(
    ("long_answers", "streamed"), [("stream", [True]), ("never", [False, False])]
)
async def test_when_it_streams_is_a_setting(kind: str, long_answers: Any, streamed: list[bool]):
    site = Site(plain=200 if long_answers == "stream" else 504)
    options = CallOptions(long_answers=long_answers)
    if long_answers == "never":
        with pytest.raises(GatewayTimeoutError):
            await complete(kind, site, options, max_retries=1)
    else:
        await complete(kind, site, options)
    assert [one for _, one in site.asked] == streamed


@both
async def test_several_answers_do_not_stream(kind: str):
    site = Site(plain=504)
    with pytest.raises(GatewayTimeoutError):
        await complete(kind, site, max_retries=1, request={"n": 2})
    assert [streamed for _, streamed in site.asked] == [False, False]


@both
@pytest.mark.parametrize("where", ["client", "call"])
async def test_the_next_model_answers_and_the_answer_says_so(kind: str, where: str):
    site = Site(a=BUSY)
    options = CallOptions(fallback_models=["b"]) if where == "call" else None
    settings: dict[str, Any] = {"fallback_models": ["b"]} if where == "client" else {}
    answer = await complete(kind, site, options, max_retries=1, **settings)
    assert (answer.model, answer.fallback_from) == ("b", "a")
    assert [model for model, _ in site.asked] == ["a", "a", "b"]


@both
async def test_the_last_failure_is_raised(kind: str):
    with pytest.raises(OverloadedError) as caught:
        await complete(kind, Site(a=BUSY, b=BUSY), fallback_models=["b"], max_retries=0)
    assert caught.value.model == "b"


@both
async def test_a_failure_of_another_kind_stays_with_its_model(kind: str):
    site = Site(a=(500, {"code": 50507, "message": "Request failed."}))
    with pytest.raises(ServerError):
        await complete(kind, site, fallback_models=["b"], max_retries=0)
    assert [model for model, _ in site.asked] == ["a"]


@both
async def test_a_stream_goes_on_with_the_next_model_before_its_first_delta(kind: str):
    site = Site(a=BUSY)
    async with Caller(kind, site, fallback_models=["b"], max_retries=0) as ask:
        client = ask.client
        if isinstance(client, SiliconFlowClient):
            stream = client.stream_complete(**ASK)
            text = "".join(delta.text for delta in stream)
            told = stream.fallback_from
        else:
            streamed = client.stream_complete(**ASK)
            text = "".join([delta.text async for delta in streamed])
            told = streamed.fallback_from
    assert (text, told) == (WHOLE["choices"][0]["text"], "a")


@both
async def test_many_completions_go_on_as_well(kind: str):
    site = Site(a=BUSY)
    async with Caller(kind, site, fallback_models=["b"], max_retries=0) as ask:
        if isinstance(ask.client, SiliconFlowClient):
            answers = [*ask.client.complete_many([ASK, ASK])]
        else:
            answers = [answer async for answer in ask.client.complete_many([ASK, ASK])]
    assert [answer.fallback_from for answer in answers] == ["a", "a"]


def test_joined_pieces_are_the_plain_answer():
    first = {"tokens": ["co"], "token_logprobs": [-0.5], "text_offset": [0]}
    second = {"tokens": ["de"], "token_logprobs": [-0.25], "text_offset": [2]}
    normaliser = DeltaNormaliser()
    deltas: list[Any] = []
    for text, logprobs in (("co", first), ("de", second)):
        choice = {"index": 0, "text": text, "finish_reason": None, "logprobs": logprobs}
        normaliser.feed({"id": "x", "model": "m", "created": 7, "choices": [choice]}, deltas)
    end = {"index": 0, "text": "", "finish_reason": "length"}
    normaliser.feed({"id": "x", "choices": [end], "usage": {"total_tokens": 3}}, deltas)
    joined = join_pieces([*deltas, *normaliser.finish()], TRACE)
    assert (joined.id, joined.model, joined.created, joined.trace_id) == ("x", "m", 7, TRACE)
    assert joined.choices[0].logprobs == {
        "tokens": ["co", "de"],
        "token_logprobs": [-0.5, -0.25],
        "text_offset": [0, 2],
    }
    again = read_completion(json.dumps(joined.raw).encode(), HEAD)
    assert again == joined
