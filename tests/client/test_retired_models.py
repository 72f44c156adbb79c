"""A retired model is warned of once in a process, with the date and the successor."""

from __future__ import annotations

import warnings
from typing import Any

import httpx
import pytest

from siliconflow_client import BadRequestError, ModelRetiredWarning, known_models
from siliconflow_client.catalogue import facts as catalogue
from siliconflow_client.endpoints import checks
from tests.client.callers import CALLS, HI, Caller
from tests.client.test_meter import chat
from tests.double import Double

both = pytest.mark.parametrize("kind", ["sync", "async"])
OLD = "deepseek-ai/DeepSeek-V3.2-Exp"


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_WARNED", set())


async def warned(kind: str, *requests: dict[str, Any]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with Caller(kind, Double(chat())) as ask:
            for request in requests:
                await ask("chat", **request)
    assert {one.category for one in caught} <= {ModelRetiredWarning}
    return [str(one.message) for one in caught]


@both
async def test_the_warning_names_date_and_successor_once(kind: str):
    (text,) = await warned(kind, *[{**HI, "model": OLD}] * 3)
    assert text == (
        "deepseek-ai/DeepSeek-V3.2-Exp is retired since 2025-12-04, by the announcements of "
        "siliconflow.cn; the vendor names deepseek-ai/DeepSeek-V3.2 in its place."
    )


@both
async def test_each_model_is_warned_of_and_one_without_a_successor_says_so(kind: str):
    texts = await warned(kind, {**HI, "model": OLD}, {**HI, "model": "zai-org/GLM-4.5"})
    assert len(texts) == 2
    assert "2025-12-31" in texts[1]
    assert texts[1].endswith("the vendor names no successor.")


@both
async def test_other_models_are_not_warned_of(kind: str):
    assert await warned(kind, HI, {**HI, "model": "somebody/new-model"}) == []


@both
async def test_the_request_is_sent_all_the_same(kind: str):
    with pytest.warns(ModelRetiredWarning):
        async with Caller(kind, Double(chat())) as ask:
            assert (await ask("chat", **{**HI, "model": OLD})).text == "Hello."


@pytest.mark.parametrize("method", ["chat", "complete", "embed", "rerank"])
async def test_every_endpoint_with_a_model_warns(method: str):
    async with Caller("sync", Double(httpx.Response(400))) as ask:
        with pytest.raises(BadRequestError), pytest.warns(ModelRetiredWarning):
            await ask(method, **{**CALLS[method], "model": OLD})


def test_every_retired_model_of_the_catalogue_warns():
    for facts in known_models():
        if facts.retired is not None:
            with pytest.warns(ModelRetiredWarning, match=facts.retired.isoformat()):
                checks.model_of({"model": facts.id})
