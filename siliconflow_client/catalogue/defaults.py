"""Models to start with: listed on the site when the catalogue was made, and not retired."""

DEFAULT_CHAT_MODEL = "deepseek-ai/DeepSeek-V3.2"
DEFAULT_EMBEDDING_MODEL = "BAAI/bge-m3"
DEFAULT_IMAGE_EMBEDDING_MODEL = "Qwen/Qwen3-VL-Embedding-8B"
DEFAULT_RERANK_MODEL = "BAAI/bge-reranker-v2-m3"
