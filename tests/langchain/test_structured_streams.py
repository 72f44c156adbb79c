"""The end of a streamed structured answer: what does not fit is an error, as it is for `invoke`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from pydantic import BaseModel, ValidationError

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import Answer, NewCall, Simulator

MODEL = "deepseek-ai/DeepSeek-V4-Flash"
SURFACES = pytest.mark.parametrize("surface", ["stream", "astream"])


class Order(BaseModel):
    """An order."""

    article: str
    pieces: int = 0


def answered(method: str, text: str, finish: str | None = None) -> ChatSiliconFlow:
    answer = Answer(text=text, finish_reason=finish)
    if method == "function_calling":
        answer = Answer(calls=(NewCall(name="Order", arguments=text),), finish_reason=finish)
    return ChatSiliconFlow(model=MODEL, **Simulator(answers=[answer]).settings())


def streamed(chain: Any, surface: str, into: list[Any]) -> None:
    if surface == "stream":
        into.extend(chain.stream("JSON, please"))
        return

    async def gather() -> None:
        async for piece in chain.astream("JSON, please"):
            into.append(piece)

    asyncio.run(gather())


def raw_total(chat: Any, method: Any, surface: str) -> Any:
    """All pieces of an answer with `include_raw`, added up."""
    pieces: list[Any] = []
    streamed(chat.with_structured_output(Order, method=method, include_raw=True), surface, pieces)
    total = pieces[0]
    for piece in pieces[1:]:
        total += piece
    return total


@SURFACES
@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
@pytest.mark.parametrize(
    ("text", "named"),
    [('{"article": "tea", "pieces": "a few"}', "pieces"), ('{"pieces": 2}', "article")],
    ids=["a value that does not fit", "no required field"],
)
def test_an_object_that_does_not_fit_its_class_is_an_error(
    method: Any, surface: str, text: str, named: str
) -> None:
    """The last object shown before has the default of what never came."""
    chat = answered(method, text)
    with pytest.raises((ValidationError, OutputParserException), match=named):
        streamed(chat.with_structured_output(Order, method=method), surface, [])


@SURFACES
@pytest.mark.parametrize("schema", [Order, Order.model_json_schema()], ids=["class", "schema"])
@pytest.mark.parametrize("others", [False, True])
def test_broken_arguments_are_an_error_even_when_the_model_says_stop(
    surface: str, schema: Any, others: bool
) -> None:
    def look_up(article: str) -> str:
        """Look an article up."""
        return article

    chat = answered("function_calling", '{"article": "tea", "pieces": 1')
    beside: dict[str, Any] = {"tools": [look_up], "tool_choice": "auto"} if others else {}
    shown: list[Any] = []
    with pytest.raises(OutputParserException, match="cannot be read"):
        streamed(chat.with_structured_output(schema, **beside), surface, shown)
    assert len(shown) > 0


@SURFACES
@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ('{"article": "tea", "pieces": "a few"}', None),
        ('{"article": "tea", "pieces": 1', None),
        ('{"article": "te', "length"),
    ],
)
@pytest.mark.parametrize("method", ["function_calling", "json_mode"])
def test_include_raw_tells_of_the_error_and_raises_none(
    method: Any, text: str, finish: str | None, surface: str
) -> None:
    chat = answered(method, text, finish)
    total = raw_total(chat, method, surface)
    assert isinstance(total["raw"], AIMessage)
    assert total["parsed"] is None
    assert isinstance(total["parsing_error"], ValidationError | OutputParserException)


@SURFACES
@pytest.mark.parametrize("method", ["function_calling", "json_mode"])
def test_include_raw_gives_what_fits(method: Any, surface: str) -> None:
    chat = answered(method, '{"article": "tea", "pieces": 2}')
    total = raw_total(chat, method, surface)
    assert total["parsed"] == Order(article="tea", pieces=2)
    assert total["parsing_error"] is None
    assert total["raw"].response_metadata["finish_reason"] in ("stop", "tool_calls")
