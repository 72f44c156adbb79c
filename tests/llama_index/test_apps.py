"""What programs build with LlamaIndex, over scripted answers, with thinking beside them or without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import (
    Document,
    DocumentSummaryIndex,
    PropertyGraphIndex,
    Settings,
    StorageContext,
    SummaryIndex,
    TreeIndex,
    VectorStoreIndex,
    get_response_synthesizer,
    load_index_from_storage,
)
from llama_index.core.agent.workflow import CodeActAgent
from llama_index.core.base.base_selector import SingleSelection
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.evaluation import (
    AnswerRelevancyEvaluator,
    BatchEvalRunner,
    ContextRelevancyEvaluator,
    CorrectnessEvaluator,
    FaithfulnessEvaluator,
    GuidelineEvaluator,
    PairwiseComparisonEvaluator,
    RelevancyEvaluator,
)
from llama_index.core.extractors import (
    KeywordExtractor,
    PydanticProgramExtractor,
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
from llama_index.core.memory import ChatSummaryMemoryBuffer
from llama_index.core.postprocessor import LLMRerank, StructuredLLMRerank
from llama_index.core.program import FunctionCallingProgram
from llama_index.core.query_engine import RouterQueryEngine, SubQuestionQueryEngine
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.core.selectors import LLMSingleSelector, PydanticSingleSelector
from llama_index.core.storage.chat_store import SimpleChatStore
from llama_index.core.tools import QueryEngineTool
from pydantic import BaseModel

from llama_index_siliconflow import SiliconFlow
from tests.llama_index import scenarios as s
from tests.llama_index.conftest import Make, Way, agents_warn, loops_closed_by_hand
from tests.llama_index.stub import Reply, Request, Stub

DOCUMENTS = [
    Document(text="Paul made apple pie.", id_="d1"),
    Document(text="Mary made tea.", id_="d2"),
]
NODES = [NodeWithScore(node=TextNode(text=document.text), score=0.5) for document in DOCUMENTS]


@pytest.fixture(params=[False, True], ids=["plain", "thinking"])
def says(request: pytest.FixtureRequest, stub: Stub) -> Callable[..., None]:
    """Script the answers to chats; embeddings are answered as always."""
    thoughts = s.thought("Okay", ", think") if request.param else []

    def set_script(*answers: str | list[dict[str, Any]]) -> None:
        scripts = [
            s.scenario([*thoughts, *(s.text(answer) if isinstance(answer, str) else answer)])
            for answer in answers
        ]
        chats = s.in_turn(*scripts)

        def script(request: Request) -> Reply:
            if request.path.endswith("/embeddings"):
                return s.embeddings(request)
            return chats(request)

        stub.script = script

    return set_script


def call(name: str, **arguments: Any) -> list[dict[str, Any]]:
    return [s.calls(s.fragment(json.dumps(arguments), id=f"call_{name}", name=name))]


# --- agents (function and ReAct agents, and workflows: test_agents.py) ----------------------


@agents_warn
@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_that_writes_code(
    llm: SiliconFlow, stub: Stub, says: Callable[..., None], streaming: bool
) -> None:
    ran: list[str] = []

    def execute(code: str) -> str:
        ran.append(code.strip())
        return "5"

    says("I compute.\n<execute>\nprint(2 + 3)\n</execute>", "The sum is 5.")
    agent = CodeActAgent(llm=llm, tools=[], code_execute_fn=execute, streaming=streaming)
    assert str(await agent.run("2+3?")) == "The sum is 5."
    assert ran == ["print(2 + 3)"]
    assert len(stub.requests) == 2


# --- response modes -------------------------------------------------------------------------

ASKING = [
    mode for mode in ResponseMode if mode not in (ResponseMode.NO_TEXT, ResponseMode.CONTEXT_ONLY)
]


@pytest.mark.parametrize(
    ("mode", "streaming"),
    [
        pytest.param(mode, streaming, id=f"{mode.value}{' streamed' * streaming}")
        for mode in ASKING
        for streaming in (False, True)
        if not (streaming and "accumulate" in mode.value)  # LlamaIndex does not stream these
    ],
)
async def test_every_response_mode(
    llm: SiliconFlow, says: Callable[..., None], way: Way, mode: ResponseMode, streaming: bool
) -> None:
    says("Tea.")
    synthesizer = get_response_synthesizer(llm=llm, response_mode=mode, streaming=streaming)
    answer = await way(synthesizer, "synthesize", "?", NODES)
    if streaming and way.asynchronous:
        text = "".join([piece async for piece in answer.async_response_gen()])
    else:
        text = str(answer)
    assert text.count("Tea.") == (2 if mode is ResponseMode.ACCUMULATE else 1)
    assert "think" not in text


class Verdict(BaseModel):
    """A verdict."""

    word: str


@pytest.mark.parametrize(
    "mode", [ResponseMode.COMPACT, ResponseMode.REFINE, ResponseMode.TREE_SUMMARIZE]
)
async def test_structured_answers_of_response_modes(
    llm: SiliconFlow, says: Callable[..., None], way: Way, mode: ResponseMode
) -> None:
    says(call("Verdict", word="Tea"))
    synthesizer = get_response_synthesizer(llm=llm, response_mode=mode, output_cls=Verdict)
    # Such an answer hands every attribute on, so that `way` takes it for a stream.
    if way.asynchronous:
        answer = await synthesizer.asynthesize("?", NODES[:1])
    else:
        answer = synthesizer.synthesize("?", NODES[:1])
    assert answer.response == Verdict(word="Tea")


async def test_answers_are_filtered_by_function_calls(
    llm: SiliconFlow, says: Callable[..., None], way: Way
) -> None:
    says(call("StructuredRefineResponse", answer="Tea.", query_satisfied=True))
    synthesizer = get_response_synthesizer(
        llm=llm, response_mode=ResponseMode.REFINE, structured_answer_filtering=True
    )
    assert str(await way(synthesizer, "synthesize", "?", NODES[:1])) == "Tea."


# --- extractors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extractor", [KeywordExtractor, QuestionsAnsweredExtractor, SummaryExtractor, TitleExtractor]
)
async def test_extractors(llm: SiliconFlow, says: Callable[..., None], extractor: Any) -> None:
    says("fruit, tea")
    nodes = [TextNode(text=f"node {number}") for number in range(4)]
    found = await IngestionPipeline(transformations=[extractor(llm=llm, show_progress=False)]).arun(
        nodes=nodes
    )
    assert all("fruit, tea" in node.metadata.values() for node in found)


async def test_extraction_into_a_class(llm: SiliconFlow, says: Callable[..., None]) -> None:
    says(call("Verdict", word="Tea"))
    program = FunctionCallingProgram.from_defaults(Verdict, prompt_template_str="{input}", llm=llm)
    extractor = PydanticProgramExtractor(program=program, input_key="input", show_progress=False)
    assert await extractor.aextract([TextNode(text="x")]) == [{"word": "Tea"}]


# --- property graphs ------------------------------------------------------------------------


def related(index: PropertyGraphIndex) -> set[tuple[str, str, str]]:
    triples = index.property_graph_store.get_triplets(entity_names=["Paul"])
    return {(str(a.id), str(relation.label).upper(), str(b.id)) for a, relation, b in triples}


@loops_closed_by_hand
@pytest.mark.parametrize("kind", ["simple", "dynamic", "schema"])
def test_property_graphs(
    llm: SiliconFlow, embedding: Any, says: Callable[..., None], kind: str
) -> None:
    extractor: Any
    if kind == "simple":
        says("(Paul, MADE, Pie)")
        extractor = SimpleLLMPathExtractor(llm=llm, num_workers=1)
    elif kind == "dynamic":
        triple = {
            "head": "Paul",
            "head_type": "PERSON",
            "relation": "MADE",
            "tail": "Pie",
            "tail_type": "FOOD",
        }
        says(json.dumps([triple]))
        extractor = DynamicLLMPathExtractor(llm=llm, num_workers=1)
    else:
        triplet = {
            "subject": {"type": "PERSON", "name": "Paul"},
            "relation": {"type": "MADE"},
            "object": {"type": "FOOD", "name": "Pie"},
        }
        says(call("KGSchema", triplets=[triplet]))
        extractor = SchemaLLMPathExtractor(
            llm=llm, possible_entities=["PERSON", "FOOD"], possible_relations=["MADE"], strict=False,
            num_workers=1,
        )  # fmt: skip
    index = PropertyGraphIndex.from_documents(
        DOCUMENTS[:1],
        llm=llm,
        embed_model=embedding,
        kg_extractors=[extractor],
        show_progress=False,
        use_async=False,
    )
    assert ("Paul", "MADE", "Pie") in related(index)
    says("Paul")
    assert index.as_retriever().retrieve("Who made pie?")


# --- evaluators -----------------------------------------------------------------------------

GIVEN = {"query": "?", "response": "Tea.", "contexts": ["Mary made tea."]}
EVALUATORS: dict[str, tuple[Any, str, dict[str, Any], float]] = {
    "faithfulness": (FaithfulnessEvaluator, "YES", {}, 1.0),
    "relevancy": (RelevancyEvaluator, "YES", {}, 1.0),
    "correctness": (CorrectnessEvaluator, "4.5\nGood.", {"reference": "Tea."}, 4.5),
    "answer relevancy": (AnswerRelevancyEvaluator, "Fine.\n[RESULT] 2", {}, 1.0),
    "context relevancy": (ContextRelevancyEvaluator, "Fine.\n[RESULT] 4", {}, 1.0),
    "pairwise": (PairwiseComparisonEvaluator, "[[A]]", {"second_response": "No."}, 0.5),
}


@pytest.mark.parametrize(("kind", "words", "more", "score"), EVALUATORS.values(), ids=EVALUATORS)
async def test_evaluators(
    llm: SiliconFlow,
    says: Callable[..., None],
    kind: Any,
    words: str,
    more: dict[str, Any],
    score: float,
) -> None:
    says(words)
    result = await kind(llm=llm).aevaluate(**GIVEN, **more)
    assert result.score == score


async def test_guidelines(llm: SiliconFlow, says: Callable[..., None]) -> None:
    says('Here: {"passing": true, "feedback": "Fine."}')
    result = await GuidelineEvaluator(llm=llm).aevaluate(**GIVEN)
    assert (result.passing, result.feedback) == (True, "Fine.")


@pytest.mark.filterwarnings("ignore:asyncio_module:DeprecationWarning")  # LlamaIndex's own
async def test_many_evaluations_at_once(llm: SiliconFlow, says: Callable[..., None]) -> None:
    says("YES")
    evaluators = {"f": FaithfulnessEvaluator(llm=llm), "r": RelevancyEvaluator(llm=llm)}
    results = await BatchEvalRunner(evaluators, workers=4).aevaluate_response_strs(
        queries=["?"] * 5, response_strs=["Tea."] * 5, contexts_list=[["Mary made tea."]] * 5
    )
    assert [result.score for found in results.values() for result in found] == [1.0] * 10


# --- indices, selectors, engines ------------------------------------------------------------


@loops_closed_by_hand
@pytest.mark.parametrize("kind", [SummaryIndex, TreeIndex, VectorStoreIndex, DocumentSummaryIndex])
def test_indices_answer_and_come_back_from_storage(
    llm: SiliconFlow,
    embedding: Any,
    says: Callable[..., None],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    kind: Any,
) -> None:
    monkeypatch.setattr(Settings, "_llm", llm)
    monkeypatch.setattr(Settings, "_embed_model", embedding)
    says("ANSWER: 1\nTea.")
    index = kind.from_documents(DOCUMENTS, llm=llm, embed_model=embedding)
    assert "Tea." in str(index.as_query_engine(llm=llm).query("?"))
    index.storage_context.persist(str(tmp_path))
    stored = StorageContext.from_defaults(persist_dir=str(tmp_path))
    again = load_index_from_storage(stored, llm=llm, embed_model=embedding)
    assert "Tea." in str(again.as_query_engine(llm=llm).query("?"))


def tools(llm: SiliconFlow) -> list[QueryEngineTool]:
    return [
        QueryEngineTool.from_defaults(
            SummaryIndex([node.node]).as_query_engine(llm=llm), name=name, description=name
        )
        for name, node in zip(("pie", "tea"), NODES, strict=True)
    ]


@pytest.mark.parametrize("kind", ["text", "function"])
async def test_a_router_chooses(
    llm: SiliconFlow, stub: Stub, says: Callable[..., None], kind: str
) -> None:
    if kind == "text":
        says('```json\n[{"choice": 2, "reason": "tea"}]\n```', "Mary.")
        selector: Any = LLMSingleSelector.from_defaults(llm=llm)
    else:
        says(call("SingleSelection", index=2, reason="tea"), "Mary.")
        selector = PydanticSingleSelector.from_defaults(
            FunctionCallingProgram.from_defaults(
                SingleSelection,
                prompt_template_str="{context_list} {query_str} {num_choices}",
                llm=llm,
            )
        )
    engine = RouterQueryEngine(selector, tools(llm), llm=llm)
    assert str(await engine.aquery("Who made tea?")) == "Mary."
    assert "Mary made tea." in str(stub.last.body["messages"])


async def test_sub_questions(llm: SiliconFlow, stub: Stub, says: Callable[..., None]) -> None:
    questions = [{"sub_question": "Who?", "tool_name": name} for name in ("pie", "tea")]
    says("```json\n" + json.dumps({"items": questions}) + "\n```", "Paul.", "Mary.", "Both.")
    engine = SubQuestionQueryEngine.from_defaults(
        tools(llm),
        llm=llm,
        question_gen=LLMQuestionGenerator.from_defaults(llm=llm),
        response_synthesizer=get_response_synthesizer(llm=llm),
        verbose=False,
    )
    assert str(await engine.aquery("Who made what?")) == "Both."
    assert len(stub.requests) == 4


@pytest.mark.parametrize("kind", ["text", "structured"])
def test_reranking_by_the_llm(llm: SiliconFlow, says: Callable[..., None], kind: str) -> None:
    if kind == "text":
        says("Doc: 2, Relevance: 9\nDoc: 1, Relevance: 3")
        rerank: Any = LLMRerank(llm=llm, top_n=1)
    else:
        relevances = [
            {"document_number": 2, "relevance": 9},
            {"document_number": 1, "relevance": 3},
        ]
        says(call("DocumentRelevanceList", documents=relevances))
        rerank = StructuredLLMRerank(llm=llm, top_n=1)
    (best,) = rerank.postprocess_nodes(NODES, QueryBundle("tea"))
    assert best.node.get_content() == "Mary made tea."


# --- stores of conversations ----------------------------------------------------------------


async def test_a_conversation_is_summed_up(
    make: Make, stub: Stub, says: Callable[..., None]
) -> None:
    says("They spoke of tea.")
    store = SimpleChatStore()
    memory = ChatSummaryMemoryBuffer.from_defaults(
        llm=make(SiliconFlow), token_limit=20, tokenizer_fn=str.split, chat_store=store
    )
    for number in range(12):
        role = "user" if number % 2 == 0 else "assistant"
        memory.put(ChatMessage(role=role, content=f"a sentence of five words {number}"))
    turns = memory.get()
    assert "They spoke of tea." in str(turns[0].content)
    assert "a sentence of five words 0" in str(stub.last.body["messages"])
