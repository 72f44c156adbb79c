"""Arguments that cannot be meant cost no request, and are named without being shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siliconflow_client import (
    AsyncSiliconFlowClient,
    CallOptions,
    ClientConfig,
    ConfigurationError,
    SiliconFlowClient,
)
from siliconflow_simulator import Simulator
from tests.client.callers import HI

EMBED: dict[str, Any] = {"model": "BAAI/bge-m3"}
RERANK: dict[str, Any] = {"model": "BAAI/bge-reranker-v2-m3"}
LISTED: dict[str, Any] = {**HI, "model": "deepseek-ai/DeepSeek-V3"}
SURROGATE = "\ud800"

Ask = Callable[[Any, Path], Any]

# Name of the argument, and a call of either client.
ODD: list[tuple[str, Ask]] = [
    ("texts", lambda client, _: client.embed_many(None, **EMBED)),
    ("texts", lambda client, _: client.embed_many(5, **EMBED)),
    ("texts", lambda client, _: client.embed_many("one text", **EMBED)),
    ("texts", lambda client, _: client.embed_many({"text": "one"}, **EMBED)),
    ("batch_size", lambda client, _: client.embed_many(["a"], batch_size=None, **EMBED)),
    ("batch_size", lambda client, _: client.embed_many(["a"], batch_size="8", **EMBED)),
    ("batch_size", lambda client, _: client.embed_many(["a"], batch_size=65, **EMBED)),
    ("start", lambda client, _: client.embed_many(["a"], start=True, **EMBED)),
    ("width", lambda client, _: client.embed_many(["a"], width="8", **EMBED)),
    ("batch_size", lambda client, _: client.rerank_many("q", ["a"], batch_size="8", **RERANK)),
    ("top_n", lambda client, _: client.rerank_many("q", ["a"], top_n="8", **RERANK)),
    ("requests", lambda client, _: client.chat_many(None)),
    ("requests", lambda client, _: client.chat_many(HI)),
    ("requests", lambda client, _: client.complete_many(5)),
    ("extra_body", lambda client, _: client.chat(**HI, extra_body={"x": [math.nan]})),
    ("extra_body", lambda client, _: client.chat(**HI, extra_body={"x": {"y": -math.inf}})),
    ("type", lambda client, _: client.models(type=SURROGATE)),
    ("sub_type", lambda client, _: client.models(sub_type=SURROGATE)),
    ("after", lambda client, _: client.batches.list(after=SURROGATE)),
    ("requests", lambda client, path: client.batches.submit(None, state=path)),
    ("requests", lambda client, path: client.batches.submit(LISTED, state=path)),
    ("metadata", lambda client, path: client.batches.submit([LISTED], state=path, metadata=["a"])),
    ("shared", lambda client, path: client.batches.submit([LISTED], state=path, shared="x")),
    ("extra_body", lambda client, path: client.batches.submit([LISTED], state=path, extra_body=5)),
    ("options", lambda client, path: client.batches.submit([LISTED], state=path, options={})),
    ("options", lambda client, path: client.batches.resume(path, options={})),
    ("options", lambda client, _: client.media_tools({}, options={})),
]


@pytest.mark.parametrize(("argument", "ask"), ODD)
def test_what_cannot_be_meant_is_named_before_any_request(argument: str, ask: Ask, tmp_path: Path):
    simulator = Simulator()
    client = SiliconFlowClient(**simulator.settings())
    with pytest.raises(ConfigurationError) as caught:
        list(ask(client, tmp_path / "job.json"))
    assert caught.value.argument == argument
    assert simulator.requests == []
    assert list(tmp_path.iterdir()) == [], "a new try with the right argument finds the state taken"


@pytest.mark.parametrize(("argument", "ask"), ODD)
async def test_the_asynchronous_client_names_it_too(argument: str, ask: Ask, tmp_path: Path):
    simulator = Simulator()
    client = AsyncSiliconFlowClient(**simulator.settings())
    with pytest.raises(ConfigurationError) as caught:
        begun = ask(client, tmp_path / "job.json")
        if hasattr(begun, "__aiter__"):
            assert [one async for one in begun] == "nothing"
        await begun
    assert caught.value.argument == argument
    assert simulator.requests == []


def test_a_text_with_the_word_nan_is_sent():
    simulator = Simulator()
    client = SiliconFlowClient(**simulator.settings())
    turn = {"role": "user", "content": "Is NaN equal to NaN, and Infinity to Infinity?"}
    assert client.chat(model=HI["model"], messages=[turn], extra_body={"note": "NaN"}).text


class OldStyle:
    """Iterates by `__getitem__` alone, as PyTorch's datasets do."""

    def __getitem__(self, position: int) -> str:
        return ["a", "b"][position]


def test_whatever_can_be_gone_through_is_taken():
    client = SiliconFlowClient(**Simulator().settings())
    for texts in (OldStyle(), iter("ab"), {"a": 1, "b": 2}.keys()):
        given: Any = texts
        assert sum(len(batch.vectors) for batch in client.embed_many(given, **EMBED)) == 2


@pytest.mark.parametrize("make", [CallOptions, lambda **given: ClientConfig(api_key="k", **given)])
def test_headers_that_are_no_mapping_are_named(make: Callable[..., object]):
    name = "headers" if make is CallOptions else "default_headers"
    for wrong in (5, ["a"], "a: b"):
        with pytest.raises(ConfigurationError) as caught:
            make(**{name: wrong})
        assert caught.value.argument == name
