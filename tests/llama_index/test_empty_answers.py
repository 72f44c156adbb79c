"""An answer of nothing is asked for once more and then returned: agents, batches and graphs go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import (
    Document,
    PropertyGraphIndex,
    Settings,
    SummaryIndex,
    VectorStoreIndex,
    get_response_synthesizer,
)
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import CondensePlusContextChatEngine, SimpleChatEngine
from llama_index.core.evaluation import FaithfulnessEvaluator, RelevancyEvaluator
from llama_index.core.extractors import (
    KeywordExtractor,
    QuestionsAnsweredExtractor,
    SummaryExtractor,
    TitleExtractor,
)
from llama_index.core.indices.property_graph import (
    DynamicLLMPathExtractor,
    SchemaLLMPathExtractor,
    SimpleLLMPathExtractor,
)
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.schema import NodeWithScore, TextNode

from llama_index_siliconflow import (
    EmptyAnswerError,
    SiliconFlow,
    SiliconFlowCompletion,
)
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way, agents_warn, loops_closed_by_hand
from tests.llama_index.stub import Reply, Request, Stub

U = [ChatMessage(role="user", content="hi")]
NOTHING = s.scenario([])
WORDS = s.scenario(s.text("fruit, tea"))


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def when(is_empty: Callable[[Request], bool], other: s.Script = WORDS) -> s.Script:
    """Answer nothing to some requests; texts as usual to embeddings."""

    def script(request: Request) -> Reply:
        if request.path.endswith("/embeddings"):
            return s.embeddings(request)
        return NOTHING(request) if is_empty(request) else other(request)

    return script


def always(request: Request) -> bool:
    return True


def mentioning(text: str) -> Callable[[Request], bool]:
    return lambda request: text in str(request.body["messages"])


# --- calls ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete", "stream_complete"])
async def test_nothing_is_asked_for_once_more_and_then_returned(
    llm: SiliconFlow, stub: Stub, way: Way, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    stub.script = NOTHING
    with caplog.at_level(logging.WARNING):
        found = await way(llm, name, U if "chat" in name else "hi")
    last = found[-1] if isinstance(found, list) else found
    assert str(last.message.content if "chat" in name else last.text) in {"", "None"}
    assert last.raw["choices"][0]["finish_reason"] == "stop"
    assert len(stub.requests) == 2
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warned) == 1
    assert "ti_stub0001" in warned[0]


@pytest.mark.parametrize("name", ["chat", "stream_chat"])
async def test_an_answer_that_comes_at_the_second_try_is_the_answer(
    llm: SiliconFlow, stub: Stub, way: Way, name: str
) -> None:
    stub.script = s.in_turn(NOTHING, WORDS)
    found = await way(llm, name, U)
    assert (found[-1] if isinstance(found, list) else found).message.content == "fruit, tea"


@pytest.mark.parametrize("where", ["field", "call"])
@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete", "stream_complete"])
async def test_nothing_can_be_an_error(
    stub: Stub, way: Way, make: Make, name: str, where: str
) -> None:
    stub.script = NOTHING
    setting = {"empty_answers": "raise"}
    llm = make(SiliconFlow, **(setting if where == "field" else {}))
    with pytest.raises(EmptyAnswerError) as caught:
        await way(llm, name, U if "chat" in name else "hi", **(setting if where == "call" else {}))
    assert isinstance(caught.value, ValueError)
    assert caught.value.is_retryable
    assert "empty_answers" not in stub.last.body


async def test_nothing_can_be_an_error_of_completions_too(stub: Stub, way: Way, make: Make) -> None:
    stub.script = NOTHING
    llm = make(SiliconFlowCompletion)
    assert (await way(llm, "complete", "hi")).text == ""
    with pytest.raises(EmptyAnswerError):
        await way(llm, "complete", "hi", empty_answers="raise")


# --- agents ---------------------------------------------------------------------------------


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_that_says_nothing_after_its_tool_ends(
    llm: SiliconFlow, stub: Stub, streaming: bool
) -> None:
    stub.script = s.in_turn(s.TOOL1, NOTHING)
    result = await FunctionAgent(tools=[add], llm=llm, streaming=streaming).run("2+3?")
    assert [call.tool_name for call in result.tool_calls] == ["add"]
    assert result.tool_calls[0].tool_output.content == "5"


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_a_react_agent_asks_again_by_itself(
    llm: SiliconFlow, stub: Stub, streaming: bool
) -> None:
    done = s.scenario(s.text("Thought: I can answer.\nAnswer: The sum is 5."))
    stub.script = s.in_turn(NOTHING, NOTHING, done)
    answer = await ReActAgent(tools=[add], llm=llm, streaming=streaming).run("2+3?")
    assert "The sum is 5." in str(answer)


# --- batches --------------------------------------------------------------------------------

NODES = [TextNode(text=f"node {number:02}.", id_=f"n{number:02}") for number in range(20)]
EXTRACTORS = {
    "keywords": lambda llm: KeywordExtractor(llm=llm, keywords=2, show_progress=False),
    "questions": lambda llm: QuestionsAnsweredExtractor(
        llm=llm, questions=1, embedding_only=False, show_progress=False
    ),
    "summaries": lambda llm: SummaryExtractor(llm=llm, show_progress=False),
    "titles": lambda llm: TitleExtractor(llm=llm, nodes=20, show_progress=False),
}


@pytest.mark.parametrize("extractor", EXTRACTORS.values(), ids=EXTRACTORS)
async def test_one_empty_answer_among_twenty_loses_no_node(
    llm: SiliconFlow, stub: Stub, extractor: Callable[[Any], Any]
) -> None:
    stub.script = when(mentioning("node 07."))
    found = await IngestionPipeline(transformations=[extractor(llm)]).arun(
        nodes=[node.model_copy(deep=True) for node in NODES]
    )
    assert len(found) == 20
    told = [set(node.metadata.values()) for node in found]
    assert sum("fruit, tea" in values for values in told) >= 19


@loops_closed_by_hand
def test_one_empty_answer_among_twenty_in_a_synchronous_run(llm: SiliconFlow, stub: Stub) -> None:
    stub.script = when(mentioning("node 07."))
    found = IngestionPipeline(transformations=[EXTRACTORS["keywords"](llm)]).run(
        nodes=[node.model_copy(deep=True) for node in NODES]
    )
    keywords = [node.metadata["excerpt_keywords"] for node in found]
    assert keywords == ["fruit, tea"] * 7 + [""] + ["fruit, tea"] * 12


# --- graphs ---------------------------------------------------------------------------------

DOCUMENTS = [Document(text="Paul made apple pie.", id_="d1"), Document(text="Tea.", id_="d2")]
GRAPHS = {
    "simple": lambda llm: SimpleLLMPathExtractor(llm=llm, num_workers=1),
    "dynamic": lambda llm: DynamicLLMPathExtractor(llm=llm, num_workers=1),
    "schema": lambda llm: SchemaLLMPathExtractor(llm=llm, num_workers=1),
}


@loops_closed_by_hand
@pytest.mark.parametrize("extractor", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize(
    "silent", [always, mentioning("Tea.")], ids=["no triples at all", "one document"]
)
def test_a_graph_without_triples_goes_on(
    llm: SiliconFlow,
    stub: Stub,
    make: Make,
    embedding: Any,
    extractor: Callable[[Any], Any],
    silent: Callable[[Request], bool],
) -> None:
    triples = s.scenario(s.text("(Paul, made, apple pie)"))
    stub.script = when(silent, triples)
    index = PropertyGraphIndex.from_documents(
        DOCUMENTS,
        llm=llm,
        embed_model=embedding,
        kg_extractors=[extractor(llm)],
        show_progress=False,
        use_async=False,
    )
    chunks = index.property_graph_store.get(properties={"ref_doc_id": "d2"})
    assert len(chunks) == 1


# --- engines --------------------------------------------------------------------------------


# What LlamaIndex itself writes around the answers, or instead of asking.
WRITTEN = {
    ResponseMode.NO_TEXT: "None",
    ResponseMode.TREE_SUMMARIZE: "None",
    ResponseMode.GENERATION: "None",
    ResponseMode.CONTEXT_ONLY: "Apples.\n\nTea.",
    ResponseMode.ACCUMULATE: "Response 1: Empty Response\n---------------------\nResponse 2: Empty Response",
    ResponseMode.COMPACT_ACCUMULATE: "Response 1: Empty Response",
}


@pytest.mark.parametrize("mode", list(ResponseMode), ids=lambda mode: mode.value)
async def test_every_response_mode_ends_with_no_words(
    llm: SiliconFlow, stub: Stub, way: Way, mode: ResponseMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "_llm", llm)  # some modes look there, and ask nothing
    stub.script = when(always)
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in ("Apples.", "Tea.")]
    synthesizer = get_response_synthesizer(llm=llm, response_mode=mode)
    answer = str(await way(synthesizer, "synthesize", "?", nodes)).strip()
    assert answer == WRITTEN.get(mode, "Empty Response")


@loops_closed_by_hand
def test_indices_and_engines_end_with_no_words(
    llm: SiliconFlow, stub: Stub, embedding: Any
) -> None:
    stub.script = when(always)
    vector = VectorStoreIndex.from_documents(DOCUMENTS, embed_model=embedding)
    for engine in (
        vector.as_query_engine(llm=llm),
        SummaryIndex(NODES[:2]).as_query_engine(llm=llm),
    ):
        assert str(engine.query("?")) in {"", "None", "Empty Response"}
    memory = ChatMemoryBuffer.from_defaults(token_limit=1000)  # the default keeps SQLite open
    context = CondensePlusContextChatEngine.from_defaults(
        vector.as_retriever(), llm=llm, memory=memory
    )
    assert str(context.chat("hi")) == "Empty Response"
    chat = SimpleChatEngine.from_defaults(llm=llm, memory=memory)
    assert str(chat.chat("hi")) in {"", "None"}
    assert str(chat.chat("again")) in {"", "None"}  # the empty turn stands in the history
    assert "".join(chat.stream_chat("and again").response_gen) == ""


@pytest.mark.parametrize("evaluator", [FaithfulnessEvaluator, RelevancyEvaluator])
async def test_evaluators_say_no_and_go_on(llm: SiliconFlow, stub: Stub, evaluator: Any) -> None:
    stub.script = when(always)
    given = {"query": "?", "response": "Tea.", "contexts": ["Tea."]}
    result = await evaluator(llm=llm).aevaluate(**given)
    assert result.passing is False


# --- long answers, and models that cannot answer --------------------------------------------


@pytest.mark.parametrize("where", ["field", "call"])
@pytest.mark.parametrize("name", ["chat", "stream_chat", "complete"])
async def test_another_model_goes_on(
    stub: Stub, way: Way, make: Make, name: str, where: str
) -> None:
    def script(request: Request) -> Reply:
        return s.ERR503(request) if request.body["model"] == "m" else WORDS(request)

    stub.script = script
    setting = {"fallback_models": ["other"]}
    llm = make(SiliconFlow, max_retries=0, **(setting if where == "field" else {}))
    given = U if "chat" in name else "hi"
    found = await way(llm, name, given, **(setting if where == "call" else {}))
    last = found[-1] if isinstance(found, list) else found
    assert last.raw["fallback_from"] == "m"
    assert [body["model"] for body in stub.bodies] == ["m", "other"]
    assert "fallback_models" not in stub.last.body


@pytest.mark.parametrize("name", ["complete", "stream_complete"])
async def test_another_model_continues_a_text(stub: Stub, way: Way, make: Make, name: str) -> None:
    def script(request: Request) -> Reply:
        if request.body["model"] == "m":
            return s.ERR503(request)
        choice = {"index": 0, "text": "Hello", "finish_reason": "stop"}
        whole = {"id": "x", "model": "other", "choices": [choice]}
        streamed = s.event_stream([s.data(whole), s.DONE])
        return streamed if request.body["stream"] else s.json_reply(whole)

    stub.script = script
    settings: dict[str, Any] = {"fallback_models": ["other"], "max_retries": 0}
    llm = make(SiliconFlowCompletion, model="m", endpoint="completions", **settings)
    found = await way(llm, name, "hi")
    last = found[-1] if isinstance(found, list) else found
    assert (last.text, last.raw["fallback_from"]) == ("Hello", "m")
    assert [body["model"] for body in stub.bodies] == ["m", "other"]


async def test_without_another_model_nothing_is_said_of_it(llm: SiliconFlow, way: Way) -> None:
    assert "fallback_from" not in (await way(llm, "chat", U)).raw
    assert "fallback_from" not in (await way(llm, "stream_chat", U))[-1].raw


@pytest.mark.parametrize("where", ["field", "call"])
async def test_a_long_answer_can_be_streamed_inside(
    stub: Stub, way: Way, make: Make, where: str
) -> None:
    stub.script = WORDS
    setting = {"long_answers": "stream"}
    llm = make(SiliconFlow, **(setting if where == "field" else {}))
    response = await way(llm, "chat", U, **(setting if where == "call" else {}))
    assert response.message.content == "fruit, tea"
    assert stub.last.body["stream"] is True
    assert response.raw["usage"] == s.USAGE


def test_settings_of_answers_come_back_from_json() -> None:
    settings = {
        "empty_answers": "raise",
        "long_answers": "never",
        "fallback_models": ["a", "b"],
        "stream_usage": False,
    }
    for cls in (SiliconFlow, SiliconFlowCompletion):
        twin = cls.from_json(cls(api_key="k", **settings).to_json(), api_key="k")
        assert {name: getattr(twin, name) for name in settings} == settings
