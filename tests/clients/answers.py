"""What these tests ask for, and of whom."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

CHAT: Final = "deepseek-ai/DeepSeek-V3.2"
SCHEMAS: Final = "Qwen/Qwen3.5-4B"
"""Takes JSON schemas."""
THINKER: Final = "deepseek-ai/DeepSeek-R1"
TEXT: Final = "Qwen/Qwen2.5-7B-Instruct"
EMBEDDING: Final = "BAAI/bge-m3"
RERANKER: Final = "BAAI/bge-reranker-v2-m3"
COSY: Final = "FunAudioLLM/CosyVoice2-0.5B"
LISTENER: Final = "FunAudioLLM/SenseVoiceSmall"
PAINTER: Final = "Kwai-Kolors/Kolors"
KEY: Final = "sk-any"

HELLO: Final = "Hello! How can I help you today?"
WEATHER: Final = "What is the weather in Paris?"
SUNNY: Final = "Sunny in Paris."
ALICE: Final = "Alice is 30 years old."


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


PERSON: Final = Person(name="Alice", age=30)


def get_weather(city: str) -> str:
    """Get the weather at a location."""
    return f"Sunny in {city}."


FUNCTION: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather at a location.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
