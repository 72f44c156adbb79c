"""Put found passages in a better order before the model reads them."""

from llama_index.core.schema import NodeWithScore, TextNode

from llama_index_siliconflow import SiliconFlowRerank
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

TEXTS = [
    "Tomatoes need six hours of sun a day.",
    "Water tomatoes in the morning, at the root, twice a week.",
    "The garden shed is painted green.",
]
nodes = [NodeWithScore(node=TextNode(text=text), score=0.5) for text in TEXTS]

reranker = SiliconFlowRerank(model="BAAI/bge-reranker-v2-m3", top_n=2, **local_settings())
for hit in reranker.postprocess_nodes(nodes, query_str="How often do I water tomatoes?"):
    print(f"{hit.score:.3f}  {hit.text}")
