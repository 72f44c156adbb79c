"""Streams: exact text whatever the wire's cuts, thinking, usage, and what a yield owns."""

from __future__ import annotations

import asyncio
import copy
import threading

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, TextBlock, ThinkingBlock

from llama_index_siliconflow import SiliconFlow
from siliconflow_client import ServerError, StreamInterruptedError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
HELLO = s.data(s.chunk({**s.BLANK, "content": "你好"}))
WORLD = s.data(s.chunk({**s.BLANK, "content": "，世界"}))
END = s.data(s.chunk({"content": ""}, finish="stop", usage=s.USAGE))
CUT_IN_CHARACTER = HELLO.index("好".encode()) + 1
NO_KEYS = {"role": "assistant"}


def joined(responses: list) -> str:
    return "".join(response.delta for response in responses)


@pytest.mark.parametrize(
    ("segments", "deltas"),
    [
        pytest.param([HELLO, WORLD, END, s.DONE], ["你好", "，世界"], id="whole"),
        pytest.param(
            [
                HELLO[:CUT_IN_CHARACTER],
                HELLO[CUT_IN_CHARACTER:] + WORLD[:3],
                WORLD[3:],
                END,
                s.DONE,
            ],
            ["你好", "，世界"],
            id="split in a character and in `data:`",
        ),
        pytest.param(
            [HELLO + WORLD[:30], WORLD[30:] + END + s.DONE], ["你好", "，世界"], id="split_json"
        ),
        pytest.param(
            [bytes([byte]) for byte in HELLO + WORLD + END + s.DONE],
            ["你好", "，世界"],
            id="byte by byte",
        ),
        pytest.param([HELLO + WORLD + END + s.DONE], ["你好", "，世界"], id="all at once"),
        pytest.param(
            [
                s.data(s.chunk({"content": "你好"}), space=False),
                s.data(s.chunk({"content": "!"}, finish="stop"), space=False),
                b"data:[DONE]\n\n",
            ],
            ["你好", "!"],
            id="nospace",
        ),
        pytest.param(
            [b": keep-alive\n\n", HELLO, b": keep-alive\n\n", WORLD, END, s.DONE],
            ["你好", "，世界"],
            id="keepalive",
        ),
        pytest.param(
            [part.replace(b"\n", b"\r\n") for part in (HELLO, WORLD, END, s.DONE)],
            ["你好", "，世界"],
            id="crlf",
        ),
        pytest.param(
            [s.data(s.chunk({"content": "data: {x}\n\ndata: y"})), END, s.DONE],
            ["data: {x}\n\ndata: y"],
            id="datatext",
        ),
        pytest.param(
            [s.data(s.chunk({"content": "a\u2028b\x85c"})), END, s.DONE],
            ["a\u2028b\x85c"],
            id="u2028",
        ),
        pytest.param(
            [HELLO, s.data(s.chunk(NO_KEYS)), END, s.DONE], ["你好"], id="delta without content"
        ),
        pytest.param(
            [s.data(s.chunk(None)), HELLO, END, s.DONE], ["你好"], id="empty_choices_first"
        ),
        pytest.param(
            [
                HELLO,
                s.data(s.chunk({}, finish="stop")),
                s.data(s.chunk(None, usage=s.USAGE)),
                s.DONE,
            ],
            ["你好"],
            id="usage_only_last",
        ),
        pytest.param([HELLO, s.DONE], ["你好"], id="done without finish_reason"),
    ],
)
async def test_text_is_exact_whatever_the_wire_does(
    llm: SiliconFlow, stub: Stub, way: Way, segments: list[bytes], deltas: list[str]
) -> None:
    """Raw reads were decoded and split one by one: cuts in a character, `data:` without a space,
    comments, text that holds `data: `, deltas without `content` and chunks without `choices`
    all failed.
    """
    stub.script = s.raw_stream(*segments)
    responses = await way(llm, "stream_chat", U)
    assert [response.delta for response in responses if response.delta] == deltas
    assert responses[-1].message.content == "".join(deltas)


async def test_thinking_arrives_beside_the_text(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    """`reasoning_content` was dropped."""
    stub.script = s.REASON
    responses = await way(llm, "stream_chat", U)
    thoughts = [response.additional_kwargs.get("thinking_delta") for response in responses]
    assert thoughts == ["Okay", ", think", None, None, None]
    assert joined(responses) == "The answer is 4."
    assert responses[-1].message.blocks == [
        ThinkingBlock(content="Okay, think", num_tokens=2),
        TextBlock(text="The answer is 4."),
    ]


async def test_a_single_thinking_chunk_is_not_lost(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.scenario([*s.thought("all at once"), *s.text("4")])
    responses = await way(llm, "stream_chat", U)
    assert responses[0].additional_kwargs["thinking_delta"] == "all at once"
    assert responses[-1].message.blocks[0] == ThinkingBlock(content="all at once")


async def test_thinking_without_content_key(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.raw_stream(
        s.data(s.chunk({"reasoning_content": "hm"})), s.data(s.chunk({"content": "4"})), END, s.DONE
    )
    responses = await way(llm, "stream_chat", U)
    assert [response.delta for response in responses] == ["", "4", ""]
    assert responses[0].message.content is None


async def test_every_yield_holds_all_so_far(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    stub.script = s.scenario(s.text("a", "b", "c"))
    responses = await way(llm, "stream_chat", U)
    assert [response.message.content for response in responses] == ["a", "ab", "abc", "abc"]
    assert all(len(response.message.blocks) == 1 for response in responses)


async def test_raw_is_the_wire_dict_and_the_last_one_has_usage_and_trace_id(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    """`raw` was the line of text, which token counters refuse."""
    responses = await way(llm, "stream_chat", U)
    assert all(type(response.raw) is dict for response in responses)
    assert responses[0].raw["choices"][0]["delta"]["content"] == "你好"
    last = responses[-1]
    assert last.raw["usage"] == s.USAGE
    assert last.raw["choices"][0]["finish_reason"] == "stop"
    assert last.raw["trace_id"] == "ti_stub0001"
    assert last.additional_kwargs == s.USAGE


async def test_usage_after_the_finish_is_on_the_last_raw(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    stub.script = s.raw_stream(
        HELLO, s.data(s.chunk({}, finish="stop")), s.data(s.chunk(None, usage=s.USAGE)), s.DONE
    )
    last = (await way(llm, "stream_chat", U))[-1]
    assert last.raw["usage"] == s.USAGE
    assert last.raw["choices"][0]["finish_reason"] == "stop"


async def test_running_usage_is_never_added_up(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    running = [
        s.data(s.chunk({"content": "x"}, usage={**s.USAGE, "completion_tokens": n}))
        for n in (1, 2, 3)
    ]
    stub.script = s.raw_stream(*running, END, s.DONE)
    assert (await way(llm, "stream_chat", U))[-1].additional_kwargs == s.USAGE


@pytest.mark.parametrize("script", [s.TOOL2_INTERLEAVED, s.REASON], ids=["tools", "reason"])
async def test_yields_do_not_share_what_can_change(
    llm: SiliconFlow, stub: Stub, way: Way, script: s.Script
) -> None:
    stub.script = script
    snapshots, responses = [], []
    async for response in way.each(llm, "stream_chat", U):
        snapshots.append(copy.deepcopy(response.model_dump()))
        responses.append(response)
    assert [response.model_dump() for response in responses] == snapshots
    for number, response in enumerate(responses):
        response.message.additional_kwargs["mark"] = number
        response.message.blocks.append(TextBlock(text="mine"))
    assert [response.message.additional_kwargs["mark"] for response in responses] == list(
        range(len(responses))
    )
    assert all(response.message.blocks.count(TextBlock(text="mine")) == 1 for response in responses)


async def test_responses_survive_validation_and_serialisation(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    stub.script = s.TOOL2
    last = (await way(llm, "stream_chat", U))[-1]
    again = type(last).model_validate_json(last.model_dump_json())
    assert again.message == last.message


async def test_the_first_piece_does_not_wait_for_the_last(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    """A stream was read whole before its first piece was handed out."""
    gate = threading.Event()
    stub.script = s.raw_stream(HELLO, gate, WORLD, END, s.DONE)
    got = []
    async for response in way.each(llm, "stream_chat", U):
        got.append(response.delta)
        gate.set()  # the server goes on only after the first piece was read
    assert got == ["你好", "，世界", ""]


@pytest.mark.parametrize("cut", [False, True], ids=["clean end", "connection lost"])
async def test_a_truncated_stream_raises_with_what_came(
    llm: SiliconFlow, stub: Stub, way: Way, cut: bool
) -> None:
    """A stream that broke off was taken for a finished answer."""
    stub.script = s.raw_stream(s.data(s.chunk({"content": "partial"})), cut=cut)
    got: list[ChatResponse] = []
    with pytest.raises(StreamInterruptedError) as caught:
        await way.drain(got, llm, "stream_chat", U)
    assert [response.delta for response in got] == ["partial"]
    assert caught.value.partial == "partial"


async def test_an_error_line_inside_a_stream_is_the_error_it_describes(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    """An error inside a stream was a KeyError 'choices'."""
    stub.script = s.ERR_MID
    got: list[ChatResponse] = []
    with pytest.raises(ServerError) as caught:
        await way.drain(got, llm, "stream_chat", U)
    assert [response.delta for response in got] == ["partial"]
    assert caught.value.code == 50505
    assert caught.value.trace_id == "ti_stub0001"


async def test_leaving_a_stream_early_leaves_the_client_usable(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    stub.script = s.scenario(s.text("a", "b", "c"))
    async for response in way.each(llm, "stream_chat", U):
        assert response.delta == "a"
        break
    assert joined(await way(llm, "stream_chat", U)) == "abc"


async def test_a_cancelled_stream_leaves_the_client_usable(llm: SiliconFlow, stub: Stub) -> None:
    gate = threading.Event()
    arrived = asyncio.Event()
    stub.script = s.raw_stream(HELLO, gate, END, s.DONE)

    async def read() -> None:
        async for _ in await llm.astream_chat(U):
            arrived.set()

    task = asyncio.create_task(read())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    stub.script = s.PLAIN
    assert (await llm.achat(U)).message.content == "你好，世界"


async def test_log_probabilities_come_with_their_text(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    pieces = [s.chunk({"content": text}) for text in "ab"]
    for piece, text in zip(pieces, "ab", strict=True):
        content = [{"token": text, "logprob": -0.5, "bytes": [1], "top_logprobs": []}]
        piece["choices"][0]["logprobs"] = {"content": content}
    stub.script = s.raw_stream(*map(s.data, pieces), END, s.DONE)
    responses = await way(llm, "stream_chat", U, logprobs=True)
    tokens = [[entry.token for entry in r.logprobs[0]] for r in responses if r.logprobs]
    assert tokens == [["a"], ["b"]]
    assert [response.delta for response in responses] == ["a", "b", ""]


async def test_nothing_is_sent_before_the_first_piece_is_asked_for(
    llm: SiliconFlow, stub: Stub
) -> None:
    stream = llm.stream_chat(U)
    twin = await llm.astream_chat(U)
    assert stub.requests == []
    stream.close()
    await twin.aclose()


async def test_a_stream_holds_one_answer(llm: SiliconFlow, way: Way) -> None:
    with pytest.raises(ValueError, match=r"^n: "):
        await way(llm, "stream_chat", U, n=2)


async def test_models_with_broken_tool_streams_are_asked_plainly(
    llm: SiliconFlow, stub: Stub, way: Way
) -> None:
    tools = [{"type": "function", "function": {"name": "add", "parameters": {}}}]
    stub.script = s.TOOL1
    responses = await way(llm, "stream_chat", U, model="THUDM/GLM-4-9B-0414", tools=tools)
    assert stub.last.body["stream"] is False
    assert len(responses) == 1
    assert responses[0].delta == ""
    assert llm.get_tool_calls_from_response(responses[0])[0].tool_kwargs == {"a": 2, "b": 3}
