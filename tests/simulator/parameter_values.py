"""For every endpoint a request, and for each of its parameters a value to send and one to refuse.

The names come from the client's typed requests, not from its table of parameters: what the table
forgets is missing in what is sent.
"""

from __future__ import annotations

from typing import Any, Final

from siliconflow_client import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
    ImageRequest,
    MessagesRequest,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
    VideoRequest,
    VoiceRequest,
)
from tests.parameters import TOOL, value_of

REQUESTS: Final[dict[str, Any]] = {
    "chat": ChatRequest,
    "completions": CompletionRequest,
    "embeddings": EmbeddingRequest,
    "rerank": RerankRequest,
    "messages": MessagesRequest,
    "images": ImageRequest,
    "video": VideoRequest,
    "speech": SpeechRequest,
    "transcriptions": TranscriptionRequest,
    "voices": VoiceRequest,
}
NAMES: Final = [(endpoint, name) for endpoint in REQUESTS for name in REQUESTS[endpoint].__annotations__]  # fmt: skip

COSY: Final = "FunAudioLLM/CosyVoice2-0.5B"
CODER: Final = "Qwen/Qwen2.5-Coder-7B-Instruct"
TURNS: Final[list[Any]] = [{"role": "user", "content": "Hi"}]
PICTURE: Final = "data:image/png;base64,aGk="
ANTHROPIC_TOOL: Final = {"name": "f", "description": "", "input_schema": {"type": "object"}}
EDIT: Final[dict[str, Any]] = {"model": "Qwen/Qwen-Image-Edit-2509", "image": PICTURE}

METHODS: Final = {
    "chat": "chat",
    "completions": "complete",
    "embeddings": "embed",
    "rerank": "rerank",
    "messages": "messages.create",
    "images": "images.generate",
    "video": "videos.submit",
    "speech": "audio.speech.create",
    "transcriptions": "audio.transcriptions.create",
    "voices": "voices.create",
}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "chat": {"model": "deepseek-ai/DeepSeek-V3.2", "messages": TURNS},
    "completions": {"model": CODER, "prompt": "def f(a):"},
    "embeddings": {"model": "BAAI/bge-m3", "input": ["a"]},
    "rerank": {"model": "BAAI/bge-reranker-v2-m3", "query": "a", "documents": ["a", "b"]},
    "messages": {"model": "deepseek-ai/DeepSeek-V3.2", "messages": TURNS, "max_tokens": 99},
    "images": {"model": "Kwai-Kolors/Kolors", "prompt": "a"},
    "video": {"model": "Wan-AI/Wan2.2-T2V-A14B", "prompt": "a"},
    "speech": {"model": COSY, "input": "a", "voice": f"{COSY}:alex"},
    "transcriptions": {"model": "FunAudioLLM/SenseVoiceSmall", "file": b"RIFF"},
    "voices": {"model": COSY, "customName": "mine", "text": "a", "file": b"ID3"},
}
"""A request that is answered, in the client's words."""
# What a value needs beside it: a model that takes it, or another parameter.
_BESIDE: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("chat", "suffix"): {"model": "deepseek-ai/DeepSeek-V3", "prefix": "p"},
    ("chat", "tool_choice"): {"tools": [TOOL]},
    ("chat", "top_logprobs"): {"logprobs": True},
    ("embeddings", "dimensions"): {"model": "Qwen/Qwen3-Embedding-0.6B"},
    ("embeddings", "truncate"): {"model": "Qwen/Qwen3-VL-Embedding-8B"},
    ("embeddings", "user"): {"model": "Qwen/Qwen3-VL-Embedding-8B"},
    ("rerank", "instruction"): {"model": "Qwen/Qwen3-Reranker-0.6B"},
    ("messages", "tool_choice"): {"tools": [ANTHROPIC_TOOL]},
    ("images", "cfg"): {"model": "Qwen/Qwen-Image"},
    ("images", "image"): EDIT,
    ("images", "image2"): EDIT,
    ("images", "image3"): EDIT,
    ("video", "image"): {"model": "Wan-AI/Wan2.2-I2V-A14B"},
    ("speech", "references"): {"model": "fnlp/MOSS-TTSD-v0.5", "voice": None},
    ("speech", "max_tokens"): {"model": "fnlp/MOSS-TTSD-v0.5", "voice": "fnlp/MOSS-TTSD-v0.5:alex"},
    ("speech", "sample_rate"): {"response_format": "wav"},
    ("voices", "audio"): {"file": None},
}
_VALUES: Final[dict[str, dict[str, Any]]] = {
    "embeddings": {
        "dimensions": 64, "encoding_format": "base64", "truncate": "left", "user": "u",
    },
    "rerank": {
        "top_n": 1, "return_documents": True, "instruction": "i", "max_chunks_per_doc": 2,
        "overlap_tokens": 10,
    },
    "messages": {
        "system": "s", "stop_sequences": ["x"], "temperature": 0.5, "top_p": 0.5, "top_k": 5,
        "tools": [ANTHROPIC_TOOL], "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    },
    "images": {
        "negative_prompt": "n", "image_size": "1024x1024", "batch_size": 2, "seed": 4,
        "num_inference_steps": 9, "guidance_scale": 3.5, "cfg": 4.0, "image": PICTURE,
        "image2": PICTURE, "image3": PICTURE, "input_image": PICTURE, "output_format": "png",
        "aspect_ratio": "1:1", "prompt_upsampling": True, "safety_tolerance": 2,
    },
    "video": {
        "negative_prompt": "n", "image_size": "960x960", "seed": 4, "image": "https://x/a.png",
    },
    "speech": {
        "references": [{"audio": "https://x/a.mp3", "text": "t"}], "response_format": "wav",
        "sample_rate": 8000, "stream": False, "speed": 2.0, "gain": -3.0, "max_tokens": 9,
    },
    "voices": {"audio": "data:audio/mpeg;base64,SUQz"},
}  # fmt: skip
_REFUSED: Final[dict[str, Any]] = {
    "integer": "x",
    "number": "x",
    "boolean": "x",
    "string": 5,
    "strings": 5,
    "structure": 5,
}
"""A value of another kind."""


def request_with(endpoint: str, name: str) -> dict[str, Any]:
    """The arguments of a call that sends this parameter; one that is new needs a value above."""
    body = {**BODIES[endpoint], **_BESIDE.get((endpoint, name), {})}
    if body.get(name) is None:
        values = _VALUES.get(endpoint, {})
        body[name] = values[name] if name in values else value_of(name)
    return {key: value for key, value in body.items() if value is not None}


def refused_value(kind: str) -> Any:
    """A value that no parameter of this kind has."""
    return _REFUSED[kind]
