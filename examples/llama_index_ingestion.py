"""An ingestion pipeline: split, embed, and embed nothing twice."""

# pyright: basic

from llama_index.core import Document
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.node_parser import TokenTextSplitter

from llama_index_siliconflow import SiliconFlowEmbedding
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

calls = LlamaDebugHandler(print_trace_on_end=False)
embedding = SiliconFlowEmbedding(
    model="Qwen/Qwen3-Embedding-0.6B",
    dimensions=256,
    callback_manager=CallbackManager([calls]),
    **local_settings(),
)
pipeline = IngestionPipeline(
    transformations=[TokenTextSplitter(chunk_size=64, chunk_overlap=0), embedding],
    cache=IngestionCache(),
)
documents = [
    Document(text=f"Shelf {number} holds the books of year {number}. " * 8) for number in range(20)
]

for run in ("first", "second"):
    nodes = pipeline.run(documents=documents)  # the second time all from the cache
    requests = len(calls.get_event_pairs(CBEventType.EMBEDDING))
    print(f"{run} run: {len(nodes)} nodes, {len(nodes[0].embedding or [])} dimensions,", end=" ")
    print(f"{requests} embedding requests so far")
