"""The documented range of each number of a chat request: its edges are taken, what is beyond is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.asking import ask, body_of

# https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions
RANGES: dict[str, tuple[list[Any], list[Any]]] = {
    "temperature": ([0, 0.0, 2], [-0.01, 2.01]),
    "top_p": ([0.01, 1], [-0.01, 1.01]),
    "top_k": ([-1, 1, 100], [-2, 0, 101]),
    "min_p": ([0, 0.05, 1], [-0.01, 1.01]),
    "frequency_penalty": ([-2, 2], [-2.01, 2.01]),
    "presence_penalty": ([-2, 2], [-2.01, 2.01]),
    "n": ([1, 20], [0, 21]),
    "max_tokens": ([1, 100], [0, -1]),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (good, _) in RANGES.items() for value in good]
)
def test_a_value_of_the_range_is_answered(name: str, value: Any):
    assert ask("Hi", **{name: value}).status == 200


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, (_, bad) in RANGES.items() for value in bad]
)
def test_a_value_beyond_the_range_is_refused(name: str, value: Any):
    refused = ask("Hi", **{name: value})
    assert refused.status == 400
    assert body_of(refused)["message"]


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", ["1", True, [1], {}], ids=str)
def test_what_is_no_number_is_refused(name: str, value: Any):
    assert ask("Hi", **{name: value}).status == 400
