"""Settings that cannot be meant are named, and not passed over in silence."""

from __future__ import annotations

from typing import Any

import pytest

from siliconflow_client import ConfigurationError
from siliconflow_simulator import Simulator
from tests.simulator.asking import ask


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stream_style", "inhose"),
        ("stream_style", None),
        ("batch_output", "file"),
        ("messages_end", "[DONE]"),
        ("cached_share", 5),
        ("cached_share", "a"),
        ("cached_share", float("nan")),
        ("max_embedding_inputs", 0),
        ("max_embedding_inputs", "64"),
        ("keep_requests", -1),
        ("keep_requests", True),
        ("api_keys", "sk-one"),
        ("api_keys", 5),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Simulator(**{name: value})
    assert caught.value.argument == name
    assert "sk-one" not in str(caught.value)


def test_no_requests_may_be_kept() -> None:
    simulator = Simulator(keep_requests=0)
    assert ask("Hello", simulator=simulator).status == 200
    assert simulator.requests == []
