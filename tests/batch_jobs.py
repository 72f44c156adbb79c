"""What the tests of both adapters' batch jobs share: a site, its answers, and what it is asked."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel

from siliconflow_simulator import Answer, ChatCall, Simulator, from_text

MODEL = "deepseek-ai/DeepSeek-V3.1-Terminus"
SCHEMAS = "Qwen/Qwen3.5-27B"
"""Takes JSON schemas; of the models of the batch guide none does."""
TEXTS = [
    "The name is Anna, the age is 31.",
    "bad",
    "talks",
    'The name is Ben, the age is 40. "é" {x} \u2028',
]


class Person(BaseModel):
    """A person in the text."""

    name: str
    age: int


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Sunny in {city}."


def answers(call: ChatCall) -> Answer:
    """The simulator's own, but for two that go wrong."""
    if "bad" in call.question:
        return Answer(error=(400, {"code": 20015, "message": "Bad.", "data": None}))
    if "talks" in call.question:
        return Answer(text="I would rather talk.")
    return from_text(call)


class BatchSite:
    """A simulator, and how models ask it."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("answers", answers)
        self.simulator = Simulator(**settings)
        self.transport = self.simulator.transport()

    def settings(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "api_key": "sk-any",
            "max_retries": 0,
            "http_client": httpx.Client(transport=self.transport),
            "async_http_client": httpx.AsyncClient(transport=self.transport),
        }

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.simulator.requests]
