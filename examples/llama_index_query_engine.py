"""A query engine: find passages, rerank them, answer from the best."""
# pyright: basic

from llama_index.core import Document, VectorStoreIndex

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding, SiliconFlowRerank
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

settings = local_settings()
documents = [
    Document(text="Cats sleep most of the day."),
    Document(text="The library lends books for four weeks."),
    Document(text="The library is closed on Mondays."),
    Document(text="Tomatoes need water in the morning."),
]
index = VectorStoreIndex.from_documents(documents, embed_model=SiliconFlowEmbedding(**settings))
engine = index.as_query_engine(
    llm=SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **settings),
    similarity_top_k=4,
    node_postprocessors=[SiliconFlowRerank(top_n=2, **settings)],
)
answer = engine.query("How long does the library lend books?")
print(answer)
for source in answer.source_nodes:
    print(f"{source.score:.3f}  {source.node.get_content()}")
