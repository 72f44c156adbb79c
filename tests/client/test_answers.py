"""Bodies to results; and whatever comes, no error but ours."""

from __future__ import annotations

import base64
import copy
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siliconflow_client import APIResponseError, EmptyAnswerError, RateLimitError, SiliconFlowError
from siliconflow_client.endpoints.chat import read_chat
from siliconflow_client.endpoints.completions import read_completion
from siliconflow_client.endpoints.embeddings import read_embeddings
from siliconflow_client.endpoints.models import read_models
from siliconflow_client.endpoints.rerank import RerankRequest, read_reranking, rerank_call
from siliconflow_client.errors.mapping import UndocumentedShapeError
from siliconflow_client.errors.response import Head
from siliconflow_client.protocol.notices import warn_once
from siliconflow_client.protocol.retry import RetryPolicy
from tests.client.by_hand import Hand, Reply, events
from tests.fixtures import INDEX

one_try = RetryPolicy(max_retries=0)
HEAD = Head(200, {"x-siliconcloud-trace-id": "t"}, 0.0)


def wire(value: Any) -> bytes:
    return json.dumps(value).encode()


def chat(message: Any, finish: Any = "stop", **more: Any) -> Any:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "x", "model": "m", "created": 5, "choices": [choice], **more}


def read(body: Any, *, may_be_empty: bool = False):
    return read_chat(wire(body), HEAD, may_be_empty=may_be_empty)


# --- chat -----------------------------------------------------------------------------------


def test_choices_come_in_order():
    choices = [
        {"index": number, "message": {"content": f"text {number}"}, "finish_reason": "stop"}
        for number in (2, 0, 1)
    ]
    answer = read({"choices": choices})
    assert [choice.text for choice in answer.choices] == ["text 0", "text 1", "text 2"]
    assert answer.text == "text 0"


def test_a_byte_order_mark_is_no_part_of_an_answer():
    body = wire(chat({"content": "Hello"}))
    assert read_chat(b"\xef\xbb\xbf" + body, HEAD, may_be_empty=False).text == "Hello"


@pytest.mark.parametrize(("reason", "read_as"), [("eos", "stop"), ("new", "new"), (None, None), ("", None)])  # fmt: skip
def test_finish_reasons(reason: Any, read_as: Any):
    assert read(chat({"content": "a"}, reason)).finish_reason == read_as


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (None, []),
        ([], []),
        ([{"id": "a", "function": {"name": "f", "arguments": "{}"}}], [("a", "f", "{}")]),
        ([{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}], [("a", "f", '{"x":1}')]),
        ([{"id": "a", "function": {"name": "f", "arguments": None}}], [("a", "f", "")]),
        ([{"id": "a", "function": {"name": "f"}}], [("a", "f", "")]),
        ([{"function": {"name": "f"}}, {"id": None, "function": {"name": "g"}}], [("call_x_0_0", "f", ""), ("call_x_0_1", "g", "")]),
        ([{"id": "a", "function": None}], [("a", "", "")]),
    ],
)  # fmt: skip
def test_tool_calls(calls: Any, expected: Any):
    answer = read(chat({"content": "a", "tool_calls": calls}))
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == expected
    assert [call.index for call in answer.tool_calls] == list(range(len(expected)))


@pytest.mark.parametrize("nothing", [{}, {"content": None}, {"content": ""}, {"content": "", "reasoning_content": None, "tool_calls": []}])  # fmt: skip
def test_an_answer_of_nothing(nothing: Any):
    with pytest.raises(EmptyAnswerError):
        read(chat(nothing))
    assert read(chat(nothing), may_be_empty=True).text == ""
    assert read(chat(nothing, "length")).finish_reason == "length"
    assert read(chat({**nothing, "reasoning_content": "t"})).reasoning == "t"


@pytest.mark.parametrize(
    "body",
    [
        None, 5, "x", [], {}, {"choices": None}, {"choices": {}}, {"choices": []}, {"choices": [5]},
        {"choices": [{}]}, {"choices": [{"message": None}]}, {"choices": [{"message": "x"}]},
        chat({"content": 5}), chat({"content": ["x"]}), chat({"content": "a", "reasoning_content": 5}),
        chat({"content": "a", "tool_calls": {"a": 1}}), chat({"content": "a", "tool_calls": [5]}),
        chat({"content": "a", "tool_calls": [{"function": 5}]}), chat({"content": "a", "tool_calls": [{"function": {"name": 5}}]}),
        chat({"content": "a"}, usage=5), chat({"content": "a"}, usage=[1]), chat({"content": "a"}, id=5),
    ],
)  # fmt: skip
def test_another_shape_of_a_chat(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read(body)


BAD_USAGE = [
    {"completion_tokens_details": True}, {"completion_tokens_details": [1]},
    {"prompt_tokens_details": "x"}, {"prompt_tokens_details": 5},
    {"prompt_tokens": "5", "completion_tokens": 1}, {"completion_tokens": [1]},
]  # fmt: skip


@pytest.mark.parametrize("usage", BAD_USAGE, ids=str)
@pytest.mark.parametrize("streamed", [False, True])
def test_odd_usage_is_read_or_named_and_never_an_attribute_error(usage: Any, streamed: bool):
    if streamed:
        line = {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": usage}
        stream = b"data: " + wire(line) + b"\n\ndata: [DONE]\n\n"
        told = Hand([events(stream)]).stream(policy=one_try)
        assert told.error is None or isinstance(told.error, APIResponseError)
    else:
        try:
            counts = read(chat({"content": "a"}, usage=usage)).usage
        except UndocumentedShapeError:
            return
        assert counts is not None
        assert isinstance(counts.total_tokens, int)


# --- embeddings -----------------------------------------------------------------------------


def vectors(*rows: Any) -> bytes:
    return wire({"model": "m", "data": list(rows)})


def row(index: Any, embedding: Any) -> Any:
    return {"object": "embedding", "index": index, "embedding": embedding}


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def test_base64_is_little_endian_float32():
    content = vectors(row(1, packed(1.5, 0.0)), row(0, packed(-0.25, 3.0)))
    assert read_embeddings(content, HEAD, expected=2).vectors == [[-0.25, 3.0], [1.5, 0.0]]


def test_vectors_without_an_index_keep_their_places():
    content = vectors({"embedding": [1.0]}, {"embedding": [2.0]})
    assert read_embeddings(content, HEAD, expected=2).vectors == [[1.0], [2.0]]


@pytest.mark.parametrize("places", [(0, 0), (1, 1), (0, 2), (0, -1), (0, "1"), (0, 1.0), (None, 0)])
def test_numbers_that_are_no_order_leave_the_arrays(
    places: tuple[Any, Any], caplog: pytest.LogCaptureFixture
):
    warn_once.cache_clear()
    content = vectors(row(places[0], [1.0]), row(places[1], [2.0]))
    for _ in range(2):
        assert read_embeddings(content, HEAD, expected=2).vectors == [[1.0], [2.0]]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "in the order in which they came" in caplog.text


def test_an_index_that_restarts_every_eight_is_no_order():
    rows = [row(at % 8, [float(at)]) for at in range(12)]
    result = read_embeddings(vectors(*rows), HEAD, expected=12)
    assert result.vectors == [[float(at)] for at in range(12)]


def test_whole_numbers_become_floats():
    (vector,) = read_embeddings(vectors(row(0, [1, -2, 0])), HEAD, expected=1).vectors
    assert vector == [1.0, -2.0, 0.0]
    assert all(type(number) is float for number in vector)


@pytest.mark.parametrize(
    "content",
    [
        wire({}), wire({"data": None}), wire({"data": []}), wire({"data": {}}), wire([]),
        vectors(row(0, [1.0])),  # one is missing
        vectors(row(0, [1.0]), row(1, [1.0]), row(2, [1.0])),
        vectors(row(0, [1.0]), row(1, None)),
        vectors(row(0, [1.0]), row(1, [None])),
        vectors(row(0, [1.0]), row(1, ["1"])),
        vectors(row(0, [1.0]), row(1, ["x"])),
        vectors(row(0, [1.0]), row(1, [[1.0]])),
        vectors(row(0, [1.0]), row(1, "!!")),
        vectors(row(0, [1.0]), row(1, "AAAA")),
        vectors(row(0, [1.0]), row(1, [math.nan])),
        vectors(row(0, [1.0]), row(1, [math.inf])),
        vectors(row(0, [1.0]), row(1, [-math.inf])),
        vectors(row(0, [1.0]), row(1, [10**400])),
        vectors(row(0, [1.0]), row(1, [True])),
        vectors(row(0, [1.0]), row(1, [1.0, False])),
        vectors(row(0, [1.0]), row(1, [1.0, 2.0])),
        vectors(row(0, packed(1.0)), row(1, packed(1.0, 2.0))),
        vectors(row(0, packed(1.0)), row(1, packed(math.nan))),
        vectors(row(0, packed(1.0)), row(1, packed(math.inf))),
        vectors(row(0, packed(1.0, 1.0)), row(1, packed(math.inf, -math.inf))),
        vectors(row(0, [1.0]), row(1, [1.0])).replace(b"1.0", b"1e999"),
        vectors(row(0, [1.0]), row(1, {})),
        vectors(row(0, [1.0]), {"index": 1}),
        vectors(row(0, [1.0]), 5),
    ],
)  # fmt: skip
def test_another_shape_of_embeddings(content: bytes):
    with pytest.raises(UndocumentedShapeError):
        read_embeddings(content, HEAD, expected=2)


@pytest.mark.parametrize("nothing", [[], ""])
def test_a_vector_of_nothing_is_no_vector(nothing: Any):
    with pytest.raises(UndocumentedShapeError):
        read_embeddings(vectors(row(0, nothing)), HEAD, expected=1)


numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
alike = st.integers(1, 5).flatmap(
    lambda length: st.lists(
        st.lists(numbers, min_size=length, max_size=length), min_size=1, max_size=4
    )
)


@given(alike, st.randoms(), st.booleans())
def test_any_order_gives_the_order_of_the_inputs(expected: Any, random: Any, as_base64: bool):
    rows = [row(at, packed(*one) if as_base64 else one) for at, one in enumerate(expected)]
    random.shuffle(rows)
    result = read_embeddings(vectors(*rows), HEAD, expected=len(expected))
    assert result.vectors == expected


@pytest.mark.parametrize(
    "indexes",
    [
        [*range(8), *range(4)],  # Qwen3-VL-Embedding-8B
        [0] * 12, [*range(1, 13)], [*range(11), -1], [*range(11), "11"], [*range(11), 11.0],
        [*range(11), None], [False, True, *range(2, 12)],
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("as_base64", [False, True])
def test_indexes_that_number_nothing_leave_the_order_of_the_array(
    indexes: list[Any], as_base64: bool, caplog: pytest.LogCaptureFixture
):
    warn_once.cache_clear()
    rows = [
        row(index, packed(float(at)) if as_base64 else [float(at)])
        for at, index in enumerate(indexes)
    ]
    for _ in range(2):
        result = read_embeddings(vectors(*rows), HEAD, expected=12)
        assert result.vectors == [[float(at)] for at in range(12)]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "the order in which they came" in record.getMessage()


@pytest.mark.parametrize("indexes", [range(3), [2, 0, 1], [None] * 3])
def test_indexes_in_order_and_none_at_all_are_no_matter_for_a_warning(
    indexes: Any, caplog: pytest.LogCaptureFixture
):
    warn_once.cache_clear()
    rows = [row(index, [1.0]) for index in indexes]
    assert read_embeddings(vectors(*rows), HEAD, expected=3).vectors == [[1.0]] * 3
    assert not caplog.records


def test_there_are_never_fewer_vectors_than_texts():
    rows = [row(at % 8, [1.0]) for at in range(11)]
    with pytest.raises(UndocumentedShapeError, match="expected 12 embeddings, got 11"):
        read_embeddings(vectors(*rows), HEAD, expected=12)


# --- the others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"results": None}, {"results": {}}, {"results": [5]}, {"results": [{}]},
        {"results": [{"index": 0}]}, {"results": [{"relevance_score": 1}]},
        {"results": [{"index": "0", "relevance_score": 1}]}, {"results": [{"index": 0, "relevance_score": "1"}]},
        {"results": [{"index": 0, "relevance_score": True}]}, {"results": [{"index": True, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": math.nan}]}, {"results": [{"index": 0, "relevance_score": math.inf}]},
        {"results": [{"index": 0, "relevance_score": 10**400}]}, {"results": [{"index": 0, "relevance_score": None}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 0.5}]},
        {"results": [{"index": 3, "relevance_score": 1}]}, {"results": [{"index": -1, "relevance_score": 1}]},
    ],
)  # fmt: skip
def test_another_shape_of_a_reranking(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_reranking(wire(body), HEAD, documents=3)


def test_hits_come_best_first_whatever_the_order():
    hits = [{"index": at, "relevance_score": score} for at, score in enumerate([0.1, 0.9, 0.5])]
    result = read_reranking(wire({"results": hits}), HEAD, documents=3)
    assert [hit.index for hit in result.results] == [1, 2, 0]
    assert (result.input_tokens, result.output_tokens) == (None, None)


def test_too_few_results_are_what_came_and_one_warning(caplog: pytest.LogCaptureFixture):
    warn_once.cache_clear()
    hits = [{"index": at, "relevance_score": 0.5} for at in range(2)]
    for _ in range(2):
        result = read_reranking(wire({"results": hits}), HEAD, documents=3, wanted=3)
        assert [hit.index for hit in result.results] == [0, 1]
    (record,) = caplog.records
    assert "fewer results" in record.getMessage()


@pytest.mark.parametrize(
    ("top_n", "warned"), [(None, True), (1, False), (2, False), (3, True), (9, True)]
)
def test_what_is_too_few_depends_on_top_n(
    top_n: int | None, warned: bool, caplog: pytest.LogCaptureFixture
):
    warn_once.cache_clear()
    request: RerankRequest = {"model": "m", "query": "q", "documents": ["a", "b", "c"]}
    if top_n is not None:
        request["top_n"] = top_n
    hits = [{"index": at, "relevance_score": 0.5} for at in range(2)]
    assert len(rerank_call(request, None).parse(wire({"results": hits}), HEAD).results) == 2
    assert bool(caplog.records) is warned


@pytest.mark.parametrize("document", ["text", {"text": "text"}])
def test_a_document_in_either_form(document: Any):
    hit = {"index": 0, "relevance_score": 1, "document": document}
    assert read_reranking(wire({"results": [hit]}), HEAD, documents=1).results[0].document == "text"


@pytest.mark.parametrize("body", [None, [], {}, {"data": None}, {"data": {}}, {"data": [5]}, {"data": [{}]}, {"data": [{"id": 5}]}])  # fmt: skip
def test_another_shape_of_a_model_list(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_models(wire(body), HEAD)


def test_an_empty_model_list_is_a_list():
    assert read_models(b'{"data":[]}', HEAD) == []


@pytest.mark.parametrize("body", [None, [], {}, {"choices": []}, {"choices": [5]}, {"choices": [{"text": 5}]}])  # fmt: skip
def test_another_shape_of_a_completion(body: Any):
    with pytest.raises(UndocumentedShapeError):
        read_completion(wire(body), HEAD)


def test_completions_come_in_order_and_eos_is_stop():
    choices = [
        {"index": 1, "text": "b", "finish_reason": "eos"},
        {"index": 0, "text": None, "finish_reason": "length"},
    ]
    answer = read_completion(wire({"choices": choices}), HEAD)
    assert [(c.text, c.finish_reason) for c in answer.choices] == [("", "length"), ("b", "stop")]
    assert answer.trace_id == "t"


# --- whatever comes -------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**30) | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "5"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "text"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def broken(data: st.DataObject, value: Any) -> Any:
    """The same with something else in one place."""
    value = copy.deepcopy(value)
    *path, last = data.draw(st.sampled_from(places(value)))
    inner = value
    for key in path:
        inner = inner[key]
    inner[last] = data.draw(anything)
    return value


READERS: dict[str, Any] = {
    "chat/nonstream_tool_calls.json": lambda content, trace: read_chat(content, trace, may_be_empty=False),
    "chat/nonstream_default.json": lambda content, trace: read_chat(content, trace, may_be_empty=False),
    "completions/nonstream.json": read_completion,
    "embeddings/float.json": lambda content, trace: read_embeddings(content, trace, expected=2),
    "embeddings/base64.json": lambda content, trace: read_embeddings(content, trace, expected=1),
    "rerank/meta_tokens.json": lambda content, trace: read_reranking(content, trace, documents=2),
    "rerank/top_level_tokens.json": lambda content, trace: read_reranking(content, trace, documents=124),
    "models/list.json": read_models,
}  # fmt: skip

fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pytest.mark.parametrize("file", READERS)
@fuzz
@given(data=st.data())
def test_one_wrong_value_anywhere_is_an_answer_or_our_error(file: str, data: st.DataObject):
    content = wire(broken(data, INDEX[file].json()))
    try:
        Hand([Reply(200, [content])]).plain(READERS[file], policy=one_try)
    except SiliconFlowError as error:
        failure: SiliconFlowError | None = error
    else:
        failure = None
    assert failure is None or isinstance(failure, APIResponseError | RateLimitError)


STREAMED = [
    "stream/tool_calls_fragmented.sse",
    "stream/tool_calls_parallel.sse",
    "stream/reasoning_deepseek_r1.sse",
    "stream/usage_trailing_empty_choices.sse",
]


@pytest.mark.parametrize("file", STREAMED)
@fuzz
@given(data=st.data())
def test_one_wrong_value_anywhere_in_a_stream_is_an_answer_or_our_error(file: str, data: Any):
    chunks = [
        json.loads(line.removeprefix(b"data: "))
        for line in INDEX[file].content.splitlines()
        if line.startswith(b"data: {")
    ]
    chunks = broken(data, chunks[:8])
    stream = b"".join(b"data: " + wire(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    told = Hand([events(stream)]).stream(policy=one_try)
    assert told.error is None or isinstance(told.error, SiliconFlowError)
    assert all(isinstance(delta.text + delta.reasoning, str) for delta in told.deltas)
