"""A function agent: the model calls Python functions until it can answer."""
# pyright: basic

import asyncio

from llama_index.core.agent.workflow import AgentStream, FunctionAgent, ToolCallResult

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
agent = FunctionAgent(tools=[multiply], llm=llm)


async def main() -> None:
    handler = agent.run("Multiply a 7 by b 6, please.")
    async for event in handler.stream_events():
        if isinstance(event, ToolCallResult):
            print("tool:", event.tool_name, event.tool_kwargs, "->", event.tool_output.content)
        elif isinstance(event, AgentStream):
            print(event.delta, end="")
    await handler
    print()


asyncio.run(main())
