"""Chat: once with a whole answer, once streamed."""

from llama_index.core.llms import ChatMessage

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

NOTES = "Bread rises because yeast eats sugar and gives off gas. Salt slows the yeast down."

llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())

messages = [
    ChatMessage(role="system", content="You are a patient teacher. Answer in one sentence."),
    ChatMessage(role="user", content=NOTES + " Why does bread rise?"),
]
answer = llm.chat(messages)
print(answer.message.content)

messages.append(answer.message)
messages.append(ChatMessage(role="user", content="And what does salt do?"))
for piece in llm.stream_chat(messages):
    print(piece.delta, end="")
print()
