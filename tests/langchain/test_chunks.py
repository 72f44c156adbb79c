"""Chunks made by hand equal chunks made by the constructors; whole messages are right."""

from __future__ import annotations

import json
import pickle
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.load import dumpd, load
from langchain_core.messages import AIMessageChunk

from langchain_siliconflow._blocks import chunk_blocks, message_blocks
from langchain_siliconflow._chunks import ChunkBuilder, StreamedGeneration, parse_calls, text_chunk
from siliconflow_client import Delta, ToolCall, ToolCallDelta, Usage


class Source:
    trace_id = "ti_1"
    fallback_from = None


def delta(**fields: Any) -> Delta:
    return Delta(
        **{
            "index": 0,
            "text": "",
            "reasoning": "",
            "tool_calls": (),
            "finish_reason": None,
            "usage": None,
            "logprobs": None,
            "id": "x",
            "model": "m",
            "raw": {},
            **fields,
        }
    )


def piece(index: int, arguments: str, name: str | None = None, id: str | None = None) -> Delta:
    return delta(tool_calls=[ToolCallDelta(index=index, id=id, name=name, arguments=arguments)])


@pytest.mark.parametrize(("text", "reasoning"), [("Hi", ""), ("", "Hm."), ("Hi", "Hm.")])
def test_the_fast_path_equals_the_validated_one(text: str, reasoning: str) -> None:
    slow = StreamedGeneration(
        message=AIMessageChunk(
            content=text,
            additional_kwargs={"reasoning_content": reasoning} if reasoning else {},
            response_metadata={"model_provider": "siliconflow"},
        )
    )
    fast = text_chunk(text, reasoning)
    assert fast == slow
    assert fast.message.__dict__ == slow.message.__dict__
    assert fast.model_dump() == slow.model_dump()
    assert fast.message.model_fields_set >= {"content", "response_metadata"}
    assert pickle.loads(pickle.dumps(fast)) == slow
    assert load(dumpd(fast.message), allowed_objects="messages") == slow.message
    assert (fast + fast).message == (slow + slow).message
    assert fast.message.model_copy(update={"id": "1"}).id == "1"


def test_chunks_share_no_lists() -> None:
    first, second = text_chunk("a").message, text_chunk("b").message
    assert isinstance(first, AIMessageChunk)
    first.tool_calls.append({"name": "f", "args": {}, "id": "1", "type": "tool_call"})
    first.additional_kwargs["x"] = 1
    first.response_metadata["y"] = 2
    assert second == text_chunk("b").message


def build(*deltas: Delta) -> list[AIMessageChunk]:
    builder = ChunkBuilder()
    made = [builder.chunk(one, Source()) for one in deltas]
    return [one.message for one in made if one is not None]  # type: ignore[misc]  # BaseMessage is declared


def test_logprobs_ride_on_their_chunk() -> None:
    (chunk,) = build(delta(text="a", logprobs={"content": [{"token": "a"}]}))
    assert chunk.response_metadata["logprobs"] == {"content": [{"token": "a"}]}


def test_final_metadata_and_usage() -> None:
    used = Usage(1, 2, 3, reasoning_tokens=None, cached_tokens=0)
    (chunk,) = build(delta(finish_reason="stop", usage=used, raw={"system_fingerprint": "fp"}))
    assert chunk.response_metadata == {
        "model_provider": "siliconflow",
        "model_name": "m",
        "finish_reason": "stop",
        "id": "x",
        "trace_id": "ti_1",
        "system_fingerprint": "fp",
    }
    assert chunk.usage_metadata == {
        "input_tokens": 1,
        "output_tokens": 2,
        "total_tokens": 3,
        "input_token_details": {"cache_read": 0},
    }


END = delta(finish_reason="tool_calls")


def test_a_call_is_told_when_its_arguments_begin() -> None:
    chunks = build(piece(0, "", "f", "c1"), piece(0, ' {"a"'), piece(0, ": 1}"), END)
    assert [len(chunk.tool_call_chunks) for chunk in chunks] == [1, 1, 0]
    assert chunks[0].tool_call_chunks[0]["name"] == "f"
    assert chunks[0].tool_call_chunks[0]["args"] == ' {"a"'


def test_calls_without_arguments_keep_their_place() -> None:
    chunks = build(piece(0, "", "first", "c1"), piece(1, "{}", "second", "c2"), END)
    total = chunks[0] + chunks[1:]
    assert [call["name"] for call in total.tool_calls] == ["first", "second"]


def test_a_call_announced_without_arguments_may_still_get_some() -> None:
    chunks = build(
        piece(0, "", "first", "c1"), piece(1, "{}", "second", "c2"), piece(0, '{"a": 1}'), END
    )
    total = chunks[0] + chunks[1:]
    assert [(call["name"], call["args"]) for call in total.tool_calls] == [
        ("first", {"a": 1}),
        ("second", {}),
    ]


def test_null_that_arrives_late_means_none() -> None:
    chunks = build(
        piece(0, "", "first", "c1"), piece(1, "{}", "second", "c2"), piece(0, "null"), END
    )
    total = chunks[0] + chunks[1:]
    assert [call["args"] for call in total.tool_calls] == [{}, {}]


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ("null", {}),
        (" null ", {}),
        (' {"a": null} ', {"a": None}),
    ],
)
def test_whole_calls(arguments: str, args: dict[str, Any]) -> None:
    valid, invalid = parse_calls([ToolCall(0, "c1", "f", arguments)])
    assert [call["args"] for call in valid] == [args]
    assert invalid == []


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("f", '{"a": 1', "not JSON"),
        ("f", "[1]", "not a JSON object"),
        ("f", '"x"', "not a JSON object"),
        ("f", "1", "not a JSON object"),
        ("", "{}", "no function name"),
    ],
)
def test_calls_that_cannot_run(name: str, arguments: str, error: str) -> None:
    valid, invalid = parse_calls([ToolCall(0, "c1", name, arguments)])
    assert valid == []
    assert invalid[0]["args"] == arguments
    assert error in str(invalid[0]["error"])


def test_blocks_of_a_piece_have_indices_of_their_own() -> None:
    builder = ChunkBuilder()
    both = builder.chunk(
        delta(text="a", reasoning="b", tool_calls=piece(2, '{"', "f", "c").tool_calls), Source()
    )
    assert both is not None
    assert chunk_blocks(both.message) == [  # type: ignore[arg-type]  # it is a chunk
        {"type": "reasoning", "reasoning": "b", "index": "lc_rs_0"},
        {"type": "text", "text": "a", "index": "lc_txt_0"},
        {"type": "tool_call_chunk", "id": "c", "name": "f", "args": '{"', "index": "lc_tc_2"},
    ]


def test_an_empty_piece_has_no_blocks() -> None:
    assert text_chunk("").message.content_blocks == []


def test_a_refusal_is_a_block_where_langchain_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    message = AIMessageChunk(content="", additional_kwargs={"refusal": "No."})
    monkeypatch.setattr("langchain_siliconflow._blocks._HAS_REFUSAL", True)
    assert message_blocks(message) == [{"type": "refusal", "refusal": "No."}]
    monkeypatch.setattr("langchain_siliconflow._blocks._HAS_REFUSAL", False)
    assert message_blocks(message) == []


def test_blocks_of_list_content() -> None:
    message = AIMessageChunk(
        content=["a", {"type": "text", "text": "b"}, {"odd": 1}],
        additional_kwargs={"reasoning_content": "r"},
    )
    assert [block["type"] for block in message_blocks(message)] == [
        "reasoning",
        "text",
        "text",
        "non_standard",
    ]


@given(st.data())
def test_any_split_of_the_arguments_gives_the_same_call(data: st.DataObject) -> None:
    arguments = json.dumps(
        data.draw(st.dictionaries(st.text(max_size=3), st.none() | st.text(max_size=5), max_size=3))
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(arguments)), max_size=4)))
    parts = [arguments[a:b] for a, b in pairwise([0, *cuts, len(arguments)])]
    deltas = [piece(0, parts[0], "f", "c1"), *(piece(0, part) for part in parts[1:])]
    made = [
        one for one in map(partial(ChunkBuilder().chunk, source=Source()), [*deltas, END]) if one
    ]
    total = (made[0] + made[1:]).message
    assert isinstance(total, AIMessageChunk)
    assert [(call["name"], call["args"], call["id"]) for call in total.tool_calls] == [
        ("f", json.loads(arguments), "c1")
    ]
    assert total.invalid_tool_calls == []


def test_pieces_are_written_down_as_langchains_own() -> None:
    written = dumpd(text_chunk("a"))
    assert written["id"] == ["langchain", "schema", "output", "ChatGenerationChunk"]
