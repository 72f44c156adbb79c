"""The key is nowhere but in the request's header: not in events, logs, errors, spans or contexts."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.callbacks import CallbackManager, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.span_handlers import SimpleSpanHandler
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.workflow import Context, JsonPickleSerializer

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from siliconflow_client import ConfigurationError, SiliconFlowError
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import CLASSES, Events, Make, Way, agents_warn, use
from tests.llama_index.stub import Stub

KEY = "sk-secret"


@pytest.mark.parametrize("fails", [False, True], ids=["answered", "refused"])
@pytest.mark.parametrize("cls", CLASSES)
async def test_the_key_is_in_no_event_log_span_or_payload(
    cls: type,
    fails: bool,
    stub: Stub,
    way: Way,
    make: Make,
    events: Events,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    spans = SimpleSpanHandler()
    get_dispatcher().add_span_handler(spans)
    debug = LlamaDebugHandler(print_trace_on_end=False)
    headers = {"x-token": "sk-secret-too"}
    component = make(cls, callback_manager=CallbackManager([debug]), default_headers=headers)
    if fails:
        stub.script = s.ERR401
    caplog.set_level(logging.DEBUG)
    try:
        await use(component, way)
        assert not fails
    except SiliconFlowError as error:
        assert fails
        shown = [str(error), repr(error), repr(vars(error)), repr(error.__cause__)]
        shown += ["".join(traceback.format_exception(error)), pickle.dumps(error).decode("latin-1")]
        assert not [text for text in shown if KEY in text]
    finally:
        get_dispatcher().span_handlers.remove(spans)
    assert stub.last.headers["authorization"] == f"Bearer {KEY}"
    assert events.seen
    assert debug.get_events()
    assert caplog.records
    everything: list[Any] = [
        [(repr(event), repr(event.model_dump())) for event in events.seen],
        [repr((event.event_type, event.payload)) for event in debug.get_events()],
        [repr(span) for span in (*spans.completed_spans, *spans.dropped_spans)],
        [(record.getMessage(), repr(record.args)) for record in caplog.records],
        (repr(component), repr(component._clients), repr(component.__private_attributes__)),
        capfd.readouterr(),
    ]
    assert KEY not in repr(everything)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("name", ["apikey", "api_keys", "siliconflow_key"])
def test_a_misspelt_key_is_not_printed(cls: type, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        cls(**{name: KEY})
    assert caught.value.argument == name
    assert KEY not in "".join(traceback.format_exception(caught.value))


@agents_warn
async def test_the_key_is_in_no_pickled_context(llm: SiliconFlow) -> None:
    agent = FunctionAgent(llm=llm, tools=[])
    context = Context(agent)
    await agent.run("hi", ctx=context)
    stored = json.dumps(context.to_dict(serializer=JsonPickleSerializer()))
    assert KEY not in stored
    assert KEY.encode().hex() not in stored


async def test_the_key_is_in_no_answer(llm: SiliconFlow, way: Way) -> None:
    messages = [ChatMessage(content="hi")]
    responses = [await way(llm, "chat", messages), *await way(llm, "stream_chat", messages)]
    assert not [response for response in responses if KEY in repr(response.model_dump())]


async def test_the_key_is_in_no_node(embedding: SiliconFlowEmbedding, way: Way) -> None:
    nodes = (
        await way(embedding, "call", [TextNode(text="t1")])
        if way.asynchronous
        else embedding([TextNode(text="t1")])
    )
    assert KEY not in repr([NodeWithScore(node=node).to_dict() for node in nodes])
