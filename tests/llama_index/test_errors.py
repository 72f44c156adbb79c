"""Whatever the adapter raises is a `SiliconFlowError`, and stays what it was before as well."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    VideoBlock,
)
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel, SecretStr

import llama_index_siliconflow
import siliconflow_client
from llama_index_siliconflow import (
    ConfigurationError,
    SiliconFlow,
    SiliconFlowCompletion,
    SiliconFlowEmbedding,
    SiliconFlowRerank,
    TruncatedAnswerError,
    UnexpectedAnswerError,
)
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CLASSES, Make, Way
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
KEY = "sk-secret"


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = FunctionTool.from_defaults(add)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


# --- what users catch -----------------------------------------------------------------------


def test_the_client_s_errors_are_exported_under_their_own_names() -> None:
    errors = {
        name
        for name in siliconflow_client.__all__
        if isinstance(found := getattr(siliconflow_client, name), type)
        and issubclass(found, Exception)
    }
    assert {"SiliconFlowError", "RateLimitError", "AuthenticationError"} <= errors
    assert errors <= set(llama_index_siliconflow.__all__)
    for name in errors:
        assert getattr(llama_index_siliconflow, name) is getattr(siliconflow_client, name)


def test_a_truncated_answer_can_be_caught_by_its_name_and_by_its_kinds() -> None:
    assert issubclass(TruncatedAnswerError, UnexpectedAnswerError)
    assert issubclass(UnexpectedAnswerError, siliconflow_client.APIResponseError)
    assert issubclass(UnexpectedAnswerError, ValueError)
    error = TruncatedAnswerError("cut", trace_id="ti_1", hint="more")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.trace_id) == (TruncatedAnswerError, str(error), "ti_1")


# --- settings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "settings"),
    [
        (SiliconFlow, {"temperature": "hot"}),
        (SiliconFlow, {"top_logprobs": "x"}),
        (SiliconFlow, {"max_tokens": 0}),
        (SiliconFlow, {"default_headers": {"x-token": object()}}),
        (SiliconFlow, {"is_chat_model": False}),
        (SiliconFlow, {"reasoning_replay": "sometimes"}),
        (SiliconFlow, {"messages_to_prompt": KEY}),
        (SiliconFlow, {"additional_kwargs": KEY}),
        (SiliconFlowCompletion, {"endpoint": "elsewhere"}),
        (SiliconFlowCompletion, {"max_tokens": 0}),
        (SiliconFlowEmbedding, {"dimensions": "many"}),
        (SiliconFlowEmbedding, {"max_batch": 65}),
        (SiliconFlowRerank, {"top_n": 0}),
        (SiliconFlowRerank, {"overlap_tokens": "x"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_a_wrong_setting_is_named_and_no_value_is_shown(
    cls: type, settings: dict[str, Any]
) -> None:
    name = next(iter(settings))
    with pytest.raises(ConfigurationError, match=name) as caught:
        cls(api_key=KEY, **settings)
    assert isinstance(caught.value, ValueError)
    assert caught.value.argument == name
    assert caught.value.__cause__ is None
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert "ValidationError" not in shown
    assert KEY not in repr(vars(caught.value))


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("key", [[KEY], {"key": KEY}, 5], ids=repr)
def test_a_key_of_the_wrong_kind_is_not_shown(cls: type, key: Any) -> None:
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        cls(api_key=key)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("cls", CLASSES)
def test_all_wrong_settings_are_named_at_once(cls: type) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cls(api_key=SecretStr(KEY), timeout=-1, deadline="x", max_retries=-1)
    assert all(name in str(caught.value) for name in ("timeout", "deadline", "max_retries"))


# --- calls ----------------------------------------------------------------------------------


def user(*blocks: Any) -> list[ChatMessage]:
    return [ChatMessage(role="user", blocks=list(blocks))]


@pytest.mark.parametrize(
    "messages",
    [
        user(DocumentBlock(data=b"%PDF-1.4\n%%EOF")),
        user(CitableBlock(title="t", source="s", content=[TextBlock(text="x")])),
        user(ImageBlock(image=b"unknown bytes")),
        user(ImageBlock()),
        user(VideoBlock(video=b"unknown bytes")),
        user(AudioBlock(audio=b"unknown bytes")),
        user(DocumentBlock(path="/nowhere/at/all.pdf")),
    ],
    ids=["pdf", "citable", "image", "no image", "video", "audio", "lost file"],
)
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_a_block_that_cannot_be_sent(
    stub: Stub, way: Way, make: Make, name: str, messages: list[ChatMessage]
) -> None:
    block = type(messages[0].blocks[0]).__name__
    llm = make(
        SiliconFlow, model="deepseek-ai/DeepSeek-OCR" if "nowhere" in repr(messages) else "m"
    )
    with pytest.raises(ConfigurationError, match=block) as caught:
        await way(llm, name, messages)
    assert isinstance(caught.value, ValueError)
    assert caught.value.argument == "messages"
    assert stub.requests == []


async def test_a_file_that_was_opened_as_text(llm: SiliconFlow, way: Way, tmp_path: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    with path.open() as file, pytest.raises(ConfigurationError, match="ImageBlock.*as bytes"):
        await way(llm, "chat", user(ImageBlock(image=file, image_mimetype="image/png")))


async def test_a_tool_that_is_not_there(llm: SiliconFlow, way: Way) -> None:
    for name in ("chat_with_tools", "stream_chat_with_tools"):
        with pytest.raises(ConfigurationError, match="'sub' is none of the tools") as caught:
            await way(llm, name, [ADD], user_msg="x", tool_choice="sub")
        assert caught.value.argument == "tool_choice"
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("where", ["field", "call"])
async def test_a_stream_of_several_answers(stub: Stub, way: Way, make: Make, where: str) -> None:
    llm = make(SiliconFlow, **({"n": 2} if where == "field" else {}))
    with pytest.raises(ConfigurationError, match="one answer") as caught:
        await way(llm, "stream_chat", U, **({"n": 2} if where == "call" else {}))
    assert caught.value.argument == "n"
    assert isinstance(caught.value, ValueError)
    assert stub.requests == []


@pytest.mark.parametrize("n", ["2", None, [2]], ids=repr)
async def test_a_number_of_answers_that_is_none(llm: SiliconFlow, way: Way, n: Any) -> None:
    if n is None:
        assert (await way(llm, "stream_chat", U, n=n))[-1].message.content == "你好，世界"
        return
    with pytest.raises(ConfigurationError, match="n must be a whole number"):
        await way(llm, "stream_chat", U, n=n)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": "soon"},
        {"max_retries": -1},
        {"extra_headers": ["x"]},
        {"extra_headers": {"x\n": "y"}},
        {"extra_body": ["x"]},
        {"extra_body": "x"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_wrong_options_of_a_call(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError):
        await way(llm, name, U, **options)
    assert stub.requests == []


async def test_no_call_where_one_was_expected(llm: SiliconFlow, way: Way) -> None:
    response = await way(llm, "chat_with_tools", [ADD], user_msg="x")
    with pytest.raises(UnexpectedAnswerError, match="at least one tool call") as caught:
        llm.get_tool_calls_from_response(response)
    assert isinstance(caught.value, ValueError)
    assert caught.value.trace_id == "ti_stub0001"


async def test_a_reranking_without_a_query(make: Make, way: Way) -> None:
    nodes = [NodeWithScore(node=TextNode(text="apple"))]
    with pytest.raises(ConfigurationError, match="Missing query bundle") as caught:
        await way(make(SiliconFlowRerank), "postprocess_nodes", nodes)
    assert isinstance(caught.value, ValueError)


# --- predictions ----------------------------------------------------------------------------

PROMPT = PromptTemplate("Who is {who}?")


@pytest.mark.parametrize("by_format", [False, True], ids=["call", "format"])
@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_an_object_that_does_not_fit(
    stub: Stub, way: Way, make: Make, name: str, by_format: bool
) -> None:
    text = '{"name": "Somebody private", "age": "private"}'
    stub.script = (
        s.scenario(s.text(text))
        if by_format
        else s.scenario([s.calls(s.fragment(text, id="c", name="Person"))], finish="tool_calls")
    )
    llm = make(SiliconFlow, should_use_structured_outputs=by_format)
    with pytest.raises(UnexpectedAnswerError, match="Person.*age") as caught:
        await way(llm, name, Person, PROMPT, who="she")
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, TruncatedAnswerError)
    assert caught.value.trace_id == "ti_stub0001"
    assert "private" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("by_format", [False, True], ids=["call", "format"])
@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_no_object_at_all(
    stub: Stub, way: Way, make: Make, name: str, by_format: bool
) -> None:
    stub.script = s.scenario(s.text("I would rather not."))
    llm = make(SiliconFlow, should_use_structured_outputs=by_format)
    with pytest.raises(UnexpectedAnswerError, match="Person") as caught:
        await way(llm, name, Person, PROMPT, who="she")
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, TruncatedAnswerError)
    assert caught.value.trace_id == "ti_stub0001"


class Unwritable(BaseModel):
    """No JSON schema can say what a function is."""

    call: Callable[[], int]


@pytest.mark.parametrize("by_format", [False, True], ids=["call", "format"])
async def test_a_class_that_has_no_schema(
    stub: Stub, way: Way, make: Make, by_format: bool
) -> None:
    llm = make(SiliconFlow, should_use_structured_outputs=by_format)
    for name in ("structured_predict", "stream_structured_predict"):
        with pytest.raises(ConfigurationError, match="Unwritable") as caught:
            await way(llm, name, Unwritable, PROMPT, who="she")
        assert caught.value.argument == "output_cls"
    assert stub.requests == []


async def test_a_tool_that_has_no_schema(llm: SiliconFlow, stub: Stub, way: Way) -> None:
    tool = FunctionTool.from_defaults(add, fn_schema=Unwritable)
    with pytest.raises(ConfigurationError, match="'add'") as caught:
        await way(llm, "chat_with_tools", [tool], user_msg="x")
    assert caught.value.argument == "tools"
    assert stub.requests == []
