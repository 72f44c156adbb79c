"""A program on langchain-siliconflow 1.0.0: `python -I namesake.py URL` prints what it was answered."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
from typing import Any

from pydantic import BaseModel

from langchain_siliconflow import ChatSiliconFlow, SiliconFlowEmbeddings  # PyPI's, not ours

QUESTION = "What is the weather in Paris?"


def get_weather(city: str) -> str:
    """Get the weather at a location."""
    return f"Sunny in {city}."


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


def main(url: str) -> dict[str, Any]:
    site: dict[str, Any] = {"base_url": url, "api_key": "sk-any"}
    chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **site)
    called = chat.bind_tools([get_weather]).invoke(QUESTION)
    # Takes key and site from the environment.
    vectors = SiliconFlowEmbeddings(model="BAAI/bge-m3").embed_documents(["a", "b"])
    return {
        "version": importlib.metadata.version("langchain-siliconflow"),
        "invoke": chat.invoke("Hello").content,
        "stream": [chunk.content for chunk in chat.stream("Hello")],
        "ainvoke": asyncio.run(chat.ainvoke("Hello")).content,
        "calls": [[call["name"], call["args"]] for call in called.tool_calls],
        "person": chat.with_structured_output(Person).invoke("Alice is 30 years old.").model_dump(),
        "vectors": [len(vector) for vector in vectors],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
