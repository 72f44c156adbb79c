"""`make demo`: ask your documents, through LangChain and through LlamaIndex."""
