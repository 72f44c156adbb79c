"""Stream an answer and, before it, the thinking that led there."""

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

chat = ChatSiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=True, **local_settings())

QUESTION = "Anna is taller than Ben. Ben is taller than Carl. Who is taller than Ben?"

total = None
for chunk in chat.stream(QUESTION):
    if thinking := chunk.additional_kwargs.get("reasoning_content"):
        print(thinking, end="")
    if chunk.text:
        if total is None or not total.text:
            print("\n--- answer ---")
        print(chunk.text, end="")
    total = chunk if total is None else total + chunk

assert total is not None
print("\n---")
print(total.usage_metadata)
