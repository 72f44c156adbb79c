"""Let the model call a Python function, and let it use what the function returns."""

from datetime import date

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.tools import tool

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


@tool
def weekday(day: date) -> str:
    """Tell on which day of the week a date falls."""
    return f"{day} is a {day:%A}"


chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
chat_with_tools = chat.bind_tools([weekday])

messages: list[AnyMessage] = [HumanMessage("On which weekday does 2026-11-20 fall?")]
request = chat_with_tools.invoke(messages)
messages.append(request)
for call in request.tool_calls:
    print("model calls:", call["name"], call["args"])
    result = weekday.invoke(call)
    print("tool returns:", result.content)
    messages.append(result)

print("model says:", chat_with_tools.invoke(messages).text)
