"""Thinking: apart from the answer in the stream, and a block of its own in the message."""
# pyright: basic

from llama_index.core.base.llms.types import ChatMessage, ThinkingBlock

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set

llm = SiliconFlow(model="Qwen/Qwen3-8B", enable_thinking=True, **local_settings())
question = ChatMessage(content="Anna is taller than Ben. Ben is taller than Cem. Who is tallest?")

blocks = []
for piece in llm.stream_chat([question]):
    print(piece.additional_kwargs.get("thinking_delta") or piece.delta, end="", flush=True)
    blocks = piece.message.blocks

print("\n--- the message ---")
for block in blocks:
    if isinstance(block, ThinkingBlock):
        print("thinking,", block.num_tokens, "tokens:", block.content)
    else:
        print("answer:", block.model_dump()["text"])
