"""Components stored, copied and shared: the key stays hidden, and loops do not mix."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle

import pytest
from llama_index.core.base.llms.types import ChatMessage

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from tests.llama_index.conftest import CLASSES, Make, Way, agents_warn, use
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
KEY = "sk-secret"


# --- the key and the forms of storage -------------------------------------------------------


@pytest.mark.shows("case16", "D27", "E9", "R5")
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("cls", CLASSES)
async def test_the_key_is_in_no_serialised_form(
    cls: type, used: bool, way: Way, make: Make
) -> None:
    component = make(cls, default_headers={"x-token": "sk-secret-too"})
    if used:
        await use(component, way)
    shown = [
        str(component.to_dict()),
        component.to_json(),
        repr(component),
        str(component),
        component.model_dump_json(),
    ]
    if hasattr(component, "to_payload"):
        shown.append(str(component.to_payload()))
    assert not [text for text in shown if KEY in text]


@agents_warn
@pytest.mark.shows("case16")
async def test_the_key_is_in_no_serialised_context(llm: SiliconFlow) -> None:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.core.workflow import Context, JsonSerializer

    agent = FunctionAgent(llm=llm, tools=[])
    context = Context(agent)
    await agent.run("hi", ctx=context)
    assert KEY not in json.dumps(context.to_dict(serializer=JsonSerializer()))


@pytest.mark.shows("case16", "D27")
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("cls", CLASSES)
async def test_pickles_and_deep_copies_work(
    cls: type,
    used: bool,
    stub: Stub,
    way: Way,
    make: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    component = make(cls)
    if used:
        await use(component, way)
    with caplog.at_level(logging.DEBUG):
        twins = [pickle.loads(pickle.dumps(component)), copy.deepcopy(component)]
    assert [record for record in caplog.records if "attribute" in record.message] == []
    for twin in twins:
        await use(twin, way)
        assert stub.last.headers["authorization"] == f"Bearer {KEY}"
        assert twin.to_dict() == component.to_dict()
        twin.close()
        await twin.aclose()


@pytest.mark.shows("case16", "D27")
@pytest.mark.parametrize("cls", CLASSES)
async def test_dicts_and_json_bring_the_settings_back(
    cls: type, stub: Stub, way: Way, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    component = make(cls, model="other")
    given = cls.from_dict(component.to_dict(), api_key="sk-given")
    assert given.to_dict() == component.to_dict()
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-env")
    from_env = cls.from_json(component.to_json())
    for twin, key in ((given, "sk-given"), (from_env, "sk-env")):
        await use(twin, way)
        assert stub.last.headers["authorization"] == f"Bearer {key}"
        assert stub.last.body["model"] == "other"
        twin.close()
        await twin.aclose()


@pytest.mark.parametrize("cls", CLASSES)
async def test_a_copy_with_another_key_uses_it(cls: type, stub: Stub, way: Way, make: Make) -> None:
    component = make(cls)
    await use(component, way)
    twin = component.model_copy(update={"api_key": "sk-other"})
    await use(twin, way)
    assert stub.last.headers["authorization"] == "Bearer sk-other"
    await use(component, way)
    assert stub.last.headers["authorization"] == f"Bearer {KEY}"


# --- event loops and connections ------------------------------------------------------------


@pytest.mark.shows("case16", "D28", "E11")
async def test_calls_share_a_connection(stub: Stub, way: Way, make: Make) -> None:
    for cls in CLASSES:
        before = stub.connections
        component = make(cls)
        for _ in range(4):
            await use(component, way)
        assert stub.connections == before + 1


@pytest.mark.shows("case16")
def test_one_component_serves_several_event_loops(
    stub: Stub, capfd: pytest.CaptureFixture[str]
) -> None:
    llm = SiliconFlow(api_key=KEY, base_url=stub.url, model="m")
    embedding = SiliconFlowEmbedding(api_key=KEY, base_url=stub.url, max_batch=1)
    answers = []

    async def main() -> None:
        answers.extend([(await llm.achat(U)).message.content for _ in range(2)])
        await embedding.aget_text_embedding_batch([f"t{n}" for n in range(20)])

    for _ in range(3):
        asyncio.run(main())
    assert answers == ["你好，世界"] * 6
    assert capfd.readouterr().err == ""
