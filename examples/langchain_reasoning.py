"""Control a model's thinking, read it, and keep it while tools are called."""

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.tools import tool

from langchain_siliconflow import ChatSiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


@tool
def get_stock(item: str) -> str:
    """Get how many pieces of an item are in stock."""
    return f"42 pieces of {item}"


chat = ChatSiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())

# Per call, or in the constructor: the switch and the budget.
for thinking in (False, True):
    answer = chat.invoke("The sky is blue. Why is it blue?", enable_thinking=thinking)
    details = (answer.usage_metadata or {}).get("output_token_details", {})
    print(f"thinking {thinking}:", [block["type"] for block in answer.content_blocks], details)

# In a tool loop the model needs its own thinking back; that is done for you.
thinker = chat.bind_tools([get_stock]).bind(enable_thinking=True, thinking_budget=1024)
messages: list[AnyMessage] = [HumanMessage("How many pieces of 'rope' are in stock?")]
request = thinker.invoke(messages)
print("thought:", request.additional_kwargs["reasoning_content"].strip())
messages += [request, *(get_stock.invoke(call) for call in request.tool_calls)]
print("answer:", thinker.invoke(messages).text)
