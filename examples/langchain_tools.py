"""Let the model call a Python function, and let it use what the function returns."""

from datetime import date

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.tools import tool

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


@tool
def days_between(start: date, end: date) -> int:
    """Count the days from one date to another."""
    return (end - start).days


chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
chat_with_tools = chat.bind_tools([days_between])

messages: list[AnyMessage] = [
    HumanMessage("How many days are there between 2026-01-01 and 2026-11-20?")
]
request = chat_with_tools.invoke(messages)
messages.append(request)
for call in request.tool_calls:
    print("model calls:", call["name"], call["args"])
    result = days_between.invoke(call)
    print("tool returns:", result.content)
    messages.append(result)

print("model says:", chat_with_tools.invoke(messages).text)
