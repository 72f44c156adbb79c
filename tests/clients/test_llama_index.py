"""LlamaIndex's packages: OpenAILike, and the older ones for SiliconFlow."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.siliconflow import SiliconFlowEmbedding
from llama_index.llms.openai_like import OpenAILike
from llama_index.llms.siliconflow import SiliconFlow
from llama_index.postprocessor.siliconflow_rerank import SiliconFlowRerank

from tests.clients.answers import (
    ALICE,
    CHAT,
    EMBEDDING,
    HELLO,
    KEY,
    PERSON,
    RERANKER,
    SCHEMAS,
    SUNNY,
    WEATHER,
    Person,
    get_weather,
)

TOOL = FunctionTool.from_defaults(get_weather)


@pytest.fixture(params=["OpenAILike", "SiliconFlow"])
def make(request: pytest.FixtureRequest, simulator_url: str) -> Any:
    def llm(model: str = CHAT) -> Any:
        if request.param == "SiliconFlow":
            # Its base URL is that of the endpoint.
            url = f"{simulator_url}/chat/completions"
            return SiliconFlow(model=model, api_key=KEY, base_url=url)
        return OpenAILike(
            model=model,
            api_base=simulator_url,
            api_key=KEY,
            is_chat_model=True,
            is_function_calling_model=True,
        )

    return llm


def test_answers_and_streams(make: Any) -> None:
    assert make().complete("Hello").text == HELLO
    assert make().chat([ChatMessage("Hello")]).message.content == HELLO
    assert "".join(r.delta or "" for r in make().stream_chat([ChatMessage("Hello")])) == HELLO


async def test_the_async_way(make: Any) -> None:
    assert (await make().achat([ChatMessage("Hello")])).message.content == HELLO


def test_tool_calls(make: Any) -> None:
    llm = make()
    [call] = llm.get_tool_calls_from_response(llm.chat_with_tools([TOOL], user_msg=WEATHER))
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "Paris"})


def test_a_structure(make: Any) -> None:
    assert make(SCHEMAS).structured_predict(Person, PromptTemplate(ALICE)) == PERSON


async def test_an_agent(simulator_url: str) -> None:
    llm = OpenAILike(
        model=CHAT,
        api_base=simulator_url,
        api_key=KEY,
        is_chat_model=True,
        is_function_calling_model=True,
    )
    assert str(await FunctionAgent(tools=[TOOL], llm=llm).run(WEATHER)) == SUNNY


def test_embeddings_and_rerank(simulator_url: str) -> None:
    embedding = SiliconFlowEmbedding(
        model=EMBEDDING, api_key=KEY, base_url=f"{simulator_url}/embeddings"
    )
    assert len(embedding.get_text_embedding("a")) == 1024
    rerank = SiliconFlowRerank(
        model=RERANKER, api_key=KEY, base_url=f"{simulator_url}/rerank", top_n=1
    )
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in ("dogs bark", "cats sleep")]
    [best] = rerank.postprocess_nodes(nodes, query_str="cats")
    assert best.text == "cats sleep"
