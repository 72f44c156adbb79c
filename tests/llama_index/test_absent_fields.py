"""Every field of the wire that an answer can do without may be absent or null, on every surface."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way
from tests.llama_index.stub import Reply, Request, Script, Stub

U = [ChatMessage(role="user", content="hi")]
PROMPT = PromptTemplate("Who is {who}?")
JSON = '{"name": "Alice", "age": 30}'


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def person(name: str, age: int) -> str:
    """Describe a person."""
    return f"{name} {age}"


USAGE: dict[str, Any] = {
    "prompt_tokens": 11,
    "completion_tokens": 8,
    "total_tokens": 19,
    "completion_tokens_details": {"reasoning_tokens": 2},
    "prompt_tokens_details": {"cached_tokens": 3},
    "prompt_cache_hit_tokens": 3,
    "prompt_cache_miss_tokens": 8,
}
TOKEN: dict[str, Any] = {"token": "a", "logprob": -0.1, "bytes": [97]}
LOGPROBS: dict[str, Any] = {
    "content": [{**TOKEN, "top_logprobs": [dict(TOKEN)]}],
    "refusal": None,
}
CALL: dict[str, Any] = {
    "index": 0,
    "id": "call_a",
    "type": "function",
    "function": {"name": "Person", "arguments": JSON},
}


def whole(message: dict[str, Any], finish: str) -> dict[str, Any]:
    """A plain answer that holds every documented field."""
    return {
        "id": "0192",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", **message},
                "finish_reason": finish,
                "logprobs": copy.deepcopy(LOGPROBS),
            }
        ],
        "usage": copy.deepcopy(USAGE),
        "system_fingerprint": "",
        "service_tier": None,
    }


TEXT = whole({"content": JSON, "reasoning_content": "hm", "tool_calls": None}, "stop")
CALLED = whole(
    {"content": "", "reasoning_content": "hm", "tool_calls": [CALL], "refusal": None}, "tool_calls"
)
THOUGHT = whole({"content": None, "reasoning_content": "hm"}, "stop")

# What an answer cannot do without: the choices, the text or the call itself.
NEEDED = {
    "choices",
    "choices.0",
    "choices.0.message",
    "choices.0.message.content",
    "choices.0.message.tool_calls",
    "choices.0.message.tool_calls.0",
    "choices.0.message.tool_calls.0.function",
    "choices.0.message.tool_calls.0.function.name",
    "choices.0.message.tool_calls.0.function.arguments",
}


def paths(value: Any, below: str = "") -> list[str]:
    """List every place of a JSON value, `choices.0.index`."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[str] = []
    for key, item in items:
        place = f"{below}.{key}" if below else str(key)
        found.append(place)
        if isinstance(item, dict | list):
            found.extend(paths(item, place))
    return found


def without(answer: dict[str, Any], place: str, how: str) -> dict[str, Any]:
    """Take a field away, or make it null."""
    changed = copy.deepcopy(answer)
    *above, last = place.split(".")
    holder: Any = changed
    for key in above:
        holder = holder[int(key) if isinstance(holder, list) else key]
    key = int(last) if isinstance(holder, list) else last
    if how == "null":
        holder[key] = None
    else:
        del holder[key]
    return changed


def answering(answer: dict[str, Any]) -> Script:
    """Answer with this, or stream it as one chunk, its end and its usage in two more."""
    lines: list[bytes] = []
    choices = answer.get("choices") or []
    first = choices[0]
    head = {key: value for key, value in answer.items() if key not in {"choices", "usage"}}
    head |= {"object": "chat.completion.chunk"} if head.get("object") else {}
    delta = {key: value for key, value in first.items() if key not in {"message", "finish_reason"}}
    lines.append(s.data({**head, "choices": [{**delta, "delta": first["message"]}]}))
    if "finish_reason" in first:
        end = {"index": 0, "delta": {}, "finish_reason": first["finish_reason"]}
        lines.append(s.data({**head, "choices": [end]}))
    if "usage" in answer:
        lines.append(s.data({**head, "choices": [], "usage": answer["usage"]}))

    def script(request: Request) -> Reply:
        if request.body.get("stream"):
            return s.event_stream([*lines, s.DONE])
        return s.json_reply(answer)

    return script


def places(*answers: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(without(answer, place, how), id=f"{kind} {place} {how}")
        for answer, kind in zip(answers, ("text", "call"), strict=False)
        for place in paths(answer)
        if place not in NEEDED
        for how in ("absent", "null")
    ]


async def chat(way: Way, llm: SiliconFlow) -> Any:
    return (await way(llm, "chat", U)).message.content


async def stream_chat(way: Way, llm: SiliconFlow) -> Any:
    return "".join([piece.delta for piece in await way(llm, "stream_chat", U)])


async def complete(way: Way, llm: SiliconFlow) -> Any:
    return (await way(llm, "complete", "hi")).text


async def stream_complete(way: Way, llm: SiliconFlow) -> Any:
    return (await way(llm, "stream_complete", "hi"))[-1].text


async def by_format(way: Way, llm: SiliconFlow) -> Any:
    llm.structured_output_mode = "json_schema"
    found = await way(llm, "structured_predict", Person, PROMPT, who="she")
    pieces = await way(llm, "stream_structured_predict", Person, PROMPT, who="she")
    assert pieces[-1] == found
    return json.dumps(found.model_dump())


@pytest.mark.parametrize("answer", places(TEXT))
@pytest.mark.parametrize("surface", [chat, stream_chat, complete, stream_complete, by_format])
async def test_text_arrives_without_what_it_can_do_without(
    stub: Stub,
    way: Way,
    make: Make,
    surface: Callable[[Way, SiliconFlow], Any],
    answer: dict[str, Any],
) -> None:
    stub.script = answering(answer)
    counter = TokenCountingHandler(tokenizer=list)  # the reader of usage that most programs have
    llm = make(SiliconFlow, callback_manager=CallbackManager([counter]))
    assert await surface(way, llm) == JSON
    assert counter.llm_token_counts


TOOL = FunctionTool.from_defaults(person, name="Person")


@pytest.mark.parametrize(
    "answer",
    [
        *places({}, CALLED),
        pytest.param(without(CALLED, "choices.0.message.content", "null"), id="content null"),
        pytest.param(without(CALLED, "choices.0.message.content", "absent"), id="content absent"),
    ],
)
@pytest.mark.parametrize("surface", ["chat_with_tools", "stream_chat_with_tools", "predict"])
async def test_calls_arrive_without_what_they_can_do_without(
    llm: SiliconFlow, stub: Stub, way: Way, surface: str, answer: dict[str, Any]
) -> None:
    stub.script = answering(answer)
    if surface == "predict":
        found = await way(llm, "structured_predict", Person, PROMPT, who="she")
        pieces = await way(llm, "stream_structured_predict", Person, PROMPT, who="she")
        assert pieces[-1] == found == Person(name="Alice", age=30)
        return
    answers = await way(llm, surface, [TOOL], user_msg="hi")
    response = answers[-1] if isinstance(answers, list) else answers
    (call,) = llm.get_tool_calls_from_response(response)
    assert (call.tool_name, call.tool_kwargs) == ("Person", {"name": "Alice", "age": 30})
    assert call.tool_id


@pytest.mark.parametrize("how", ["absent", "null"])
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_an_answer_of_thinking_alone(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, how: str
) -> None:
    stub.script = answering(without(THOUGHT, "choices.0.message.content", how))
    found = await way(llm, name, U)
    message = (found[-1] if isinstance(found, list) else found).message
    assert [block.content for block in message.blocks] == ["hm"]


@pytest.mark.parametrize(
    "logprobs",
    [
        "x",
        5,
        [],
        [1],
        {},
        {"content": "x"},
        {"content": {}},
        {"content": [5, None, "x", {}]},
        {"content": [{"token": 5, "logprob": "x", "bytes": ["a"], "top_logprobs": "x"}]},
        {"content": [{"token": "a", "logprob": None, "bytes": None, "top_logprobs": [None, 5]}]},
    ],
    ids=repr,
)
@pytest.mark.parametrize("surface", [chat, stream_chat, complete, stream_complete])
async def test_log_probabilities_of_any_shape_lose_no_answer(
    llm: SiliconFlow,
    stub: Stub,
    way: Way,
    surface: Callable[[Way, SiliconFlow], Any],
    logprobs: Any,
) -> None:
    answer = copy.deepcopy(TEXT)
    answer["choices"][0]["logprobs"] = logprobs
    stub.script = answering(answer)
    assert await surface(way, llm) == JSON
