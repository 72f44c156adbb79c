"""Show pictures to a model: from a file, or by URL; the URL is passed on and never fetched."""

import base64
import struct
import zlib

from langchain_core.messages import HumanMessage

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


def red_square(size: int = 64) -> bytes:
    """Draw a PNG, so that the example needs no file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\xff\0\0" * size) * size)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


chat = ChatSiliconFlow(
    model="Qwen/Qwen3.5-27B", enable_thinking=False, max_tokens=200, **local_settings()
)
picture = {
    "type": "image",
    "base64": base64.b64encode(red_square()).decode(),
    "mime_type": "image/png",
    "extras": {"detail": "low"},  # videos also take "fps" and "max_frames"
}
answer = chat.invoke([HumanMessage(["What is in this picture?", picture])])
print(answer.text)
print(answer.usage_metadata)
