"""Multimodal chat: text and an image in one message."""
# pyright: basic

import struct
import zlib

from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


def chunk(kind: bytes, data: bytes) -> bytes:
    """Make a part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# A red square of 64 by 64 pixels. ImageBlock(path=...) and ImageBlock(url=...) work as well.
rows = (b"\x00" + b"\xff\x00\x00" * 64) * 64
red = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
red += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

llm = SiliconFlow(model="Qwen/Qwen3-VL-32B-Instruct", **local_settings())
message = ChatMessage(
    blocks=[
        TextBlock(text="Which colour is this?"),
        ImageBlock(image=red, detail="low"),
    ]
)
answer = llm.chat([message])
print(answer.message.content)
print("tokens:", answer.additional_kwargs["prompt_tokens"])
