"""Two agents in a workflow: the first hands the task over to the second."""
# pyright: basic

import asyncio

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ToolCallResult

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings  # empty when SILICONFLOW_API_KEY is set


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings())
greeter = FunctionAgent(
    name="greeter",
    description="Greets people.",
    system_prompt="You greet people. You cannot calculate: hand sums over.",
    llm=llm,
    can_handoff_to=["calculator"],
)
calculator = FunctionAgent(
    name="calculator", description="Multiplies numbers.", llm=llm, tools=[multiply]
)
workflow = AgentWorkflow(agents=[greeter, calculator], root_agent="greeter")


async def main() -> None:
    handler = workflow.run("Multiply a 7 by b 6, please. Hand over to the calculator.")
    async for event in handler.stream_events():
        if isinstance(event, ToolCallResult):
            print("tool:", event.tool_name, event.tool_kwargs)
    print(await handler)


asyncio.run(main())
