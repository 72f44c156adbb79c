"""Turn texts into vectors and compare them."""

from llama_index_siliconflow import SiliconFlowEmbedding
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

TEXTS = [
    "The cat sleeps on the warm windowsill.",
    "A cat is sleeping on the windowsill.",
    "Interest rates rose by a quarter of a percent.",
]

embedding = SiliconFlowEmbedding(model="BAAI/bge-m3", **local_settings())
vectors = embedding.get_text_embedding_batch(TEXTS)
print(len(vectors), "vectors of", len(vectors[0]), "dimensions")

query = embedding.get_query_embedding("Where does the cat sleep?")
for text, vector in zip(TEXTS, vectors, strict=True):
    print(f"{embedding.similarity(query, vector):.3f}  {text}")
