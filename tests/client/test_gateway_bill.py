"""What long answers cost behind a gateway that gives up after a minute.

The model answers 40 tokens a second, half of the answers have more than 1,500 tokens, and the
server goes on with what the gateway gave up, so that is billed too.
"""

from __future__ import annotations

import json
import math
from statistics import NormalDist
from typing import Literal

import httpx
import pytest

from siliconflow_client import GatewayTimeoutError, SiliconFlowClient
from tests.client.callers import KEY

ANSWERS = 400
MEDIAN, SPREAD = 1500, 0.976
LONGEST = 60 * 40
"""Tokens that a plain answer may have before the gateway gives up."""


class Gateway:
    """Answers the question whose text is its answer's length, and keeps the bill."""

    def __init__(self) -> None:
        self.billed = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        tokens = int(body["messages"][0]["content"])
        self.billed += tokens
        usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}
        if body["stream"]:
            choice = {"index": 0, "delta": {"content": "done"}, "finish_reason": "stop"}
            event = json.dumps({"id": "x", "model": "m", "choices": [choice], "usage": usage})
            stream = {"content-type": "text/event-stream"}
            return httpx.Response(200, headers=stream, text=f"data: {event}\n\ndata: [DONE]\n\n")
        if tokens > LONGEST:
            return httpx.Response(504, json="504 Gateway Timeout")
        message = {"role": "assistant", "content": "done"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        whole = {"id": "x", "model": "m", "choices": [choice], "usage": usage}
        return httpx.Response(200, json=whole)


def run(long_answers: Literal["after_504", "stream", "never"]) -> tuple[float, float]:
    """The share of questions that got their answer, and tokens billed for each useful one."""
    gateway = Gateway()
    useful = answered = 0
    http = httpx.Client(transport=httpx.MockTransport(gateway))
    client = SiliconFlowClient(
        api_key=KEY, http_client=http, long_answers=long_answers, sleep=lambda _: None
    )
    with http:
        for number in range(ANSWERS):  # the distribution's quantiles
            place = NormalDist().inv_cdf((number + 0.5) / ANSWERS)
            tokens = round(MEDIAN * math.exp(SPREAD * place))
            try:
                answer = client.chat(model="m", messages=[{"role": "user", "content": str(tokens)}])
            except GatewayTimeoutError:
                continue
            assert answer.text == "done"
            answered += 1
            useful += tokens
    return answered / ANSWERS, gateway.billed / useful


def test_after_a_504_every_answer_comes_and_none_is_billed_more_than_twice():
    share, bill = run("after_504")
    assert share == 1
    assert bill <= 1.7


def test_streamed_from_the_start_nothing_is_billed_twice():
    assert run("stream") == (1, 1)


def test_without_streams_the_long_ones_are_lost_and_billed_again_and_again():
    share, bill = run("never")
    assert share == pytest.approx(0.685, abs=0.005)
    assert bill > 8
