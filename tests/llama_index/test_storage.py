"""Components stored, copied and shared: the key stays hidden, and loops do not mix."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.storage.kvstore import SimpleKVStore

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from tests.llama_index.conftest import CLASSES, Make, Way, agents_warn, use
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
KEY = "sk-secret"


# --- the key and the forms of storage -------------------------------------------------------


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
@pytest.mark.parametrize("cls", CLASSES)
async def test_the_key_is_in_no_serialised_form(
    cls: type, used: bool, way: Way, make: Make
) -> None:
    """The key stood in dicts, JSON and reprs."""
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
async def test_the_key_is_in_no_serialised_context(llm: SiliconFlow) -> None:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.core.workflow import Context, JsonSerializer

    agent = FunctionAgent(llm=llm, tools=[])
    context = Context(agent)
    await agent.run("hi", ctx=context)
    assert KEY not in json.dumps(context.to_dict(serializer=JsonSerializer()))


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
    """A pickled component had lost its key: `Bearer None`."""
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


@pytest.mark.parametrize("cls", CLASSES)
async def test_dicts_and_json_bring_the_settings_back(
    cls: type, stub: Stub, way: Way, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A component from a dict had no key: `Bearer None`."""
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


EVERYTHING: dict[str, Any] = {
    "temperature": 0.1,
    "max_tokens": 100,
    "top_p": 0.9,
    "stop": ["a"],
    "response_format": {"type": "json_object"},
    "enable_thinking": True,
    "thinking_budget": 1024,
    "additional_kwargs": {"brand_new": 1},
    "context_window": 5000,
    "num_output": 300,
    "is_function_calling_model": False,
    "strict": True,
    "relax_tool_choice": True,
    "structured_output_mode": "json_object",
    "reasoning_replay": "always",
    "system_prompt": "Be brief.",
    "timeout": 5.0,
    "deadline": 50.0,
    "max_retries": 1,
}


@pytest.mark.parametrize("how", ["dict", "json", "pickle", "deepcopy", "model_copy"])
async def test_every_setting_comes_back(stub: Stub, way: Way, make: Make, how: str) -> None:
    llm = make(SiliconFlow, **EVERYTHING)
    twins: dict[str, Callable[[], SiliconFlow]] = {
        "dict": lambda: SiliconFlow.from_dict(llm.to_dict(), api_key=KEY),
        "json": lambda: SiliconFlow.from_json(llm.to_json(), api_key=KEY),
        "pickle": lambda: pickle.loads(pickle.dumps(llm)),
        "deepcopy": lambda: copy.deepcopy(llm),
        "model_copy": llm.model_copy,
    }
    twin = twins[how]()
    assert {name: getattr(twin, name) for name in EVERYTHING} == EVERYTHING
    assert twin.metadata == llm.metadata
    assert (twin.metadata.context_window, twin.metadata.num_output) == (5000, 300)
    assert not twin.metadata.is_function_calling_model
    for component in (llm, twin):
        await use(component, way)
    assert stub.bodies[0] == stub.bodies[1]
    assert stub.last.body["brand_new"] == 1
    twin.close()
    await twin.aclose()


OLD_DICTS: list[tuple[type, str, dict[str, Any]]] = [
    (
        SiliconFlow,
        "/chat/completions",
        {
            "system_prompt": None,
            "pydantic_program_mode": "default",
            "model": "other",
            "temperature": 0.7,
            "max_tokens": 512,
            "frequency_penalty": 0.5,
            "timeout": 60.0,
            "stop": None,
            "max_retries": 3,
            "class_name": "SiliconFlow",
        },
    ),
    (
        SiliconFlowEmbedding,
        "/embeddings",
        {
            "model_name": "unknown",
            "embed_batch_size": 10,
            "num_workers": None,
            "embeddings_cache": None,
            "model": "other",
            "encoding_format": "float",
            "max_retries": 3,
            "class_name": "SiliconFlowEmbedding",
        },
    ),
    (
        SiliconFlowRerank,
        "/rerank",
        {
            "model": "other",
            "top_n": 4,
            "return_documents": True,
            "max_chunks_per_doc": 1024,
            "overlap_tokens": 80,
            "class_name": "SiliconFlowRerank",
        },
    ),
]


@pytest.mark.parametrize(("cls", "path", "stored"), OLD_DICTS)
async def test_dicts_that_the_older_packages_wrote(
    cls: type, path: str, stored: dict[str, Any], stub: Stub, way: Way
) -> None:
    component = cls.from_dict({**stored, "base_url": stub.url + path, "api_key": KEY})
    await use(component, way)
    assert stub.last.path == f"/v1{path}"
    assert stub.last.body["model"] == "other"
    assert KEY not in str(component.to_dict())
    component.close()
    await component.aclose()


async def test_a_cache_of_vectors_is_no_part_of_the_stored_form(make: Make, way: Way) -> None:
    plain = make(SiliconFlowEmbedding)
    cached = make(SiliconFlowEmbedding, embeddings_cache=SimpleKVStore())
    await way(cached, "get_text_embedding_batch", ["t1"])
    assert cached.to_json() == plain.to_json()
    twin = pickle.loads(pickle.dumps(cached))
    assert twin.embeddings_cache.get_all("embeddings") == cached.embeddings_cache.get_all(
        "embeddings"
    )
    assert len(twin.embeddings_cache.get_all("embeddings")) == 1


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


async def test_calls_share_a_connection(stub: Stub, way: Way, make: Make) -> None:
    """Every call opened a connection of its own."""
    for cls in CLASSES:
        before = stub.connections
        component = make(cls)
        for _ in range(4):
            await use(component, way)
        assert stub.connections == before + 1


async def test_closing_closes_and_a_later_call_opens_again(
    stub: Stub, way: Way, make: Make
) -> None:
    for cls in CLASSES:
        component = make(cls)
        for _ in range(2):
            await use(component, way)
            assert len(stub._open) == 1
            if way.asynchronous:
                await component.aclose()
            else:
                component.close()
            async with asyncio.timeout(5):
                while stub._open:
                    await asyncio.sleep(0.001)
    assert stub.connections == 2 * len(CLASSES)


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
