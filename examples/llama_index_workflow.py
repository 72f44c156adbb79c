"""Two agents in a workflow: the first hands the task over to the second."""
# pyright: basic

import asyncio

from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ToolCallResult

from llama_index_siliconflow import SiliconFlow
from siliconflow_simulator import local_settings, when


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


offline = [  # what is answered where SILICONFLOW_API_KEY is not set
    when(tool="multiply").calls("multiply", a=7, b=6).then.says("The result of multiply is 42."),
    when("Multiply").calls("handoff", to_agent="sums", reason="It is a sum."),
]
llm = SiliconFlow(model="deepseek-ai/DeepSeek-V3.2", **local_settings(answers=offline))
prompt = "You greet people. You cannot calculate: hand sums over."
greeter = FunctionAgent(
    name="greeter", description="Greets.", system_prompt=prompt, llm=llm, can_handoff_to=["sums"]
)
sums = FunctionAgent(name="sums", description="Multiplies numbers.", llm=llm, tools=[multiply])
workflow = AgentWorkflow(agents=[greeter, sums], root_agent="greeter")


async def main() -> None:
    handler = workflow.run("Multiply a 7 by b 6, please. Hand over where needed.")
    async for event in handler.stream_events():
        if isinstance(event, ToolCallResult):
            print("tool:", event.tool_name, event.tool_kwargs)
    print(await handler)


asyncio.run(main())
