"""What it cost: one meter for chat, embeddings and rerank, with prices that you give."""

from typing import Any

from langchain_core.documents import Document

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_client import UsageMeter, UsageReport
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

meter = UsageMeter()


def on_usage(report: UsageReport) -> None:
    """Any function will do; `on_usage=meter` would count and say nothing."""
    print(f"{report.path} {report.model}: {report.usage.total_tokens} tokens")
    meter(report)


settings: dict[str, Any] = {"on_usage": on_usage, **local_settings()}
model = ChatSiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=False, **settings)
model.batch(["Why is the sky blue?", "Why is the sea salty?"])
for _ in model.stream("Why do leaves fall?"):
    pass
SiliconFlowEmbeddings(**settings).embed_documents(["the sky", "the sea"])
SiliconFlowRerank(**settings).rerank([Document("the sky"), Document("the sea")], "blue?")

# In your currency, for a million tokens read and a million written; look them up on your site.
PRICES = {
    "Qwen/Qwen3-8B": (0.5, 2.0),
    "BAAI/bge-m3": (0.0, 0.0),
    "BAAI/bge-reranker-v2-m3": (0.0, 0.0),
}
for name, usage in meter.by_model.items():
    print(f"{name}: {usage.prompt_tokens} read, {usage.completion_tokens} written")
print(f"{meter.answers} answers cost {meter.cost(PRICES):.6f}")
