"""An agent with two tools and a memory: each answer may take several calls."""

# pyright: basic

from typing import Any, Literal

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


@tool
def get_weather(city: str) -> str:
    """Get today's weather in a city."""
    return f"{city}: sunny, 21 degrees"


@tool
def convert_currency(amount: float, currency: Literal["CNY", "USD"]) -> str:
    """Convert an amount of euros into another currency."""
    rate = {"CNY": 8.2, "USD": 1.15}[currency]
    return f"{amount} euros are {amount * rate:.2f} {currency}"


chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
agent = create_agent(chat, [get_weather, convert_currency], checkpointer=InMemorySaver())
thread: Any = {"configurable": {"thread_id": "example"}}

for question in ("What is the weather in Paris?", "Convert 20 euros into CNY."):
    print("you:  ", question)
    for step in agent.stream({"messages": [HumanMessage(question)]}, thread, stream_mode="updates"):
        for message in next(iter(step.values()))["messages"]:
            for call in message.tool_calls if isinstance(message, AIMessage) else ():
                print("calls:", call["name"], call["args"])
            if message.text:
                print(f"{message.type + ':':<6}", message.text)
