"""Every field of an answer that may be missing is missing once, and once `null`, on every surface."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.messages import AIMessageChunk, HumanMessage

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowLLM
from tests.langchain.wire import MODEL, TRACE, Server, by_stream, sse

Path = tuple[str | int, ...]

USAGE: dict[str, Any] = {
    "prompt_tokens": 17,
    "completion_tokens": 3,
    "total_tokens": 20,
    "completion_tokens_details": {"reasoning_tokens": 2},
    "prompt_tokens_details": {"cached_tokens": 4},
    "prompt_cache_hit_tokens": 4,
    "prompt_cache_miss_tokens": 13,
}
CALL: dict[str, Any] = {
    "id": "c1",
    "type": "function",
    "index": 0,
    "function": {"name": "f", "arguments": '{"x": 1}'},
}
HEAD: dict[str, Any] = {
    "id": "0197f1",
    "created": 1,
    "model": MODEL,
    "system_fingerprint": "fp",
    "usage": USAGE,
}
WHOLE: dict[str, Any] = {
    **HEAD,
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": {"content": []},
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "Hm.",
                "refusal": "",
                "tool_calls": [CALL],
            },
        }
    ],
}
TEXT: dict[str, Any] = {
    **HEAD,
    "object": "text_completion",
    "choices": [{"index": 0, "text": "Hi", "finish_reason": "stop", "logprobs": {}}],
}
HEAD_FIELDS: tuple[Path, ...] = (
    *((name,) for name in (*HEAD, "object")),
    *(("usage", name) for name in USAGE),
    ("usage", "completion_tokens_details", "reasoning_tokens"),
    ("usage", "prompt_tokens_details", "cached_tokens"),
    ("choices", 0, "index"),
    ("choices", 0, "finish_reason"),
    ("choices", 0, "logprobs"),
)
MESSAGE_FIELDS: tuple[Path, ...] = (
    ("role",),
    ("content",),
    ("reasoning_content",),
    ("refusal",),
    ("tool_calls",),
    ("tool_calls", 0, "id"),
    ("tool_calls", 0, "type"),
    ("tool_calls", 0, "index"),
    ("tool_calls", 0, "function", "arguments"),
)
CHAT_FIELDS = (*HEAD_FIELDS, *(("choices", 0, "message", *path) for path in MESSAGE_FIELDS))


def without(body: dict[str, Any], path: Path, how: str) -> dict[str, Any]:
    """Copy an answer in which one field is missing, or `null`."""
    changed = copy.deepcopy(body)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    if how == "null":
        inner[path[-1]] = None
    else:
        del inner[path[-1]]
    return changed


def pieces(body: dict[str, Any]) -> httpx.Response:
    """Send the same answer as a stream: a piece with the content, and one with the end."""

    def lines() -> Iterator[str]:
        choice = dict(body["choices"][0])
        finish = {"finish_reason": choice.pop("finish_reason")} if "finish_reason" in choice else {}
        if "message" in choice:
            choice["delta"] = choice.pop("message")
        head = {name: value for name, value in body.items() if name != "usage"}
        yield json.dumps({**head, "choices": [choice]})
        end: dict[str, Any] = {"index": 0, "delta": {}, "text": "", **finish}
        yield json.dumps({**body, "choices": [end]})
        yield "[DONE]"

    return sse(*(f"data: {line}\n\n" for line in lines()))


def server_for(body: dict[str, Any]) -> Server:
    whole = httpx.Response(200, json=body, headers={"x-siliconcloud-trace-id": TRACE})
    return Server(by_stream(whole, pieces(body)))


def added(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return total


async def astreamed(model: ChatSiliconFlow, config: Any) -> AIMessageChunk:
    return added([chunk async for chunk in model.astream("x", config)])


TWO = [[HumanMessage("x")], [HumanMessage("y")]]
CHAT_SURFACES: dict[str, Callable[[ChatSiliconFlow, Any], Any]] = {
    "invoke": lambda model, config: model.invoke("x", config),
    "ainvoke": lambda model, config: asyncio.run(model.ainvoke("x", config)),
    "stream": lambda model, config: added(list(model.stream("x", config))),
    "astream": lambda model, config: asyncio.run(astreamed(model, config)),
    "batch": lambda model, config: model.batch(["x", "y"], config)[1],
    "abatch": lambda model, config: asyncio.run(model.abatch(["x", "y"], config))[1],
    "generate": lambda model, config: (
        model.generate(TWO, callbacks=config["callbacks"]).generations[1][0].message
    ),
    "agenerate": lambda model, config: (
        asyncio.run(model.agenerate(TWO, callbacks=config["callbacks"])).generations[1][0].message
    ),
    "events": lambda model, config: model.stream_events("x", config, version="v3").output,
    "streamed invoke": lambda model, config: model.invoke("x", config, stream=True),
}
HOW = ("absent", "null")


def ids(path: Path) -> str:
    return ".".join(map(str, path))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("path", CHAT_FIELDS, ids=ids)
def test_a_chat_answer_without_a_field(path: Path, how: str) -> None:
    server = server_for(without(WHOLE, path, how))
    model = ChatSiliconFlow(model=MODEL, **server.clients, max_retries=0)
    for surface, ask in CHAT_SURFACES.items():
        told = UsageMetadataCallbackHandler()
        server.requests.clear()
        message = ask(model, {"callbacks": [told]})
        asked = 2 if surface.endswith(("batch", "generate")) else 1
        assert len(server.requests) == asked, surface
        field = path[-1]
        assert message.text == ("" if field == "content" else "Hi"), surface
        thoughts = [
            block["reasoning"] for block in message.content_blocks if block["type"] == "reasoning"
        ]
        assert thoughts == ([] if field == "reasoning_content" else ["Hm."]), surface
        arguments = {} if field == "arguments" else {"x": 1}
        calls = [(call["name"], call["args"]) for call in message.tool_calls]
        assert calls == ([] if field == "tool_calls" else [("f", arguments)]), surface
        if path == ("usage",):
            assert message.usage_metadata is None, surface
            assert told.usage_metadata == {}, surface
        elif path[0] != "usage":
            assert message.usage_metadata is not None, surface
            assert message.usage_metadata["total_tokens"] == 20, surface
        assert message.response_metadata["trace_id"] == TRACE, surface


LLM_SURFACES: dict[str, Callable[[SiliconFlowLLM], str]] = {
    "invoke": lambda llm: llm.invoke("x"),
    "ainvoke": lambda llm: asyncio.run(llm.ainvoke("x")),
    "stream": lambda llm: "".join(llm.stream("x")),
    "astream": lambda llm: "".join(asyncio.run(collected(llm))),
    "batch": lambda llm: llm.batch(["x", "y"])[1],
    "abatch": lambda llm: asyncio.run(llm.abatch(["x", "y"]))[1],
    "generate": lambda llm: llm.generate(["x", "y"]).generations[1][0].text,
    "agenerate": lambda llm: asyncio.run(llm.agenerate(["x", "y"])).generations[1][0].text,
}


async def collected(llm: SiliconFlowLLM) -> list[str]:
    return [piece async for piece in llm.astream("x")]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        *(("completions", path) for path in HEAD_FIELDS),
        *(("chat", path) for path in CHAT_FIELDS if path[-1] != "content"),
    ],
    ids=lambda value: value if isinstance(value, str) else ids(value),
)
def test_a_completion_without_a_field(endpoint: Any, path: Path, how: str) -> None:
    body = TEXT if endpoint == "completions" else WHOLE
    server = server_for(without(body, path, how))
    llm = SiliconFlowLLM(model=MODEL, endpoint=endpoint, **server.clients, max_retries=0)
    for surface, ask in LLM_SURFACES.items():
        assert ask(llm) == "Hi", surface


def test_tokens_of_several_prompts_are_added_where_they_are_told() -> None:
    told = server_for(WHOLE)
    untold = server_for(without(WHOLE, ("usage",), "absent"))
    answers = [untold, told, untold]

    def by_turn(request: httpx.Request) -> httpx.Response:
        return answers.pop(0)(request)

    model = ChatSiliconFlow(model=MODEL, **Server(by_turn).clients)
    result = model.generate([*TWO, [HumanMessage("z")]])
    assert result.llm_output is not None
    assert result.llm_output["token_usage"]["total_tokens"] == 20
