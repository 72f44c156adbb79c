"""Wire chunks to deltas: a table of fragment styles, and the rules that hold for all of them."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siliconflow_client import Delta, Usage
from siliconflow_client.endpoints.normaliser import DeltaNormaliser
from siliconflow_client.endpoints.usage import usage_from_wire
from siliconflow_client.errors.mapping import UndocumentedShapeError
from tests.client.callers import Told

ID = "019d0000000000000000000000000010"


def chunk(delta: Any = None, *, index: int = 0, finish: str | None = None, **more: Any) -> Any:
    choice = {"index": index, "delta": delta if delta is not None else {}, "finish_reason": finish}
    return {"id": ID, "model": "m", "choices": [choice], **more}


def tools(*fragments: Any, **more: Any) -> Any:
    return chunk({"content": None, "tool_calls": list(fragments)}, **more)


def fragment(index: Any = None, id: Any = None, name: Any = None, arguments: Any = None) -> Any:
    whole: dict[str, Any] = {"function": {}}
    if index is not None:
        whole["index"] = index
    if id is not None:
        whole["id"] = id
    if name is not None:
        whole["function"]["name"] = name
    if arguments is not None:
        whole["function"]["arguments"] = arguments
    return whole


def feed(*chunks: Any) -> list[Delta]:
    normaliser = DeltaNormaliser()
    out: list[Delta] = []
    for one in chunks:
        normaliser.feed(one, out)
    return out + normaliser.finish()


def calls(*chunks: Any) -> tuple[tuple[str, str, str], ...]:
    return Told(deltas=feed(*chunks)).calls


A, B = ("a", "one", '{"x":1}'), ("b", "two", '{"y":2}')
f = fragment


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([tools(f(0, "a", "one", '{"x":1}'))], [A], id="whole"),
        pytest.param(
            [tools(f(0, "a", "one", "")), tools(f(0, None, None, '{"x"')), tools(f(0, None, None, ":1}"))],
            [A], id="in pieces",
        ),
        pytest.param(
            [tools(f(0, "a", "one", "")), tools({"index": 0, "id": None, "type": None, "function": {"name": "", "arguments": '{"x":1}'}})],
            [A], id="null id and empty name afterwards",
        ),
        pytest.param([tools(f(0, "a", "one")), tools(f(0, "a", "one", '{"x":1}'))], [A], id="id and name repeated"),
        pytest.param([tools(f(0, "a")), tools(f(0, None, "one", '{"x":1}'))], [A], id="id before name"),
        pytest.param([tools({"index": 0, "id": "a"}), tools(f(0, None, "one", '{"x":1}'))], [A], id="function missing at first"),
        pytest.param([tools({"index": 0, "id": "a", "function": None}), tools(f(0, None, "one", '{"x":1}'))], [A], id="function null at first"),
        pytest.param([tools(f(0, "a", "one", None)), tools({"index": 0, "function": {"arguments": None}}), tools(f(0, None, None, '{"x":1}'))], [A], id="null arguments"),
        pytest.param([tools(f(0, "a", "one", {"x": 1}))], [A], id="arguments as an object"),
        pytest.param([tools(f(0, "a", "one", '{"x":1}'), f(1, "b", "two", '{"y":2}'))], [A, B], id="two in one delta"),
        pytest.param(
            [tools(f(0, "a", "one", '{"x"')), tools(f(1, "b", "two", '{"y"')), tools(f(0, None, None, ":1}")), tools(f(1, None, None, ":2}"))],
            [A, B], id="interleaved",
        ),
        pytest.param(
            [tools(f(0, "a", "one", '{"x"'), f(1, "b", "two", '{"y"')), tools(f(1, None, None, ":2}"), f(0, None, None, ":1}"))],
            [A, B], id="interleaved in one delta, in another order",
        ),
        pytest.param([tools(f(5, "a", "one", '{"x":1}')), tools(f(9, "b", "two", '{"y":2}'))], [A, B], id="indices with gaps become places"),
        pytest.param([tools(f(1, "a", "one", '{"x":1}')), tools(f(0, "b", "two", '{"y":2}'))], [A, B], id="indices backwards keep the order of arrival"),
        pytest.param([tools(f(0, "a", "one", '{"x":1}')), tools(f(0, "b", "two", '{"y":2}'))], [A, B], id="index used again for a second call"),
        pytest.param([tools(f(0, "a", "one", '{"x":1}')), tools(f(0, "b", "two", '{"y"')), tools(f(0, None, None, ":2}"))], [A, B], id="and its later pieces"),
        pytest.param([tools(f(None, "a", "one", '{"x":1}'))], [A], id="no index"),
        pytest.param([tools(f(None, "a", "one", '{"x"')), tools(f(None, None, None, ":1}"))], [A], id="no index, no id afterwards"),
        pytest.param([tools(f(None, "a", "one", '{"x"')), tools(f(None, "a", None, ":1}"))], [A], id="no index, same id"),
        pytest.param([tools(f(None, "a", "one", '{"x"')), tools(f(None, "b", "two", '{"y":2}')), tools(f(None, "a", None, ":1}"))], [A, B], id="no index, ids tell"),
        pytest.param([tools(f(None, "a", "one", '{"x":1}'), f(None, "b", "two", '{"y":2}'))], [A, B], id="no index, two in one delta"),
        pytest.param([tools(f(None, "a", "one"), f(None, "b", "two")), tools(f(None, None, None, '{"x":1}'), f(None, None, None, '{"y":2}'))], [A, B], id="no index, no id: places tell"),
        pytest.param([tools(f(None, "a", "one", '{"x":1}')), tools(f(None, "b", "two", '{"y"')), tools(f(None, None, None, ":2}"))], [A, B], id="a lone piece goes to the last call"),
        pytest.param([tools(f(None, None, "one", "{}"), f(None, None, "two", "{}"))], [(f"call_{ID}_0_0", "one", "{}"), (f"call_{ID}_0_1", "two", "{}")], id="no index, no id: a name opens a call"),
        pytest.param([tools(f(None, "a", "one", '{"x":1}')), tools(f(None, None, None, ""), f(None, None, None, " "))], [("a", "one", '{"x":1} ')], id="no index, no id: a piece beyond the last place belongs to the last call"),
        pytest.param([tools(f(0, 7, "one", "{}"))], [(f"call_{ID}_0_0", "one", "{}")], id="an id that is no text"),
        pytest.param([tools(f(0, None, "one", "{}"))], [(f"call_{ID}_0_0", "one", "{}")], id="no id: one is made up"),
        pytest.param([tools(f(0, "", "one", "{}"), f(1, "", "two", "{}"))], [(f"call_{ID}_0_0", "one", "{}"), (f"call_{ID}_0_1", "two", "{}")], id="empty ids: two are made up"),
        pytest.param([tools(f(0, None, "one", "{")), tools(f(0, "a", None, "}"))], [(f"call_{ID}_0_0", "one", "{}")], id="an id that comes too late does not change it"),
        pytest.param([tools(f(0, None, "", "search")), tools(f(0, None, "", "_wiki"))], [("", "", "search_wiki")], id="no name ever: no id either"),
        pytest.param([tools(f(0, "a", "", "x")), tools(f(0, None, "one", "y"))], [("a", "one", "xy")], id="arguments before the name"),
    ],
)  # fmt: skip
def test_fragments_become_calls(chunks: list[Any], expected: list[tuple[str, str, str]]):
    assert calls(*chunks) == tuple(expected)


def test_id_and_name_come_once_and_together():
    deltas = feed(
        tools(f(0, "a", "one", "")), tools(f(0, "a", "one", "{")), tools(f(0, "a", "one", "}"))
    )
    pieces = [piece for delta in deltas for piece in delta.tool_calls]
    assert [(piece.id, piece.name, piece.arguments) for piece in pieces] == [
        ("a", "one", ""),
        (None, None, "{"),
        (None, None, "}"),
    ]


def test_a_piece_that_adds_nothing_is_not_handed_out():
    deltas = feed(
        tools(f(0, "a", "one", "{}")), tools(f(0, None, None, "")), tools(f(0, "a", "one"))
    )
    assert len([delta for delta in deltas if delta.tool_calls]) == 1


@pytest.mark.parametrize(
    "empty",
    [
        chunk({}),
        chunk({"content": "", "reasoning_content": None, "role": "assistant"}),
        chunk({"content": None, "reasoning_content": ""}),
        chunk({"content": None, "tool_calls": None}),
        chunk({"tool_calls": []}),
        {"id": ID, "model": "m", "choices": []},
        {"id": ID, "model": "m", "choices": None},
        {"id": ID, "model": "m"},
        {"id": ID, "choices": [{"index": 0, "delta": None}]},
        {},
    ],
)
def test_an_empty_piece_is_never_handed_out(empty: Any):
    (last,) = feed(empty)
    assert last.finish_reason == "stop"
    assert (last.text, last.reasoning, tuple(last.tool_calls)) == ("", "", ())


def test_text_and_thinking_of_one_chunk_come_in_one_delta():
    first, last = feed(chunk({"content": "a", "reasoning_content": "b"}))
    assert (first.text, first.reasoning, first.finish_reason) == ("a", "b", None)
    assert (last.text, last.reasoning, last.finish_reason) == ("", "", "stop")


def test_text_completions_have_their_text_in_the_choice():
    deltas = feed(
        {"id": ID, "choices": [{"index": 0, "text": "a"}]},
        {"id": ID, "choices": [{"index": 0, "text": "b", "finish_reason": "length"}]},
    )
    assert [delta.text for delta in deltas] == ["a", "b", ""]
    assert deltas[-1].finish_reason == "length"


# --- usage ----------------------------------------------------------------------------------


def used(prompt: int, completion: int, **more: Any) -> Any:
    total = prompt + completion
    return {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **more
    }  # fmt: skip


def totals(prompt: int, completion: int) -> Usage:
    return Usage(prompt, completion, prompt + completion, raw=used(prompt, completion))


def test_usage_is_a_running_total_and_the_last_one_wins():
    deltas = feed(
        chunk({"content": "a"}, usage=used(10, 1)),
        chunk({"content": "b"}, usage=used(10, 2)),
        chunk({"content": ""}, finish="stop", usage=used(10, 3)),
    )
    assert [delta.usage for delta in deltas[:-1]] == [None, None]
    assert deltas[-1].usage == totals(10, 3)


@pytest.mark.parametrize("missing", [{}, {"usage": None}, {"usage": {}}])
def test_a_chunk_without_usage_does_not_forget_it(missing: Any):
    deltas = feed(chunk({"content": "a"}, usage=used(10, 1)), chunk({}, finish="stop", **missing))
    assert deltas[-1].usage == totals(10, 1)


def test_no_usage_at_all_is_none():
    deltas = feed(chunk({"content": "a"}, finish="stop"))
    assert deltas[-1].usage is None
    assert "usage" not in deltas[-1].raw


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        (used(5, 2), (5, 2, 7, None, None)),
        ({}, (0, 0, 0, None, None)),
        ({"prompt_tokens": None, "completion_tokens": 4}, (0, 4, 4, None, None)),
        (used(5, 2, completion_tokens_details={"reasoning_tokens": 1}), (5, 2, 7, 1, None)),
        (used(5, 2, completion_tokens_details=None), (5, 2, 7, None, None)),
        (used(5, 2, prompt_tokens_details={"cached_tokens": 3}), (5, 2, 7, None, 3)),
        (used(5, 2, prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=1), (5, 2, 7, None, 4)),
        (used(5, 2, prompt_tokens_details={"cached_tokens": 0}, prompt_cache_hit_tokens=4), (5, 2, 7, None, 0)),
        (used(5, 2, prompt_tokens_details={"cached_tokens": None}, prompt_cache_hit_tokens=4), (5, 2, 7, None, 4)),
    ],
)  # fmt: skip
def test_usage_objects(wire: Any, usage: tuple[int, int, int, int | None, int | None]):
    read = usage_from_wire(wire)
    assert (
        read.prompt_tokens, read.completion_tokens, read.total_tokens, read.reasoning_tokens, read.cached_tokens,
    ) == usage  # fmt: skip
    assert read.raw is wire


# --- ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        ("stop", "stop"), ("eos", "stop"), ("length", "length"), ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"), ("something_new", "something_new"),
    ],
)  # fmt: skip
def test_finish_reasons(wire: str, reason: str):
    assert feed(chunk({"content": "a"}, finish=wire))[-1].finish_reason == reason


def test_a_finish_reason_comes_alone_and_last_even_when_usage_follows():
    deltas = feed(
        chunk({"content": "a"}, finish="stop"),
        {"id": ID, "model": "m", "choices": [], "usage": used(1, 2)},
    )
    assert [(d.text, d.finish_reason) for d in deltas] == [("a", None), ("", "stop")]
    assert deltas[-1].usage == totals(1, 2)
    assert deltas[-1].raw.get("choices")


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [([chunk({"content": "a"})], "stop"), ([tools(f(0, "a", "one", "{}"))], "tool_calls")],
)
def test_without_a_reason_the_content_tells(chunks: list[Any], reason: str):
    assert feed(*chunks)[-1].finish_reason == reason


def test_several_choices_are_kept_apart():
    deltas = feed(
        chunk({"content": "a"}, index=1),
        chunk({"content": "b"}, index=0),
        tools(f(0, "x", "one", "{}"), index=1),
        tools(f(0, "y", "two", "{}"), index=0),
        chunk({}, index=1, finish="length"),
        chunk({}, index=0, finish="stop", usage=used(1, 1)),
    )
    of = {number: [d for d in deltas if d.index == number] for number in (0, 1)}
    assert ["".join(d.text for d in of[number]) for number in (0, 1)] == ["b", "a"]
    assert Told(deltas=of[0]).calls == (("y", "two", "{}"),)
    assert Told(deltas=of[1]).calls == (("x", "one", "{}"),)
    assert [(d.index, d.finish_reason, d.usage) for d in deltas[-2:]] == [
        (0, "stop", None),
        (1, "length", totals(1, 1)),
    ]


def test_made_up_ids_differ_between_choices():
    deltas = feed(tools(f(0, None, "one"), index=0), tools(f(0, None, "one"), index=1))
    ids = [piece.id for delta in deltas for piece in delta.tool_calls]
    assert len(set(ids)) == 2


def test_a_stream_is_complete_when_each_choice_has_ended():
    normaliser = DeltaNormaliser()
    assert not normaliser.is_complete
    for wire, complete in [
        (chunk({"content": "a"}, index=0), False),
        (chunk({"content": "a"}, index=1), False),
        (chunk({}, index=0, finish="stop"), False),
        (chunk({}, index=1, finish="stop"), True),
    ]:
        normaliser.feed(wire, [])
        assert normaliser.is_complete is complete


def test_id_and_model_are_the_first_that_are_named():
    normaliser = DeltaNormaliser()
    for wire in ({"choices": []}, {"id": "x", "model": "m"}, {"id": "y", "model": "n"}):
        normaliser.feed(wire, [])  # type: ignore[arg-type]  # chunks that lack what they may lack
    assert (normaliser.id, normaliser.model) == ("x", "m")


def test_logprobs_are_handed_on():
    wire = chunk({"content": "a"})
    wire["choices"][0]["logprobs"] = {"content": []}
    assert feed(wire)[0].logprobs == {"content": []}


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        ({"choices": {"a": 1}}, "`choices` is not a list"),
        ({"choices": "x"}, "`choices` is not a list"),
        ({"choices": [1]}, "a choice is not an object"),
        ({"choices": [{"delta": "x"}]}, "`delta` is not an object"),
        ({"choices": [{"delta": {"content": 5}}]}, "`content` is not a string"),
        ({"choices": [{"delta": {"content": ["x"]}}]}, "`content` is not a string"),
        ({"choices": [{"delta": {"reasoning_content": {"a": 1}}}]}, "`content` is not a string"),
        ({"choices": [{"delta": {"tool_calls": {"a": 1}}}]}, "`tool_calls` is not a list"),
        ({"choices": [{"delta": {"tool_calls": ["x"]}}]}, "a tool call is not an object"),
        (
            {"choices": [{"delta": {"tool_calls": [{"function": "x"}]}}]},
            "`function` of a tool call is not an object",
        ),
        ({"usage": 5, "choices": []}, "`usage` is not an object"),
        ({"usage": [1], "choices": []}, "`usage` is not an object"),
    ],
)
def test_another_shape_is_named(wire: Any, says: str):
    with pytest.raises(UndocumentedShapeError) as caught:
        feed(wire)
    assert str(caught.value) == says


def test_chunks_are_not_changed():
    chunks = [
        tools(f(0, "a", "one", {"x": 1})),
        chunk({"content": "b"}, finish="eos", usage=used(1, 1)),
    ]
    before = copy.deepcopy(chunks)
    feed(*chunks)
    assert chunks == before


# --- the rules, for any stream --------------------------------------------------------------

texts = st.text(max_size=8)


@st.composite
def call_streams(draw: st.DrawFn) -> tuple[list[Any], tuple[tuple[str, str, str], ...]]:
    """Up to four calls, their arguments cut anywhere, their pieces interleaved anyhow."""
    count = draw(st.integers(1, 4))
    whole = [
        (f"id{number}", f"tool{number}", json.dumps({"q": draw(texts)})) for number in range(count)
    ]
    with_index = draw(st.booleans())
    queues: list[list[Any]] = []
    for number, (call_id, name, arguments) in enumerate(whole):
        cuts = sorted(draw(st.lists(st.integers(0, len(arguments)), max_size=3)))
        edges = [0, *cuts, len(arguments)]
        pieces = [arguments[a:b] for a, b in itertools.pairwise(edges)]
        index = number if with_index else None
        again = draw(st.booleans()) or not with_index
        queues.append(
            [f(index, call_id, name, pieces[0])]
            + [
                f(index, call_id if again else None, name if draw(st.booleans()) else None, piece)
                for piece in pieces[1:]
            ]
        )
    order = [queue.pop(0) for queue in queues]  # calls open in order, then anything goes
    while rest := [queue for queue in queues if queue]:
        order.append(draw(st.sampled_from(rest)).pop(0))
    chunks: list[Any] = []
    while order:
        size = draw(st.integers(1, len(order)))
        together, order = order[:size], order[size:]
        chunks.append(tools(*together))
    return chunks, tuple(whole)


@given(call_streams())
def test_calls_come_out_whole_however_they_were_cut(made: Any):
    chunks, whole = made
    assert calls(*chunks) == whole


@given(st.lists(st.tuples(texts, texts), max_size=8))
def test_text_and_thinking_come_out_whole(pieces: list[tuple[str, str]]):
    deltas = feed(*(chunk({"content": a, "reasoning_content": b}) for a, b in pieces))
    told = Told(deltas=deltas)
    assert told.text == "".join(a for a, _ in pieces)
    assert told.reasoning == "".join(b for _, b in pieces)
    assert all(delta.text or delta.reasoning for delta in deltas[:-1])
    assert [delta.finish_reason for delta in deltas] == [None] * (len(deltas) - 1) + ["stop"]
