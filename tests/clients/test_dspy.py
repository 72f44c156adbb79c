"""dspy: Predict, ChainOfThought and ReAct, with each of its adapters."""

from __future__ import annotations

from typing import Any

import dspy
import pytest

from tests.clients.answers import ALICE, CHAT, KEY, SUNNY, WEATHER, get_weather

ADAPTERS: list[Any] = [dspy.ChatAdapter, dspy.JSONAdapter, dspy.XMLAdapter]


@pytest.fixture(params=ADAPTERS)
def program(request: pytest.FixtureRequest, simulator_url: str) -> Any:
    lm = dspy.LM(f"openai/{CHAT}", api_base=simulator_url, api_key=KEY, cache=False)
    with dspy.context(lm=lm, adapter=request.param()):
        yield lm


def test_predict(program: Any) -> None:
    made = dspy.Predict("text -> name: str, age: int")(text=ALICE)
    assert (made.name, made.age) == ("Alice", 30)
    # An adapter that cannot read an answer asks once more, in JSON.
    assert len(program.history) == 1


def test_chain_of_thought(program: Any) -> None:
    asked = {"context": "Cats sleep sixteen hours a day.", "question": "How long do cats sleep?"}
    made = dspy.ChainOfThought("context, question -> answer")(**asked)
    assert made.reasoning
    assert made.answer == "Cats sleep sixteen hours a day."


def test_react(program: Any) -> None:
    made = dspy.ReAct("question -> answer", tools=[get_weather], max_iters=5)(question=WEATHER)
    assert made.answer == SUNNY
    assert made.trajectory["tool_name_1"] == "finish"
