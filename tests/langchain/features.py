"""The feature table of docs/features.md: our column is measured here, row by row.

The peers' columns were measured the same way, on an emulator of this API, with langchain-openai
1.7.3, langchain-deepseek 1.1.1, langchain-mistralai 1.1.6 and langchain-siliconflow 1.0.0
(20 November 2026). `python -m tests.langchain.features` writes the table.
"""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.exceptions import ContextOverflowError, ModelError
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow
from tests.interpreters import LANGCHAIN, loaded_after
from tests.langchain.wire import (
    MODEL,
    Server,
    by_stream,
    call,
    completion,
    end,
    error,
    event,
    model_for,
    plain_s,
    sse,
    stream_s,
    tool_delta,
)

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
BEGIN, END = "<!-- features: begin -->", "<!-- features: end -->"
PEERS = ("langchain-siliconflow 1.0.0", "ChatOpenAI + base_url", "ChatDeepSeek", "ChatMistralAI")


class Row(NamedTuple):
    feature: str
    measure: Callable[[], str]
    expected: str
    peers: tuple[str, str, str, str]


def streamed(*parts: str, **fields: Any) -> AIMessage:
    return reduce(add, model_for(Server(sse(*parts)), **fields).stream("x"))


def yes(value: object) -> str:
    return "yes" if value else "no"


def sdk() -> str:
    """In a process of its own: other tests of this one may import what they like."""
    loaded = loaded_after("from langchain_siliconflow import ChatSiliconFlow", LANGCHAIN)
    return "openai" if "openai" in loaded else "none"


def native_async() -> str:
    return yes({"_agenerate", "_astream"} <= set(vars(ChatSiliconFlow)))


def provider() -> str:
    return str(model_for(Server(plain_s())).invoke("x").response_metadata["model_provider"])


def reasoning_kwargs() -> str:
    model = model_for(Server(by_stream(plain_s(), stream_s())))
    answers = [model.invoke("x"), reduce(add, model.stream("x"))]
    return "/".join(yes("reasoning_content" in one.additional_kwargs) for one in answers)


def reasoning_blocks() -> str:
    model = model_for(Server(by_stream(plain_s(), stream_s())))
    answers = [
        model.invoke("x"),
        reduce(add, model.stream("x")),
        model.stream_events("x", version="v3").output,
    ]
    return "/".join(
        yes(any(block["type"] == "reasoning" for block in one.content_blocks)) for one in answers
    )


def reasoning_echo() -> str:
    server = Server(plain_s())
    thought = AIMessage(
        "",
        additional_kwargs={"reasoning_content": "Hm."},
        tool_calls=[tool_call(name="f", args={}, id="c1")],
    )
    result = ToolMessage("r", tool_call_id="c1")
    plain = AIMessage("a", additional_kwargs={"reasoning_content": "Ha."})
    model_for(server).invoke(["q", thought, result, plain, HumanMessage("next")])
    kept = ["reasoning_content" in one for one in server.body["messages"]]
    return {(False, True, False, False, False): "with tool calls"}.get(tuple(kept), str(kept))


def stream_usage() -> str:
    used = reduce(add, model_for(Server(stream_s())).stream("x")).usage_metadata
    exact = {
        "input_tokens": 17,
        "output_tokens": 3,
        "total_tokens": 20,
        "input_token_details": {"cache_read": 4},
        "output_token_details": {"reasoning": 2},
    }
    return "exact" if used == exact else str(used)


def v3_usage() -> str:
    used = model_for(Server(stream_s())).stream_events("x", version="v3").output.usage_metadata
    return "exact" if used == model_for(Server(plain_s())).invoke("x").usage_metadata else str(used)


PIECES = (
    event({"content": "Let me see."}),
    event(tool_delta('{"a": ', index=0, id="c1", name="f")),
    event(tool_delta("1}", index=0, id="", name="")),
    end("tool_calls"),
)


def empty_ids() -> str:
    output = model_for(Server(sse(*PIECES))).stream_events("x", version="v3").output
    return "right" if [one["name"] for one in output.tool_calls] == ["f"] else "wrong"


def text_and_call() -> str:
    answer = streamed(*PIECES, output_version="v1")
    kinds = [block["type"] for block in answer.content_blocks]
    return "right" if kinds == ["text", "tool_call"] else str(kinds)


class Weather(BaseModel):
    """Weather."""

    city: str


def strict_tools() -> str:
    server = Server(plain_s())
    model_for(server).bind_tools([Weather], strict=True).invoke("x")
    return yes(server.body["tools"][0]["function"].get("strict"))


def any_choice() -> str:
    server = Server(plain_s())
    model_for(server).bind_tools([Weather], tool_choice="any").invoke("x")
    return str(server.body["tool_choice"])


def empty_tools() -> str:
    server = Server(plain_s())
    model_for(server).bind_tools([], response_format={"type": "json_object"}).invoke("x")
    return "left out" if "tools" not in server.body else "tools: []"


def methods() -> str:
    right = 0
    for method in ("function_calling", "json_schema", "json_mode"):
        text = '{"city": "Rome"}'
        answer = (
            completion("", tool_calls=[call("Weather", text)])
            if method == "function_calling"
            else completion(text)
        )
        model = model_for(Server(answer)).with_structured_output(Weather, method=method)  # type: ignore[arg-type]  # the method is a parameter of the table
        right += model.invoke("x") == Weather(city="Rome")
    return str(right)


def media() -> str:
    server = Server(plain_s())
    url = "https://example.com/x"
    model_for(server).invoke(
        [
            HumanMessage(
                [
                    {"type": "video", "url": url, "extras": {"fps": 1}},
                    {"type": "audio", "url": url},
                ]
            )
        ]
    )
    parts = server.body["messages"][0]["content"]
    video = {"type": "video_url", "video_url": {"url": url, "fps": 1}}
    return yes(parts == [video, {"type": "audio_url", "audio_url": {"url": url}}])


def tool_result_lists() -> str:
    server = Server(plain_s())
    result = ToolMessage([{"type": "text", "text": "r"}], tool_call_id="c1")
    model_for(server).invoke(
        ["q", AIMessage("", tool_calls=[tool_call(name="f", args={}, id="c1")]), result]
    )
    return "text" if server.body["messages"][-1]["content"] == "r" else "JSON"


def names() -> str:
    server = Server(plain_s())
    model_for(server).invoke([HumanMessage("x", name="ann")])
    return yes(server.body["messages"][0].get("name") == "ann")


def max_tokens_key() -> str:
    server = Server(plain_s())
    model_for(server, max_completion_tokens=5).invoke("x")
    return next(key for key in server.body if "tokens" in key)


def provider_fields() -> str:
    server = Server(plain_s())
    model_for(server, enable_thinking=False).invoke("x", thinking_budget=256)
    sent = server.body.get("enable_thinking") is False and server.body.get("thinking_budget") == 256
    return "fields and per call" if sent else "no"


def trace_id() -> str:
    return yes(model_for(Server(plain_s())).invoke("x").response_metadata.get("trace_id"))


def caught(server: Server, **fields: Any) -> BaseException:
    try:
        list(model_for(server, max_retries=0, **fields).stream("x"))
    except Exception as failure:  # noqa: BLE001 - which class it is, is the measurement
        return failure
    return Warning("partial text as success")


def model_errors() -> str:
    return yes(isinstance(caught(Server(error(429, {"message": "limit"}))), ModelError))


def overflow() -> str:
    body = {
        "code": 20015,
        "message": "length of prompt_tokens (9) must be less than max_seq_len (8).",
    }
    return yes(isinstance(caught(Server(error(400, body))), ContextOverflowError))


def cut_streams() -> str:
    line = "data: " + json.dumps({"code": 50505, "message": "overloaded"}) + "\n\n"
    servers = [Server(sse(event({"content": "He"}))), Server(sse(event({"content": "He"}), line))]
    return "error" if all(isinstance(caught(one), ModelError) for one in servers) else "partial"


def retries() -> str:
    limit = error(429, {"message": "Request was rejected due to rate limiting.", "data": None})
    server = Server(error(503, {"code": 50508, "message": "busy"}), limit, plain_s())
    model = model_for(server)
    model._client._sleep = lambda _: None
    return yes(model.invoke("x").content == "Hi" and len(server.requests) == 3)


def other_keys() -> str:
    try:
        ChatSiliconFlow(model=MODEL)
    except ValueError:
        return "refused"
    return "sent"


def event_loops() -> str:
    """Over a socket: a stand-in transport works on any loop."""
    with Server(plain_s()) as server:
        model = ChatSiliconFlow(model=MODEL, api_key="k", base_url=server.url, max_retries=0)
        return yes([asyncio.run(model.ainvoke("x")).content for _ in range(4)] == ["Hi"] * 4)


def profile() -> str:
    return yes((ChatSiliconFlow(model=MODEL, api_key="k").profile or {}).get("max_input_tokens"))


def version_stamp() -> str:
    versions = (ChatSiliconFlow(api_key="k").metadata or {})["lc_versions"]
    return yes("siliconflow-integrations" in versions)


def override() -> str:
    server = Server(lambda request: completion(model=json.loads(request.content)["model"]))
    return yes(model_for(server).invoke("x", model="b").response_metadata["model_name"] == "b")


def tokens() -> str:
    return yes(0 < ChatSiliconFlow(api_key="k").get_num_tokens("a few words") < 20)


def pickles() -> str:
    model = ChatSiliconFlow(api_key="k")
    return yes(pickle.loads(pickle.dumps(model)).model_dump() == model.model_dump())


def typos() -> str:
    try:
        ChatSiliconFlow(api_key="k", temprature=1)
    except ValueError as failure:
        return "error with suggestion" if "temperature" in str(failure) else "error"
    return "ignored"


def deadline() -> str:
    """A server that asks for a wait beyond the deadline is not waited for."""
    busy = error(503, {"code": 50508, "message": "busy"}, **{"retry-after": "60"})
    waits: list[float] = []
    for settings in ({}, {"deadline": 5.0}):
        model = model_for(Server(busy, plain_s()), **settings)
        model._client._sleep = waits.append
        try:
            model.invoke("x")
        except ModelError:
            continue
    return yes(waits == [60.0])


ROWS = [
    Row("depends on an SDK", sdk, "none", ("openai", "openai", "openai", "none")),
    Row("native async", native_async, "yes", ("yes", "yes", "yes", "yes")),
    Row("`model_provider`", provider, "siliconflow", ("openai", "openai", "deepseek", "mistralai")),
    Row(
        "thinking in `additional_kwargs` (invoke/stream)",
        reasoning_kwargs,
        "yes/yes",
        ("yes/yes", "no/no", "yes/yes", "no/no"),
    ),
    Row(
        "thinking in `content_blocks` (invoke/stream/v3)",
        reasoning_blocks,
        "yes/yes/yes",
        ("no/no/no", "no/no/no", "yes/yes/yes", "no/no/no"),
    ),
    Row("thinking goes back", reasoning_echo, "with tool calls", ("no", "no", "no", "no")),
    Row(
        "usage of a stream, with details",
        stream_usage,
        "exact",
        ("details × chunks", "× chunks", "× chunks", "× chunks"),
    ),
    Row("usage of a v3 stream", v3_usage, "exact", ("exact", "× chunks", "× chunks", "× chunks")),
    Row("later pieces of a call with empty id, v3", empty_ids, "right", ("wrong",) * 4),
    Row(
        'text before a call, `output_version="v1"`',
        text_and_call,
        "right",
        ("wrong", "wrong", "wrong", "–"),
    ),
    Row("`strict` tools", strict_tools, "yes", ("yes", "yes", "yes", "dropped")),
    Row('`tool_choice="any"` is sent as', any_choice, "required", ("required",) * 3 + ("any",)),
    Row(
        "empty tool list",
        empty_tools,
        "left out",
        ("tools: []", "tools: []", "tools: []", "tools: []"),
    ),
    Row("structured output methods", methods, "3", ("3", "3", "2", "3")),
    Row("video, audio URLs, `fps`", media, "yes", ("error",) * 4),
    Row(
        "tool results as lists are sent as",
        tool_result_lists,
        "text",
        ("JSON", "list", "JSON", "list"),
    ),
    Row("`HumanMessage.name`", names, "yes", ("yes", "yes", "yes", "no")),
    Row(
        "key for `max_tokens`",
        max_tokens_key,
        "max_tokens",
        ("max_tokens", "max_completion_tokens", "max_tokens", "max_tokens"),
    ),
    Row(
        "`enable_thinking`, `thinking_budget`",
        provider_fields,
        "fields and per call",
        ("extra_body", "extra_body", "extra_body", "model_kwargs"),
    ),
    Row("trace id", trace_id, "yes", ("opt-in", "opt-in", "opt-in", "no")),
    Row("errors are LangChain's `ModelError`s", model_errors, "yes", ("yes", "yes", "yes", "no")),
    Row("context overflow is recognised", overflow, "yes", ("no", "no", "no", "no")),
    Row(
        "broken or failing stream gives",
        cut_streams,
        "error",
        ("partial text", "–", "–", "partial text"),
    ),
    Row("retries of 429 and 5xx", retries, "yes", ("yes", "yes", "yes", "no")),
    Row("deadline for a whole call", deadline, "yes", ("no",) * 4),
    Row("`OPENAI_API_KEY` alone is", other_keys, "refused", ("sent", "–", "–", "–")),
    Row(
        "several event loops",
        event_loops,
        "yes",
        ("by retrying", "by retrying", "by retrying", "no"),
    ),
    Row("`profile`", profile, "yes", ("no", "OpenAI's models", "yes", "yes")),
    Row("version stamp for tracing", version_stamp, "yes", ("no", "yes", "yes", "yes")),
    Row("`model=` per call shows in `model_name`", override, "yes", ("yes", "yes", "yes", "no")),
    Row("token counting offline", tokens, "yes", ("no", "no", "no", "no")),
    Row("pickle", pickles, "yes", ("no", "no", "no", "no")),
    Row(
        "misspelt constructor keyword",
        typos,
        "error with suggestion",
        ("model_kwargs",) * 3 + ("–",),
    ),
]


def table() -> str:
    lines = [
        "| | **this package** | " + " | ".join(PEERS) + " |",
        "|---|---|" + "---|" * len(PEERS),
        *(f"| {row.feature} | {row.expected} | " + " | ".join(row.peers) + " |" for row in ROWS),
    ]
    return "\n".join(lines)


def in_page() -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip()


if __name__ == "__main__":
    content = PAGE.read_text(encoding="utf-8")
    before, _, rest = content.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
