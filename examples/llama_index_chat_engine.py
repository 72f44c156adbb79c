"""A chat engine: a conversation about documents, streamed, with memory."""
# pyright: basic

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.chat_engine import CondensePlusContextChatEngine
from llama_index.core.memory import ChatMemoryBuffer

from llama_index_siliconflow import SiliconFlow, SiliconFlowEmbedding
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

settings = local_settings()
llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **settings)
documents = [
    Document(text="The library lends books for four weeks."),
    Document(text="Tomatoes need water in the morning."),
    Document(text="Bread rises because of yeast."),
]
index = VectorStoreIndex.from_documents(documents, embed_model=SiliconFlowEmbedding(**settings))
engine = CondensePlusContextChatEngine.from_defaults(
    index.as_retriever(similarity_top_k=1),
    llm=llm,
    memory=ChatMemoryBuffer.from_defaults(llm=llm),
)
for question in ("How long does the library lend books?", "When do tomatoes need water?"):
    print("You:", question)
    print("Engine: ", end="")
    for token in engine.stream_chat(question).response_gen:
        print(token, end="")
    print()
print(len(engine.chat_history), "messages in memory")
