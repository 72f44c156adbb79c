"""LlamaIndex's extractors and property graphs: an answer of nothing is no reason to stop."""

from __future__ import annotations

import logging

import httpx
import pytest
from llama_index.core import PropertyGraphIndex
from llama_index.core.extractors import KeywordExtractor
from llama_index.core.indices.property_graph import (
    ImplicitPathExtractor,
    SimpleLLMPathExtractor,
    VectorContextRetriever,
)
from llama_index.core.schema import TextNode

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from siliconflow_simulator import Rule, when
from tests.apps.conftest import Connect

MODEL = "deepseek-ai/DeepSeek-V3.2"


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_one_empty_answer_among_twenty_costs_one_list_of_keywords(
    connect: Connect, caplog: pytest.LogCaptureFixture, sent: list[httpx.Request], way: str
):
    llm = SiliconFlow(
        model=MODEL,
        **connect(answers=[when("Note 7:").says(""), when("Note").says("bread, salt")]),
    )
    nodes = [TextNode(text=f"Note {number}: bread needs salt.") for number in range(20)]
    extractor = KeywordExtractor(llm=llm, keywords=2, num_workers=4, show_progress=False)
    with caplog.at_level(logging.WARNING, logger="siliconflow"):
        if way == "sync":
            found = extractor.extract(nodes)
        else:
            found = await extractor.aextract(nodes)
    keywords = [one["excerpt_keywords"] for one in found]
    assert [at for at, one in enumerate(keywords) if one != "bread, salt"] == [7]
    assert not keywords[7]
    assert len(sent) == 21  # the empty one is asked for once more
    assert len([record for record in caplog.records if record.name.startswith("siliconflow")]) == 1


TEXTS = ["Ada works at Acme.", "It rained.", "Acme is in Paris."]


@pytest.mark.parametrize("use_async", [False, True])
@pytest.mark.parametrize("nothing", ["", "None.", "There are no triplets here."])
def test_a_property_graph_goes_on_without_triples(connect: Connect, nothing: str, use_async: bool):
    def asked_of(text: str) -> Rule:
        return when(lambda call: text in call.turns[-1].text)

    connection = connect(
        answers=[
            asked_of(TEXTS[0]).says("(Ada, works at, Acme)"),
            asked_of(TEXTS[1]).says(nothing),
            asked_of(TEXTS[2]).says("(Acme, is in, Paris)"),
        ]
    )
    embedding = SiliconFlowEmbedding(**connection)
    llm = SiliconFlow(model=MODEL, **connection)
    index = PropertyGraphIndex(
        [TextNode(text=text, id_=str(number)) for number, text in enumerate(TEXTS)],
        llm=llm,
        embed_model=embedding,
        kg_extractors=[SimpleLLMPathExtractor(llm=llm, num_workers=2), ImplicitPathExtractor()],
        use_async=use_async,
    )
    graph = index.property_graph_store
    found = graph.get_triplets(entity_names=["Ada", "Paris"])
    assert {(one.id, relation.label, other.id) for one, relation, other in found} == {
        ("Ada", "Works at", "Acme"),
        ("Acme", "Is in", "Paris"),
    }
    retriever = VectorContextRetriever(
        graph,
        vector_store=index.vector_store,
        embed_model=embedding,
        include_text=False,
        similarity_top_k=1,
    )
    assert "Acme" in retriever.retrieve("Where is Acme?")[0].text
