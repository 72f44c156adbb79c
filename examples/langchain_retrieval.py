"""Answer from your own texts: embed, search, rerank, then ask."""

from langchain_core.vectorstores import InMemoryVectorStore

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings, SiliconFlowRerank
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

TEXTS = [
    "The library opens at nine o'clock on weekdays and at ten o'clock on Saturdays.",
    "Books can be kept for four weeks and renewed twice.",
    "The reading room on the second floor has forty seats.",
    "A library card is free for everyone who lives in the city.",
    "Late books cost twenty cents a day.",
]
QUESTION = "For how many weeks can books be kept?"

settings = local_settings()
store = InMemoryVectorStore.from_texts(TEXTS, SiliconFlowEmbeddings(**settings))
found = store.similarity_search(QUESTION, k=4)
best = SiliconFlowRerank(top_n=2, **settings).compress_documents(found, QUESTION)
for document in best:
    print(f"{document.metadata['relevance_score']:.3f}  {document.page_content}")

passages = "\n\n".join(document.page_content for document in best)
prompt = f"Answer from these passages:\n\n{passages}\n\nQuestion: {QUESTION}"
for chunk in ChatSiliconFlow(**settings).stream(prompt):
    print(chunk.text, end="")
print()
