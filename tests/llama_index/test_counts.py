"""Whatever LlamaIndex builds on a call: one pair of events, one of callbacks, one acquisition.

`test_machinery.py` shows it for the eight plain calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from llama_index.core import PromptTemplate, Settings, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import (
    CallbackManager,
    CBEventType,
    LlamaDebugHandler,
    TokenCountingHandler,
)
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.program import FunctionCallingProgram
from llama_index.core.schema import TextNode
from llama_index.core.tools import FunctionTool
from llama_index.core.types import PydanticProgramMode
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CountingLimiter, Events, Make, Way, agents_warn
from tests.llama_index.stub import Stub

U = [ChatMessage(role="user", content="hi")]
PROMPT = PromptTemplate("Who is {who}?")


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = FunctionTool.from_defaults(add)


class Counted:
    """An LLM, and everything that counts its calls."""

    def __init__(self, make: Make, limiter: CountingLimiter, events: Events) -> None:
        self.tokens = TokenCountingHandler(tokenizer=list)
        self.debug = LlamaDebugHandler(print_trace_on_end=False)
        self.limiter = limiter
        self.events = events
        self._make = make

    def llm(self, **settings: Any) -> SiliconFlow:
        manager = CallbackManager([self.tokens, self.debug])
        llm = self._make(SiliconFlow, callback_manager=manager, **settings)
        llm.rate_limiter = self.limiter
        return llm

    def check_calls(self, stub: Stub, calls: int = 1, *, wrapped: bool = False) -> None:
        """Check that there were so many calls, all counts say so, and tokens are exact.

        LlamaIndex's `StructuredLLM` is an LLM of its own, with events of its own (`wrapped`).
        """
        assert len(stub.requests) == calls
        assert self.limiter.n == calls
        assert len(self.debug.get_event_pairs(CBEventType.LLM)) == calls
        names = self.events.names("LLMChat")
        assert names.count("LLMChatStartEvent") == names.count("LLMChatEndEvent")
        assert names.count("LLMChatEndEvent") == calls * (1 + wrapped)
        assert wrapped or not self.events.names("LLMCompletion")
        assert [
            (count.prompt_token_count, count.completion_token_count)
            for count in self.tokens.llm_token_counts
        ] == [(11, 3)] * calls


@pytest.fixture
def counted(make: Make, limiter: CountingLimiter, events: Events) -> Counted:
    return Counted(make, limiter, events)


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_calls_with_tools(counted: Counted, stub: Stub, way: Way, name: str) -> None:
    """A retry decorator below LlamaIndex's own hid every call from events and limits."""
    stub.script = s.TOOL2
    await way(counted.llm(), name, [ADD], user_msg="x")
    counted.check_calls(stub)


async def test_predict_and_call(counted: Counted, stub: Stub, way: Way) -> None:
    """A retry decorator below LlamaIndex's own hid every call from events and limits."""
    stub.script = s.TOOL1
    await way(counted.llm(), "predict_and_call", [ADD], user_msg="x")
    counted.check_calls(stub)


@pytest.mark.parametrize("name", ["predict", "stream"])
async def test_predictions_of_text(counted: Counted, stub: Stub, way: Way, name: str) -> None:
    await way(counted.llm(), name, PROMPT, who="she")
    counted.check_calls(stub)


@pytest.mark.parametrize(
    ("settings", "script"),
    [
        ({}, s.TOOL_STRUCT),
        ({"structured_output_mode": "json_schema"}, s.STRUCT),
        ({"structured_output_mode": "json_object"}, s.STRUCT),
        ({"pydantic_program_mode": PydanticProgramMode.FUNCTION}, s.TOOL_STRUCT),
    ],
    ids=["tool call", "json_schema", "json_object", "function mode"],
)
@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_predictions_of_objects(
    counted: Counted, stub: Stub, way: Way, settings: Any, script: s.Script, name: str
) -> None:
    stub.script = script
    found = await way(counted.llm(**settings), name, Person, PROMPT, who="she")
    counted.check_calls(stub)
    growing = ["LLMStructuredPredictInProgressEvent"] * len(found) if "stream" in name else []
    assert counted.events.names("LLMStructured") == [
        "LLMStructuredPredictStartEvent",
        *growing,
        "LLMStructuredPredictEndEvent",
    ]
    last = counted.events.seen[-1]
    assert last.output == Person(name="Alice", age=30)  # type: ignore[attr-defined]  # of its class


@pytest.mark.parametrize(
    ("name", "given"), [("chat", U), ("stream_chat", U), ("complete", "hi"), ("predict", PROMPT)]
)
@pytest.mark.filterwarnings("ignore:The `json` method is deprecated")  # LlamaIndex's own
async def test_structured_llms(
    counted: Counted, stub: Stub, way: Way, name: str, given: Any
) -> None:
    stub.script = s.TOOL_STRUCT
    structured = counted.llm().as_structured_llm(Person)
    await way(structured, name, given, **({"who": "she"} if name == "predict" else {}))
    counted.check_calls(stub, wrapped=True)


async def test_llama_index_s_own_program(counted: Counted, stub: Stub, way: Way) -> None:
    stub.script = s.TOOL_STRUCT
    program = FunctionCallingProgram.from_defaults(
        Person, prompt_template_str="Who is {who}?", llm=counted.llm()
    )
    if way.asynchronous:
        await program.acall(who="she")
    else:
        program(who="she")
    counted.check_calls(stub)


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_s_two_turns(counted: Counted, stub: Stub, streaming: bool) -> None:
    stub.script = s.in_turn(s.TOOL1, s.FINAL_SUM)
    agent = FunctionAgent(tools=[add], llm=counted.llm(), streaming=streaming)
    await agent.run("2+3?")
    counted.check_calls(stub, calls=2)


async def test_a_query(
    counted: Counted,
    stub: Stub,
    way: Way,
    embedding: SiliconFlowEmbedding,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Engines give their LLM the callbacks of LlamaIndex's settings.
    llm = counted.llm()
    monkeypatch.setattr(Settings, "_callback_manager", llm.callback_manager)
    index = VectorStoreIndex([TextNode(text="passage t1")], embed_model=embedding)
    engine = index.as_query_engine(llm=llm)
    stub.requests.clear()
    await way(engine, "query", "t1?")
    stub.requests[:] = [request for request in stub.requests if "chat" in request.path]
    counted.check_calls(stub)


@pytest.fixture
async def spans() -> AsyncIterator[SimpleSpanHandler]:
    from llama_index.core.instrumentation import get_dispatcher

    handler = SimpleSpanHandler()
    root = get_dispatcher()
    root.add_span_handler(handler)
    yield handler
    root.span_handlers.remove(handler)


@pytest.mark.parametrize("name", ["structured_predict", "stream_structured_predict"])
async def test_spans_of_a_prediction(
    llm: SiliconFlow, stub: Stub, way: Way, spans: SimpleSpanHandler, name: str
) -> None:
    stub.script = s.TOOL_STRUCT
    await way(llm, name, Person, PROMPT, who="she")
    prefix = "a" if way.asynchronous else ""
    called = {"structured_predict": "chat", "stream_structured_predict": "stream_chat"}[name]
    names = [span.id_.partition("-")[0] for span in spans.completed_spans]
    wanted = [f"SiliconFlow.{prefix}{name}", f"SiliconFlow.{prefix}{called}"]
    assert sorted(names) == sorted([*wanted, "SiliconFlow._prepare_chat_with_tools"])
    assert not spans.open_spans
